/** A question put to the bot, and how one is recognised in a message. */
import { Schema } from "effect"
import { Author, type ChatMessage, Millis } from "./ChatMessage.ts"

/** Longest question that is read, in characters; a Discord message is at most 4,000 (2,000 without Nitro). */
export const maxQuestionLength = 4000

/** A record of `bot-queries`. */
export const BotQuery = Schema.Struct({
  /** The id of the message that asks, so a question that is delivered twice is one question. */
  id: Schema.NonEmptyString,
  text: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(maxQuestionLength)),
  serverId: Schema.NonEmptyString,
  channelId: Schema.NonEmptyString,
  threadId: Schema.optionalKey(Schema.NonEmptyString),
  author: Author,
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
