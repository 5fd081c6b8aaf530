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
const unmarked = (text: string) =>
  text
    .normalize("NFD")
    .replace(/(?<=\p{Script=Latin})\p{M}+/gu, "")
    .normalize("NFC")

/** Runs of letters and digits, lower case, Latin letters without marks: SQLite's `unicode61 remove_diacritics 2`. */
export const wordsOf = (text: string): ReadonlyArray<string> =>
  (beyondAscii.test(text)
    ? unmarked(text)
        .toLowerCase()
        .match(/[\p{L}\p{N}]+/gu)
    : text.toLowerCase().match(/[a-z0-9]+/g)) ?? []

/** The same words as they are written. */
const writtenIn = (text: string): ReadonlyArray<string> =>
  (beyondAscii.test(text) ? unmarked(text).match(/[\p{L}\p{N}]+/gu) : text.match(/[A-Za-z0-9]+/g)) ?? []

/** Where a word of code has parts: `diffExecutor`, `HTTPServer`. */
const seams = /(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/

const telling = (word: string): ReadonlyArray<string> => (stopWords.has(word) ? [] : [stem(word)])

/** Of a word as it is written: its stem, then those of its parts; none for stop words. */
const stemsIn = (written: string): ReadonlyArray<string> => {
  const parts = written.split(seams)
  const own = telling(written.toLowerCase())
  return parts.length === 1 ? own : [...own, ...parts.flatMap((part) => telling(part.toLowerCase()))]
}

/** Stems of words seen before, since texts repeat theirs. */
const stemmed = new Map<string, ReadonlyArray<string>>()
const remembered = 50_000

const stemsOfWord = (written: string): ReadonlyArray<string> => {
  const known = stemmed.get(written)
  if (known !== undefined) return known
  if (stemmed.size >= remembered) stemmed.clear()
  const found = stemsIn(written)
  stemmed.set(written, found)
  return found
}

/** Stems of the words that are no stop words, in order. */
export const stemsOf = (text: string): ReadonlyArray<string> => wordsOf(text).flatMap(stemsOfWord)

export interface Terms {
  /** To search for: one word for each stem. */
  readonly words: ReadonlyArray<string>
  /** Stem `i` belongs to word `i`. */
  readonly stems: ReadonlyArray<string>
  /** What the words of code among them are made of: a word for each stem that is not among `stems`. */
  readonly parts: ReadonlyMap<string, string>
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
  const all = writtenIn(question)
  const told = all.filter((word) => !stopWords.has(word.toLowerCase()))
  const written = (told.length > 0 ? told : all).slice(0, mostWords)
  const words = written.map((word) => word.toLowerCase())
  const byStem = new Map(words.map((word) => [stem(word), word]))
  const parts = written.flatMap((word) => word.split(seams)).map((part) => part.toLowerCase())
  return {
    words: [...byStem.values()],
    stems: [...byStem.keys()],
    parts: new Map(
      parts
        .filter((part) => !stopWords.has(part))
        .map((part) => [stem(part), part] as const)
        .filter(([stem]) => !byStem.has(stem))
    ),
    pairs: pairsOf(told.length > 0 ? written.flatMap(stemsOfWord) : [...byStem.keys()])
  }
}

/** A stem of a question in a text, and the number of the word that has it. */
export interface Place {
  readonly stem: string
  readonly at: number
}

/** What a character is in a word. */
const [none, digit, lower, upper, beyond] = [0, 1, 2, 3, 4]
const kinds = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code)
  if (/[0-9]/.test(character)) return digit
  if (/[a-z]/.test(character)) return lower
  return /[A-Z]/.test(character) ? upper : none
})
const kindOf = (code: number): number => (code < 128 ? kinds[code]! : code >= 0x2000 && code <= 0x206f ? none : beyond)

/** The stems that a question asks for, and the first two characters that a word has whose stem is among them. */
interface Asked {
  readonly stems: ReadonlySet<string>
  readonly starts: Uint8Array
}

const startOf = (first: number, second: number) => (first << 7) | second

const startsOf = (stems: ReadonlySet<string>): Uint8Array => {
  const starts = new Uint8Array(1 << 14)
  for (const stem of stems) {
    const [first, second] = [stem.charCodeAt(0), stem.length > 1 ? stem.charCodeAt(1) : -1]
    if (!(first < 128 && second < 128)) continue
    if (second === -1) starts.fill(1, startOf(first, 0), startOf(first + 1, 0))
    else starts[startOf(first, second)] = 1
    // A "y" at the end of what is left of a word becomes an "i".
    if (stem[1] === "i") starts[startOf(first, "y".charCodeAt(0))] = 1
  }
  return starts
}

const askedOf = new WeakMap<Terms, Asked>()
const askedIn = (terms: Terms): Asked => {
  const known = askedOf.get(terms)
  if (known !== undefined) return known
  const stems = new Set([...terms.stems, ...terms.parts.keys()])
  const asked = { stems, starts: startsOf(stems) }
  askedOf.set(terms, asked)
  return asked
}

/** Which stems and pairs of a question occur in texts read one after the other, and where the stems do. */
export const occurring = (
  terms: Terms,
  texts: ReadonlyArray<string>
): {
  readonly stems: ReadonlySet<string>
  readonly pairs: ReadonlySet<string>
  readonly places: ReadonlyArray<Place>
} => {
  const asked = askedIn(terms)
  const stems = new Set<string>()
  const pairs = new Set<string>()
  const places: Array<Place> = []
  /** The stem before, empty where it is none that is asked for. */
  let before = ""
  let at = 0

  const met = (word: string) => {
    for (const stem of stemsOfWord(word)) {
      const isAsked = asked.stems.has(stem)
      if (isAsked) {
        stems.add(stem)
        places.push({ stem, at })
        if (before !== "" && terms.pairs.has(pairOf(before, stem))) pairs.add(pairOf(before, stem))
      }
      before = isAsked ? stem : ""
    }
  }

  /** Most words can be told by their first characters not to be asked for; false where not all is ASCII. */
  const skimmed = (text: string): boolean => {
    const { length } = text
    for (let i = 0; i < length;) {
      const first = text.charCodeAt(i)
      const firstKind = kindOf(first)
      if (firstKind === beyond) return false
      if (firstKind === none) {
        i++
        continue
      }
      const from = i++
      let [second, hasSeam] = [0, false]
      for (; i < length; i++) {
        const code = text.charCodeAt(i)
        const kind = kindOf(code)
        if (kind === none) break
        if (kind === beyond) return false
        if (kind === upper) hasSeam = true
        if (i === from + 1) second = code
      }
      at += 1
      // What follows a word that is asked for decides whether the two are a pair.
      if (hasSeam || before !== "" || asked.starts[startOf(first | 0x20, second)] === 1) met(text.slice(from, i))
    }
    return true
  }

  for (const text of texts) {
    const start = { before, at, places: places.length }
    if (skimmed(text)) continue
    ;({ before, at } = start)
    places.length = start.places
    for (const word of writtenIn(text)) {
      at += 1
      met(word)
    }
  }
  return { stems, pairs, places }
}
