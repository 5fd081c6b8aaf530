/** Tables of `chat/LocalChat`. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export const migration = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE local_channels (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      created_at INTEGER NOT NULL
    )`
  yield* sql`
    CREATE TABLE local_messages (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      channel_id TEXT NOT NULL REFERENCES local_channels (id),
      author_id TEXT NOT NULL,
      author_name TEXT NOT NULL,
      author_bot INTEGER NOT NULL,
      text TEXT NOT NULL,
      reply_to TEXT,
      asks INTEGER NOT NULL,
      answer TEXT,
      created_at INTEGER NOT NULL,
      edited_at INTEGER NOT NULL
    )`
  yield* sql`CREATE INDEX local_messages_by_channel ON local_messages (channel_id, seq)`
  yield* sql`CREATE INDEX local_answers ON local_messages (reply_to) WHERE answer IS NOT NULL`
  // What was said and is not yet in the log: a row goes when the listener confirms it.
  yield* sql`
    CREATE TABLE local_events (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      event TEXT NOT NULL
    )`
})
