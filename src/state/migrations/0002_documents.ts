/** Tables of `docs/Documents`. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export const migration = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  yield* sql`
    CREATE TABLE document_sources (
      source TEXT PRIMARY KEY NOT NULL,
      origin TEXT,
      refreshed_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`

  yield* sql`
    CREATE TABLE documents (
      id TEXT PRIMARY KEY NOT NULL,
      source TEXT NOT NULL REFERENCES document_sources (source),
      path TEXT NOT NULL,
      version TEXT NOT NULL,
      title TEXT NOT NULL,
      url TEXT NOT NULL,
      chunks INTEGER NOT NULL,
      ingested_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`
  yield* sql`CREATE INDEX documents_of_source ON documents (source)`
})
