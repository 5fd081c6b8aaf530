/** Text to vectors. */
import { Context, type Effect, Schema } from "effect"

export class EmbedderError extends Schema.TaggedError<EmbedderError>()("EmbedderError", {
  /** `unavailable`: it cannot be loaded or reached; `invalid`: the text can never be embedded; `failed`: anything else. */
  reason: Schema.Literals(["unavailable", "invalid", "failed"]),
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

export interface EmbedderStatus {
  /** `idle`: takes no memory and is loaded by the next text. */
  readonly state: "idle" | "loading" | "loaded" | "unavailable"
  /** One sentence for people. */
  readonly detail: string
  /** Whether it is a service elsewhere; absent: it runs here. */
  readonly kind?: "embedded" | "real"
  /** Circuit breaker before a service. */
  readonly breaker?: "closed" | "open" | "half-open"
}

export class Embedder extends Context.Service<
  Embedder,
  {
    /** Names the model; vectors of different ids do not mix, so it is part of a collection's name. `[a-z0-9-]+`. */
    readonly id: string
    readonly dimensions: number
    /** Vectors of unit length, in the order of the texts. */
    embedPassages(texts: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Float32Array>, EmbedderError>
    /** Vectors of unit length to compare with those of passages. Goes before any passages that wait. */
    embedQueries(texts: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Float32Array>, EmbedderError>
    readonly status: Effect.Effect<EmbedderStatus>
  }
>()("rtfm/model/Embedder") {}
