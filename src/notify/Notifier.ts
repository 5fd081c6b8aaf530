/** Where people are told of events outside the chat: webhooks, known by the names of the settings that hold them. */
import { Context, type Effect, Schema } from "effect"
import type { Embed } from "../domain/Embed.ts"
import type { Places } from "../domain/Notification.ts"

/**
 * - `limited`: nothing was told; it is time again after `retryAfter`
 * - `unreachable`: no answer, so it may have been told; tried again after `retryAfter`
 * - `gone`: the webhook does not exist any more, or refuses its own token; it is not called again
 * - `invalid`: it never takes this
 */
export class NotifyError extends Schema.TaggedError<NotifyError>()("NotifyError", {
  reason: Schema.Literals(["limited", "unreachable", "gone", "invalid"]),
  detail: Schema.String,
  /** Milliseconds; there for what is tried again. */
  retryAfter: Schema.optionalKey(Schema.Finite)
}) {
  override get message() {
    return this.detail
  }
  get retryable(): boolean {
    return this.reason === "limited" || this.reason === "unreachable"
  }
}

/** The channel of a webhook, and its server. */
export interface Place {
  readonly serverId: string
  readonly channelId: string
}

export class Notifier extends Context.Service<
  Notifier,
  {
    /** What settings say there is. */
    readonly places: Places
    /** Whether there is a webhook in the setting of this name; also those that only routes name. */
    has(name: string): Effect.Effect<boolean>
    /** Whether it can be told there; a webhook that is gone stays so until the next start. */
    isGone(destination: string): boolean
    /** Where a webhook tells; `undefined` where that cannot be found out. */
    placeOf(destination: string): Effect.Effect<Place | undefined>
    /** At most ten embeds within the limits; the id of the message once it is there. Never waits: it says when. */
    send(destination: string, embeds: ReadonlyArray<Embed>): Effect.Effect<string, NotifyError>
    /** Which of these references stand in the newest messages; `undefined` where they cannot be read. */
    find(
      destination: string,
      references: ReadonlyArray<string>
    ): Effect.Effect<ReadonlySet<string> | undefined, NotifyError>
  }
>()("rtfm/notify/Notifier") {}
