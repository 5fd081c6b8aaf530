/** Several processes write to one state: one that waits for another goes on with everything else. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import { mkdtempSync, rmSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Sqlite from "../../src/state/Sqlite.ts"

/** A state with a table, and another process's connection to it. */
const world = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "rtfm-sqlite-"))),
    (made) => Effect.sync(() => rmSync(made, { recursive: true }))
  )
  const file = join(folder, "rtfm.db")
  const other = yield* Effect.acquireRelease(
    Effect.sync(() => new DatabaseSync(file)),
    (db) => Effect.sync(() => db.close())
  )
  return { file, other }
})

const rows = SqlClient.SqlClient.use((sql) =>
  Effect.map(sql<{ n: number }>`SELECT n FROM t ORDER BY n`, (all) => all.map(({ n }) => n))
)
const add = (n: number) => SqlClient.SqlClient.use((sql) => sql`INSERT INTO t VALUES (${n})`)
const addTwo = SqlClient.SqlClient.use((sql) => sql.withTransaction(Effect.all([add(2), add(3)])))

describe("The state, while another process writes to it", () => {
  it.live("is read at once, and written when the other is done", () =>
    Effect.gen(function* () {
      const { file, other } = yield* world
      yield* Effect.gen(function* () {
        yield* SqlClient.SqlClient.use((sql) => sql`CREATE TABLE t (n INTEGER)`)
        yield* add(0)
        other.exec("BEGIN IMMEDIATE; INSERT INTO t VALUES (9)")
        const one = yield* Effect.forkChild(add(1), { startImmediately: true })
        const two = yield* Effect.forkChild(addTwo, { startImmediately: true })
        for (let turn = 0; turn < 3; turn++) {
          yield* Effect.sleep("20 millis")
          assert.deepStrictEqual(yield* rows, [0])
        }
        assert.deepStrictEqual([one.pollUnsafe(), two.pollUnsafe()], [undefined, undefined])
        other.exec("COMMIT")
        yield* Effect.all([Fiber.join(one), Fiber.join(two)])
        assert.deepStrictEqual(yield* rows, [0, 1, 2, 3, 9])
      }).pipe(Effect.provide(Sqlite.layerClient(file)))
    }).pipe(Effect.scoped)
  )
})
