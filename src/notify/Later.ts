/** Notifications that are due at a time: kept in the state until then. */
import { Array, Context, Effect, Layer, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { Notification } from "../domain/Notification.ts"
import * as SqlFailure from "../state/SqlFailure.ts"
import { LedgerError } from "./Ledger.ts"

const Stored = Schema.fromJsonString(Notification)
const encode = Schema.encodeSync(Stored)
const decode = Schema.decodeSync(Stored)

type Due = Notification & { readonly dueAt: number }
const toRow = ({ dueAt, ...notification }: Due) => ({
  id: notification.id,
  due_at: dueAt,
  notification: encode(notification),
  done: 0
})

const failed = (cause: SqlError.SqlError) => {
  const { message, reason } = SqlFailure.from(cause)
  return new LedgerError({ reason, detail: `What is due later could not be read or written: ${message}.`, cause })
}

export class Later extends Context.Service<
  Later,
  {
    /** The same id is kept once, and not again after it was due. */
    keep(notifications: ReadonlyArray<Due>): Effect.Effect<void, LedgerError>
    /** The oldest that are due, in the order in which they were kept. */
    due(now: number, limit: number): Effect.Effect<ReadonlyArray<Notification>, LedgerError>
    /** When the next is due, in milliseconds since the epoch. */
    readonly next: Effect.Effect<number | undefined, LedgerError>
    /** They are in their topic now. */
    done(ids: ReadonlyArray<string>): Effect.Effect<void, LedgerError>
  }
>()("rtfm/notify/Later") {
  static readonly layer = Layer.effect(
    Later,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      return Later.of({
        keep: Array.match({
          onEmpty: () => Effect.void,
          onNonEmpty: (notifications) =>
            sql`INSERT INTO notifications_later ${sql.insert(Array.map(notifications, toRow))}
              ON CONFLICT (id) DO NOTHING`.pipe(Effect.asVoid, Effect.mapError(failed))
        }),
        due: (now, limit) =>
          sql<{ notification: string }>`
            SELECT notification FROM notifications_later WHERE done = 0 AND due_at <= ${now}
            ORDER BY due_at, rowid LIMIT ${limit}`.pipe(
            Effect.map((rows) => rows.map(({ notification }) => decode(notification))),
            Effect.mapError(failed)
          ),
        next: sql<{ at: number | null }>`SELECT MIN(due_at) AS at FROM notifications_later WHERE done = 0`.pipe(
          Effect.map(([row]) => row?.at ?? undefined),
          Effect.mapError(failed)
        ),
        done: (ids) =>
          sql`UPDATE notifications_later SET done = 1 WHERE ${sql.in("id", ids)}`.pipe(
            Effect.asVoid,
            Effect.mapError(failed)
          )
      })
    })
  )
}
