/** passages → bot-responses. An answer is written anew when a message or a page it quotes changes or goes. */
import { Clock, Duration, Effect, Latch, Metric, Stream } from "effect"
import { Broker } from "../broker/Broker.ts"
import { record } from "../broker/Records.ts"
import * as Topics from "../domain/Topics.ts"
import { GivenAnswers } from "../knowledge/GivenAnswers.ts"
import { Passages } from "../knowledge/Passages.ts"
import * as Supervise from "./Supervise.ts"
import * as Watcher from "./Watcher.ts"

const revisedTotal = Metric.counter("rtfm_answers_revised_total", {
  description: "Answers changed or taken back since a source of theirs changed or went",
  incremental: true
})

/** Between two looks, so that what changes at once is looked at together. */
const pause = Duration.millis(200)
/** What was given while nothing changed is looked at, too: its sources may have gone while it was on its way. */
const idle = Duration.minutes(1)

export const actor = Effect.gen(function* () {
  const broker = yield* Broker
  const passages = yield* Passages
  const answers = yield* GivenAnswers
  const vitals = Supervise.vitals()
  const news = Latch.makeUnsafe(true)

  /** Said twice after a crash in between, which changes nothing: the same edit again. */
  const round = Effect.gen(function* () {
    const revised = yield* answers.revised
    const revisedAt = yield* Clock.currentTimeMillis
    if (revised.length === 0) return 0
    yield* broker.publish(revised.map((given) => record(Topics.responses, { type: "revised", ...given, revisedAt })))
    yield* Effect.forEach(revised, answers.keep)
    yield* Metric.update(revisedTotal, revised.length)
    vitals.handled += revised.length
    vitals.failedStarts = 0
    return revised.length
  })

  const untilNext = Effect.gen(function* () {
    const at = yield* answers.next
    const now = yield* Clock.currentTimeMillis
    return at === undefined ? idle : Duration.millis(Math.min(Duration.toMillis(idle), Math.max(0, at - now) + 1))
  })

  const work = Effect.gen(function* () {
    while (true) {
      news.closeUnsafe()
      yield* Effect.repeat(round, { while: (count) => count > 0 })
      yield* Effect.timeoutOption(Latch.await(news), yield* untilNext)
      yield* Effect.sleep(pause)
    }
  })

  const listen = Stream.runForEach(passages.changes, () => news.open)

  return yield* Watcher.make({
    name: "reviser",
    route: "passages → bot-responses",
    vitals,
    work: [listen, work]
  })
})
