/** Whether a citation holds: its words occur, as they are, in the passage it names. */
import type { Citation } from "./Answer.ts"

/** A quote occurs verbatim in its passage. An empty quote proves nothing. */
export const verify = (citation: Pick<Citation, "quote" | "passage">): boolean =>
  citation.quote.trim() !== "" && citation.passage.includes(citation.quote)

/** Numbers in brackets that a text refers to, in order of first use. */
export const referredTo = (text: string): ReadonlyArray<number> => [
  ...new Set(Array.from(text.matchAll(/\[(\d{1,3})\]/g), (found) => Number(found[1])))
]
