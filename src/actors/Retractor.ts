/** discord-messages → chat. What was deleted is taken back from the answers that quoted it. */
import { Effect } from "effect"
import { Chat } from "../chat/Chat.ts"
import * as Topics from "../domain/Topics.ts"
import * as Actor from "./Actor.ts"

/** Records looked at in one go. */
const batch = 500

export const actor = Effect.gen(function* () {
  const chat = yield* Chat
  return yield* Actor.inBatches({
    name: "retractor",
    from: Topics.messages,
    to: "chat",
    guest: true,
    batch,
    handleBatch: (deliveries) => {
      const gone = deliveries.flatMap(({ value }) => (value.type === "deleted" ? value.messageIds : []))
      return Effect.as(gone.length === 0 ? Effect.void : chat.retract(gone), [])
    }
  })
})
