/** discord-messages → the log. What was deleted is erased from every record and from memory; its answers are the Reviser's. */
import { Deferred, Duration, Effect } from "effect"
import { goneIn, isLoss } from "../domain/Remains.ts"
import * as Topics from "../domain/Topics.ts"
import { Losses } from "../knowledge/Losses.ts"
import { Passages } from "../knowledge/Passages.ts"
import { Happenings } from "../runtime/Happenings.ts"
import { Ways } from "../runtime/Ways.ts"
import * as Actor from "./Actor.ts"

/** Records looked at in one go. */
const batch = 500
/** Between two looks for what is to be erased once more. */
const pause = Duration.seconds(20)

export const actor = Effect.gen(function* () {
  const losses = yield* Losses
  const passages = yield* Passages
  const happenings = yield* Happenings
  const ways = yield* Ways

  const stop = yield* Deferred.make<void>()
  const later = Effect.gen(function* () {
    if ((yield* losses.again) > 0) yield* passages.scrub
    yield* Effect.sleep(pause)
  }).pipe(Effect.forever, Effect.raceFirst(Deferred.await(stop)))

  const reading = yield* Actor.inBatches({
    name: "retractor",
    from: Topics.messages,
    to: "the log",
    guest: true,
    batch,
    handleBatch: Effect.fnUntraced(function* (deliveries) {
      const lost = deliveries.map(({ value }) => value).filter(isLoss)
      if (lost.length === 0) return []
      const { messageIds } = goneIn(lost)
      yield* losses.erase(lost)
      yield* happenings.forget(messageIds)
      ways.forget(messageIds)
      return []
    })
  })

  return {
    ...reading,
    run: Effect.all([reading.run, later], { concurrency: "unbounded", discard: true }),
    drain: Effect.andThen(Deferred.succeed(stop, undefined), reading.drain)
  }
})
