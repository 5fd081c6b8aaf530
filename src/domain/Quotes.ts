/** The sentences of what was found that answer a question best, told by their words and, when there are any, vectors. */
import { type Sentence, sentencesOf } from "./Sentences.ts"
import { stemsOf, type Terms, wordsOf } from "./Terms.ts"

/** A chunk to quote from. */
export interface Source {
  readonly kind: "document" | "chat"
  readonly title: string
  /** What is quoted from: a section, or the messages of a window one by one. */
  readonly texts: ReadonlyArray<string>
  /** Its score divided by that of the best chunk, 0 to 1. */
  readonly relevance: number
}

/** A sentence that can be quoted, and where it stands. */
export interface Quotable {
  readonly sentence: Sentence
  readonly source: number
  /** Which of the source's texts it is part of. */
  readonly text: number
  /** Place among the sentences of its source. */
  readonly place: number
  readonly relevance: number
  readonly words: number
  readonly stems: ReadonlySet<string>
}

/** Verbatim part of a source's text: one chosen sentence, or several that stand together. */
export interface Quote {
  readonly source: number
  readonly text: number
  readonly quote: string
  readonly kind: Sentence["kind"]
}

/** Quotes of an answer, and words of all of them together. */
const most = { sentences: 3, words: 100 }
/** Shorter ones are labels. */
const fewestWords = 3
/** A further sentence is worth its place when it fits this share as well as the first one did; one from elsewhere, more. */
const worthwhile = { sameSource: 0.3, otherSource: 0.5 }
/** What the rank of a sentence's chunk counts beside how the sentence itself fits. */
const relevanceWeight = 0.6

/** A message of at most this many words is quoted whole, and so much of what has no end. */
const wholePiece = 40

/** A listing or a sentence without end in parts, each verbatim. */
const partsOf = (sentence: Sentence): ReadonlyArray<Sentence> => {
  const tokens = Array.from(sentence.text.matchAll(/\S+/g), ({ 0: token, index }) => ({
    start: index,
    end: index + token.length
  }))
  const parts = Array.from({ length: Math.ceil(tokens.length / wholePiece) }, (_, i) => ({
    from: tokens[i * wholePiece]!.start,
    to: tokens[Math.min((i + 1) * wholePiece, tokens.length) - 1]!.end
  }))
  return parts.map(({ from, to }) => ({
    text: sentence.text.slice(from, to),
    start: sentence.start + from,
    end: sentence.start + to,
    kind: sentence.kind
  }))
}

const piecesOf = (kind: Source["kind"], text: string): ReadonlyArray<Sentence> => {
  const whole = text.trim()
  if (kind !== "chat" || wordsOf(whole).length > wholePiece) return sentencesOf(text)
  const start = text.indexOf(whole)
  return [{ text: whole, start, end: start + whole.length, kind: "prose" }]
}

const plain = (text: string) => wordsOf(text).join(" ")

/** Those that fit into an answer, each once, in order. A section's own title is no evidence. */
const fitting = (
  sources: ReadonlyArray<Source>,
  pieces: (kind: Source["kind"], text: string) => ReadonlyArray<Sentence>
): ReadonlyArray<Quotable> => {
  const seen = new Set<string>()
  const fresh = (text: string) => {
    const key = plain(text)
    return seen.has(key) ? false : seen.add(key) !== undefined
  }
  return sources.flatMap(({ kind, relevance, texts, title }, source) => {
    const own = plain(title.split(" › ").at(-1)!)
    const sentences = texts.flatMap((each, text) => pieces(kind, each).map((sentence) => ({ sentence, text })))
    return sentences
      .map(({ sentence, text }, place) => ({
        sentence,
        source,
        text,
        place,
        relevance,
        words: wordsOf(sentence.text).length,
        stems: new Set(stemsOf(sentence.text))
      }))
      .filter(({ sentence, words }) => words >= fewestWords && words <= most.words && plain(sentence.text) !== own)
      .filter(({ sentence }) => fresh(sentence.text))
  })
}

/** Sentences, and parts of those that are too long to be quoted. */
export const quotablesOf = (sources: ReadonlyArray<Source>): ReadonlyArray<Quotable> =>
  fitting(sources, (kind, text) =>
    piecesOf(kind, text).flatMap((piece) => (wordsOf(piece.text).length > most.words ? partsOf(piece) : [piece]))
  )

const share = (part: number, whole: number) => (whole === 0 ? 0 : part / whole)
const covers = (stems: ReadonlySet<string>, terms: ReadonlySet<string>) =>
  share(terms.intersection(stems).size, terms.size)

/** Those worth a closer look, best first. */
export const shortlist = (terms: Terms, quotables: ReadonlyArray<Quotable>, limit: number): ReadonlyArray<Quotable> => {
  const asked = new Set(terms.stems)
  const promise = ({ relevance, stems }: Quotable) => covers(stems, asked) + relevanceWeight * relevance
  return [...quotables].sort((a, b) => promise(b) - promise(a)).slice(0, limit)
}

/** Says the question again, as examples and headings do: no answer, however many of its words it has. */
export const repeats = (question: string, text: string): boolean =>
  /\?\s*$/.test(question) && wordsOf(text).join(" ").includes(wordsOf(question).join(" "))

const asks = (text: string) => /\?["')\]*_]*$/.test(text)
/** Navigation and labels end without a mark. */
const trails = (text: string) => !/[.!?:;)`"'|]["')\]*_]*$/.test(text)
const standsNext = (a: Quotable, b: Quotable) => a.source === b.source && Math.abs(a.place - b.place) === 1
const overlap = (a: Quotable, b: Quotable) =>
  share(a.stems.intersection(b.stems).size, Math.min(a.stems.size, b.stems.size))

/** How a sentence fits beside those chosen. The weights were found by trial on questions with known answers. */
const fit = (
  asked: ReadonlySet<string>,
  chosen: ReadonlyArray<Quotable>,
  cosine: number,
  candidate: Quotable
): number => {
  const covered = new Set(chosen.flatMap(({ stems }) => [...stems]))
  const { sentence, stems } = candidate
  return (
    0.9 * cosine +
    0.3 * covers(stems, asked) +
    0.4 * share(asked.difference(covered).intersection(stems).size, asked.size) +
    (chosen.some((each) => standsNext(each, candidate)) ? 0.2 : 0) -
    0.5 * Math.max(0, ...chosen.map((each) => overlap(each, candidate))) -
    (trails(sentence.text) ? 0.1 : 0) -
    (asks(sentence.text) ? 0.3 : 0)
  )
}

const gain = ({ candidate, fit }: { readonly candidate: Quotable; readonly fit: number }) =>
  fit + relevanceWeight * candidate.relevance

/** Up to three sentences of at most 100 words together, best first. Cosines go with the quotables. */
export const choose = (
  terms: Terms,
  quotables: ReadonlyArray<Quotable>,
  cosines: ReadonlyArray<number> | null
): ReadonlyArray<Quotable> => {
  const asked = new Set(terms.stems)
  const chosen: Array<Quotable> = []
  let [room, first] = [most.words, -Infinity]
  const isWorthIt = ({ candidate, fit }: { readonly candidate: Quotable; readonly fit: number }) => {
    const isNear = chosen.some(({ source }) => source === candidate.source)
    return chosen.length === 0 || fit >= first * (isNear ? worthwhile.sameSource : worthwhile.otherSource)
  }
  while (chosen.length < most.sentences) {
    const left = quotables
      .map((candidate, i) => ({ candidate, fit: fit(asked, chosen, cosines?.[i] ?? 0, candidate) }))
      .filter(({ candidate }) => !chosen.includes(candidate) && candidate.words <= room)
      .sort((a, b) => gain(b) - gain(a))
    const best = left.find(isWorthIt)
    if (best === undefined) break
    if (chosen.length === 0) first = best.fit
    chosen.push(best.candidate)
    room -= best.candidate.words
  }
  return chosen
}

/** Sentences of one paragraph that stand together are one quote. Sources in the order they were chosen, each from its start. */
export const quotesOf = (sources: ReadonlyArray<Source>, chosen: ReadonlyArray<Quotable>): ReadonlyArray<Quote> => {
  const order = [...new Set(chosen.map(({ source }) => source))]
  const inOrder = [...chosen].sort((a, b) => order.indexOf(a.source) - order.indexOf(b.source) || a.place - b.place)
  const spans: Array<Quotable & { readonly from: number; readonly to: number }> = []
  for (const each of inOrder) {
    const last = spans.at(-1)
    const { end, start } = each.sentence
    const joins =
      last !== undefined &&
      last.source === each.source &&
      last.text === each.text &&
      each.sentence.kind === "prose" &&
      /^\s?$/.test(sources[each.source]!.texts[each.text]!.slice(last.to, start)) &&
      start >= last.to
    if (joins) spans[spans.length - 1] = { ...last, to: end }
    else spans.push({ ...each, from: start, to: end })
  }
  return spans.map(({ from, sentence, source, text, to }) => ({
    source,
    text,
    quote: sources[source]!.texts[text]!.slice(from, to),
    kind: sentence.kind
  }))
}
