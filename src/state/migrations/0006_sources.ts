/** Where sources of documents are read again, and what a website said of its pages; tables of `docs/Documents`. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export const migration = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  yield* sql`ALTER TABLE document_sources ADD COLUMN kind TEXT`
  yield* sql`ALTER TABLE document_sources ADD COLUMN base_url TEXT`
  // What was left out when it was last read, as JSON.
  yield* sql`ALTER TABLE document_sources ADD COLUMN problems TEXT NOT NULL DEFAULT '[]'`

  yield* sql`
    CREATE TABLE document_pages (
      source TEXT NOT NULL,
      path TEXT NOT NULL,
      reader INTEGER NOT NULL,
      etag TEXT,
      last_modified TEXT,
      PRIMARY KEY (source, path)
    ) STRICT, WITHOUT ROWID`
})
