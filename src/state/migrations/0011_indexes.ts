/** Marks of two indexes of vectors at a time, and which of them answers; tables of `knowledge/Passages` and `Indexes`. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export const migration = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  // In `passages.embedded` and `orphans.embedded` each index has a bit: 1 or 2.
  yield* sql`
    CREATE TABLE passage_marks (
      name TEXT PRIMARY KEY NOT NULL,
      bit INTEGER NOT NULL UNIQUE CHECK (bit IN (1, 2)),
      claimed INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`
  yield* sql`INSERT INTO passage_marks (name, bit, claimed) SELECT embedder, 1, 1 FROM passage_embedder`
  yield* sql`DROP TABLE passage_embedder`
  yield* sql`DROP INDEX passages_waiting`
  yield* sql`CREATE INDEX passages_waiting_1 ON passages (seq) WHERE embedded & 1 = 0`
  yield* sql`CREATE INDEX passages_waiting_2 ON passages (seq) WHERE embedded & 2 = 0`

  yield* sql`
    CREATE TABLE vector_indexes (
      name TEXT PRIMARY KEY NOT NULL,
      embedder TEXT NOT NULL,
      role TEXT NOT NULL UNIQUE CHECK (role IN ('live', 'next', 'previous')),
      since INTEGER NOT NULL,
      paused INTEGER NOT NULL DEFAULT 0,
      questions TEXT,
      verdict TEXT
    ) STRICT, WITHOUT ROWID`
})
