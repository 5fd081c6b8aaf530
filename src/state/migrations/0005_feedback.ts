/** Table of `knowledge/Feedback`. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export const migration = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE feedback (
      answer_id TEXT NOT NULL,
      given_by TEXT NOT NULL,
      verdict TEXT NOT NULL,
      reason TEXT,
      given_at BIGINT NOT NULL,
      PRIMARY KEY (answer_id, given_by)
    )`
})
