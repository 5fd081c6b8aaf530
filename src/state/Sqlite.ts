/** An `effect/sql` client over the SQLite built into Node: WAL, so several processes of one machine may read. */
import { Effect, Layer, Schedule, Semaphore, Stream } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient, type SqlConnection, SqlError, Statement } from "effect/sql"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite"
import { dataDir } from "./DataDir.ts"
import * as Migrations from "./Migrations.ts"
import * as SqlFailure from "./SqlFailure.ts"

/** Statements kept prepared; each holds a few kB. */
const preparedStatements = 200

/** How often it is looked whether another process still writes; 30 s in all. */
const looks = {
  schedule: Schedule.min([Schedule.exponential("2 millis", 1.5), Schedule.spaced("50 millis")]),
  times: 600
}

/**
 * Tries again while another process writes. SQLite's own way of waiting holds up the whole process, and with it those
 * who only read, who need not wait for anybody.
 */
const whileBusy = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.catchIf(effect, SqlFailure.isBusy, () => Effect.retry(effect, { while: SqlFailure.isBusy, ...looks }))

const make = Effect.fnUntraced(function* (filename: string) {
  const fail = (cause: unknown, operation: string) =>
    new SqlError.SqlError({
      reason: SqlError.classifySqliteError(cause, { message: `SQLite could not ${operation}`, operation })
    })
  const db = yield* Effect.acquireRelease(
    Effect.try({
      try: () => {
        const db = new DatabaseSync(filename)
        db.exec(
          "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA busy_timeout = 0"
        )
        return db
      },
      catch: (cause) => fail(cause, `open ${filename}`)
    }),
    (db) => Effect.sync(() => db.close())
  )

  const prepared = new Map<string, StatementSync>()
  const prepare = (sql: string): StatementSync => {
    const known = prepared.get(sql)
    if (known !== undefined) {
      prepared.delete(sql)
      prepared.set(sql, known)
      return known
    }
    const statement = db.prepare(sql)
    prepared.set(sql, statement)
    if (prepared.size > preparedStatements) prepared.delete(prepared.keys().next().value!)
    return statement
  }

  const query = (sql: string, params: ReadonlyArray<unknown>, arrays: boolean) =>
    Effect.try({
      try: () => {
        const statement = prepare(sql)
        statement.setReturnArrays(arrays)
        return statement.all(...(params as Array<SQLInputValue>)) as ReadonlyArray<any>
      },
      catch: (cause) => fail(cause, "run a statement")
    })

  const execute: SqlConnection.Connection["execute"] = (sql, params, transform) =>
    transform ? Effect.map(query(sql, params, false), transform) : query(sql, params, false)
  const executeValues = (sql: string, params: ReadonlyArray<unknown>) => query(sql, params, true)
  const connection: SqlConnection.Connection = {
    execute,
    executeUnprepared: execute,
    executeRaw: (sql, params) => query(sql, params, false),
    executeValues,
    executeValuesUnprepared: executeValues,
    executeStream: () => Stream.die("SQLite does not stream here")
  }

  const isTransaction = () => db.isTransaction
  const { borrower, ...acquirers } = SqlClient.makeSqliteAcquirers({
    connection: Effect.succeed(connection),
    semaphore: yield* Semaphore.make(1),
    isTransaction
  })
  const client = yield* SqlClient.make({
    driver: "node:sqlite",
    compiler: Statement.makeCompilerSqlite(),
    spanAttributes: [["db.system.name", "sqlite"]],
    ...acquirers,
    borrower: (f) => whileBusy(borrower(f)),
    isTransaction,
    // A transaction that reads first and writes later would otherwise fail at once when another process writes.
    beginTransaction: "BEGIN IMMEDIATE"
  })
  const { withTransaction } = client
  // Only its beginning can find another process writing.
  return Object.assign(client, {
    withTransaction: <R, E, A>(work: Effect.Effect<A, E, R>) => whileBusy(withTransaction(work))
  })
})

/** A client without any tables. `:memory:` for tests. */
export const layerClient = (filename: string) =>
  Layer.effect(SqlClient.SqlClient, make(filename)).pipe(Layer.provide(Reactivity.layer))

/** The state of this installation, `rtfm.db` in `DATA_DIR`, with its tables as this version wants them. */
export const layer = Migrations.layer.pipe(
  Layer.provideMerge(
    Layer.unwrap(
      Effect.gen(function* () {
        const folder = yield* dataDir.config
        mkdirSync(folder, { recursive: true })
        return layerClient(join(folder, "rtfm.db"))
      })
    )
  )
)
