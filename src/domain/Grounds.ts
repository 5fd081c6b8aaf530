/** Whether what was found is reason enough to answer: how far it stands out from what questions about other things find. */

import { Schema } from "effect"

/** What is usual, and how far from it is still usual. */
export const Spread = Schema.Struct({ usual: Schema.Finite, deviation: Schema.Finite })
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
  coverage: { usual: 0.2, deviation: 0.13 },
  cosine: { usual: 0.24, deviation: 0.06 }
}

/** A handful of passages scatters less than it will; without a floor its first extra word would stand out. */
const least = { coverage: 0.08, cosine: 0.05 }

/**
 * Deviations that cosine and half of coverage together, or coverage alone, must stand out by. Found by trial on
 * documentation, source code and chat, asked about each other.
 */
const thresholds = { document: 3.5, chat: 2.5, textAlone: 2 }
const coverageWeight = 0.5
/** Terms at which a question's coverage counts as it is. */
const usualTerms = 4

/** Mean and standard deviation. */
export const spreadOf = (values: ReadonlyArray<number>): Spread => {
  const usual = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - usual) ** 2, 0) / values.length
  return { usual, deviation: Math.sqrt(variance) }
}

const median = (values: ReadonlyArray<number>): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2
}

/** What makes the median distance from the median the standard deviation of normal values. */
const normal = 1.4826

/** As mean and deviation, but a few questions that the corpus does answer change nothing. */
export const robustSpreadOf = (values: ReadonlyArray<number>): Spread => {
  const usual = median(values)
  return { usual, deviation: normal * median(values.map((value) => Math.abs(value - usual))) }
}

/** From what questions about other things found; a signal that none of them has keeps its typical spread. */
export const baselineOf = (found: ReadonlyArray<Pick<Evidence, "coverage" | "cosine">>): Baseline => {
  const cosines = found.flatMap(({ cosine }) => (cosine === null ? [] : [cosine]))
  return {
    coverage: found.length === 0 ? typical.coverage : spreadOf(found.map(({ coverage }) => coverage)),
    cosine: cosines.length === 0 ? typical.cosine : robustSpreadOf(cosines)
  }
}

const above = (value: number, { deviation, usual }: Spread, least: number) =>
  (value - usual) / Math.max(deviation, least)

export const judge = (evidence: Evidence | undefined, baseline: Baseline): Grounds => {
  if (evidence === undefined) return { score: 0, threshold: thresholds.document, enough: false }
  const words = above(evidence.coverage, baseline.coverage, least.coverage) * Math.sqrt(evidence.terms / usualTerms)
  const [score, threshold] =
    evidence.cosine === null
      ? [words, thresholds.textAlone]
      : [coverageWeight * words + above(evidence.cosine, baseline.cosine, least.cosine), thresholds[evidence.kind]]
  return { score, threshold, enough: score > threshold }
}
