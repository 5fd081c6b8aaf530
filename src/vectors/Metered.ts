/** What a vector store does, counted. */
import { Duration, Effect, Metric } from "effect"
import { type VectorStore, type VectorStoreError, VectorStoreFailure } from "./VectorStore.ts"

const upsertRows = Metric.counter("rtfm_vectors_upsert_rows_total", {
  description: "Vectors stored",
  incremental: true
})
const upsertBatches = Metric.counter("rtfm_vectors_upsert_batches_total", {
  description: "Calls that stored vectors",
  incremental: true
})
const querySeconds = Metric.histogram("rtfm_vectors_query_seconds", {
  description: "Time a search for the nearest vectors took",
  boundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
})
const failures = Metric.counter("rtfm_vectors_failures_total", {
  description: "Calls of the vector store that failed",
  incremental: true
})
const failuresBy = new Map(
  VectorStoreFailure.literals.map((reason) => [reason, Metric.withAttributes(failures, { reason })])
)

const countFailure = (error: VectorStoreError) => Metric.update(failuresBy.get(error.reason)!, 1)

/** Shows every count from the start, so that a rate is known from the first event on. */
const zero = Effect.forEach([upsertRows, upsertBatches, ...failuresBy.values()], (metric) => Metric.update(metric, 0), {
  discard: true
})

/** The same store, counting rows, batches, failures and the time of queries. */
export const metered = (store: VectorStore["Service"]): Effect.Effect<VectorStore["Service"]> =>
  Effect.as(zero, {
    upsert: (collection, rows) =>
      store
        .upsert(collection, rows)
        .pipe(
          Effect.tap(Metric.update(upsertRows, rows.length)),
          Effect.tap(Metric.update(upsertBatches, 1)),
          Effect.tapError(countFailure)
        ),
    query: (collection, vector, k, where) =>
      store
        .query(collection, vector, k, where)
        .pipe(Effect.trackDuration(querySeconds, Duration.toSeconds), Effect.tapError(countFailure)),
    delete: (collection, ids) => Effect.tapError(store.delete(collection, ids), countFailure),
    count: (collection) => Effect.tapError(store.count(collection), countFailure),
    collections: Effect.tapError(store.collections, countFailure),
    dropCollection: (collection) => Effect.tapError(store.dropCollection(collection), countFailure),
    status: store.status
  })
