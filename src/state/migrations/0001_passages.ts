/** Tables of `knowledge/Passages`. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export const migration = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  yield* sql`
    CREATE TABLE lanes (
      lane TEXT PRIMARY KEY NOT NULL,
      taken INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`

  // A deleted message keeps its row, without its text, so that it stays deleted when the log repeats itself.
  yield* sql`
    CREATE TABLE messages (
      id TEXT PRIMARY KEY NOT NULL,
      server_id TEXT NOT NULL,
      lane TEXT,
      seat INTEGER,
      edited_at INTEGER NOT NULL,
      deleted INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`

  yield* sql`
    CREATE TABLE chunks (
      seq INTEGER PRIMARY KEY NOT NULL,
      id TEXT NOT NULL UNIQUE,
      kind TEXT NOT NULL,
      title TEXT NOT NULL,
      url TEXT NOT NULL,
      server_id TEXT,
      channel_id TEXT,
      thread_id TEXT,
      document_id TEXT,
      version TEXT,
      edited_at INTEGER NOT NULL,
      text TEXT NOT NULL
    ) STRICT`
  yield* sql`CREATE INDEX chunks_of_document ON chunks (document_id) WHERE document_id IS NOT NULL`

  yield* sql`
    CREATE TABLE passages (
      seq INTEGER PRIMARY KEY NOT NULL,
      id TEXT NOT NULL UNIQUE,
      chunk_seq INTEGER NOT NULL REFERENCES chunks (seq),
      ordinal INTEGER NOT NULL,
      url TEXT NOT NULL,
      message_id TEXT,
      author_id TEXT,
      author_name TEXT,
      edited_at INTEGER NOT NULL,
      embedded INTEGER NOT NULL,
      text TEXT NOT NULL
    ) STRICT`
  yield* sql`CREATE INDEX passages_of_chunk ON passages (chunk_seq, ordinal)`
  yield* sql`CREATE INDEX passages_of_message ON passages (message_id) WHERE message_id IS NOT NULL`
  yield* sql`CREATE INDEX passages_of_author ON passages (author_id) WHERE author_id IS NOT NULL`
  yield* sql`CREATE INDEX passages_waiting ON passages (seq) WHERE embedded = 0`

  // Which embedder the marks in `passages.embedded` are about.
  yield* sql`
    CREATE TABLE passage_embedder (
      only INTEGER PRIMARY KEY NOT NULL CHECK (only = 1),
      embedder TEXT NOT NULL
    ) STRICT`

  yield* sql`
    CREATE TABLE orphans (
      seq INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
      passage_id TEXT NOT NULL UNIQUE,
      server_id TEXT,
      embedded INTEGER NOT NULL
    ) STRICT`

  // Rows are passages of documents (rowid = 2 · seq) and windows of chat (rowid = 2 · the chunk's seq + 1).
  yield* sql`
    CREATE VIRTUAL TABLE passage_index USING fts5 (
      title, body, content = '', contentless_delete = 1, tokenize = 'porter unicode61 remove_diacritics 2'
    )`
  yield* sql`INSERT INTO passage_index (passage_index, rank) VALUES ('rank', 'bm25(2.0, 1.0)')`
})
