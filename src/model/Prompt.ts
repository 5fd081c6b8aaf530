/** What a model is given with a question, for people who want to see it. */
import type { QueryContext } from "../domain/Question.ts"
import type { Retrieval } from "../knowledge/Retriever.ts"
import { instructions } from "./Instructions.ts"
import { dataOf, sourcesOf } from "./Sources.ts"

export interface Shown {
  readonly instructions: string
  /** JSON, over several lines. */
  readonly data: string
}

export const promptFor = (question: string, { found }: Retrieval, context: QueryContext | undefined): Shown => ({
  instructions,
  data: JSON.stringify(JSON.parse(dataOf(question, sourcesOf(found), context)), null, 2)
})
