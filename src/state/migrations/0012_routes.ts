/** Table of `notify/RoutesSince`. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export const migration = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE route_topics (topic TEXT PRIMARY KEY, since INTEGER NOT NULL)`
})
