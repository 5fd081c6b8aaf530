/** What people think of answers, whatever chat they read them in; one opinion of each person for each answer. */
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { longestReason, type Opinion, type Verdict } from "../domain/Feedback.ts"
import * as SqlFailure from "../state/SqlFailure.ts"

export class FeedbackError extends Schema.TaggedError<FeedbackError>()("FeedbackError", {
  reason: Schema.Literals(["full", "failed"]),
  detail: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message() {
    return this.detail
  }
  get retryable(): boolean {
    return true
  }
}

export interface Given {
  /** Of the response: `answer-` and the question's id. */
  readonly answerId: string
  /** Who gives it, as their platform knows them. */
  readonly by: string
  /** `null` takes back what was given before. */
  readonly verdict: Verdict | null
  /** In their own words; what is over 500 characters is cut. */
  readonly reason?: string
}

export class Feedback extends Context.Service<
  Feedback,
  {
    /** Replaces what the same person gave before. Durable when it returns. */
    record(given: Given): Effect.Effect<void, FeedbackError>
    /** Oldest first. */
    of(answerId: string): Effect.Effect<ReadonlyArray<Opinion>, FeedbackError>
    /** Of several answers; those without any are left out. */
    ofAll(answerIds: ReadonlyArray<string>): Effect.Effect<ReadonlyMap<string, ReadonlyArray<Opinion>>, FeedbackError>
    /** Everything a person gave; says how many opinions went. */
    forget(by: string): Effect.Effect<number, FeedbackError>
  }
>()("rtfm/knowledge/Feedback") {}

interface Row {
  readonly answer_id: string
  readonly given_by: string
  readonly verdict: Verdict
  readonly reason: string | null
  readonly given_at: number
}

const toOpinion = (row: Row): Opinion => ({
  by: row.given_by,
  verdict: row.verdict,
  ...(row.reason !== null && { reason: row.reason }),
  at: Number(row.given_at)
})

const failed = (doing: string) => (cause: SqlError.SqlError) => {
  const { message, reason } = SqlFailure.from(cause)
  return new FeedbackError({ reason, detail: `Feedback could not be ${doing}: ${message}`, cause })
}

const reasonOf = (reason: string | undefined): string | null => {
  const trimmed = reason?.trim().slice(0, longestReason) ?? ""
  return trimmed === "" ? null : trimmed
}

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  const withdraw = (answerId: string, by: string) =>
    sql`DELETE FROM feedback WHERE answer_id = ${answerId} AND given_by = ${by}`

  const record = Effect.fn("Feedback.record")(
    function* ({ answerId, by, reason, verdict }: Given) {
      const given_at = yield* Clock.currentTimeMillis
      const row = { answer_id: answerId, given_by: by, verdict, reason: reasonOf(reason), given_at }
      const keep = sql`INSERT INTO feedback ${sql.insert(row)} ON CONFLICT (answer_id, given_by) DO UPDATE
      SET verdict = excluded.verdict, reason = excluded.reason, given_at = excluded.given_at`
      yield* verdict === null ? withdraw(answerId, by) : keep
    },
    Effect.mapError(failed("kept"))
  )

  const ofAll = Effect.fn("Feedback.ofAll")(
    function* (answerIds: ReadonlyArray<string>) {
      if (answerIds.length === 0) return new Map<string, ReadonlyArray<Opinion>>()
      const rows = yield* sql<Row>`
      SELECT * FROM feedback WHERE answer_id IN ${sql.in(answerIds)} ORDER BY given_at, given_by`
      const groups = Map.groupBy(rows, (row) => row.answer_id)
      return new Map([...groups].map(([id, given]) => [id, given.map(toOpinion)]))
    },
    Effect.mapError(failed("read"))
  )

  return Feedback.of({
    record,
    ofAll,
    of: (answerId) => Effect.map(ofAll([answerId]), (opinions) => opinions.get(answerId) ?? []),
    forget: (by) =>
      sql`DELETE FROM feedback WHERE given_by = ${by} RETURNING answer_id`.pipe(
        Effect.map((rows) => rows.length),
        Effect.mapError(failed("forgotten"))
      )
  })
})

export const layer = Layer.effect(Feedback, make)
