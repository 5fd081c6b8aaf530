/** What this Discord is made of: plain data that changes in place. */
import type { ChannelType } from "discord-api-types/v10"

/** Anything of JSON, as it came over the wire. */
export type Json = Record<string, any>

export interface HasId {
  readonly id: string
}

export interface User extends HasId {
  readonly username: string
  readonly globalName: string
  readonly bot: boolean
}

export interface Role extends HasId {
  /** The bot whose own role it is. */
  readonly botId?: string
  name: string
  permissions: bigint
  position: number
  mentionable: boolean
}

export interface Member {
  readonly user: User
  readonly roles: Set<string>
  readonly joinedAt: number
  nick: string | null
}

export interface Overwrite extends HasId {
  /** 0 is for a role, 1 for a member. */
  readonly type: 0 | 1
  allow: bigint
  deny: bigint
}

export interface Thread {
  readonly ownerId: string
  readonly createdAt: number
  readonly members: Set<string>
  appliedTags: ReadonlyArray<string>
  archived: boolean
  archivedAt: number
  locked: boolean
  autoArchiveMinutes: number
}

export interface Tag extends HasId {
  readonly name: string
  readonly moderated: boolean
}

export interface Channel extends HasId {
  readonly type: ChannelType
  readonly guildId: string | null
  readonly parentId: string | null
  readonly overwrites: Map<string, Overwrite>
  /** Ascending by id; what was deleted is not in it. */
  readonly messages: Array<Message>
  /** Of a direct message. */
  readonly recipients: ReadonlyArray<User>
  readonly tags: Array<Tag>
  readonly thread: Thread | null
  requireTag: boolean
  name: string
  topic: string | null
  position: number
}

export interface Guild extends HasId {
  name: string
  readonly ownerId: string
  readonly roles: Map<string, Role>
  readonly members: Map<string, Member>
  /** Threads are not among them. */
  readonly channels: Map<string, Channel>
  readonly threads: Map<string, Channel>
  available: boolean
  locale: string
}

export interface File {
  readonly name: string
  readonly type: string
  readonly size: number
  /** The bytes from `start` on, at most `length` of them; so a file may be larger than the memory. */
  readonly bytes: (start: number, length: number) => Uint8Array
}

export interface Attachment extends HasId {
  readonly channelId: string
  readonly file: File
  readonly description: string | null
}

/** Who was notified by a message: what counts when somebody asks whom the bot disturbed. */
export interface Pings {
  everyone: boolean
  roles: ReadonlyArray<string>
  users: ReadonlyArray<string>
}

export interface Message extends HasId {
  readonly channelId: string
  readonly author: User
  readonly type: number
  readonly nonce: string | number | null
  readonly webhookId: string | null
  readonly applicationId: string | null
  /** Who alone sees it. */
  readonly ephemeralFor: string | null
  readonly interaction: Interaction | null
  readonly reference: { readonly type: number; readonly channelId: string; readonly messageId: string } | null
  readonly snapshot: Message | null
  /** By emoji, who reacted. */
  readonly reactions: Map<string, Set<string>>
  content: string
  editedAt: number | null
  embeds: ReadonlyArray<Json>
  components: ReadonlyArray<Json>
  attachments: ReadonlyArray<Attachment>
  mentions: ReadonlyArray<User>
  mentionRoles: ReadonlyArray<string>
  mentionEveryone: boolean
  /** Of the sending and of every edit so far; edits ping nobody, so these are the sending's. */
  pings: Pings
  flags: number
  pinned: boolean
  deleted: boolean
  threadId: string | null
  /** Every text it had, the newest last. */
  readonly versions: Array<string>
}

export interface Interaction extends HasId {
  readonly token: string
  /** 2 command, 3 component, 4 autocomplete, 5 modal. */
  readonly type: number
  readonly user: User
  readonly channelId: string
  readonly guildId: string | null
  readonly data: Json
  /** The message with the button. */
  readonly message: Message | null
  readonly createdAt: number
  /** Milliseconds until it was answered or deferred; null while it was neither. */
  acknowledgedAfter: number | null
  /** The type of the callback. */
  callbackType: number | null
  /** Whether the answer is still the "is thinking" of a deferral. */
  thinking: boolean
  /** The first answer. */
  reply: Message | null
  readonly followUps: Array<Message>
  modal: Json | null
  choices: ReadonlyArray<Json> | null
}

export interface Webhook extends HasId {
  readonly token: string
  readonly channelId: string
  readonly guildId: string
  readonly owner: User
  name: string
}

/** One request to the API. */
export interface Call {
  readonly at: number
  readonly method: string
  readonly path: string
  /** The name of the route in the table of routes; `unknown` for none. */
  readonly route: string
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly body: Json
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** What was answered; null while it is not, 0 when the connection was cut. */
  status: number | null
  /** Whether the request took effect, whatever was answered. */
  done: boolean
}
