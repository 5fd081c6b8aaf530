/** Since when a topic has routes: what it held before is not told when they are new. */
import { Clock, Effect } from "effect"
import { SqlClient } from "effect/sql"

export type Services = SqlClient.SqlClient

/** In milliseconds since the epoch; now, for a topic that has none yet. */
export const of = Effect.fn("RoutesSince.of")(function* (topic: string) {
  const sql = yield* SqlClient.SqlClient
  const now = yield* Clock.currentTimeMillis
  yield* sql`INSERT INTO route_topics (topic, since) VALUES (${topic}, ${now}) ON CONFLICT (topic) DO NOTHING`
  const [row] = yield* sql<{ since: number }>`SELECT since FROM route_topics WHERE topic = ${topic}`
  return row!.since
})
