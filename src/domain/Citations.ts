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
    for (let i = 0; i < lower.length; i++) from.push(index + Math.min(i, piece.length - 1))
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

/** Shares of a sentence's telling words: more than this must be in its quote, this much anywhere at hand, and of each part of it. */
const borneOut = { byQuote: 0.5, byAll: 0.65, partByAll: 0.5 }

const share = (part: ReadonlySet<string>, whole: ReadonlySet<string>) =>
  whole.size === 0 ? 0 : part.intersection(whole).size / whole.size

const figuresOf = (text: string) => wordsOf(text).filter((word) => /\d/.test(word))

const ends = /[.!?]+(?:\s|$)/
const joints = /[;:,–—()]+(?:\s|$)|\s(?:and|but|so|because|while|or|then|und|oder|aber|et|mais|y|pero)\s/

/** What is strung together: sentences, and clauses of at least two telling words. */
const partsOf = (text: string): ReadonlyArray<ReadonlySet<string>> => {
  const sentences = text.split(ends)
  const clauses = sentences.flatMap((sentence) => sentence.split(joints))
  return [
    ...sentences.map((part) => new Set(stemsOf(part))).filter(({ size }) => size >= 1),
    ...clauses.map((part) => new Set(stemsOf(part))).filter(({ size }) => size >= 2)
  ]
}

/** What a sentence may rest on. */
export interface Evidence {
  readonly quote: string
  readonly question: string
  /** Of the section the quote is from; empty for chat. */
  readonly title: string
}

/**
 * Whether a quote bears a sentence out: it has most of the sentence's telling words, no part of the sentence is about
 * something else, and no figure is new. What the question and the section's title say may be repeated.
 */
export const bearsOut = (sentence: string, { question, quote, title }: Evidence): boolean => {
  const said = new Set(stemsOf(sentence))
  const around = new Set(stemsOf(`${quote}\n${question}\n${title}`))
  const figures = new Set(wordsOf(`${quote}\n${question}\n${title}`))
  return (
    share(new Set(stemsOf(quote)), said) > borneOut.byQuote &&
    share(around, said) >= borneOut.byAll &&
    partsOf(sentence).every((part) => share(around, part) >= borneOut.partByAll) &&
    figuresOf(sentence).every((figure) => figures.has(figure))
  )
}

/** Whether a sentence or what it rests on has a telling word of the question; a question without any takes everything. */
export const concerns = (sentence: string, { question, quote, title }: Evidence): boolean => {
  const asked = new Set(stemsOf(question))
  return asked.size === 0 || !asked.isDisjointFrom(new Set(stemsOf(`${sentence}\n${quote}\n${title}`)))
}
