/** Threads and forum posts: opened, archived, locked, woken by a message. */
import { ChannelType } from "discord-api-types/v10"
import type { Channel, Json, Message, User } from "./Model.ts"
import * as Messages from "./Messages.ts"
import * as Permissions from "./Permissions.ts"
import * as Refusal from "./Refusal.ts"
import * as Render from "./Render.ts"
import { newChannel, type World } from "./World.ts"

export const isForum = (channel: Channel): boolean =>
  channel.type === ChannelType.GuildForum || channel.type === ChannelType.GuildMedia

export interface Opening {
  readonly parent: Channel
  readonly owner: User
  readonly name: string
  readonly from?: Message
  readonly private?: boolean
  readonly appliedTags?: ReadonlyArray<string>
  readonly autoArchiveMinutes?: number
  readonly at?: number
}

const tell = (world: World, name: "THREAD_CREATE" | "THREAD_UPDATE", thread: Channel) =>
  world.emit({
    name,
    guildId: thread.guildId,
    seenIn: thread,
    data: () => ({ ...Render.channel(thread), ...(name === "THREAD_CREATE" && { newly_created: true }) })
  })

const typeOf = ({ parent, private: hidden }: Opening) =>
  hidden === true
    ? ChannelType.PrivateThread
    : parent.type === ChannelType.GuildAnnouncement
      ? ChannelType.AnnouncementThread
      : ChannelType.PublicThread

/** Opens a thread; one that starts at a message has that message's id. */
export const open = (world: World, opening: Opening): Channel => {
  const { from, name, owner, parent } = opening
  const errors = new Refusal.FormErrors()
  errors.length(["name"], name, 1, 100)
  errors.throwIfAny()
  if (from?.threadId !== undefined && from?.threadId !== null) throw Refusal.threadAlreadyCreated()
  const now = opening.at ?? world.clock.now()
  const thread = newChannel({
    id: from?.id ?? world.clock.id(opening.at),
    type: typeOf(opening),
    name,
    guildId: parent.guildId,
    parentId: parent.id,
    thread: {
      ownerId: owner.id,
      createdAt: now,
      members: new Set([owner.id]),
      appliedTags: opening.appliedTags ?? [],
      archived: false,
      archivedAt: now,
      locked: false,
      autoArchiveMinutes: opening.autoArchiveMinutes ?? 4320
    }
  })
  world.channels.set(thread.id, thread)
  world.guilds.get(parent.guildId!)!.threads.set(thread.id, thread)
  tell(world, "THREAD_CREATE", thread)
  if (from !== undefined) started(world, thread, from)
  return thread
}

/** The message a thread starts at names it, and the thread begins with a reference to that message. */
const started = (world: World, thread: Channel, from: Message) => {
  from.threadId = thread.id
  from.flags |= 1 << 5
  Messages.refreshed(world, from)
  const body = { message_reference: { message_id: from.id, type: 0, channel_id: from.channelId } }
  systemMessage(world, thread, from.author, 21, "", body.message_reference)
}

export const systemMessage = (
  world: World,
  channel: Channel,
  author: User,
  type: number,
  content: string,
  reference?: Json
): Message => {
  const message = Messages.send(world, { channel, author, type, body: { content }, permissions: 0n })
  return reference === undefined
    ? message
    : Object.assign(message, {
        reference: { type: 0, channelId: reference["channel_id"], messageId: reference["message_id"] }
      })
}

/** A forum post: a thread whose first message has the thread's id. */
export const post = (
  world: World,
  opening: Opening,
  sending: Omit<Messages.Sending, "channel" | "id">
): { readonly thread: Channel; readonly message: Message } => {
  const { parent } = opening
  const tags = opening.appliedTags ?? []
  if (tags.length > 5) throw Refusal.invalid(["applied_tags"], "BASE_TYPE_MAX_LENGTH", "Must be 5 or fewer in length.")
  if (!tags.every((id) => parent.tags.some((tag) => tag.id === id)))
    throw Refusal.invalid(["applied_tags"], "BASE_TYPE_CHOICES", "Unknown tag")
  if (parent.requireTag && tags.length === 0) throw Refusal.tagRequired()
  const thread = open(world, opening)
  try {
    const message = Messages.send(world, { ...sending, channel: thread, id: thread.id })
    return { thread, message }
  } catch (refused) {
    remove(world, thread)
    throw refused
  }
}

/** Before a message: an archived thread wakes up, a locked one only for moderators; who speaks joins. */
export const wake = (world: World, channel: Channel, user: User, permissions: bigint): void => {
  const { thread } = channel
  if (thread === null) return
  if (thread.locked && !Permissions.has(permissions, "ManageThreads")) throw Refusal.threadLocked()
  thread.members.add(user.id)
  if (thread.archived) change(world, channel, { archived: false })
}

export interface Change {
  readonly archived?: boolean
  readonly locked?: boolean
  readonly name?: string
  readonly appliedTags?: ReadonlyArray<string>
}

export const change = (world: World, channel: Channel, { appliedTags, archived, locked, name }: Change): void => {
  const thread = channel.thread!
  if (archived !== undefined && archived !== thread.archived) {
    thread.archived = archived
    thread.archivedAt = world.clock.now()
  }
  if (locked !== undefined) thread.locked = locked
  if (name !== undefined) channel.name = name
  if (appliedTags !== undefined) thread.appliedTags = appliedTags
  tell(world, "THREAD_UPDATE", channel)
}

export const addMember = (world: World, channel: Channel, userId: string): void => {
  channel.thread!.members.add(userId)
  const data = {
    id: channel.id,
    guild_id: channel.guildId,
    member_count: channel.thread!.members.size,
    added_members: [
      { id: channel.id, user_id: userId, join_timestamp: new Date(world.clock.now()).toISOString(), flags: 0 }
    ]
  }
  world.emit({ name: "THREAD_MEMBERS_UPDATE", guildId: channel.guildId, seenIn: channel, data: () => data })
  // A private thread is new to a bot that is added to it.
  if (userId === world.bot.id) tell(world, "THREAD_CREATE", channel)
}

/** Removes a thread and its messages, of which nothing is said one by one. */
export const remove = (world: World, channel: Channel): void => {
  const data = { id: channel.id, guild_id: channel.guildId, parent_id: channel.parentId, type: channel.type }
  world.emit({ name: "THREAD_DELETE", guildId: channel.guildId, seenIn: channel, data: () => data })
  world.guilds.get(channel.guildId!)?.threads.delete(channel.id)
  world.forgetChannel(channel)
}
