/** How the local chat keeps its channels and messages, and what they are to others. Pure. */
import { Result, Schema } from "effect"
import { createHash } from "node:crypto"
import { Answer } from "../../domain/Answer.ts"
import { ChatEvent, type ChatMessage } from "../../domain/ChatMessage.ts"
import { Embed } from "../../domain/Embed.ts"
import type { LocalChannel, LocalMessage, Reaction } from "../../domain/Happening.ts"

export const serverId = "local"

export interface ChannelRow {
  readonly id: string
  readonly name: string
  readonly created_at: number
  readonly parent_id: string | null
  readonly root_id: string | null
}

export interface Row {
  readonly seq: number
  readonly id: string
  readonly channel_id: string
  readonly author_id: string
  readonly author_name: string
  readonly author_bot: number
  readonly text: string
  readonly reply_to: string | null
  readonly asks: number
  readonly answer: string | null
  readonly embeds: string | null
  readonly created_at: number
  readonly edited_at: number
}

export interface ReactionRow {
  readonly message_id: string
  readonly emoji: string
  readonly person_id: string
  readonly person_name: string
}

const StoredAnswer = Schema.fromJsonString(Answer)
const StoredEmbeds = Schema.fromJsonString(Schema.Array(Embed))
const StoredEvent = Schema.fromJsonString(ChatEvent)
const encodeAnswer = Schema.encodeSync(StoredAnswer)
const decodeAnswer = Schema.decodeResult(StoredAnswer)
const encodeEmbeds = Schema.encodeSync(StoredEmbeds)
const decodeEmbeds = Schema.decodeResult(StoredEmbeds)
export const encodeEvent = Schema.encodeSync(StoredEvent)
export const decodeEvent = Schema.decodeResult(StoredEvent)

export const toChannel = ({ created_at, id, name, parent_id, root_id }: ChannelRow): LocalChannel => ({
  id,
  name,
  createdAt: created_at,
  ...(parent_id !== null && root_id !== null && { thread: { parentId: parent_id, messageId: root_id } })
})

/** In the order in which the first of each came. */
export const toReactions = (rows: ReadonlyArray<ReactionRow>): ReadonlyArray<Reaction> =>
  [...Map.groupBy(rows, ({ emoji }) => emoji)].map(([emoji, by]) => ({
    emoji,
    by: by.map(({ person_id, person_name }) => ({ id: person_id, name: person_name }))
  }))

export const toLocal = (row: Row, reactions: ReadonlyArray<Reaction> = []): LocalMessage => {
  const answer = row.answer === null ? undefined : Result.getOrUndefined(decodeAnswer(row.answer))
  const embeds = row.embeds === null ? undefined : Result.getOrUndefined(decodeEmbeds(row.embeds))
  return {
    id: row.id,
    channelId: row.channel_id,
    author: { id: row.author_id, name: row.author_name, bot: row.author_bot === 1 },
    text: row.text,
    ...(row.reply_to !== null && { replyTo: row.reply_to }),
    createdAt: row.created_at,
    editedAt: row.edited_at,
    ...(answer !== undefined && { answer }),
    ...(embeds !== undefined && { embeds }),
    ...(reactions.length > 0 && { reactions })
  }
}

export const toRow = (message: LocalMessage, asks: boolean): Omit<Row, "seq"> => ({
  id: message.id,
  channel_id: message.channelId,
  author_id: message.author.id,
  author_name: message.author.name,
  author_bot: message.author.bot ? 1 : 0,
  text: message.text,
  reply_to: message.replyTo ?? null,
  asks: asks ? 1 : 0,
  answer: message.answer === undefined ? null : encodeAnswer(message.answer),
  embeds: message.embeds === undefined ? null : encodeEmbeds(message.embeds),
  created_at: message.createdAt,
  edited_at: message.editedAt
})

/** A thread's id is its channel's, a dot and a name of its own; names of channels have no dots. */
export const threadIdOf = (parentId: string, messageId: string): string =>
  `${parentId}.${createHash("sha256").update(messageId).digest("hex").slice(0, 12)}`

/** The channel that a channel or a thread belongs to. */
export const channelOf = (id: string): string => id.split(".", 1)[0]!

/** Where something stands, in the words of all chats. */
export const placeOf = (id: string): { readonly channelId: string; readonly threadId?: string } => {
  const channelId = channelOf(id)
  return channelId === id ? { channelId } : { channelId, threadId: id }
}

export const toChatMessage = (message: LocalMessage, asks: boolean): ChatMessage => ({
  id: message.id,
  serverId,
  ...placeOf(message.channelId),
  author: message.author,
  text: message.text,
  ...(message.replyTo !== undefined && { replyTo: message.replyTo }),
  mentionsBot: asks || /(?<![\w@])@rtfm\b/i.test(message.text),
  url: `/#/channels/${encodeURIComponent(message.channelId)}/${message.id}`,
  createdAt: message.createdAt,
  editedAt: message.editedAt
})

export const slug = (name: string): string =>
  name
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, "-")
    .replaceAll(/^-|-$/g, "")
