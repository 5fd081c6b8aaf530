/** A place where people talk: what they say comes in, what the bot says goes out. */
import { Context, type Effect, Schema, type Stream } from "effect"
import type { Answer } from "../domain/Answer.ts"
import type { Audience } from "../domain/Audience.ts"
import type { ChatEvent, ChatMessage } from "../domain/ChatMessage.ts"
import type { Embed } from "../domain/Embed.ts"
import type { BotQuery } from "../domain/Question.ts"

export class ChatError extends Schema.TaggedError<ChatError>()("ChatError", {
  /**
   * `unreachable` and `limited` pass by themselves; `unknown-channel`, `forbidden` and `invalid` never do;
   * `failed` is anything else.
   */
  reason: Schema.Literals(["unreachable", "limited", "unknown-channel", "forbidden", "invalid", "failed"]),
  detail: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message() {
    return this.detail
  }
  get retryable(): boolean {
    return this.reason === "unreachable" || this.reason === "limited" || this.reason === "failed"
  }
}

/** The platform refuses the bot itself: no new start can mend it, so the process ends. */
export class ChatFatalError extends Schema.TaggedError<ChatFatalError>()("ChatFatalError", {
  reason: Schema.Literals(["token", "intents", "sharding"]),
  detail: Schema.String
}) {
  readonly fatal = true as const
  override get message() {
    return this.detail
  }
}

/** Something the bot wants said. */
export interface Reply {
  /** Saying the same id twice says it once. */
  readonly id: string
  readonly channelId: string
  readonly threadId?: string
  /** The message it answers. */
  readonly replyTo?: string
  /** The question it answers; a command's answer belongs to the command. */
  readonly questionId?: string
  readonly text: string
  /** What was asked, in its own words. */
  readonly question?: string
  /** For platforms that show more than text. */
  readonly answer?: Answer
  /** The same as the text, for platforms that show more than that. */
  readonly embeds?: ReadonlyArray<Embed>
}

/** Something that happened in the chat: an event, a question, or a message that is both. */
export interface Heard {
  readonly event?: ChatEvent
  readonly query?: BotQuery
  /** What somebody wants said in a channel, by way of the topic of other programs' wishes. */
  readonly echo?: Echo
}

export interface Echo {
  /** The same id is said once. */
  readonly id: string
  readonly channelId: string
  readonly text: string
}

/** What was heard at once, oldest first. */
export interface Batch {
  readonly heard: ReadonlyArray<Heard>
  /** To be run once the batch is durable elsewhere: it does not come again after a restart. */
  readonly confirm: Effect.Effect<void, ChatError>
}

/** Messages of one place as they are known, in any order. */
export interface Window {
  readonly serverId: string
  readonly channelId: string
  readonly threadId?: string
  readonly messages: ReadonlyArray<{ readonly id: string; readonly text: string }>
}

export class Chat extends Context.Service<
  Chat,
  {
    /** Everything said since the last confirmed batch, then everything as it is said, oldest first. */
    readonly heard: Stream.Stream<Batch, ChatError | ChatFatalError>
    /** Says it and returns the message; a repeated id returns the message said before. */
    say(reply: Reply): Effect.Effect<ChatMessage, ChatError>
    /** Shows what is written so far of an answer that is still to be said; best effort. */
    draft(reply: Reply): Effect.Effect<void>
    /** Puts this in the place of what was said under its id; nothing where that was not said, or is gone. */
    revise(reply: Reply): Effect.Effect<void, ChatError>
    /**
     * What an answer may draw on: what everyone who can read this channel or thread can read, or, for an answer that
     * only `askerId` sees, what they can read themselves.
     */
    audience(channelId: string, askerId?: string): Effect.Effect<Audience, ChatError>
    /** The channel for what is meant for everyone, when no other is named; made when it is missing. */
    readonly announcements: Effect.Effect<string, ChatError>
    /**
     * The ids of those messages that are not, or may not be, as they are known, because they changed while nobody
     * listened. What became of them is heard as if it had happened now.
     */
    outdated(windows: ReadonlyArray<Window>): Effect.Effect<ReadonlySet<string>>
    /** Shows that the bot is at work in a channel; best effort. */
    typing(channelId: string): Effect.Effect<void>
  }
>()("rtfm/chat/Chat") {}
