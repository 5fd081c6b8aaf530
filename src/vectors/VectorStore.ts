/** Vectors of passages, found by nearness. Takes vectors; embedding stays outside. */
import { Context, type Effect, Schema } from "effect"

export class VectorStoreError extends Schema.TaggedError<VectorStoreError>()("VectorStoreError", {
  /** `unreachable`: the store does not answer; `invalid`: the request can never succeed; `failed`: anything else. */
  reason: Schema.Literals(["unreachable", "invalid", "failed"]),
  /** One sentence that names what was tried and why it failed. */
  detail: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message() {
    return this.detail
  }
  get retryable(): boolean {
    return this.reason !== "invalid"
  }
}

export type Metadata = Readonly<Record<string, string | number | boolean>>

export interface VectorRow {
  readonly id: string
  /** Unit length; the collection's dimensions. */
  readonly vector: Float32Array
  readonly metadata: Metadata
}

export interface VectorHit {
  readonly id: string
  /** Cosine similarity, -1 to 1. */
  readonly cosine: number
  readonly metadata: Metadata
}

/** Keeps rows whose field has one of the values; several fields must all match. */
export type Where = Readonly<Record<string, ReadonlyArray<string>>>

export class VectorStore extends Context.Service<
  VectorStore,
  {
    /** Adds or replaces rows. The collection is made on first use. At most 1,000 rows. */
    upsert(collection: string, rows: ReadonlyArray<VectorRow>): Effect.Effect<void, VectorStoreError>
    /** The `k` nearest rows, nearest first; an unknown collection has none. */
    query(
      collection: string,
      vector: Float32Array,
      k: number,
      where?: Where
    ): Effect.Effect<ReadonlyArray<VectorHit>, VectorStoreError>
    /** Unknown ids and collections are no error. */
    delete(collection: string, ids: ReadonlyArray<string>): Effect.Effect<void, VectorStoreError>
    /** 0 for an unknown collection. */
    count(collection: string): Effect.Effect<number, VectorStoreError>
    readonly collections: Effect.Effect<ReadonlyArray<string>, VectorStoreError>
    dropCollection(collection: string): Effect.Effect<void, VectorStoreError>
  }
>()("rtfm/vectors/VectorStore") {}
