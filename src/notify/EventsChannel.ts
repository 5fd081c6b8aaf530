/** The channel of the page where events are told that have no other place. */
import { Context, Effect, Layer } from "effect"
import type { ChatError } from "../chat/Chat.ts"
import { LocalChat } from "../chat/LocalChat.ts"

export class EventsChannel extends Context.Service<
  EventsChannel,
  {
    /** Its id; made when it is missing. */
    readonly id: Effect.Effect<string, ChatError>
  }
>()("rtfm/notify/EventsChannel") {
  static readonly layer = Layer.effect(
    EventsChannel,
    Effect.map(LocalChat, (chat) => EventsChannel.of({ id: Effect.map(chat.createChannel("events"), ({ id }) => id) }))
  )
}
