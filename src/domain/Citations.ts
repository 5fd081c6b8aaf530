/** Whether a citation holds: its words occur in the passage it names, and the sentence says no more than they do. */
import type { Citation } from "./Answer.ts"
import { stemsOf, wordsOf } from "./Terms.ts"

/** A quote occurs verbatim in its passage. An empty quote proves nothing. */
export const verify = (citation: Pick<Citation, "quote" | "passage">): boolean =>
  citation.quote.trim() !== "" && citation.passage.includes(citation.quote)

/** Numbers in brackets that a text refers to, in order of first use. */
export const referredTo = (text: string): ReadonlyArray<number> => [
  ...new Set(Array.from(text.matchAll(/\[(\d{1,3})\]/g), (found) => Number(found[1])))
]

/** Lower case, with one space for each run of white space, and where in the text each character was. */
const folded = (text: string): { readonly text: string; readonly from: ReadonlyArray<number> } => {
  let result = ""
  const from: Array<number> = []
  for (const { 0: piece, index } of text.trim().matchAll(/\s+|\S/gu)) {
    const lower = /^\s/.test(piece) ? " " : piece.toLowerCase()
    result += lower
    for (let i = 0; i < lower.length; i++) from.push(index)
  }
  return { text: result, from }
}

/**
 * The passage's own words that a quote repeats, white space and case folded and nothing else; `undefined` when it does
 * not have them. An empty quote is in no passage.
 */
export const wordsQuoted = (passage: string, quote: string): string | undefined => {
  const [words, sought] = [passage.trim(), folded(quote).text]
  const { from, text } = folded(passage)
  const at = sought === "" ? -1 : text.indexOf(sought)
  if (at < 0) return undefined
  return words.slice(from[at]!, from[at + sought.length] ?? words.length).trim()
}

/** More than this share of a sentence's telling words must be in its quote, and this much of them somewhere at hand. */
const borneOut = { byQuote: 0.5, byAll: 0.65 }

const share = (part: ReadonlySet<string>, whole: ReadonlySet<string>) =>
  whole.size === 0 ? 0 : part.intersection(whole).size / whole.size

const figuresOf = (text: string) => wordsOf(text).filter((word) => /\d/.test(word))

/**
 * Whether a quote bears a sentence out: it has most of the sentence's telling words, and no figure is new. What the
 * question and the passage's title say may be repeated.
 */
export const bearsOut = (
  sentence: string,
  evidence: { readonly quote: string; readonly question: string; readonly title: string }
): boolean => {
  const said = new Set(stemsOf(sentence))
  const around = `${evidence.quote}\n${evidence.question}\n${evidence.title}`
  const figures = new Set(wordsOf(around))
  return (
    share(new Set(stemsOf(evidence.quote)), said) > borneOut.byQuote &&
    share(new Set(stemsOf(around)), said) >= borneOut.byAll &&
    figuresOf(sentence).every((figure) => figures.has(figure))
  )
}
