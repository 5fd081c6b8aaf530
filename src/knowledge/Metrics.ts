/** How good rankings and quotes are, as numbers from 0 to 1. */
import { wordsOf } from "../domain/Terms.ts"

export interface Ranking {
  /** Ids found, best first. */
  readonly found: ReadonlyArray<string>
  /** Ids that would be right; at least one. */
  readonly gold: ReadonlySet<string>
}

const firstRight = ({ found, gold }: Ranking): number => found.findIndex((id) => gold.has(id))

/** Whether a right one is among the first `k`. */
export const hitAt =
  (k: number) =>
  (ranking: Ranking): number => {
    const first = firstRight(ranking)
    return first >= 0 && first < k ? 1 : 0
  }

/** Share of the right ones among the first `k`. */
export const recallAt =
  (k: number) =>
  ({ found, gold }: Ranking): number =>
    new Set(found.slice(0, k)).intersection(gold).size / gold.size

/** One divided by the rank of the first right one, 0 beyond `k`. */
export const reciprocalRankAt =
  (k: number) =>
  (ranking: Ranking): number => {
    const first = firstRight(ranking)
    return first >= 0 && first < k ? 1 / (first + 1) : 0
  }

/** Words without articles: what both texts are compared by. */
const compared = (text: string) => wordsOf(text).filter((word) => word !== "a" && word !== "an" && word !== "the")

/** Harmonic mean of the shares of words that two texts have in common, repeated words counted. */
export const tokenF1 = (said: string, expected: string): number => {
  const [mine, theirs] = [compared(said), compared(expected)]
  const left = new Map<string, number>()
  for (const word of theirs) left.set(word, (left.get(word) ?? 0) + 1)
  let common = 0
  for (const word of mine) {
    const more = left.get(word) ?? 0
    if (more > 0) common += 1
    left.set(word, more - 1)
  }
  return common === 0 ? 0 : (2 * common) / (mine.length + theirs.length)
}

/** Share of the words of `span` that were said, repeated words counted, 0 to 1. */
export const shareSaid = (said: string, span: string): number => {
  const words = compared(span)
  const left = Map.groupBy(compared(said), (word) => word)
  const found = words.filter((word) => left.get(word)?.pop() !== undefined)
  return words.length === 0 ? 0 : found.length / words.length
}

/**
 * The chance that a score of those that should be high is above one of those that should be low (area under the ROC
 * curve): 1 tells them apart always, 0.5 never; `null` when either is empty.
 */
export const auroc = (high: ReadonlyArray<number>, low: ReadonlyArray<number>): number | null =>
  high.length === 0 || low.length === 0
    ? null
    : mean(high.flatMap((a) => low.map((b) => (a > b ? 1 : a === b ? 0.5 : 0))))

/** Of answers, surest first: how many of the first half of them are wrong, of the first 80 %, and of all. */
export interface Risk {
  readonly half: number
  readonly most: number
  readonly all: number
  /** Mean over every share of them that may be answered: 0 when whatever is wrong comes last, and nothing is. */
  readonly area: number
}

/** The risk of answering more (risk and coverage); answers of one score are as wrong as they are together. */
export const riskOf = (answers: ReadonlyArray<{ readonly score: number; readonly right: boolean }>): Risk => {
  const groups = [...Map.groupBy(answers, ({ score }) => score)].sort(([a], [b]) => b - a)
  let [wrong, seen] = [0, 0]
  const risks: Array<number> = []
  for (const [, group] of groups) {
    const share = mean(group.map(({ right }) => Number(!right)))
    for (const _ of group) risks.push((wrong += share) / ++seen)
  }
  const at = (share: number) => risks[Math.max(Math.ceil(risks.length * share) - 1, 0)] ?? 0
  return { half: at(0.5), most: at(0.8), all: at(1), area: mean(risks) }
}

/** 0 of nothing. */
export const mean = (values: ReadonlyArray<number>): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length

/** The value that a share `p` of them does not exceed; 0 of nothing. */
export const percentile = (values: ReadonlyArray<number>, p: number): number =>
  [...values].sort((a, b) => a - b)[Math.max(Math.ceil(values.length * p) - 1, 0)] ?? 0
