/** chat → discord-messages, bot-queries. What was heard is confirmed once it is in the log. */
import { Deferred, Effect, Metric, Stream } from "effect"
import { Broker, type OutgoingRecord } from "../broker/Broker.ts"
import { record } from "../broker/Records.ts"
import { type Batch, Chat, type Heard } from "../chat/Chat.ts"
import * as Topics from "../domain/Topics.ts"
import * as Supervise from "./Supervise.ts"

const heardTotal = Metric.counter("rtfm_listener_events_total", {
  description: "Events heard in the chat and written to the log",
  incremental: true
})

const recordsOf = ({ event, query }: Heard): ReadonlyArray<OutgoingRecord> => [
  ...(event === undefined ? [] : [record(Topics.messages, event)]),
  ...(query === undefined ? [] : [record(Topics.queries, query)])
]

export const actor = Effect.gen(function* () {
  const chat = yield* Chat
  const broker = yield* Broker
  const vitals = Supervise.vitals()
  const stop = yield* Deferred.make<void>()

  const write = Effect.fnUntraced(function* ({ confirm, heard }: Batch) {
    yield* broker.publish(heard.flatMap(recordsOf))
    yield* confirm
    vitals.handled += heard.length
    vitals.failedStarts = 0
    yield* Metric.update(heardTotal, heard.length)
  })

  return {
    name: "listener",
    route: "chat → discord-messages, bot-queries",
    group: null,
    vitals,
    run: chat.heard.pipe(Stream.interruptWhen(Deferred.await(stop)), Stream.runForEach(write)),
    drain: Effect.asVoid(Deferred.succeed(stop, undefined))
  } satisfies Supervise.Actor
})
