/** Answers without a model: the sentences closest to the question, quoted word for word, or a refusal. */
import { Duration, Effect, Layer } from "effect"
import type { Citation } from "../domain/Answer.ts"
import { verify } from "../domain/Citations.ts"
import { choose, quotablesOf, type Quote, quotesOf, repeats, shortlist, type Source } from "../domain/Quotes.ts"
import { addressesIn, inert } from "../domain/Inert.ts"
import { refusal } from "../domain/Refusal.ts"
import { termsOf } from "../domain/Terms.ts"
import type { Found, Retrieval } from "../knowledge/Retriever.ts"
import { Embedder } from "./Embedder.ts"
import { Writer, type Written } from "./Writer.ts"

/** Chunks that are quoted from, and named when there is nothing to quote. */
const sourcesUsed = 3
/** Sentences that get a vector: the local embedder makes 30 to 60 a second. */
const closelyRead = 16
/** How long an answer waits for them; words alone choose nearly as well. */
const patience = Duration.millis(800)
/** What is kept takes no longer. */
const atHand = Duration.millis(50)

const sourceOf =
  (top: number) =>
  ({ chunk, score }: Found): Source => ({
    kind: chunk.kind,
    title: chunk.title,
    texts: chunk.kind === "chat" ? chunk.passages.map(({ text }) => text) : [chunk.text],
    relevance: top > 0 ? score / top : 0
  })

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * b[i]!, 0)

const citationOf = ({ chunk }: Found, { quote, text }: Quote, n: number): Citation => {
  const holder = chunk.kind === "chat" ? chunk.passages[text] : chunk.passages.find((each) => each.text.includes(quote))
  return {
    n,
    quote,
    title: (chunk.kind === "chat" ? holder?.authorName : undefined) ?? chunk.title,
    url: holder?.url ?? chunk.url,
    passageId: (holder ?? chunk.passages[0]!).id,
    // A sentence longer than the overlap of two passages may be whole in neither, but is in the section.
    passage: holder?.text ?? chunk.text
  }
}

/** Longer than any fence inside. */
const fenceFor = (code: string) => "`".repeat(Math.max(3, ...(code.match(/`+/g) ?? []).map(({ length }) => length + 1)))
const cellsOf = (row: string) =>
  row
    .replace(/^\s*\|?|\|?\s*$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim())
    .filter((cell) => cell !== "")

/**
 * As it reads in a chat: on one line unless it is code, a table's row as its cells. Where it led to or whom it called does
 * not go along: a link of an answer leads to its sources. Addresses that documentation tells of are shown as code.
 */
const shown = ({ kind, quote }: Quote, source: Found["chunk"]["kind"], n: number): string => {
  if (kind === "code") {
    const fence = fenceFor(quote)
    return [fence, ...quote.split("\n"), fence, `[${n}]`].map((line) => `> ${line}`).join("\n")
  }
  const words = kind === "row" ? cellsOf(quote).join(" · ") : quote
  return `> ${inert(words, { addresses: source === "document" ? addressesIn(words) : [] })} [${n}]`
}

const answer = (
  quotes: ReadonlyArray<Quote>,
  citations: ReadonlyArray<Citation>,
  found: ReadonlyArray<Found>
): Written => ({
  text: [
    quotes.length === 1 ? "The closest passage I found:" : "The closest passages I found:",
    ...quotes.map((quote, i) => shown(quote, found[quote.source]!.chunk.kind, i + 1))
  ].join("\n\n"),
  refused: false,
  mode: "closest",
  citations
})

/** Names the nearest sections, but cites nothing: nothing backs an answer. */
const refused = (found: ReadonlyArray<Found>): Written => ({
  text: refusal(
    "nothing",
    found.map(({ chunk }) => chunk)
  ),
  refused: true,
  mode: "closest",
  citations: []
})

const make = Effect.gen(function* () {
  const embedder = yield* Embedder

  /**
   * The question's vector when retrieval did without, as it does without a vector store: the embedder has it then. One
   * that was too slow for the question is not waited for again.
   */
  const vectorAtHand = (question: string) =>
    embedder.embedQueries([question]).pipe(
      Effect.map(([vector]) => vector ?? null),
      Effect.timeoutOrElse({ duration: atHand, orElse: () => Effect.succeed(null) }),
      Effect.orElseSucceed(() => null)
    )

  /** Cosines of the texts with the question, or `null` when the embedder does not serve in time. */
  const cosines = (vector: Float32Array, texts: ReadonlyArray<string>) =>
    embedder.embedQueries(texts).pipe(
      Effect.map((vectors) => vectors.map((each) => dot(vector, each))),
      Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.succeed(null) }),
      Effect.orElseSucceed(() => null)
    )

  const write = Effect.fn("Writer.write")(function* (question: string, { found, grounds, vector }: Retrieval) {
    if (!grounds.enough) return refused(found)
    const sources = found.slice(0, sourcesUsed).map(sourceOf(found[0]?.score ?? 0))
    const terms = termsOf(question)
    const quotables = quotablesOf(sources).filter(({ sentence }) => !repeats(question, sentence.text))
    const candidates = shortlist(terms, quotables, closelyRead)
    const texts = candidates.map(({ sentence }) => sentence.text)
    const asked = vector ?? (yield* vectorAtHand(question))
    const near = asked === null ? null : yield* cosines(asked, texts)
    const quotes = quotesOf(sources, choose(terms, candidates, near))
    const citations = quotes.map((quote, i) => citationOf(found[quote.source]!, quote, i + 1))
    return quotes.length === 0 || !citations.every(verify) ? refused(found) : answer(quotes, citations, found)
  })

  return Writer.of({
    write,
    status: Effect.succeed({ kind: "embedded", up: true, detail: "quotes the closest passages, no model" })
  })
})

export const layer = Layer.effect(Writer, make)
