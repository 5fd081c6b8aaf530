/** Table of `files/Kept`. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export const migration = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // Without a checksum it is on its way to the store, or was.
  yield* sql`
    CREATE TABLE files (
      message_id TEXT NOT NULL,
      file_id TEXT NOT NULL,
      server_id TEXT NOT NULL,
      channel_id TEXT NOT NULL,
      thread_id TEXT,
      author_id TEXT NOT NULL,
      name TEXT NOT NULL,
      key TEXT NOT NULL,
      url TEXT NOT NULL,
      type TEXT NOT NULL,
      size INTEGER NOT NULL,
      sha256 TEXT,
      at INTEGER NOT NULL,
      PRIMARY KEY (message_id, file_id)
    ) STRICT, WITHOUT ROWID`
  yield* sql`CREATE INDEX files_of_channel ON files (channel_id)`
  yield* sql`CREATE INDEX files_of_author ON files (author_id)`
})
