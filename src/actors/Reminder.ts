/** What is due later → event-notifications. Tells it when it is due. */
import { Clock, Duration, Effect } from "effect"
import { Broker } from "../broker/Broker.ts"
import { record } from "../broker/Records.ts"
import * as Topics from "../domain/Topics.ts"
import { Later } from "../notify/Later.ts"
import * as Supervise from "./Supervise.ts"
import * as Watcher from "./Watcher.ts"

/** Other processes, and handlers, add to what is due. */
const lookAgain = Duration.seconds(30)
const atOnce = 100

export const actor = Effect.gen(function* () {
  const broker = yield* Broker
  const later = yield* Later
  const vitals = Supervise.vitals()

  /** Written first and marked then: what a crash repeats has the same id, and is told once. */
  const publishDue = Effect.gen(function* () {
    const due = yield* later.due(yield* Clock.currentTimeMillis, atOnce)
    if (due.length === 0) return
    yield* broker.publish(due.map((notification) => record(Topics.notifications, notification)))
    yield* later.done(due.map(({ id }) => id))
    vitals.handled += due.length
    vitals.failedStarts = 0
  })

  const untilNext = Effect.gen(function* () {
    const next = yield* later.next
    const now = yield* Clock.currentTimeMillis
    const wait = Math.min(Duration.toMillis(lookAgain), Math.max(0, (next ?? Infinity) - now))
    yield* Effect.sleep(wait)
  })

  return yield* Watcher.make({
    name: "reminder",
    route: `what is due later → ${Topics.notifications.name}`,
    vitals,
    work: [Effect.forever(Effect.andThen(publishDue, untilNext))]
  })
})
