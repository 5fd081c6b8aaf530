/** Words as the text index sees them, and the terms of a question: those of its words that tell passages apart. */
import { stem } from "./Stem.ts"

/** Words that occur everywhere in questions and sentences. */
const stopWords = new Set(
  `a about above after again all also am an and any anybody anyone are as at be because been before being below
  between both but by came can cannot could d did do does doing don done during each etc few for from further
  get gets getting give gives go goes going got had has have having he hello help her here hers herself hey hi him
  himself his how i if in into is it its itself just kind know let ll like m make makes many may maybe me might more
  most much must my myself no nor not now of off on once one only or other our ours ourselves out over own per please
  possible re s same see shall she should show so some somebody someone something still such sure t tell than thank
  thanks that the their theirs them themselves then there these they thing things this those through to too try under
  until up us use used uses using ve very want wants was way ways we were what when where whether which while who
  whom whose why will with within without would you your yours yourself yourselves happen happens happened work works working`.split(
    /\s+/
  )
)

/** Letters may be among these; dashes and curly quotes are not. */
const beyondAscii = /[\u0080-\u1fff\u2070-\uffff]/
const fold = (text: string) =>
  text
    .normalize("NFD")
    .replace(/(?<=\p{Script=Latin})\p{M}+/gu, "")
    .normalize("NFC")
    .toLowerCase()

/** Runs of letters and digits, lower case, Latin letters without marks: SQLite's `unicode61 remove_diacritics 2`. */
export const wordsOf = (text: string): ReadonlyArray<string> =>
  (beyondAscii.test(text) ? fold(text).match(/[\p{L}\p{N}]+/gu) : text.toLowerCase().match(/[a-z0-9]+/g)) ?? []

/** Stems of words seen before, since texts repeat theirs; none for stop words. */
const stemmed = new Map<string, string | undefined>()
const remembered = 50_000

const stemOf = (word: string): string | undefined => {
  const known = stemmed.get(word)
  if (known !== undefined || stemmed.has(word)) return known
  if (stemmed.size >= remembered) stemmed.clear()
  const found = stopWords.has(word) ? undefined : stem(word)
  stemmed.set(word, found)
  return found
}

/** Stems of the words that are no stop words, in order. */
export const stemsOf = (text: string): ReadonlyArray<string> => wordsOf(text).flatMap((word) => stemOf(word) ?? [])

export interface Terms {
  /** To search for: one word for each stem. */
  readonly words: ReadonlyArray<string>
  /** Stem `i` belongs to word `i`. */
  readonly stems: ReadonlyArray<string>
  /** Stems that follow one another in the question, stop words left out. */
  readonly pairs: ReadonlySet<string>
}

const pairOf = (first: string, second: string) => `${first} ${second}`

const pairsOf = (stems: ReadonlyArray<string>): ReadonlySet<string> =>
  new Set(stems.slice(1).flatMap((stem, i) => (stem === stems[i] ? [] : [pairOf(stems[i]!, stem)])))

/** Words of a question that are looked at; a pasted page would otherwise search for everything. */
const mostWords = 64

/** A question of nothing but stop words is searched by all of them. */
export const termsOf = (question: string): Terms => {
  const all = wordsOf(question)
  const telling = all.filter((word) => !stopWords.has(word))
  const words = (telling.length > 0 ? telling : all).slice(0, mostWords)
  const byStem = new Map(words.map((word) => [stem(word), word]))
  return { words: [...byStem.values()], stems: [...byStem.keys()], pairs: pairsOf(words.map(stem)) }
}

/** Which stems and pairs of a question occur in texts read one after the other. */
export const occurring = (
  terms: Terms,
  texts: ReadonlyArray<string>
): { readonly stems: ReadonlySet<string>; readonly pairs: ReadonlySet<string> } => {
  const asked = new Set(terms.stems)
  const stems = new Set<string>()
  const pairs = new Set<string>()
  let before = ""
  for (const text of texts) {
    for (const word of wordsOf(text)) {
      const stem = stemOf(word)
      if (stem === undefined) continue
      if (asked.has(stem)) {
        stems.add(stem)
        if (stems.has(before) && terms.pairs.has(pairOf(before, stem))) pairs.add(pairOf(before, stem))
      }
      before = stem
    }
  }
  return { stems, pairs }
}
