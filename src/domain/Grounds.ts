/** Whether what was found is reason enough to answer: how far it stands out from what questions about other things find. */

import { Schema } from "effect"

/** Mean and standard deviation. */
export const Spread = Schema.Struct({ mean: Schema.Finite, deviation: Schema.Finite })
export type Spread = typeof Spread.Type

/** What questions that a corpus cannot answer find in it. */
export const Baseline = Schema.Struct({ coverage: Spread, cosine: Spread })
export type Baseline = typeof Baseline.Type

/** What a question found. */
export interface Evidence {
  /** Best coverage of the question's terms among the first five chunks, 0 to 1. */
  readonly coverage: number
  /** Highest cosine of any passage; `null` without vectors. */
  readonly cosine: number | null
  /** Terms of the question: many that are covered say more than few. */
  readonly terms: number
  readonly kind: "document" | "chat"
}

/** Reason enough when `score > threshold`. */
export interface Grounds {
  readonly score: number
  readonly threshold: number
  readonly enough: boolean
}

/** Of a manual of 1,000 passages; used until a corpus has its own. */
export const typical: Baseline = {
  coverage: { mean: 0.2, deviation: 0.13 },
  cosine: { mean: 0.24, deviation: 0.07 }
}

/** A handful of passages scatters less than it will; without a floor its first extra word would stand out. */
const least = { coverage: 0.08, cosine: 0.05 }

/** Deviations that coverage and cosine together, or coverage alone, must stand out by. */
const thresholds = { document: 4, chat: 2.5, textAlone: 2 }
/** Terms at which a question's coverage counts as it is. */
const usualTerms = 4

export const spreadOf = (values: ReadonlyArray<number>): Spread => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  return { mean, deviation: Math.sqrt(variance) }
}

/** From what questions about other things found; a signal that none of them has keeps its typical spread. */
export const baselineOf = (found: ReadonlyArray<Pick<Evidence, "coverage" | "cosine">>): Baseline => {
  const cosines = found.flatMap(({ cosine }) => (cosine === null ? [] : [cosine]))
  return {
    coverage: found.length === 0 ? typical.coverage : spreadOf(found.map(({ coverage }) => coverage)),
    cosine: cosines.length === 0 ? typical.cosine : spreadOf(cosines)
  }
}

const above = (value: number, { mean, deviation }: Spread, least: number) => (value - mean) / Math.max(deviation, least)

export const judge = (evidence: Evidence | undefined, baseline: Baseline): Grounds => {
  if (evidence === undefined) return { score: 0, threshold: thresholds.document, enough: false }
  const words = above(evidence.coverage, baseline.coverage, least.coverage) * Math.sqrt(evidence.terms / usualTerms)
  const [score, threshold] =
    evidence.cosine === null
      ? [words, thresholds.textAlone]
      : [words + above(evidence.cosine, baseline.cosine, least.cosine), thresholds[evidence.kind]]
  return { score, threshold, enough: score > threshold }
}
