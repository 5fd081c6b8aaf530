/** Table of `knowledge/Calibration`. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export const migration = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE calibrations (
      server_id TEXT NOT NULL,
      embedder TEXT NOT NULL,
      passages INTEGER NOT NULL,
      vectors INTEGER NOT NULL,
      baseline TEXT NOT NULL,
      PRIMARY KEY (server_id, embedder)
    )`
})
