/** The chat of the page: channels and messages in the state, and the same contract to the actors as any platform. */
import { Context, type Effect } from "effect"
import type { LocalChannel, LocalMessage } from "../domain/Happening.ts"
import type { ChatError } from "./Chat.ts"

export interface Post {
  readonly channelId: string
  readonly author: { readonly id: string; readonly name: string }
  /** At most 4,000 characters. */
  readonly text: string
  readonly replyTo?: string
  /** The message is a question to the bot whatever its text says. */
  readonly asks?: boolean
  /** The same key is the same message, whatever else is sent with it. */
  readonly idempotencyKey?: string
}

export class LocalChat extends Context.Service<
  LocalChat,
  {
    readonly channels: Effect.Effect<ReadonlyArray<LocalChannel>, ChatError>
    createChannel(name: string): Effect.Effect<LocalChannel, ChatError>
    /** The newest `limit` messages before a message, or of all; oldest first. */
    messages(
      channelId: string,
      options: { readonly before?: string; readonly limit: number }
    ): Effect.Effect<ReadonlyArray<LocalMessage>, ChatError>
    /** `undefined` when there is none, or it was deleted. */
    message(messageId: string): Effect.Effect<LocalMessage | undefined, ChatError>
    /** The bot's answer to a message, once said. */
    answerTo(messageId: string): Effect.Effect<LocalMessage | undefined, ChatError>
    /** Durable when it returns. */
    post(post: Post): Effect.Effect<LocalMessage, ChatError>
    /** Only the author's own. */
    edit(edit: {
      readonly messageId: string
      readonly authorId: string
      readonly text: string
    }): Effect.Effect<LocalMessage, ChatError>
    /** Only the author's own. */
    remove(removal: { readonly messageId: string; readonly authorId: string }): Effect.Effect<void, ChatError>
  }
>()("rtfm/chat/LocalChat") {}
