/** What a message of Discord says, and whether it asks the bot something. Pure. */
import { type APIMessage, type APIUser, MessageType } from "discord-api-types/v10"
import type { Author, ChatMessage, MessageFile } from "../../domain/ChatMessage.ts"
import { type BotQuery, maxQuestionLength } from "../../domain/Question.ts"
import type { Spot } from "./Guilds.ts"

/** What of a message is read; the API and the gateway send it alike. */
export type Message = Pick<APIMessage, "id" | "content" | "author" | "timestamp" | "type"> &
  Partial<Omit<APIMessage, "id" | "content" | "author" | "timestamp" | "type">> & {
    readonly member?: { readonly nick?: string | null }
    readonly channel_id: string
    readonly guild_id?: string
  }

/** Where direct messages are, which are answered and never kept. */
export const directServer = "@me"

const discordEpoch = 1_420_070_400_000n

/** When something was made, from its id, in milliseconds since the epoch. */
export const timeOf = (snowflake: string): number => Number((BigInt(snowflake) >> 22n) + discordEpoch)

/** The lowest id that something made at that time can have. */
export const snowflakeAt = (millis: number): string =>
  String(BigInt(Math.max(0, Math.floor(millis) - Number(discordEpoch))) << 22n)

/** Ids in the order in which they were made: shorter numbers are lower. */
export const isAfter = (a: string, b: string): boolean => (a.length === b.length ? a > b : a.length > b.length)

/** What people write; joins, pins, boosts and the like say nothing. */
const spoken: ReadonlySet<number> = new Set([
  MessageType.Default,
  MessageType.Reply,
  MessageType.ChatInputCommand,
  MessageType.ContextMenuCommand
])
export const isSpoken = ({ type }: Pick<Message, "type">): boolean => spoken.has(type)

export const nameOf = (user: Pick<APIUser, "username" | "global_name">, nick?: string | null): string =>
  nick ?? user.global_name ?? user.username

const authorOf = ({ author, member, webhook_id }: Message): Author => ({
  id: author.id,
  name: nameOf(author, member?.nick),
  bot: author.bot === true || webhook_id !== undefined
})

/** Whether a text calls somebody by a token of its own, outside code; `@everyone`, roles and replies do not count. */
export const mentions = (content: string, userId: string): boolean =>
  content.includes("<@") && new RegExp(`<@!?${userId}>`).test(content.replaceAll(/```[\s\S]*?(?:```|$)|`[^`\n]*`/g, ""))

/** The words, with names for the tokens of people; a forwarded message's own. */
export const textOf = (message: Message, selfId: string): string => {
  const content = message.content || (message.message_snapshots?.[0]?.message.content ?? "")
  if (!content.includes("<")) return content
  const names = new Map((message.mentions ?? []).map((user) => [user.id, nameOf(user)]))
  return content
    .replaceAll(/<@!?(\d+)>/g, (token, id: string) =>
      id === selfId ? token : names.has(id) ? `@${names.get(id)}` : token
    )
    .replaceAll(/<a?(:\w+:)\d+>/g, "$1")
}

export const urlOf = (serverId: string, channelId: string, messageId: string): string =>
  `https://discord.com/channels/${serverId}/${channelId}/${messageId}`

const filesOf = ({ attachments }: Message): ReadonlyArray<MessageFile> =>
  (attachments ?? []).map(({ filename, id, size }) => ({ id, name: filename, size }))

export const toChatMessage = (
  message: Message,
  { channelId, serverId, threadId }: Spot,
  selfId: string
): ChatMessage => {
  const createdAt = Date.parse(message.timestamp)
  const replyTo = message.type === MessageType.Reply ? message.message_reference?.message_id : undefined
  const files = filesOf(message)
  return {
    id: message.id,
    serverId,
    channelId,
    ...(threadId !== undefined && { threadId }),
    author: authorOf(message),
    text: textOf(message, selfId),
    ...(replyTo !== undefined && { replyTo }),
    mentionsBot: mentions(message.content, selfId),
    ...(files.length > 0 && { files }),
    url: urlOf(serverId, threadId ?? channelId, message.id),
    createdAt,
    editedAt: message.edited_timestamp ? Date.parse(message.edited_timestamp) : createdAt
  }
}

/** What is known around a message that decides whether it is a question. */
export interface Circumstances {
  readonly selfId: string
  readonly direct: boolean
  /** It replies to something the bot answered. */
  readonly repliesToAnswer: boolean
  /** It stands in a thread that the bot opened. */
  readonly inOwnThread: boolean
  /** Every message here may be a question. */
  readonly automatic: boolean
}

/** What makes a message a question. */
export type Trigger = "command" | "mention" | "direct" | "reply" | "thread" | "automatic"

const command = /^\s*!rtfm\b[\s:,]*/i

/** Programs never ask, the bot itself included, so no two of them ever talk to one another without end. */
export const triggerOf = (message: Message, circumstances: Circumstances): Trigger | undefined => {
  if (authorOf(message).bot || !isSpoken(message)) return undefined
  if (command.test(message.content)) return "command"
  if (mentions(message.content, circumstances.selfId)) return "mention"
  if (circumstances.direct) return "direct"
  if (circumstances.repliesToAnswer) return "reply"
  if (circumstances.inOwnThread) return "thread"
  return circumstances.automatic ? "automatic" : undefined
}

/** The words of a question, and the message that says them. */
export interface Asked {
  readonly text: string
  readonly source: string
}

/** The words of the question; a bare mention under somebody's message asks what that message asks. */
export const questionIn = (message: Message, selfId: string): Asked | undefined => {
  const bare = (text: string) =>
    text
      .replace(command, "")
      .replaceAll(new RegExp(`<@!?${selfId}>`, "g"), "")
      .trim()
      .slice(0, maxQuestionLength)
  const own = bare(textOf(message, selfId))
  if (own !== "") return { text: own, source: message.id }
  const referenced = message.referenced_message
  if (referenced == null || referenced.author.id === selfId) return undefined
  const text = bare(textOf(referenced, selfId))
  return text === "" ? undefined : { text, source: referenced.id }
}

/** The query of a message that asks, with what is needed to understand it. */
export const queryOf = (
  message: Message,
  spot: Spot,
  selfId: string,
  { context, trigger }: { readonly trigger: Trigger; readonly context?: NonNullable<BotQuery["context"]> | undefined }
): BotQuery | undefined => {
  const asked = questionIn(message, selfId)
  if (asked === undefined) return undefined
  return {
    id: message.id,
    text: asked.text,
    ...(asked.source !== message.id && { source: asked.source }),
    serverId: spot.serverId,
    channelId: spot.channelId,
    ...(spot.threadId !== undefined && { threadId: spot.threadId }),
    author: authorOf(message),
    ...(context !== undefined && { context }),
    ...(trigger === "direct" && { private: true }),
    ...(trigger === "automatic" && { automatic: true }),
    askedAt: Date.parse(message.timestamp)
  }
}
