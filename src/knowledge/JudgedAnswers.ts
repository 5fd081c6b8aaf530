/** Questions whose answers people judged, as cases of an evaluation: what helped is what is to be found again. */
import { Effect, Result } from "effect"
import { SqlClient } from "effect/sql"
import type { EvaluationQuestion } from "./EvaluationSet.ts"
import { Stored } from "./GivenAnswers.ts"

/** Questions whose answer did not help. */
export const unhelpfulGroup = "did not help"

export type Case = EvaluationQuestion & { readonly reasons?: ReadonlyArray<string> }

interface Row {
  readonly answer_id: string
  readonly question: string
  readonly helpful: number
  readonly unhelpful: number
  readonly reasons: string
  readonly given: string | null
}

/**
 * Oldest first, one for each answer. More found it helpful: the sections it cites and the words it quotes answer the
 * question. More did not: nothing is known that does, and a group says so. As many on both sides say nothing.
 */
export const cases = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<Row>`
    SELECT q.answer_id, q.question, g.given,
      sum(f.verdict = 'helpful') AS helpful, sum(f.verdict = 'unhelpful') AS unhelpful,
      json_group_array(f.reason) FILTER (WHERE f.reason IS NOT NULL) AS reasons
    FROM asked_questions q JOIN feedback f ON f.answer_id = q.answer_id
    LEFT JOIN given_answers g ON g.answer_id = q.answer_id
    WHERE q.question <> ''
    GROUP BY q.answer_id HAVING sum(f.verdict = 'helpful') <> sum(f.verdict = 'unhelpful') ORDER BY q.asked_at`
  return yield* Effect.forEach(rows, caseOf)
})

const caseOf = Effect.fnUntraced(function* ({ answer_id, given, helpful, question, reasons, unhelpful }: Row) {
  const sql = yield* SqlClient.SqlClient
  const told = JSON.parse(reasons) as ReadonlyArray<string>
  const said = { id: answer_id, question, ...(told.length > 0 && { reasons: told }) }
  if (unhelpful > helpful) return { ...said, gold_ids: [], group: unhelpfulGroup } satisfies Case
  const citations = given === null ? [] : (Result.getOrUndefined(Stored.decode(given))?.answer.citations ?? [])
  const ids = JSON.stringify(citations.map(({ passageId }) => passageId))
  const chunks = yield* sql<{ id: string }>`
    SELECT DISTINCT c.id FROM passages p JOIN chunks c ON c.seq = p.chunk_seq
    WHERE p.id IN (SELECT value FROM json_each(${ids}))`
  return { ...said, gold_ids: chunks.map(({ id }) => id), spans: citations.map(({ quote }) => quote) } satisfies Case
})
