/**
 * The indexes of vectors: the one that answers, the one that is built beside it, and the one before. An index is what
 * one embedder makes of passages cut in one way; its name is part of its collections' names, so two never mix.
 */
import { Clock, Context, Effect, Layer, PubSub, Schema, Stream } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { Embedder } from "../model/Embedder.ts"
import * as SqlFailure from "../state/SqlFailure.ts"
import { indexName } from "./Collections.ts"

export class IndexesError extends Schema.TaggedError<IndexesError>()("IndexesError", {
  /** `refused`: it makes no sense now, and the detail says why; `failed`: State does not answer. */
  reason: Schema.Literals(["refused", "failed"]),
  detail: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message() {
    return this.detail
  }
  get retryable(): boolean {
    return this.reason === "failed"
  }
}

/** A question and the chunks of which one is to be found. */
export const Probe = Schema.Struct({ question: Schema.NonEmptyString, goldIds: Schema.Array(Schema.String) })
export type Probe = typeof Probe.Type

/** How good an index finds what is to be found, from 0 to 1. */
export const Measure = Schema.Struct({ "mrr@10": Schema.Finite, "hit@5": Schema.Finite })
export type Measure = typeof Measure.Type

export const Verdict = Schema.Struct({
  /** Whether the index that was built was found to be no worse. */
  promoted: Schema.Boolean,
  /** One sentence. */
  why: Schema.String,
  questions: Schema.Int,
  live: Schema.NullOr(Measure),
  next: Schema.NullOr(Measure),
  at: Schema.Finite
})
export type Verdict = typeof Verdict.Type

export type Role = "live" | "next" | "previous"

export interface Index {
  readonly name: string
  readonly role: Role
  /** In milliseconds since the epoch: when it took this role. */
  readonly since: number
  readonly paused: boolean
  /** What it is to be measured by, when whoever began it said so. */
  readonly questions: ReadonlyArray<Probe> | null
  /** How the last measurement ended. */
  readonly verdict: Verdict | null
  readonly embedder: Embedder["Service"]
}

export class Indexes extends Context.Service<
  Indexes,
  {
    /** The index that answers. Changes from one moment to the next when another is promoted. */
    readonly live: Effect.Effect<Index>
    readonly next: Effect.Effect<Index | undefined>
    /** Those there are, the live one first. */
    readonly all: Effect.Effect<ReadonlyArray<Index>>
    /** Begins to build an index of the embedder that the settings choose. The one before the live one is given up. */
    begin(questions: ReadonlyArray<Probe> | null): Effect.Effect<Index, IndexesError>
    pause(paused: boolean): Effect.Effect<Index, IndexesError>
    /** Gives up the index that is built. */
    cancel: Effect.Effect<Index, IndexesError>
    judge(verdict: Verdict): Effect.Effect<void, IndexesError>
    /** In one transaction: the next index answers, the live one becomes the one before. */
    promote: Effect.Effect<Index, IndexesError>
    /** In one transaction: the one before answers again, the live one becomes the one before. */
    rollback: Effect.Effect<Index, IndexesError>
    /** Ticks when anything of this changed, and once at the start. */
    readonly changes: Stream.Stream<void>
  }
>()("rtfm/knowledge/Indexes") {}

/** Embedders besides the one the settings choose, by which an older index can still be asked. */
export class OtherEmbedders extends Context.Reference<ReadonlyArray<Embedder["Service"]>>(
  "rtfm/knowledge/OtherEmbedders",
  { defaultValue: () => [] }
) {}

interface Row {
  readonly name: string
  readonly role: Role
  readonly since: number
  readonly paused: number
  readonly questions: string | null
  readonly verdict: string | null
}

const Probes = Schema.fromJsonString(Schema.Array(Probe))
const StoredVerdict = Schema.fromJsonString(Verdict)
const encodeProbes = Schema.encodeSync(Probes)
const decodeProbes = Schema.decodeSync(Probes)
const encodeVerdict = Schema.encodeSync(StoredVerdict)
const decodeVerdict = Schema.decodeSync(StoredVerdict)

const explain = <A, E, R>(effect: Effect.Effect<A, E | SqlError.SqlError, R>) =>
  Effect.mapError(effect, (error) => {
    if (!SqlError.isSqlError(error)) return error as Exclude<E, SqlError.SqlError>
    const { message } = SqlFailure.from(error)
    return new IndexesError({
      reason: "failed",
      detail: `The list of indexes cannot be used: ${message}`,
      cause: error
    })
  })

const refused = (detail: string) => new IndexesError({ reason: "refused", detail })

const roles: ReadonlyArray<Role> = ["live", "next", "previous"]

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const wanted = yield* Embedder
  const embedders = [wanted, ...(yield* OtherEmbedders)]
  const ticks = yield* PubSub.sliding<void>({ capacity: 1, replay: 1 })
  const embedderOf = (name: string) => embedders.find(({ id }) => indexName(id) === name)
  let known: ReadonlyMap<Role, Index> = new Map()

  const indexFrom = ({ name, paused, questions, role, since, verdict }: Row, embedder: Embedder["Service"]): Index => ({
    name,
    role,
    since,
    paused: paused === 1,
    questions: questions === null ? null : decodeProbes(questions),
    verdict: verdict === null ? null : decodeVerdict(verdict),
    embedder
  })

  /** What cannot be asked any more, because its embedder is not there, is no index. */
  const read = Effect.gen(function* () {
    const rows = yield* sql<Row>`SELECT name, role, since, paused, questions, verdict FROM vector_indexes`
    const found = rows.flatMap((row) => {
      const embedder = embedderOf(row.name)
      return embedder === undefined ? [] : [[row.role, indexFrom(row, embedder)] as const]
    })
    return new Map(found)
  })

  const put = (name: string, role: Role, embedder: string, questions: string | null = null) =>
    Effect.flatMap(Clock.currentTimeMillis, (since) => {
      const row = { name, role, embedder, since, questions, paused: 0, verdict: null }
      return sql`INSERT INTO vector_indexes ${sql.insert(row)}`
    })

  /** Everything of a change, or nothing; what answers changes only once it is kept. */
  const change = <A, E>(effect: Effect.Effect<A, E>) =>
    sql.withTransaction(effect).pipe(
      Effect.andThen(read),
      Effect.tap((now) => Effect.sync(() => (known = now))),
      Effect.andThen(PubSub.publish(ticks, undefined)),
      explain,
      Effect.uninterruptible
    )

  const start = Effect.gen(function* () {
    const now = yield* read
    if (now.has("live")) return
    // Nothing answers: this is the first start, or the live index's embedder is not there any more.
    yield* sql`DELETE FROM vector_indexes WHERE role = 'live' OR name = ${indexName(wanted.id)}`
    yield* put(indexName(wanted.id), "live", wanted.id)
  })
  yield* Effect.orDie(change(start))

  const live = Effect.sync(() => known.get("live")!)
  const next = Effect.sync(() => known.get("next"))
  const nextOrRefused = Effect.filterOrFail(
    next,
    (index) => index !== undefined,
    () => refused("No index is being built: rtfm reindex begins one")
  )

  const swap = (other: "next" | "previous") =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const names = { live: known.get("live")!.name, other: known.get(other)!.name }
      yield* sql`DELETE FROM vector_indexes WHERE role = 'previous' AND name <> ${names.other}`
      // Roles are unique, so both leave theirs before they take another.
      yield* sql`DELETE FROM vector_indexes WHERE name = ${names.live}`
      yield* sql`UPDATE vector_indexes SET role = 'live', since = ${now}, paused = 0 WHERE name = ${names.other}`
      yield* put(names.live, "previous", known.get("live")!.embedder.id)
    })

  return Indexes.of({
    live,
    next,
    all: Effect.sync(() => roles.flatMap((role) => known.get(role) ?? [])),
    begin: Effect.fn("Indexes.begin")(function* (questions) {
      const name = indexName(wanted.id)
      if (known.get("live")!.name === name) {
        return yield* refused(
          `The index is of ${name} already, which is what the settings choose; nothing is to be built`
        )
      }
      const underway = known.get("next")
      if (underway !== undefined) return yield* refused(`An index of ${underway.name} is being built already`)
      const stored = questions === null ? null : encodeProbes(questions)
      yield* change(
        Effect.andThen(
          sql`DELETE FROM vector_indexes WHERE role = 'previous' OR name = ${name}`,
          put(name, "next", wanted.id, stored)
        )
      )
      return known.get("next")!
    }),
    pause: Effect.fn("Indexes.pause")(function* (paused) {
      const { name } = yield* nextOrRefused
      // What goes on is measured again.
      yield* change(sql`UPDATE vector_indexes SET paused = ${paused ? 1 : 0}, verdict = NULL WHERE name = ${name}`)
      return known.get("next")!
    }),
    cancel: Effect.gen(function* () {
      const index = yield* nextOrRefused
      yield* change(sql`DELETE FROM vector_indexes WHERE name = ${index.name}`)
      return index
    }),
    judge: Effect.fn("Indexes.judge")(function* (verdict) {
      const { name } = yield* nextOrRefused
      const stored = encodeVerdict(verdict)
      yield* change(sql`UPDATE vector_indexes SET verdict = ${stored} WHERE name = ${name}`)
    }),
    promote: Effect.gen(function* () {
      yield* nextOrRefused
      yield* change(swap("next"))
      return known.get("live")!
    }),
    rollback: Effect.gen(function* () {
      if (!known.has("previous")) return yield* refused("There is no index before this one to go back to")
      yield* change(swap("previous"))
      return known.get("live")!
    }),
    changes: Stream.fromPubSub(ticks)
  })
})

export const layer = Layer.effect(Indexes, make)

/** What is asked of the embedder is asked of the live index's, whichever that is at the time. */
export const layerEmbedder = Layer.effect(
  Embedder,
  Effect.map(Indexes, (indexes) => {
    const live = () => Effect.runSync(indexes.live).embedder
    return Embedder.of({
      get id() {
        return live().id
      },
      get dimensions() {
        return live().dimensions
      },
      embedPassages: (texts) => live().embedPassages(texts),
      embedQueries: (texts) => live().embedQueries(texts),
      status: Effect.suspend(() => live().status)
    })
  })
)
