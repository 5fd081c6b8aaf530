/** Rich notifications of the local chat, the table of `events/Recent`, and that of `notify/Remembered`. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export const migration = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE local_messages ADD COLUMN embeds TEXT`
  yield* sql`
    CREATE TABLE recent_events (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      event TEXT NOT NULL,
      published_at INTEGER NOT NULL,
      taken_at INTEGER,
      told_at INTEGER,
      error TEXT,
      embed TEXT
    )`
  yield* sql`CREATE INDEX recent_events_published_at ON recent_events (published_at)`
  yield* sql`
    CREATE TABLE remembered_events (id TEXT PRIMARY KEY, server_id TEXT NOT NULL, channel_id TEXT NOT NULL, until INTEGER NOT NULL)`
  yield* sql`CREATE INDEX remembered_events_until ON remembered_events (until)`
})
