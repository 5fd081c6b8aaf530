/** Which events are known for a while, and until when: kept in the state. */
import { Array, Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import * as SqlFailure from "../state/SqlFailure.ts"
import { LedgerError } from "./Ledger.ts"

export interface Known {
  readonly id: string
  readonly serverId: string
  readonly channelId: string
  /** Milliseconds since the epoch. */
  readonly until: number
}

interface Row {
  readonly id: string
  readonly server_id: string
  readonly channel_id: string
  readonly until: number
}

const toRow = ({ channelId, id, serverId, until }: Known) => ({
  id,
  server_id: serverId,
  channel_id: channelId,
  until
})

const failed = (cause: SqlError.SqlError) => {
  const { message, reason } = SqlFailure.from(cause)
  return new LedgerError({ reason, detail: `What is known of events could not be written down: ${message}.`, cause })
}

export class Remembered extends Context.Service<
  Remembered,
  {
    /** The same id is kept once. */
    keep(known: Array.NonEmptyReadonlyArray<Known>): Effect.Effect<void, LedgerError>
    /** Those whose time is over, the oldest first. */
    over(now: number, limit: number): Effect.Effect<ReadonlyArray<Known>, LedgerError>
    /** When the next one's time is over. */
    readonly next: Effect.Effect<number | undefined, LedgerError>
    forget(ids: ReadonlyArray<string>): Effect.Effect<void, LedgerError>
  }
>()("rtfm/notify/Remembered") {
  static readonly layer = Layer.effect(
    Remembered,
    Effect.map(SqlClient.SqlClient, (sql) =>
      Remembered.of({
        keep: (known) =>
          sql`INSERT INTO remembered_events ${sql.insert(Array.map(known, toRow))} ON CONFLICT (id) DO NOTHING`.pipe(
            Effect.asVoid,
            Effect.mapError(failed)
          ),
        over: (now, limit) =>
          sql<Row>`SELECT * FROM remembered_events WHERE until <= ${now} ORDER BY until LIMIT ${limit}`.pipe(
            Effect.map((rows) =>
              rows.map(({ channel_id, id, server_id, until }) => ({
                id,
                serverId: server_id,
                channelId: channel_id,
                until
              }))
            ),
            Effect.mapError(failed)
          ),
        next: sql<{ at: number | null }>`SELECT MIN(until) AS at FROM remembered_events`.pipe(
          Effect.map(([row]) => row?.at ?? undefined),
          Effect.mapError(failed)
        ),
        forget: (ids) =>
          sql`DELETE FROM remembered_events WHERE ${sql.in("id", ids)}`.pipe(Effect.asVoid, Effect.mapError(failed))
      })
    )
  )
}
