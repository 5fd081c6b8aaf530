/**
 * What a corpus finds for questions it cannot answer, so that a question about something else is told from one it can.
 * Measured by putting the null questions to it, kept in State, and measured anew when the corpus grew or shrank.
 */
import { Clock, Context, Duration, Effect, FiberMap, Schema, type Scope } from "effect"
import { SqlClient } from "effect/sql"
import type { Audience } from "../domain/Audience.ts"
import { Baseline, baselineOf, type Evidence, typical } from "../domain/Grounds.ts"
import { Embedder } from "../model/Embedder.ts"
import { VectorStore } from "../vectors/VectorStore.ts"
import { collectionOf } from "./Collections.ts"
import { nullQuestions } from "./nullQuestions.ts"
import { Passages, type PassagesError } from "./Passages.ts"

/** How much a corpus changes before it is measured again. */
const drift = 0.1
/** How often it is looked whether it changed. */
const lookEvery = Duration.seconds(10)

export class Calibration extends Context.Service<
  Calibration,
  {
    /** What questions of a server are judged by; typical until it has been measured. */
    baseline(serverId: string): Effect.Effect<Baseline>
    /** Measures now. */
    calibrate(audience: Audience): Effect.Effect<Baseline, PassagesError>
    /** Measures in the background when the corpus is not what was measured. Comes back at once. */
    keepUp(audience: Audience): Effect.Effect<void>
  }
>()("rtfm/knowledge/Calibration") {}

interface Size {
  readonly passages: number
  readonly vectors: number
}

interface Measured extends Size {
  readonly baseline: Baseline
}

const changed = (before: number, now: number) => Math.abs(now - before) > drift * before
export const isStale = (measured: Size | undefined, now: Size): boolean =>
  measured === undefined
    ? now.passages > 0
    : changed(measured.passages, now.passages) || changed(measured.vectors, now.vectors)

const json = Schema.fromJsonString(Baseline)
const encode = Schema.encodeEffect(json)
const decode = Schema.decodeUnknownEffect(json)

/** `look` is what a question goes through before it is judged. */
export const make = Effect.fnUntraced(function* (
  look: (
    question: string,
    vector: Float32Array | null,
    audience: Audience
  ) => Effect.Effect<Evidence | undefined, PassagesError>
): Effect.fn.Return<
  Calibration["Service"],
  never,
  SqlClient.SqlClient | Passages | VectorStore | Embedder | Scope.Scope
> {
  const sql = yield* SqlClient.SqlClient
  const passages = yield* Passages
  const vectors = yield* VectorStore
  const embedder = yield* Embedder
  const known = new Map<string, Measured>()
  const lookedAt = new Map<string, number>()
  const background = yield* FiberMap.make<string>()

  const load = Effect.gen(function* () {
    const rows = yield* sql<{ server_id: string; passages: number; vectors: number; baseline: string }>`
      SELECT server_id, passages, vectors, baseline FROM calibrations WHERE embedder = ${embedder.id}`
    for (const row of rows) {
      known.set(row.server_id, {
        passages: row.passages,
        vectors: row.vectors,
        baseline: yield* decode(row.baseline)
      })
    }
  })
  const save = Effect.fnUntraced(function* (serverId: string, measured: Measured) {
    known.set(serverId, measured)
    const row = {
      server_id: serverId,
      embedder: embedder.id,
      passages: measured.passages,
      vectors: measured.vectors,
      baseline: yield* encode(measured.baseline)
    }
    yield* sql`INSERT INTO calibrations ${sql.insert(row)} ON CONFLICT (server_id, embedder) DO UPDATE
      SET passages = excluded.passages, vectors = excluded.vectors, baseline = excluded.baseline`
  })
  // What cannot be read or kept is measured again.
  yield* load.pipe(Effect.catch((error) => Effect.logDebug("calibrations not read", error)))

  const sizeOf = Effect.fnUntraced(function* (serverId: string) {
    const count = (of: string | null) =>
      vectors.count(collectionOf(of, embedder.id)).pipe(Effect.orElseSucceed(() => 0))
    const counts = yield* passages.counts
    return { passages: counts.passages, vectors: (yield* count(null)) + (yield* count(serverId)) }
  })

  let nullVectors: ReadonlyArray<Float32Array> | undefined
  // As passages, so that the questions of people go first.
  const vectorsOfNulls = Effect.suspend(() =>
    nullVectors === undefined ? embedder.embedPassages(nullQuestions) : Effect.succeed(nullVectors)
  ).pipe(
    Effect.tap((vectors) => Effect.sync(() => (nullVectors = vectors))),
    Effect.orElseSucceed(() => undefined)
  )

  const calibrate = Effect.fn("Calibration.calibrate")(function* (audience: Audience) {
    const size = yield* sizeOf(audience.serverId)
    const nulls = size.vectors === 0 ? undefined : yield* vectorsOfNulls
    const found = yield* Effect.forEach(nullQuestions, (question, i) =>
      Effect.andThen(Effect.yieldNow, look(question, nulls?.[i] ?? null, audience))
    )
    const baseline = baselineOf(found.map((evidence) => evidence ?? { coverage: 0, cosine: null }))
    yield* save(audience.serverId, { ...size, baseline }).pipe(
      Effect.catch((error) => Effect.logDebug("calibration not kept", error))
    )
    return baseline
  })

  const measureIfStale = Effect.fnUntraced(function* (audience: Audience) {
    const size = yield* sizeOf(audience.serverId)
    if (isStale(known.get(audience.serverId), size)) yield* calibrate(audience)
  })

  const keepUp = Effect.fnUntraced(function* (audience: Audience) {
    const now = yield* Clock.currentTimeMillis
    const { serverId } = audience
    if (now - (lookedAt.get(serverId) ?? -Infinity) < Duration.toMillis(lookEvery)) return
    lookedAt.set(serverId, now)
    yield* FiberMap.run(
      background,
      serverId,
      measureIfStale(audience).pipe(Effect.catchCause((cause) => Effect.logDebug("calibration failed", cause))),
      { onlyIfMissing: true }
    )
  })

  return {
    baseline: (serverId) => Effect.sync(() => known.get(serverId)?.baseline ?? typical),
    calibrate,
    keepUp
  }
})
