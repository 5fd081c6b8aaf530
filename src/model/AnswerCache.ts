/** Answers that a model wrote, given again to the same question from the same audience while every source is unchanged. */
import { Clock, Config, Context, Duration, Effect, Layer, Metric, Result, Schema, Stream } from "effect"
import { type SqlError, SqlClient } from "effect/sql"
import { createHash } from "node:crypto"
import { Citation } from "../domain/Answer.ts"
import { type Audience, readableOf } from "../domain/Audience.ts"
import { Confirmed } from "../knowledge/Confirmed.ts"
import { Passages } from "../knowledge/Passages.ts"
import * as Setting from "../runtime/Setting.ts"
import type { Written } from "./Writer.ts"

const off = Duration.zero

export const answerCache = Setting.withDefault("ANSWER_CACHE", {
  description:
    "How long an answer that Gemini wrote is given again to the same question while its sources are unchanged",
  expected: "off, or a duration such as 1 day or 6 hours",
  config: (name) =>
    Config.schema(Schema.Literal("off"), name).pipe(
      Config.map(() => off),
      Config.orElse(() => Config.Duration(name))
    ),
  fallback: "1 day",
  value: Duration.days(1)
})

const foundTotal = Metric.counter("rtfm_answer_cache_total", {
  description: "Questions looked up among the answers kept, by whether one was found",
  incremental: true
})
const droppedTotal = Metric.counter("rtfm_answer_cache_dropped_total", {
  description: "Answers that are no longer kept, because a source of theirs changed or went",
  incremental: true
})

export interface Answers {
  /** The last answer, if each of its sources still says what it said, and people did not say that it does not help. */
  readonly find: (question: string, audience: Audience) => Effect.Effect<Written | undefined>
  /** Keeps an answer if a model wrote it; refusals and quotes are made anew. */
  readonly keep: (question: string, audience: Audience, written: Written) => Effect.Effect<void>
}

/** Keeps nothing unless it is provided. */
export const AnswerCache = Context.Reference<Answers>("rtfm/model/AnswerCache", {
  defaultValue: () => ({ find: () => Effect.undefined, keep: () => Effect.void })
})

/** Case, white space and a mark at the end do not make it another question. */
export const normalised = (question: string): string =>
  question
    .normalize("NFC")
    .toLowerCase()
    .replaceAll(/\s+/g, " ")
    .replace(/[\s?!.…]+$/u, "")
    .trim()

/** Nobody can tell the question from it. */
const keyOf = (question: string, audience: Audience): string =>
  createHash("sha256")
    .update(
      JSON.stringify([
        normalised(question),
        ...readableOf(audience).flatMap(({ channelIds, serverId }) => [serverId, [...channelIds].sort()])
      ])
    )
    .digest("hex")

const Stored = Schema.fromJsonString(Schema.Struct({ text: Schema.String, citations: Schema.Array(Citation) }))
const encode = Schema.encodeSync(Stored)
const decode = Schema.decodeResult(Stored)

/** Between two looks for sources that changed; an answer is checked when it is found, too. */
const pause = Duration.seconds(1)

const make = Effect.fnUntraced(function* (lifetime: Duration.Duration) {
  const sql = yield* SqlClient.SqlClient
  const passages = yield* Passages
  const outdatedAmong = yield* Confirmed

  /** An answer that cannot be kept or found is written. */
  const orElse =
    <A>(otherwise: A) =>
    (effect: Effect.Effect<A, SqlError.SqlError>) =>
      Effect.catch(effect, (error) =>
        Effect.as(Effect.logWarning(`Kept answers could not be used: ${error.message}`), otherwise)
      )

  const stale = sql`
    SELECT s.question FROM cached_sources s LEFT JOIN passages p ON p.id = s.passage_id
    WHERE p.id IS NULL OR p.text <> s.words`
  const forget = (questions: ReadonlyArray<string>) =>
    sql.withTransaction(
      Effect.all(
        [
          sql`DELETE FROM cached_answers WHERE ${sql.in("question", questions)}`,
          sql`DELETE FROM cached_sources WHERE ${sql.in("question", questions)}`
        ],
        { discard: true }
      )
    )

  const dropStale = Effect.gen(function* () {
    const rows = yield* sql<{ question: string }>`${stale} LIMIT 500`
    const questions = [...new Set(rows.map(({ question }) => question))]
    if (questions.length === 0) return
    yield* forget(questions)
    yield* Metric.update(droppedTotal, questions.length)
  })
  const dropOld = Effect.gen(function* () {
    const before = (yield* Clock.currentTimeMillis) - Duration.toMillis(lifetime)
    const rows = yield* sql<{ question: string }>`
      SELECT question FROM cached_answers WHERE answered_at < ${before} LIMIT 500`
    if (rows.length > 0) yield* forget(rows.map(({ question }) => question))
  })

  /** What it cites may have changed without anybody having told. */
  const isOutdated = Effect.fnUntraced(
    function* (citations: ReadonlyArray<Citation>) {
      const cited = yield* passages.chunksOfPassages(citations.map(({ passageId }) => passageId))
      return (yield* outdatedAmong(cited)).size > 0
    },
    Effect.orElseSucceed(() => true)
  )

  /** Whoever says so of one of them means the words, which are the same each time they are given. */
  const isDisliked = Effect.fnUntraced(function* (question: string, since: number) {
    const rows = yield* sql<{ question: string; balance: number }>`
      SELECT q.question, sum(CASE f.verdict WHEN 'helpful' THEN 1 ELSE -1 END) AS balance
      FROM feedback f JOIN asked_questions q ON q.answer_id = f.answer_id
      WHERE f.given_at >= ${since} AND q.question <> '' GROUP BY q.question`
    // A follow-up is looked for with what came before it.
    const asked = ` ${normalised(question)}`
    const about = rows.filter(({ question }) => asked.endsWith(` ${normalised(question)}`))
    return about.reduce((sum, { balance }) => sum + Number(balance), 0) < 0
  })

  const find = Effect.fn("AnswerCache.find")(function* (question: string, audience: Audience) {
    const key = keyOf(question, audience)
    const since = (yield* Clock.currentTimeMillis) - Duration.toMillis(lifetime)
    const rows = yield* sql<{ answer: string; answered_at: number }>`
      SELECT answer, answered_at FROM cached_answers
      WHERE question = ${key} AND answered_at >= ${since} AND question NOT IN (${stale} AND s.question = ${key})`
    const kept = rows[0] === undefined ? undefined : Result.getOrUndefined(decode(rows[0].answer))
    const isBad =
      kept !== undefined &&
      ((yield* isDisliked(question, Number(rows[0]!.answered_at))) || (yield* isOutdated(kept.citations)))
    const stored = isBad ? undefined : kept
    const outcome = stored === undefined ? "miss" : "hit"
    yield* Metric.update(Metric.withAttributes(foundTotal, { outcome }), 1)
    return stored && { ...stored, refused: false, mode: "model" as const }
  }, orElse<Written | undefined>(undefined))

  const keep = Effect.fn("AnswerCache.keep")(function* (
    question: string,
    audience: Audience,
    { citations, mode, refused, text }: Written
  ) {
    if (mode !== "model" || refused) return
    const key = keyOf(question, audience)
    const answeredAt = yield* Clock.currentTimeMillis
    const ids = [...new Set(citations.map(({ passageId }) => passageId))]
    const row = { question: key, answer: encode({ text, citations }), answered_at: answeredAt }
    const known = yield* passages.chunksOfPassages(ids).pipe(Effect.orElseSucceed(() => []))
    const words = new Map(known.flatMap(({ passages }) => passages.map(({ id, text }) => [id, text] as const)))
    // What changed while the answer was written is not kept, nor what cites more than one passage at once.
    if (citations.some(({ passage, passageId }) => words.get(passageId) !== passage)) return
    yield* sql.withTransaction(
      Effect.gen(function* () {
        yield* forget([key])
        yield* sql`INSERT INTO cached_answers ${sql.insert(row)}`
        for (const id of ids) {
          yield* sql`INSERT INTO cached_sources (question, passage_id, words) VALUES (${key}, ${id}, ${words.get(id)!})`
        }
      })
    )
  }, orElse<void>(undefined))

  yield* passages.changes.pipe(
    Stream.runForEach(() =>
      Effect.andThen(dropStale, dropOld).pipe(orElse<void>(undefined), Effect.andThen(Effect.sleep(pause)))
    ),
    Effect.forkScoped
  )

  return { find, keep }
})

/** By settings. */
export const layer = Layer.unwrap(
  Effect.map(answerCache.config, (lifetime) =>
    Duration.isZero(lifetime) ? Layer.empty : Layer.effect(AnswerCache, make(lifetime))
  )
)
