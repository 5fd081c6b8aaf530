/** Threads and reactions of `chat/LocalChat`. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export const migration = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // A thread is a channel that hangs from a message of another one.
  yield* sql`ALTER TABLE local_channels ADD COLUMN parent_id TEXT`
  yield* sql`ALTER TABLE local_channels ADD COLUMN root_id TEXT`
  yield* sql`
    CREATE TABLE local_reactions (
      message_id TEXT NOT NULL,
      emoji TEXT NOT NULL,
      person_id TEXT NOT NULL,
      person_name TEXT NOT NULL,
      reacted_at BIGINT NOT NULL,
      PRIMARY KEY (message_id, emoji, person_id)
    )`
})
