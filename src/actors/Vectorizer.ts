/** passages → vectors. Embeds what waits, in batches, and removes the vectors of what is gone; late vectors lose nothing. */
import { Deferred, Duration, Effect, Latch, Metric, Option, Schedule, Stream } from "effect"
import { type PassagesError, type Unembedded, Passages } from "../knowledge/Passages.ts"
import { textToEmbed } from "../domain/Retrieval.ts"
import { collectionOf, isOfEmbedder, metadataOf } from "../knowledge/Collections.ts"
import { Embedder, type EmbedderError } from "../model/Embedder.ts"
import { VectorStore, type VectorStoreError } from "../vectors/VectorStore.ts"
import * as Supervise from "./Supervise.ts"

/** Passages read, embedded and upserted together: as many as take about a second, whatever the embedder's speed. */
const smallest = 16
const largest = 256
const roundMillis = 1_000

/** After so long without news, what the vector store has is compared with what was written to it. */
const idleUntilCompared = Duration.minutes(10)

const vectorsTotal = Metric.counter("rtfm_vectorizer_vectors_total", {
  description: "Vectors written to the vector store",
  incremental: true
})

/** Between attempts while the embedder or the vector store is away. */
const waits = Schedule.min([Schedule.exponential("200 millis"), Schedule.spaced("10 seconds")]).pipe(Schedule.jittered)

type Failure = PassagesError | EmbedderError | VectorStoreError

const isAway = (error: Failure): boolean => error._tag !== "PassagesError" && error.retryable

const textOf = ({ kind, passage, title }: Unembedded): string => textToEmbed({ kind, title, text: passage.text })

export const actor = Effect.gen(function* () {
  const passages = yield* Passages
  const embedder = yield* Embedder
  const vectors = yield* VectorStore
  const vitals = Supervise.vitals()
  const stop = yield* Deferred.make<void>()
  const news = Latch.makeUnsafe(false)
  let size = smallest

  const upsert = Effect.fnUntraced(function* (waiting: ReadonlyArray<Unembedded>) {
    const embedded = yield* embedder.embedPassages(waiting.map(textOf))
    const rows = waiting.map((each, i) => ({
      id: each.passage.id,
      vector: embedded[i]!,
      metadata: metadataOf(each),
      collection: collectionOf(each.serverId, embedder.id)
    }))
    for (const [collection, group] of Map.groupBy(rows, (row) => row.collection)) {
      yield* vectors.upsert(collection, group)
    }
    yield* passages.markEmbedded(
      embedder.id,
      waiting.map(({ passage }) => passage.id)
    )
    yield* Metric.update(vectorsTotal, waiting.length)
  })

  const removeOrphans = Effect.gen(function* () {
    const orphans = yield* passages.orphans(largest)
    for (const [collection, group] of Map.groupBy(orphans, ({ serverId }) => collectionOf(serverId, embedder.id))) {
      yield* vectors.delete(
        collection,
        group.map(({ passageId }) => passageId)
      )
    }
    yield* passages.forgetOrphans(orphans.map(({ passageId }) => passageId))
    return orphans.length
  })

  /** One round; how many rows it dealt with. */
  const round = Effect.gen(function* () {
    const removed = yield* removeOrphans
    const waiting = yield* passages.unembedded(embedder.id, size)
    if (waiting.length === 0) return removed
    vitals.inHand = waiting.length
    const [took] = yield* Effect.timed(upsert(waiting))
    vitals.inHand = 0
    vitals.handled += waiting.length
    vitals.failedStarts = 0
    size = Math.min(largest, Math.max(smallest, Math.round((waiting.length * roundMillis) / Duration.toMillis(took))))
    return removed + waiting.length
  })

  /** A vector store that was emptied or replaced fails nowhere; it only has less than was written to it. */
  const compare = Effect.gen(function* () {
    yield* Effect.repeat(removeOrphans, { while: (removed) => removed > 0 })
    const { passages: all } = yield* passages.counts
    const written = all - (yield* passages.countUnembedded(embedder.id))
    const ours = (yield* vectors.collections).filter((collection) => isOfEmbedder(collection, embedder.id))
    const kept = (yield* Effect.forEach(ours, vectors.count)).reduce((sum, count) => sum + count, 0)
    if (kept >= written) return
    yield* Effect.logWarning(`the vector store has ${kept} of ${written} vectors; making them again`)
    yield* passages.forgetVectors(embedder.id)
  })

  const failed = (error: Failure) => {
    const known = vitals.lastError === error.message
    vitals.inHand = 0
    vitals.lastError = error.message
    if (!isAway(error)) return Effect.void
    vitals.retries++
    return known ? Effect.void : Effect.logWarning(`vectors have to wait: ${error.message}`)
  }
  /** What waits is not lost and text finds it, so a part that is away is waited for. */
  const patiently = <A>(effect: Effect.Effect<A, Failure>) =>
    effect.pipe(Effect.tapError(failed), Effect.retry({ while: isAway, schedule: waits }))

  const catchUp = Effect.repeat(patiently(round), { while: (rows) => rows > 0 })

  const work = Effect.gen(function* () {
    yield* patiently(compare)
    while (true) {
      yield* catchUp
      const woken = yield* Effect.timeoutOption(Latch.await(news), idleUntilCompared)
      news.closeUnsafe()
      if (Option.isNone(woken)) yield* patiently(compare)
    }
  })

  const listen = Stream.runForEach(passages.changes, () => news.open)

  return {
    name: "vectorizer",
    route: "passages → vectors",
    group: null,
    vitals,
    run: Effect.raceFirst(
      Effect.all([listen, work], { concurrency: "unbounded", discard: true }),
      Deferred.await(stop)
    ),
    drain: Effect.asVoid(Deferred.succeed(stop, undefined))
  } satisfies Supervise.Actor
})
