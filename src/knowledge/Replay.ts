/** Past questions put to two indexes at once: what would be found otherwise. */
import { Effect } from "effect"
import type { Audience } from "../domain/Audience.ts"
import type { Index } from "./Indexes.ts"
import type { PassagesError } from "./Passages.ts"
import type { Retrieval, Retriever } from "./Retriever.ts"
import type { Retrievers } from "./RetrieverLive.ts"

/** An answer is written from so many. */
const counted = 3

/** A question as it was put, and as it is looked for: a follow-up with what came before it. */
export interface Past {
  readonly question: string
  readonly asked: string
}

export interface Side {
  readonly answered: boolean
  /** Titles of what an answer would be written from, best first. */
  readonly titles: ReadonlyArray<string>
}

export interface Difference {
  readonly question: string
  readonly live: Side
  readonly next: Side
}

export interface Replayed {
  readonly questions: number
  /** Those that both indexes find the same for, in the same order. */
  readonly same: number
  readonly differences: ReadonlyArray<Difference>
}

const idsOf = ({ found }: Retrieval): string =>
  found
    .slice(0, counted)
    .map(({ chunk }) => chunk.id)
    .join("\n")

const sideOf = ({ found, grounds }: Retrieval): Side => ({
  answered: grounds.enough,
  titles: found.slice(0, counted).map(({ chunk }) => chunk.title || chunk.text.slice(0, 60))
})

/** Asks both of them each question once. The questions are shown to whoever the audience is. */
export const replay = Effect.fn("Replay.replay")(function* (
  retrievers: Retrievers["Service"],
  questions: ReadonlyArray<Past>,
  audience: Audience,
  indexes: { readonly live: Index; readonly next: Index }
): Effect.fn.Return<Replayed, PassagesError> {
  const [live, next] = [yield* retrievers.of(indexes.live), yield* retrievers.of(indexes.next)]
  const ask = (retriever: Retriever["Service"], asked: string) =>
    retriever.retrieve(asked, audience, { limit: counted })
  const once = new Map(questions.map((past) => [past.asked, past]))
  const pairs = yield* Effect.forEach(once.values(), ({ asked, question }) =>
    Effect.map(Effect.all([ask(live, asked), ask(next, asked)]), ([before, after]) => ({
      question,
      before,
      after
    }))
  )
  const differing = pairs.filter(
    ({ after, before }) => idsOf(before) !== idsOf(after) || before.grounds.enough !== after.grounds.enough
  )
  return {
    questions: pairs.length,
    same: pairs.length - differing.length,
    differences: differing.map(({ after, before, question }) => ({
      question,
      live: sideOf(before),
      next: sideOf(after)
    }))
  }
})
