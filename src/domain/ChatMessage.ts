/** What people say in a channel the bot can read, and what they do to it afterwards. */
import { Schema } from "effect"

/** Milliseconds since the Unix epoch. */
export const Millis = Schema.Int

export const Author = Schema.Struct({
  id: Schema.NonEmptyString,
  name: Schema.String,
  /** True for any program, this bot included: what programs say is never evidence. */
  bot: Schema.Boolean
})
export type Author = typeof Author.Type

/** A file on a message, as the platform tells of it. Links to it are signed and expire, so none is kept. */
export const MessageFile = Schema.Struct({
  id: Schema.NonEmptyString,
  /** As whoever sent it called it. */
  name: Schema.String,
  /** Bytes. */
  size: Schema.Int
})
export type MessageFile = typeof MessageFile.Type

export const ChatMessage = Schema.Struct({
  id: Schema.NonEmptyString,
  /** Discord's "guild"; `local` for the page. */
  serverId: Schema.NonEmptyString,
  channelId: Schema.NonEmptyString,
  threadId: Schema.optionalKey(Schema.NonEmptyString),
  author: Author,
  text: Schema.String,
  /** The message this one replies to. */
  replyTo: Schema.optionalKey(Schema.NonEmptyString),
  /** The bot is named by a mention token in the text; a mere reply-ping does not count. */
  mentionsBot: Schema.Boolean,
  /** It asks the bot though its text does not say so, as a reply to an answer does. */
  asks: Schema.optionalKey(Schema.Boolean),
  /** Absent when there are none. */
  files: Schema.optionalKey(Schema.Array(MessageFile)),
  /** Where a reader finds the message. */
  url: Schema.String,
  createdAt: Millis,
  /** Equal to `createdAt` until the first edit. */
  editedAt: Millis
})
export type ChatMessage = typeof ChatMessage.Type

/** A record of `discord-messages`. Applying one twice changes nothing. */
export const ChatEvent = Schema.Union([
  Schema.Struct({ type: Schema.Literal("created"), message: ChatMessage }),
  Schema.Struct({ type: Schema.Literal("edited"), message: ChatMessage }),
  Schema.Struct({
    type: Schema.Literal("deleted"),
    serverId: Schema.NonEmptyString,
    channelId: Schema.NonEmptyString,
    messageIds: Schema.Array(Schema.NonEmptyString),
    /** None of them is older, where that is known. */
    since: Schema.optionalKey(Millis),
    at: Millis
  }),
  /** A thread, or a channel with all its threads, is gone and everything said there with it. */
  Schema.Struct({
    type: Schema.Literal("removed"),
    serverId: Schema.NonEmptyString,
    channelId: Schema.NonEmptyString,
    threadId: Schema.optionalKey(Schema.NonEmptyString),
    at: Millis
  })
])
export type ChatEvent = typeof ChatEvent.Type

export const channelOf = (event: ChatEvent): string => ("message" in event ? event.message.channelId : event.channelId)
