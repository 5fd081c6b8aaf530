/**
 * passages → vectors. Embeds what waits, in batches, and removes the vectors of what is gone; late vectors lose nothing.
 * It makes those of the index that answers; the Reindexer makes those of the one that is built beside it.
 */
import { Duration, Effect, Latch, Option, Schedule, Stream } from "effect"
import { collectionIn, isOfIndex } from "../knowledge/Collections.ts"
import { type Index, Indexes } from "../knowledge/Indexes.ts"
import { Passages } from "../knowledge/Passages.ts"
import { VectorStore } from "../vectors/VectorStore.ts"
import * as Filling from "./Filling.ts"
import * as Supervise from "./Supervise.ts"
import * as Watcher from "./Watcher.ts"

/** Vectors of gone passages removed together. */
const largest = 256

/** After so long without news, what the vector store has is compared with what was written to it. */
const idleUntilCompared = Duration.minutes(10)

/** Between attempts while the embedder or the vector store is away. */
export const waits = Schedule.min([Schedule.exponential("200 millis"), Schedule.spaced("10 seconds")]).pipe(
  Schedule.jittered
)

export const actor = Effect.gen(function* () {
  const passages = yield* Passages
  const indexes = yield* Indexes
  const vectors = yield* VectorStore
  const vitals = Supervise.vitals()
  const news = Latch.makeUnsafe(false)
  const fill = yield* Filling.make("vectorizer")

  const removeOrphans = Effect.gen(function* () {
    const orphans = yield* passages.orphans(largest)
    for (const { name } of yield* indexes.all) {
      for (const [collection, group] of Map.groupBy(orphans, ({ serverId }) => collectionIn(serverId, name))) {
        yield* vectors.delete(
          collection,
          group.map(({ passageId }) => passageId)
        )
      }
    }
    yield* passages.forgetOrphans(orphans.map(({ passageId }) => passageId))
    return orphans.length
  })

  /** One round; how many rows it dealt with. */
  const round = Effect.gen(function* () {
    const removed = yield* removeOrphans
    return removed + (yield* fill(yield* indexes.live, vitals))
  })

  /** A vector store that was emptied or replaced fails nowhere; it only has less than was written to it. */
  const compareIndex = Effect.fnUntraced(function* ({ name }: Index) {
    const { passages: all } = yield* passages.counts
    const written = all - (yield* passages.countUnembedded(name))
    const ours = (yield* vectors.collections).filter((collection) => isOfIndex(collection, name))
    const kept = (yield* Effect.forEach(ours, vectors.count)).reduce((sum, count) => sum + count, 0)
    if (kept >= written) return
    yield* Effect.logWarning(`the vector store has ${kept} of ${written} vectors; making them again`)
    yield* passages.forgetVectors(name)
  })
  const compare = Effect.gen(function* () {
    yield* Effect.repeat(removeOrphans, { while: (removed) => removed > 0 })
    for (const index of yield* indexes.all) yield* compareIndex(index)
  })

  const failed = (error: Filling.Failure) => {
    const known = vitals.lastError === error.message
    vitals.inHand = 0
    vitals.lastError = error.message
    if (!Filling.isAway(error)) return Effect.void
    vitals.retries++
    return known ? Effect.void : Effect.logWarning(`vectors have to wait: ${error.message}`)
  }
  /** What waits is not lost and text finds it, so a part that is away is waited for. */
  const patiently = <A>(effect: Effect.Effect<A, Filling.Failure>) =>
    effect.pipe(Effect.tapError(failed), Effect.retry({ while: Filling.isAway, schedule: waits }))

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

  return yield* Watcher.make({
    name: "vectorizer",
    route: "passages → vectors",
    vitals,
    work: [listen, work]
  })
})
