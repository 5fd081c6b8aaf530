/** Question and audience to passages: the one way to what is known, for the Answerer, the API, the CLI and the evaluation. */
import { Context, type Effect } from "effect"
import type { Audience } from "../domain/Audience.ts"
import type { Chunk, PassagesError } from "./Passages.ts"

/** What a chunk's rank is made of; each part before its weight. */
export interface Signals {
  /** bm25 divided by the best of this question, 0 to 1. */
  readonly text: number
  /** Cosine of its best passage; 0 without vectors. */
  readonly cosine: number
  /** Share of the question's terms that occur, weighted by rarity, 0 to 1. */
  readonly coverage: number
  /** Share of the question's neighbouring terms that stand together, 0 to 1. */
  readonly bigrams: number
  /** Share of the question's terms in the title, weighted by rarity, 0 to 1. */
  readonly title: number
}

export interface Found {
  readonly chunk: Chunk
  readonly score: number
  readonly signals: Signals
  /** The passage of the chunk that fits best. */
  readonly bestPassageId: string
}

export interface Retrieval {
  /** Best first. */
  readonly found: ReadonlyArray<Found>
  /** Whether there are grounds to answer: `score > threshold`. */
  readonly grounds: {
    readonly score: number
    readonly threshold: number
    readonly enough: boolean
  }
  /** The question's vector; `null` when the embedder or the vector store did not serve, and text search stood alone. */
  readonly vector: Float32Array | null
}

export class Retriever extends Context.Service<
  Retriever,
  {
    retrieve(
      question: string,
      audience: Audience,
      options?: { readonly limit?: number }
    ): Effect.Effect<Retrieval, PassagesError>
  }
>()("rtfm/knowledge/Retriever") {}
