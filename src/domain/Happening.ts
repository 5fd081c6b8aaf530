/** What happens in the process, as the page and other watchers see it. */
import { Schema } from "effect"
import { Answer } from "./Answer.ts"
import { Author, Millis } from "./ChatMessage.ts"
import { Embed } from "./Embed.ts"
import { Verdict } from "./Feedback.ts"

/** An emoji under a message, and who put it there. */
export const Reaction = Schema.Struct({
  emoji: Schema.NonEmptyString,
  by: Schema.Array(Schema.Struct({ id: Schema.NonEmptyString, name: Schema.String }))
})
export type Reaction = typeof Reaction.Type

/** What somebody thinks of an answer, without their reason. */
export const GivenOpinion = Schema.Struct({ by: Schema.NonEmptyString, verdict: Verdict })
export type GivenOpinion = typeof GivenOpinion.Type

/** A message of the local chat. */
export const LocalMessage = Schema.Struct({
  id: Schema.NonEmptyString,
  channelId: Schema.NonEmptyString,
  author: Author,
  text: Schema.String,
  replyTo: Schema.optionalKey(Schema.NonEmptyString),
  createdAt: Millis,
  editedAt: Millis,
  /** Set on what the bot said in answer to a question. */
  answer: Schema.optionalKey(Answer),
  /** Shown in place of the text, which says the same. */
  embeds: Schema.optionalKey(Schema.Array(Embed)),
  reactions: Schema.optionalKey(Schema.Array(Reaction)),
  /** What people think of the answer. */
  opinions: Schema.optionalKey(Schema.Array(GivenOpinion))
})
export type LocalMessage = typeof LocalMessage.Type

export const LocalChannel = Schema.Struct({
  /** `local:` and a name. */
  id: Schema.NonEmptyString,
  name: Schema.NonEmptyString,
  createdAt: Millis,
  /** A thread hangs from a message of a channel. */
  thread: Schema.optionalKey(Schema.Struct({ parentId: Schema.NonEmptyString, messageId: Schema.NonEmptyString }))
})
export type LocalChannel = typeof LocalChannel.Type

export const ActorState = Schema.Literals(["starting", "running", "restarting", "draining", "stopped"])
export type ActorState = typeof ActorState.Type

export const ActorStatus = Schema.Struct({
  name: Schema.String,
  /** Where its records come from and go to, for people. */
  route: Schema.String,
  state: ActorState,
  /** Times it was started again after a failure. */
  restarts: Schema.Int,
  /** Records it is handling. */
  inHand: Schema.Int,
  handled: Schema.Int,
  /** Records of its topic it has not finished; `null` for actors that read no topic. */
  lag: Schema.NullOr(Schema.Int),
  deadLetters: Schema.Int,
  retries: Schema.Int,
  lastError: Schema.NullOr(Schema.String)
})
export type ActorStatus = typeof ActorStatus.Type

export const PartStatus = Schema.Struct({
  name: Schema.Literals(["broker", "chat", "vectors", "embedder", "writer", "state"]),
  /** Whether it runs inside this installation or is a service elsewhere. */
  kind: Schema.Literals(["embedded", "real"]),
  up: Schema.Boolean,
  /** What it is and how it is, in one sentence without secrets. */
  detail: Schema.String,
  breaker: Schema.optionalKey(Schema.Literals(["closed", "open", "half-open"]))
})
export type PartStatus = typeof PartStatus.Type

export const Happening = Schema.Union([
  Schema.Struct({ type: Schema.Literal("message.created"), message: LocalMessage }),
  Schema.Struct({ type: Schema.Literal("message.edited"), message: LocalMessage }),
  Schema.Struct({ type: Schema.Literal("message.deleted"), channelId: Schema.String, messageId: Schema.String }),
  /** The reactions as they are now. */
  Schema.Struct({
    type: Schema.Literal("message.reacted"),
    channelId: Schema.String,
    messageId: Schema.String,
    reactions: Schema.Array(Reaction)
  }),
  /** What people think of an answer now. */
  Schema.Struct({
    type: Schema.Literal("message.judged"),
    channelId: Schema.String,
    messageId: Schema.String,
    opinions: Schema.Array(GivenOpinion)
  }),
  Schema.Struct({ type: Schema.Literal("channel.created"), channel: LocalChannel }),
  /** The bot is at work on an answer in this channel. */
  Schema.Struct({ type: Schema.Literal("typing"), channelId: Schema.String }),
  /** What is proven of an answer that is still being written; each replaces the one before. */
  Schema.Struct({
    type: Schema.Literal("answer.drafted"),
    questionId: Schema.String,
    channelId: Schema.String,
    text: Schema.String
  }),
  Schema.Struct({
    type: Schema.Literal("question.answered"),
    questionId: Schema.String,
    channelId: Schema.String,
    refused: Schema.Boolean
  }),
  /** An event of another system was published, taken, or something was done about it: ask for it again. */
  Schema.Struct({ type: Schema.Literal("event.changed"), id: Schema.String }),
  Schema.Struct({ type: Schema.Literal("documents.changed"), source: Schema.String }),
  /** The way of a record that somebody looks at went on: ask for it again. */
  Schema.Struct({ type: Schema.Literal("way.changed"), id: Schema.String }),
  /** Actors or parts changed: ask for the status again. */
  Schema.Struct({ type: Schema.Literal("status.changed") })
])
export type Happening = typeof Happening.Type
