/** Passages that wait to their vectors in an index, a batch at a time. */
import { Clock, Duration, Effect, Metric } from "effect"
import { textToEmbed } from "../domain/Retrieval.ts"
import { collectionIn, metadataOf } from "../knowledge/Collections.ts"
import type { Index } from "../knowledge/Indexes.ts"
import { Passages, type PassagesError, type Unembedded } from "../knowledge/Passages.ts"
import type { EmbedderError } from "../model/Embedder.ts"
import { Ways } from "../runtime/Ways.ts"
import { VectorStore, type VectorStoreError } from "../vectors/VectorStore.ts"
import type { Vitals } from "./Supervise.ts"

/** Passages read, embedded and upserted together: as many as take about a second, whatever the embedder's speed. */
const smallest = 16
const largest = 256
const roundMillis = 1_000

const vectorsTotal = Metric.counter("rtfm_vectorizer_vectors_total", {
  description: "Vectors written to the vector store",
  incremental: true
})

export type Failure = PassagesError | EmbedderError | VectorStoreError

/** The embedder or the vector store will be back. */
export const isAway = (error: Failure): boolean => error._tag !== "PassagesError" && error.retryable

const textOf = ({ kind, passage, title }: Unembedded): string => textToEmbed({ kind, title, text: passage.text })

/** The message or the document of a passage, as its way is called. */
const aboutOf = ({ passage: { chunkId, messageId } }: Unembedded): string => messageId ?? chunkId.replace(/#\d+$/, "")

/** For an actor of this name. */
export const make = Effect.fnUntraced(function* (actor: string) {
  const passages = yield* Passages
  const vectors = yield* VectorStore
  const ways = yield* Ways
  const sizes = new Map<string, number>()

  // Marked last: what a kill interrupts is made again, and nothing is marked that is not there.
  const upsert = Effect.fnUntraced(function* ({ embedder, name }: Index, waiting: ReadonlyArray<Unembedded>) {
    const embedded = yield* embedder.embedPassages(waiting.map(textOf))
    const rows = waiting.map((each, i) => ({
      id: each.passage.id,
      vector: embedded[i]!,
      metadata: metadataOf(each),
      collection: collectionIn(each.serverId, name)
    }))
    for (const [collection, group] of Map.groupBy(rows, (row) => row.collection)) {
      yield* vectors.upsert(collection, group)
    }
    yield* passages.markEmbedded(
      name,
      waiting.map(({ passage }) => passage.id)
    )
    yield* Metric.update(vectorsTotal, waiting.length)
  })

  /** One batch; how many vectors it made. */
  return Effect.fnUntraced(function* (index: Index, vitals: Vitals) {
    const waiting = yield* passages.unembedded(index.name, sizes.get(index.name) ?? smallest)
    if (waiting.length === 0) return 0
    vitals.inHand = waiting.length
    const startedAt = yield* Clock.currentTimeMillis
    const [took] = yield* Effect.timed(upsert(index, waiting))
    yield* ways.worked(waiting.map(aboutOf), /indexer$/, { actor, startedAt, endedAt: yield* Clock.currentTimeMillis })
    vitals.inHand = 0
    vitals.handled += waiting.length
    vitals.failedStarts = 0
    const fitting = Math.round((waiting.length * roundMillis) / Duration.toMillis(took))
    sizes.set(index.name, Math.min(largest, Math.max(smallest, fitting)))
    return waiting.length
  })
})
