/** A question put to the bot, and how one is recognised in a message. */
import { Schema } from "effect"
import { Author, type ChatMessage, Millis } from "./ChatMessage.ts"

/** Longest question that is read, in characters; a Discord message is at most 4,000 (2,000 without Nitro). */
export const maxQuestionLength = 4000

/** What was said where a question is asked; a follow-up may mean nothing without it. */
export const QueryContext = Schema.Struct({
  /** The thread's or forum post's title. */
  title: Schema.optionalKey(Schema.String),
  /** What was said before, oldest first; the last one is what the question replies to, if it replies. */
  before: Schema.Array(
    Schema.Struct({
      /** Of the message, where it is known: its words leave with it. */
      id: Schema.optionalKey(Schema.NonEmptyString),
      name: Schema.String,
      bot: Schema.Boolean,
      text: Schema.String
    })
  )
})
export type QueryContext = typeof QueryContext.Type

/** A record of `bot-queries`. */
export const BotQuery = Schema.Struct({
  /** The id of the message or the command that asks, so a question that is delivered twice is one question. */
  id: Schema.NonEmptyString,
  text: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(maxQuestionLength)),
  serverId: Schema.NonEmptyString,
  channelId: Schema.NonEmptyString,
  threadId: Schema.optionalKey(Schema.NonEmptyString),
  author: Author,
  /** The message whose words it repeats, when it is not the question itself. */
  source: Schema.optionalKey(Schema.NonEmptyString),
  context: Schema.optionalKey(QueryContext),
  /** Only the author sees the answer, which may draw on everything that they may see. */
  private: Schema.optionalKey(Schema.Boolean),
  /** Nobody called the bot: it says nothing unless it has grounds to answer. */
  automatic: Schema.optionalKey(Schema.Boolean),
  /** The message that the answer replies to, when it is not the question's `id`; `null` for none. */
  replyTo: Schema.optionalKey(Schema.NullOr(Schema.NonEmptyString)),
  askedAt: Millis
})
export type BotQuery = typeof BotQuery.Type

const command = /^\s*!rtfm\b[\s:,]*/i
/** `<@id>` and `<@!id>` are Discord's mention tokens; `@rtfm` is the page's. */
const mention = /<@!?\d+>|(?<![\w@])@rtfm\b/gi

/** The question inside a message, or `undefined` when the message asks nothing of the bot. */
export const questionIn = (message: Pick<ChatMessage, "text" | "mentionsBot" | "author">): string | undefined => {
  if (message.author.bot) return undefined
  const asks = command.test(message.text) || message.mentionsBot
  if (!asks) return undefined
  const text = message.text.replace(command, "").replace(mention, "").trim()
  return text === "" ? undefined : text.slice(0, maxQuestionLength)
}

/** The query of a message that asks for the bot by name, if it does. */
export const queryOf = (message: ChatMessage): BotQuery | undefined => {
  const text = questionIn(message)
  if (text === undefined) return undefined
  return {
    id: message.id,
    text,
    serverId: message.serverId,
    channelId: message.channelId,
    ...(message.threadId !== undefined && { threadId: message.threadId }),
    author: message.author,
    askedAt: message.createdAt
  }
}
