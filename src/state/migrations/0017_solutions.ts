/** Table of `knowledge/Solutions`: messages that solved what was asked, by their ids and nothing else. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export const migration = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE solutions (message_id TEXT PRIMARY KEY NOT NULL)`
})
