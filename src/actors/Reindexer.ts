/**
 * passages → vectors of the next index. Makes it beside the one that answers, measures both, and lets the better one
 * answer.
 */
import { Clock, Effect, Latch, Stream } from "effect"
import type { SqlClient } from "effect/sql"
import { type Index, Indexes, type Verdict } from "../knowledge/Indexes.ts"
import { Passages } from "../knowledge/Passages.ts"
import * as Probes from "../knowledge/Probes.ts"
import { Retrievers } from "../knowledge/RetrieverLive.ts"
import * as Filling from "./Filling.ts"
import * as Supervise from "./Supervise.ts"
import * as Watcher from "./Watcher.ts"
import { waits } from "./Vectorizer.ts"

/** So much worse the next index may be, which is within what such a measurement tells. */
const tolerance = 0.01

const shown = (value: number): string => value.toFixed(3)

/** Whether the next index answers from now on, and why. Pure. */
export const verdictOf = (
  probes: number,
  live: Probes.Measured,
  next: Probes.Measured
): Pick<Verdict, "promoted" | "why"> => {
  if (probes === 0) return { promoted: true, why: "there was no question to measure by, so it was not measured" }
  if (next.textAlone > probes * 0.05) {
    return { promoted: false, why: `its embedder did not serve ${next.textAlone} of ${probes} questions` }
  }
  const figures = `MRR@10 ${shown(next["mrr@10"])} against ${shown(live["mrr@10"])} on ${probes} questions`
  return next["mrr@10"] >= live["mrr@10"] - tolerance
    ? { promoted: true, why: `it finds no worse: ${figures}` }
    : { promoted: false, why: `it finds worse: ${figures}` }
}

export const actor = Effect.gen(function* () {
  const passages = yield* Passages
  const indexes = yield* Indexes
  const retrievers = yield* Retrievers
  const sql = yield* Effect.context<SqlClient.SqlClient>()
  const fill = yield* Filling.make("reindexer")
  const vitals = Supervise.vitals()
  const news = Latch.makeUnsafe(true)

  const failed = (error: Filling.Failure) =>
    Effect.sync(() => {
      vitals.inHand = 0
      vitals.lastError = error.message
      vitals.retries++
    })

  /** One batch of the next index; `false` when there is nothing to do for it. */
  const build = Effect.gen(function* () {
    const next = yield* indexes.next
    if (next === undefined || next.paused) return false
    return (yield* fill(next, vitals)) > 0
  }).pipe(Effect.tapError(failed), Effect.retry({ while: Filling.isAway, schedule: waits }))

  /** Whoever can mend it decides when it goes on; people are answered as before. */
  const paused = (error: { readonly message: string }) =>
    Effect.andThen(Effect.logError(`the next index is paused: ${error.message}`), indexes.pause(true))

  const judge = Effect.fnUntraced(function* (next: Index) {
    const probes = next.questions ?? (yield* Effect.provideContext(Probes.ofHeadings, sql))
    const live = yield* Probes.measure(yield* retrievers.of(yield* indexes.live), probes)
    const candidate = yield* Probes.measure(yield* retrievers.of(next), probes)
    const outcome = verdictOf(probes.length, live, candidate)
    yield* indexes.judge({
      ...outcome,
      questions: probes.length,
      live: { "mrr@10": live["mrr@10"], "hit@5": live["hit@5"] },
      next: { "mrr@10": candidate["mrr@10"], "hit@5": candidate["hit@5"] },
      at: yield* Clock.currentTimeMillis
    })
    yield* Effect.logInfo(`${next.name} ${outcome.promoted ? "answers now" : "does not answer"}: ${outcome.why}`)
    return outcome
  })

  /** What was found to be no worse before the process ended is promoted by the next one. */
  const settle = Effect.gen(function* () {
    const next = yield* indexes.next
    if (next === undefined || next.paused || next.verdict?.promoted === false) return
    if ((yield* passages.countUnembedded(next.name)) > 0) return
    const { promoted } = next.verdict ?? (yield* judge(next))
    if (promoted) yield* indexes.promote
  })

  const work = Effect.gen(function* () {
    while (true) {
      yield* Latch.await(news)
      news.closeUnsafe()
      yield* Effect.repeat(build, { while: (more) => more }).pipe(Effect.andThen(settle), Effect.catch(paused))
    }
  })
  const listen = Stream.runForEach(Stream.merge(passages.changes, indexes.changes), () => news.open)

  return yield* Watcher.make({
    name: "reindexer",
    route: "passages → vectors of the next index",
    vitals,
    work: [listen, work]
  })
})
