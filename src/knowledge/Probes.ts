/** Questions by which two indexes are told apart: sections are asked for by their own headings. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Audience } from "../domain/Audience.ts"
import { type IndexesError, type Measure, type Probe } from "./Indexes.ts"
import { hitAt, mean, reciprocalRankAt } from "./Metrics.ts"
import type { PassagesError } from "./Passages.ts"
import type { Retriever } from "./Retriever.ts"

/** More tell no more, and take longer. */
const mostProbes = 200

/** Headings that many pages have name none of them. */
const mostOfOneName = 3

/** The headings of sections, evenly chosen: each asks for the sections that it stands over. */
export const ofHeadings = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ id: string; title: string }>`
    SELECT id, title FROM chunks WHERE kind = 'document' AND instr(title, ' › ') > 0 ORDER BY id`
  const sections = Map.groupBy(rows, ({ title }) => title.split(" › ").slice(-2).join(" "))
  const named = [...sections].filter(([, chunks]) => chunks.length <= mostOfOneName)
  const step = Math.max(1, named.length / mostProbes)
  return named
    .filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step))
    .map(([question, chunks]): Probe => ({ question, goldIds: chunks.map(({ id }) => id) }))
})

/** Documents are for everybody, so they are what is measured by. */
const everybody: Audience = { serverId: "local", channelIds: new Set() }

export interface Measured extends Measure {
  /** Of all questions, those that the index's embedder could not serve. */
  readonly textAlone: number
}

/** Asks an index all of them. */
export const measure = Effect.fnUntraced(function* (
  retriever: Retriever["Service"],
  probes: ReadonlyArray<Probe>,
  onAsked: Effect.Effect<void> = Effect.void
): Effect.fn.Return<Measured, PassagesError | IndexesError> {
  const asked = yield* Effect.forEach(probes, ({ goldIds, question }) =>
    Effect.gen(function* () {
      const { found, vector } = yield* retriever.retrieve(question, everybody, { limit: 10 })
      yield* onAsked
      // People who ask meanwhile do not wait for this.
      yield* Effect.yieldNow
      return { ranking: { found: found.map(({ chunk }) => chunk.id), gold: new Set(goldIds) }, alone: vector === null }
    })
  )
  const rankings = asked.map(({ ranking }) => ranking)
  return {
    "mrr@10": mean(rankings.map(reciprocalRankAt(10))),
    "hit@5": mean(rankings.map(hitAt(5))),
    textAlone: asked.filter(({ alone }) => alone).length
  }
})
