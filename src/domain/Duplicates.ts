/** Things that say the same, of which a reader wants one: the best. */
import { wordsOf } from "./Terms.ts"

/** Words of a text that are looked at. */
const looked = 400
/** Words in a row that are compared, and the share of them that makes two texts the same to a reader. */
const run = 4
const same = 0.8

/** Runs of words; a text of fewer words is one run. */
const runsOf = (text: string): ReadonlySet<string> => {
  const words = wordsOf(text).slice(0, looked)
  const count = Math.max(1, words.length - run + 1)
  return new Set(Array.from({ length: count }, (_, i) => words.slice(i, i + run).join(" ")))
}

/** Share of the runs of both together that both have (Jaccard), 0 to 1. */
const likeness = (a: ReadonlySet<string>, b: ReadonlySet<string>): number => {
  const [few, many] = a.size < b.size ? [a, b] : [b, a]
  if (few.size < same * many.size) return 0
  let common = 0
  for (const each of few) if (many.has(each)) common += 1
  return common / (a.size + b.size - common)
}

/** The first `limit` that say something else than all before them; in the order they came. */
export const distinct = <A>(items: ReadonlyArray<A>, textOf: (item: A) => string, limit: number): ReadonlyArray<A> => {
  const kept: Array<{ readonly item: A; readonly runs: ReadonlySet<string> }> = []
  for (const item of items) {
    if (kept.length >= limit) break
    const runs = runsOf(textOf(item))
    if (kept.every((each) => likeness(each.runs, runs) < same)) kept.push({ item, runs })
  }
  return kept.map(({ item }) => item)
}
