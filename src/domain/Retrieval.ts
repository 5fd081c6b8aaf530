/** How well a chunk fits a question: signals of its words and of its vectors, added up with fixed weights. */
import { occurring, type Place, type Terms } from "./Terms.ts"

/** What the embedder is given of a passage; chat says what it says without a title. */
export const textToEmbed = (passage: {
  readonly kind: "document" | "chat"
  readonly title: string
  readonly text: string
}): string => (passage.kind === "chat" || passage.title === "" ? passage.text : `${passage.title}. ${passage.text}`)

/** How much each stem of a question tells. */
export type Rarities = ReadonlyMap<string, number>

/** Inverse frequency among the rows of the text index, above 0; a word that occurs nowhere tells most. */
const rarity = (rows: number, frequency: number): number =>
  Math.log(1 + (Math.max(rows - frequency, 0) + 0.5) / (frequency + 0.5))

/** From how many of the `rows` have each of the terms' words and of their parts. */
export const raritiesOf = (terms: Terms, rows: number, frequency: ReadonlyMap<string, number>): Rarities => {
  const words = [...terms.stems.map((stem, i) => [stem, terms.words[i]!] as const), ...terms.parts]
  return new Map(words.map(([stem, word]) => [stem, rarity(rows, frequency.get(word) ?? 0)]))
}

/** Share of the stems that are there, by rarity, 0 to 1. */
export const coverage = (rarities: Rarities, there: ReadonlySet<string>): number => {
  let [found, all] = [0, 0]
  for (const [stem, rarity] of rarities) {
    all += rarity
    if (there.has(stem)) found += rarity
  }
  return all === 0 ? 0 : found / all
}

/** Words that stand for one thing said. */
const within = 12

/** The most of the stems that a dozen words in a row have, by rarity, 0 to 1. */
export const nearness = (rarities: Rarities, places: ReadonlyArray<Place>): number => {
  let most = 0
  for (let first = 0; first < places.length; first++) {
    const there = new Set<string>()
    for (let i = first; i < places.length && places[i]!.at - places[first]!.at < within; i++) there.add(places[i]!.stem)
    if (there.size > 1) most = Math.max(most, coverage(rarities, there))
  }
  return most
}

/** Something that may answer, with what the searches said of it. */
export interface Candidate {
  readonly kind: "document" | "chat"
  readonly title: string
  readonly text: string
  readonly passages: ReadonlyArray<{ readonly id: string; readonly text: string }>
  /** `-bm25` of its best row; 0 when text search did not find it. */
  readonly textScore: number
}

/** What the searches said of all candidates together. */
export interface Searched {
  readonly terms: Terms
  readonly rarities: Rarities
  /** Cosines of the nearest passages; `null` when there are no vectors. */
  readonly cosines: ReadonlyMap<string, number> | null
  /** Highest cosine a passage not among `cosines` can have; `null` when such a passage has no vector yet. */
  readonly farthest: Readonly<Record<Candidate["kind"], number | null>>
}

/** What a chunk's rank is made of; each part before its weight. */
export interface Signals {
  /** bm25 divided by the best of this question, 0 to 1. */
  readonly text: number
  /** Cosine of its best passage; 0 without vectors. */
  readonly cosine: number
  /** Share of the question's terms that occur, weighted by rarity, 0 to 1. */
  readonly coverage: number
  /** How closely its terms stand together: half of it pairs of neighbours, half the most within a dozen words, 0 to 1. */
  readonly bigrams: number
  /** Share of the question's terms in the title, weighted by rarity, 0 to 1. */
  readonly title: number
}

export interface Ranked<C extends Candidate> {
  readonly candidate: C
  readonly score: number
  readonly signals: Signals
  /** What each signal adds to the score. */
  readonly parts: Signals
  readonly bestPassageId: string
  /** Whether its vectors took part. */
  readonly vectors: boolean
}

/**
 * Found by trial on documentation, source code and chat; all sums compare, as a message has no title, and says it in
 * few words, of which its meaning counts the more.
 */
const weights = {
  document: { text: 0.5, cosine: 1, coverage: 0.5, bigrams: 0.8, title: 0.5 },
  chat: { text: 0.5, cosine: 1.4, coverage: 0.5, bigrams: 0.4, title: 0 },
  textAlone: {
    document: { text: 0.8, cosine: 0, coverage: 0.5, bigrams: 1, title: 0.9 },
    // One that waits for its vector and has every word of the question stands above one that is only near.
    chat: { text: 1.1, cosine: 0, coverage: 0.7, bigrams: 1.4, title: 0 }
  }
} as const

interface Fit {
  readonly id: string
  readonly coverage: number
  readonly bigrams: number
  readonly cosine: number
}

const partsOf = (signals: Signals, weight: Signals): Signals => ({
  text: weight.text * signals.text,
  cosine: weight.cosine * signals.cosine,
  coverage: weight.coverage * signals.coverage,
  bigrams: weight.bigrams * signals.bigrams,
  title: weight.title * signals.title
})

const sumOf = ({ bigrams, coverage, cosine, text, title }: Signals): number =>
  text + cosine + coverage + bigrams + title

const most = <A>(items: ReadonlyArray<A>, by: (item: A) => number): A =>
  items.reduce((best, item) => (by(item) > by(best) ? item : best))

/** How the words of one text, below its title, fit. */
const wordsFit = ({ rarities, terms }: Searched, title: string, text: string) => {
  const { pairs, places, stems } = occurring(terms, [title, text])
  const neighbours = terms.pairs.size === 0 ? 0 : pairs.size / terms.pairs.size
  return { coverage: coverage(rarities, stems), bigrams: (neighbours + nearness(rarities, places)) / 2 }
}

/** A message says little by itself: in chat the words of the whole window count for each of its messages. */
const fitsOf = (searched: Searched, candidate: Candidate, title: string): ReadonlyArray<Fit> => {
  const together = candidate.kind === "chat" ? wordsFit(searched, title, candidate.text) : undefined
  return candidate.passages.map(({ id, text }) => ({
    id,
    ...(together ?? wordsFit(searched, title, text)),
    cosine: searched.cosines?.get(id) ?? -1
  }))
}

/** Best first. Candidates without passages are left out. */
export const rank = <C extends Candidate>(
  searched: Searched,
  candidates: ReadonlyArray<C>
): ReadonlyArray<Ranked<C>> => {
  const topText = Math.max(...candidates.map((candidate) => candidate.textScore), Number.MIN_VALUE)
  const topCosine = Math.max(...(searched.cosines?.values() ?? []), 1e-6)
  const signalsOf = (candidate: C): Ranked<C> => {
    const title = candidate.kind === "chat" ? "" : candidate.title
    const fits = fitsOf(searched, candidate, title)
    const own = Math.max(...fits.map((fit) => fit.cosine))
    const cosine = own > -1 ? own : searched.cosines === null ? null : searched.farthest[candidate.kind]
    const signals: Signals = {
      text: candidate.textScore / topText,
      cosine: cosine ?? 0,
      coverage: Math.max(...fits.map((fit) => fit.coverage)),
      bigrams: Math.max(...fits.map((fit) => fit.bigrams)),
      title: coverage(searched.rarities, occurring(searched.terms, [title]).stems)
    }
    const relative = { ...signals, cosine: signals.cosine / topCosine }
    const parts = partsOf(relative, (cosine === null ? weights.textAlone : weights)[candidate.kind])
    const best = most(fits, (fit) => fit.cosine / topCosine + 0.5 * fit.coverage + 0.4 * fit.bigrams)
    return {
      candidate,
      score: sumOf(parts),
      signals,
      parts,
      bestPassageId: best.id,
      vectors: cosine !== null
    }
  }
  return candidates
    .filter((candidate) => candidate.passages.length > 0)
    .map(signalsOf)
    .sort((a, b) => b.score - a.score)
}
