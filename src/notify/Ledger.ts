/** What was told, or was about to be told, outside the chat: kept in the state, since webhooks know no repetition. */
import { Array, Clock, Context, Effect, Layer, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import * as SqlFailure from "../state/SqlFailure.ts"

export class LedgerError extends Schema.TaggedError<LedgerError>()("LedgerError", {
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

/** A notification that was begun. */
export interface Entry {
  readonly id: string
  /** Without it nobody knows whether the message arrived. */
  readonly sent: boolean
  /** The reference in the message that tells it. */
  readonly reference: string
}

interface Row {
  readonly id: string
  readonly sent: number
  readonly reference: string
}

/** Longer than a notification stays in its topic. */
const keptFor = 7 * 86_400_000

const failed = (cause: SqlError.SqlError) => {
  const { message, reason } = SqlFailure.from(cause)
  return new LedgerError({ reason, detail: `What was told could not be written down: ${message}.`, cause })
}

export class Ledger extends Context.Service<
  Ledger,
  {
    /** Those of the ids that were begun. */
    begun(ids: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Entry>, LedgerError>
    /** To be written before a message is sent, with the reference that stands in it. */
    begin(
      ids: Array.NonEmptyReadonlyArray<string>,
      destination: string,
      reference: string
    ): Effect.Effect<void, LedgerError>
    /** The message is there. */
    sent(ids: ReadonlyArray<string>): Effect.Effect<void, LedgerError>
    /** The message is certainly not there. */
    forget(ids: ReadonlyArray<string>): Effect.Effect<void, LedgerError>
  }
>()("rtfm/notify/Ledger") {
  static readonly layer = Layer.effect(
    Ledger,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const now = Clock.currentTimeMillis

      const prune = Effect.flatMap(now, (at) => sql`DELETE FROM notifications_told WHERE at < ${at - keptFor}`)

      return Ledger.of({
        begun: (ids) =>
          ids.length === 0
            ? Effect.succeed([])
            : sql<Row>`SELECT id, sent, reference FROM notifications_told WHERE ${sql.in("id", ids)}`.pipe(
                Effect.map((rows) => rows.map(({ sent, ...row }) => ({ ...row, sent: sent === 1 }))),
                Effect.mapError(failed)
              ),
        begin: (ids, destination, reference) =>
          Effect.flatMap(now, (at) => {
            const rows = Array.map(ids, (id) => ({ id, destination, reference, sent: 0, at }))
            return Effect.andThen(
              prune,
              sql`INSERT INTO notifications_told ${sql.insert(rows)}
                ON CONFLICT (id) DO UPDATE SET reference = excluded.reference, at = excluded.at`
            )
          }).pipe(Effect.asVoid, Effect.mapError(failed)),
        sent: (ids) =>
          sql`UPDATE notifications_told SET sent = 1 WHERE ${sql.in("id", ids)}`.pipe(
            Effect.asVoid,
            Effect.mapError(failed)
          ),
        forget: (ids) =>
          sql`DELETE FROM notifications_told WHERE sent = 0 AND ${sql.in("id", ids)}`.pipe(
            Effect.asVoid,
            Effect.mapError(failed)
          )
      })
    })
  )
}
