/** Tables of `knowledge/GivenAnswers` and `knowledge/Losses`. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export const migration = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  // An answer with its place, as it reads now.
  yield* sql`
    CREATE TABLE given_answers (
      answer_id TEXT PRIMARY KEY NOT NULL,
      given TEXT NOT NULL,
      given_at BIGINT NOT NULL
    )`
  yield* sql`CREATE INDEX given_answers_by_age ON given_answers (given_at)`
  // What it rests on: each citation with the passage that has its words, and since when no passage has.
  yield* sql`
    CREATE TABLE given_sources (
      answer_id TEXT NOT NULL,
      n INTEGER NOT NULL,
      passage_id TEXT NOT NULL,
      document_id TEXT,
      missing_since BIGINT,
      PRIMARY KEY (answer_id, n)
    )`

  yield* sql`DROP TABLE discord_quotes`

  // What is gone, to be looked for again in the log: what was in hand at first is there later.
  yield* sql`CREATE TABLE losses (loss TEXT PRIMARY KEY NOT NULL, at BIGINT NOT NULL)`
})
