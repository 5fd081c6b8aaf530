/** Vectors of passages, found by nearness. Takes vectors; embedding stays outside. */
import { Context, type Effect, Schema } from "effect"

/** `unreachable`: the store does not answer; `invalid`: the request can never succeed; `failed`: anything else. */
export const VectorStoreFailure = Schema.Literals(["unreachable", "invalid", "failed"])

export class VectorStoreError extends Schema.TaggedError<VectorStoreError>()("VectorStoreError", {
  reason: VectorStoreFailure,
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

/** Keeps rows whose field has one of the values (none of an empty list); several fields must all match. */
export type Where = Readonly<Record<string, ReadonlyArray<string>>>

export interface VectorStoreStatus {
  /** `memory`: lost at the end of the process; `embedded`: a server of our own; `remote`: a server elsewhere. */
  readonly kind: "memory" | "embedded" | "remote"
  readonly state: "starting" | "up" | "down"
  /** When it came into this state, in milliseconds since the epoch. */
  readonly since: number
  /** How often our own server was started again since the process started. */
  readonly restarts: number
  /** Process id of our own server while it runs. */
  readonly pid: number | null
  /** What it is and how it is, in one sentence without secrets. */
  readonly detail: string
  /** `open`: calls fail at once, without being tried. */
  readonly breaker: "closed" | "open" | "half-open"
}

export class VectorStore extends Context.Service<
  VectorStore,
  {
    /**
     * Adds or replaces rows; of two with one id the later counts. The collection is made on first use and takes its
     * dimensions from its first row; other dimensions are `invalid`. All rows of a collection carry the same fields.
     * Up to 1,000 rows are stored as one; more are stored in several steps. Worth repeating whole after a failure.
     */
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
    /** An unknown collection is no error. */
    dropCollection(collection: string): Effect.Effect<void, VectorStoreError>
    /** Cheap enough to be asked whenever somebody looks. */
    readonly status: Effect.Effect<VectorStoreStatus>
  }
>()("rtfm/vectors/VectorStore") {}
