/** Retrieval by words and by meaning at once: both searches propose chunks, their signals added up rank them. */
import { Clock, Context, Duration, Effect, Fiber, Layer, Metric } from "effect"
import { type Audience, maySee, readableOf } from "../domain/Audience.ts"
import { distinct } from "../domain/Duplicates.ts"
import { type Evidence, type Grounds, judge } from "../domain/Grounds.ts"
import { favour, type Preference } from "../domain/Preference.ts"
import { type Candidate, rank, type Ranked, raritiesOf, type Searched } from "../domain/Retrieval.ts"
import { occurring, type Terms, termsOf } from "../domain/Terms.ts"
import type { Explanation } from "../domain/Way.ts"
import { Embedder } from "../model/Embedder.ts"
import { CurrentVisit } from "../runtime/Ways.ts"
import { VectorStore, type VectorHit } from "../vectors/VectorStore.ts"
import * as Calibration from "./Calibration.ts"
import { collectionOf, placedBy } from "./Collections.ts"
import { type Chunk, Passages, type TextHit } from "./Passages.ts"
import * as Preferences from "./Preferences.ts"
import { type Found, Retriever } from "./Retriever.ts"
import { Solutions } from "./Solutions.ts"

/** Rows of the text index, and nearest passages, whose chunks are ranked; more changed no ranking measured. */
const proposals = 60
/** Nearest passages asked for: what an audience may not see is taken off, and text's proposals get their cosines. */
const nearest = 200
/** Chunks whose words count as evidence. */
const evidenceFrom = 5
/**
 * In an index of so many rows, words that a larger share of them has tell nothing, and take longest to search for; how
 * many rows have a word is counted again when their number has changed by `drift`. So many terms' counts are kept.
 */
const large = { rows: 5_000, share: 0.25, drift: 0.01, terms: 10_000 }
/**
 * How long a question waits for its vector, loading the embedder included, and for its neighbours; and for a vector that
 * is late, before it is said that there is no answer.
 */
const patience = { vector: Duration.millis(1_200), neighbours: Duration.seconds(1), lateVector: Duration.seconds(10) }

const seconds = Metric.histogram("rtfm_retrieve_seconds", {
  description: "Time from question to passages",
  boundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
})
const textAloneTotal = Metric.counter("rtfm_retrieve_text_alone_total", {
  description: "Questions that text search served alone, because the embedder or the vector store did not",
  incremental: true
})

interface Neighbours {
  /** Those the audience may see, nearest first. */
  readonly hits: ReadonlyArray<VectorHit>
  /** Highest cosine of a passage that is not among them; `null` when all that have a vector are. */
  readonly farthest: number | null
  /** Of the nearest, those the audience may not see. */
  readonly removed: number
}

/** Of several servers. */
const together = (all: ReadonlyArray<Neighbours>): Neighbours => {
  const farthest = all.flatMap(({ farthest }) => farthest ?? [])
  return {
    hits: all.flatMap(({ hits }) => hits),
    farthest: farthest.length === 0 ? null : Math.max(...farthest),
    removed: all.reduce((sum, { removed }) => sum + removed, 0)
  }
}

interface Proposed extends Candidate {
  readonly chunk: Chunk
}

const evidenceOf = (terms: number, ranked: ReadonlyArray<Ranked<Proposed>>): Evidence | undefined => {
  const [best] = ranked
  return best === undefined
    ? undefined
    : {
        coverage: Math.max(...ranked.slice(0, evidenceFrom).map(({ signals }) => signals.coverage)),
        cosine: best.vectors ? Math.max(...ranked.map(({ signals }) => signals.cosine)) : null,
        terms,
        kind: best.candidate.kind
      }
}

const nearestFirst = (a: VectorHit, b: VectorHit) => b.cosine - a.cosine

const foundOf = ({ bestPassageId, candidate, score, signals }: Ranked<Proposed>): Found => ({
  chunk: candidate.chunk,
  score,
  signals,
  bestPassageId
})

/** Best first, after what speaks for them besides what they say. */
const preferred = (
  preference: Preference,
  solutions: ReadonlySet<string>,
  ranked: ReadonlyArray<Ranked<Proposed>>,
  now: number
) =>
  ranked
    .map((each) => {
      const { editedAt, kind, passages } = each.candidate.chunk
      const authorIds = passages.map(({ authorId }) => authorId)
      const accepted = passages.some(({ messageId }) => messageId !== null && solutions.has(messageId))
      return { ...each, score: each.score * favour(preference, { kind, editedAt, authorIds, accepted }, now) }
    })
    .sort((a, b) => b.score - a.score)

const messagesOf = (ranked: ReadonlyArray<Ranked<Proposed>>): ReadonlyArray<string> =>
  ranked.flatMap(({ candidate }) => candidate.chunk.passages.flatMap(({ messageId }) => messageId ?? []))

const textOf = ({ candidate }: Ranked<Proposed>) => candidate.text

/** Results that an explanation names. */
const explained = 8

/** Words of the question that stand nowhere in what the audience may see; the best results have nearly all. */
const unknownIn = (terms: Terms, ranked: ReadonlyArray<Ranked<Proposed>>): ReadonlyArray<string> => {
  const unknown = new Map(terms.stems.map((stem, i) => [stem, terms.words[i]!]))
  for (const { candidate } of ranked) {
    if (unknown.size === 0) break
    for (const stem of occurring(terms, [candidate.title, candidate.text]).stems) unknown.delete(stem)
  }
  return [...unknown.values()]
}

interface Looked {
  readonly ranked: ReadonlyArray<Ranked<Proposed>>
  readonly vector: Float32Array | null
  readonly removed: number
  readonly terms: Terms
}

const explain = ({ ranked, removed, terms, vector }: Looked, grounds: Grounds): Explanation => ({
  proposed: ranked.length,
  removed,
  vectors: vector !== null,
  unknown: unknownIn(terms, ranked),
  found: ranked.slice(0, explained).map(({ bestPassageId, candidate: { chunk }, parts, score }) => ({
    kind: chunk.kind,
    title: chunk.title,
    url: chunk.url,
    passageId: bestPassageId,
    score,
    parts
  })),
  grounds
})

/** Asks the index of the embedder it is given. */
export const make = Effect.gen(function* () {
  const passages = yield* Passages
  const vectors = yield* VectorStore
  const embedder = yield* Embedder
  const solutions = yield* Solutions
  const preference = yield* Preferences.current

  const vectorOf = (question: string) =>
    embedder.embedQueries([question]).pipe(
      Effect.map(([vector]) => vector ?? null),
      Effect.catch((error) => Effect.as(Effect.logDebug(error.detail), null))
    )

  const neighboursIn = Effect.fnUntraced(function* (serverId: string | null, vector: Float32Array, audience: Audience) {
    const collection = collectionOf(serverId, embedder.id)
    const all = yield* vectors.query(collection, vector, nearest)
    const hits = all.filter((hit) => maySee(audience, placedBy(hit.metadata)))
    const removed = all.length - hits.length
    const farthest = all.length < nearest ? null : all.at(-1)!.cosine
    if (farthest === null || hits.length >= proposals) return { hits, farthest, removed }
    const allowed = yield* vectors.query(collection, vector, nearest, {
      channelId: readableOf(audience).flatMap(({ channelIds }) => [...channelIds])
    })
    return { hits: allowed, farthest: allowed.length < nearest ? null : allowed.at(-1)!.cosine, removed }
  })
  const neighboursOf = (vector: Float32Array, audience: Audience) =>
    Effect.all(
      {
        document: neighboursIn(null, vector, audience),
        chat: Effect.map(
          Effect.forEach(
            readableOf(audience).filter(({ channelIds }) => channelIds.size > 0),
            ({ serverId }) => neighboursIn(serverId, vector, audience),
            { concurrency: "unbounded" }
          ),
          together
        )
      },
      { concurrency: 2 }
    ).pipe(
      Effect.map((neighbours) => ({ ...neighbours, vector })),
      Effect.timeoutOrElse({ duration: patience.neighbours, orElse: () => Effect.succeed(null) }),
      Effect.catch((error) => Effect.as(Effect.logDebug(error.detail), null))
    )

  /** Counts of a large index, where a few rows more or fewer tell nothing, by term; those of questions are often the same. */
  const counted = new Map<string, { readonly rows: number; readonly count: number }>()
  const frequenciesOf = Effect.fnUntraced(function* (words: ReadonlyArray<string>) {
    const { rows } = yield* passages.documentFrequency([])
    if (rows < large.rows) return yield* passages.documentFrequency(words)
    const holds = (word: string) => Math.abs((counted.get(word)?.rows ?? 0) - rows) <= large.drift * rows
    const { frequency } = yield* passages.documentFrequency(words.filter((word) => !holds(word)))
    if (counted.size > large.terms) counted.clear()
    for (const [word, count] of frequency) counted.set(word, { rows, count })
    return { rows, frequency: new Map(words.map((word) => [word, counted.get(word)!.count])) }
  })

  /** Rows that have the question's words, without those that tell nothing in a large index. */
  const textProposals = Effect.fnUntraced(function* (terms: Terms, audience: Audience) {
    const frequencies = yield* frequenciesOf([...terms.words, ...terms.parts.values()])
    const most = frequencies.rows < large.rows ? Infinity : large.share * frequencies.rows
    const rare = terms.words.filter((word) => (frequencies.frequency.get(word) ?? 0) <= most)
    const searched = rare.length > 0 ? rare : terms.words
    const rows = yield* Effect.forEach(readableOf(audience), ({ channelIds, serverId }) =>
      passages.searchText({ terms: searched, limit: proposals, serverId, channelIds })
    )
    return { frequencies, rows: rows.flat() }
  })

  /** What both searches propose, as far as the audience may see it. */
  const propose = Effect.fnUntraced(function* (
    rows: ReadonlyArray<TextHit>,
    near: ReadonlyArray<VectorHit>,
    audience: Audience,
    without: ReadonlySet<string>
  ) {
    const textScores = new Map<string, number>()
    for (const { chunkId, score } of rows) textScores.set(chunkId, Math.max(score, textScores.get(chunkId) ?? 0))
    const byText = yield* passages.chunks([...textScores.keys()])
    const byVector = yield* passages.chunksOfPassages(near.slice(0, proposals).map(({ id }) => id))
    const chunks = new Map([...byText, ...byVector].map((chunk) => [chunk.id, chunk]))
    return [...chunks.values()]
      .filter((chunk) => maySee(audience, chunk) && !without.has(chunk.id))
      .map((chunk): Proposed => ({
        chunk,
        kind: chunk.kind,
        title: chunk.title,
        text: chunk.text,
        passages: chunk.passages,
        textScore: textScores.get(chunk.id) ?? 0
      }))
  })

  /** Everything but the judgement. `vector` is `null` when there is none. */
  const look = Effect.fnUntraced(function* (
    question: string,
    vector: Effect.Effect<Float32Array | null>,
    audience: Audience,
    without: ReadonlySet<string> = new Set()
  ) {
    const terms = termsOf(question)
    const { meaning, text } = yield* Effect.all(
      {
        meaning: Effect.flatMap(vector, (vector) =>
          vector === null ? Effect.succeed(null) : neighboursOf(vector, audience)
        ),
        text: textProposals(terms, audience)
      },
      { concurrency: "unbounded" }
    )
    const { frequencies, rows } = text
    const near = meaning === null ? [] : [...meaning.document.hits, ...meaning.chat.hits].sort(nearestFirst)
    const searched: Searched = {
      terms,
      rarities: raritiesOf(terms, frequencies.rows, frequencies.frequency),
      cosines: meaning === null ? null : new Map(near.map(({ cosine, id }) => [id, cosine])),
      farthest: { document: meaning?.document.farthest ?? null, chat: meaning?.chat.farthest ?? null }
    }
    const fitting = rank(searched, yield* propose(rows, near, audience, without))
    const accepted = yield* solutions.among(messagesOf(fitting))
    const ranked = preferred(preference, accepted, fitting, yield* Clock.currentTimeMillis)
    return {
      ranked,
      evidence: evidenceOf(terms.stems.length, ranked),
      vector: meaning?.vector ?? null,
      removed: meaning === null ? 0 : meaning.document.removed + meaning.chat.removed,
      terms
    }
  })

  const calibration = yield* Calibration.make((question, vector, audience) =>
    Effect.map(look(question, Effect.succeed(vector), audience), ({ evidence }) => evidence)
  )

  const retrieve: Retriever["Service"]["retrieve"] = Effect.fn("Retriever.retrieve")(function* (
    question,
    audience,
    { limit = 10, patient = false, without } = {}
  ) {
    const baseline = yield* calibration.baseline(audience.serverId)
    const coming = yield* Effect.forkScoped(vectorOf(question), { startImmediately: true })
    const within = (duration: Duration.Duration) =>
      Effect.timeoutOrElse(Fiber.join(coming), { duration, orElse: () => Effect.succeed(null) })
    const lookWithin = (duration: Duration.Duration) =>
      Effect.map(look(question, within(duration), audience, without), (looked) => ({
        ...looked,
        grounds: judge(looked.evidence, baseline)
      }))
    const [duration, looked] = yield* Effect.timed(
      Effect.gen(function* () {
        const first = yield* lookWithin(patience.vector)
        const isLate = coming.pollUnsafe() === undefined
        return patient && isLate && !first.grounds.enough ? yield* lookWithin(patience.lateVector) : first
      })
    )
    const { grounds, ranked, vector } = looked
    yield* Metric.update(seconds, Duration.toSeconds(duration))
    if (vector === null) yield* Metric.update(textAloneTotal, 1)
    yield* calibration.keepUp(audience)
    const visit = yield* CurrentVisit
    if (visit !== undefined) visit.explanation = explain(looked, grounds)
    return { found: distinct(ranked, textOf, limit).map(foundOf), grounds, vector }
  }, Effect.scoped)

  return Context.make(Retriever, { retrieve }).pipe(Context.add(Calibration.Calibration, calibration))
})

export const layer = Layer.effectContext(make)
