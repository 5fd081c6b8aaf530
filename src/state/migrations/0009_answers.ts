/** Tables of `model/Allowance` and `model/AnswerCache`. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export const migration = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  // Millionths of a US dollar.
  yield* sql`CREATE TABLE model_costs (day TEXT PRIMARY KEY NOT NULL, micros BIGINT NOT NULL)`
  yield* sql`
    CREATE TABLE model_answers (
      day TEXT NOT NULL,
      asker_id TEXT NOT NULL,
      answers BIGINT NOT NULL,
      PRIMARY KEY (day, asker_id)
    )`

  yield* sql`
    CREATE TABLE cached_answers (
      question TEXT PRIMARY KEY NOT NULL,
      answer TEXT NOT NULL,
      answered_at BIGINT NOT NULL
    )`
  // Each source of an answer with the words it had.
  yield* sql`
    CREATE TABLE cached_sources (
      question TEXT NOT NULL,
      passage_id TEXT NOT NULL,
      words TEXT NOT NULL,
      PRIMARY KEY (question, passage_id)
    )`
})
