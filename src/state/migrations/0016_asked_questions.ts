/** Table of `knowledge/GivenAnswers`: questions whose answers people may judge. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export const migration = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE asked_questions (
      answer_id TEXT PRIMARY KEY NOT NULL,
      question_id TEXT NOT NULL,
      asker_id TEXT,
      question TEXT NOT NULL,
      asked_at BIGINT NOT NULL
    )`
  yield* sql`CREATE INDEX asked_questions_by_age ON asked_questions (asked_at)`
})
