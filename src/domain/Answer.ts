/** What the bot found, with the words it rests on. */
import { Schema } from "effect"
import { Millis } from "./ChatMessage.ts"
import { Embed } from "./Embed.ts"

export const Citation = Schema.Struct({
  /** The number it has in the answer's text, from 1. */
  n: Schema.Int,
  /** Words that occur verbatim in the passage. */
  quote: Schema.String,
  title: Schema.String,
  url: Schema.String,
  passageId: Schema.String,
  /** The passage the quote is part of. */
  passage: Schema.String
})
export type Citation = typeof Citation.Type

/**
 * `model`: written by a language model, every sentence backed by a checked quote.
 * `quoted`: quotes instead of a model that is configured and does not answer.
 * `closest`: the passages nearest to the question, when no model is configured.
 */
export const AnswerMode = Schema.Literals(["model", "quoted", "closest"])
export type AnswerMode = typeof AnswerMode.Type

/** Milliseconds spent in each step. */
export const Timing = Schema.Struct({
  /** Waiting in `bot-queries`. */
  queuedMs: Schema.Finite,
  retrieveMs: Schema.Finite,
  writeMs: Schema.Finite
})
export type Timing = typeof Timing.Type

export const Answer = Schema.Struct({
  /** Markdown; `[n]` refers to `citations`. */
  text: Schema.String,
  refused: Schema.Boolean,
  mode: AnswerMode,
  citations: Schema.Array(Citation),
  timing: Timing
})
export type Answer = typeof Answer.Type

/** The answer to a question. */
export const Answered = Schema.Struct({
  /** Derived from the question's id, so saying it twice says it once. */
  id: Schema.NonEmptyString,
  questionId: Schema.NonEmptyString,
  question: Schema.String,
  /** Who asked, as their platform knows them. */
  askerId: Schema.optionalKey(Schema.NonEmptyString),
  serverId: Schema.NonEmptyString,
  channelId: Schema.NonEmptyString,
  threadId: Schema.optionalKey(Schema.NonEmptyString),
  answer: Answer,
  answeredAt: Millis
})
export type Answered = typeof Answered.Type

/** What another program wants said, as it is. */
export const Saying = Schema.Struct({
  type: Schema.Literal("saying"),
  /** Derived from the record that asks for it, so saying it twice says it once. */
  id: Schema.NonEmptyString,
  serverId: Schema.NonEmptyString,
  channelId: Schema.NonEmptyString,
  /** The message it answers. */
  replyTo: Schema.optionalKey(Schema.NonEmptyString),
  text: Schema.String,
  /** The same, for chats that show more than text. */
  embeds: Schema.optionalKey(Schema.Array(Embed))
})
export type Saying = typeof Saying.Type

/** What is proven of an answer while it is still being written; best effort, and worth nothing once the answer is there. */
export const Drafted = Schema.Struct({
  type: Schema.Literal("draft"),
  /** That of the answer it becomes. */
  id: Schema.NonEmptyString,
  questionId: Schema.NonEmptyString,
  serverId: Schema.NonEmptyString,
  channelId: Schema.NonEmptyString,
  threadId: Schema.optionalKey(Schema.NonEmptyString),
  /** From 1; one that comes after a higher number is late. */
  number: Schema.Int,
  text: Schema.String
})
export type Drafted = typeof Drafted.Type

/** An answer as it is to be read from now on, since something it quotes changed or is gone. */
export const Revised = Schema.Struct({
  type: Schema.Literal("revised"),
  /** That of the answer. */
  id: Schema.NonEmptyString,
  questionId: Schema.NonEmptyString,
  serverId: Schema.NonEmptyString,
  channelId: Schema.NonEmptyString,
  threadId: Schema.optionalKey(Schema.NonEmptyString),
  answer: Answer,
  revisedAt: Millis
})
export type Revised = typeof Revised.Type

/** A record of `bot-responses`: what the Speaker is to say. One without a `type` is an answer. */
export const BotResponse = Schema.Union([Saying, Drafted, Revised, Answered])
export type BotResponse = typeof BotResponse.Type

export const responseId = (questionId: string): string => `answer-${questionId}`
