/** Question and audience to passages: the one way to what is known, for the Answerer, the API, the CLI and the evaluation. */
import { Context, type Effect } from "effect"
import type { Audience } from "../domain/Audience.ts"
import type { Grounds } from "../domain/Grounds.ts"
import type { Signals } from "../domain/Retrieval.ts"
import type { Chunk, PassagesError } from "./Passages.ts"

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
  /** Whether there is reason to answer. */
  readonly grounds: Grounds
  /** The question's vector; `null` when the embedder or the vector store did not serve, and text search stood alone. */
  readonly vector: Float32Array | null
}

export class Retriever extends Context.Service<
  Retriever,
  {
    retrieve(
      question: string,
      audience: Audience,
      options?: {
        readonly limit?: number
        /** Chunks to leave out, as if they were not known. */
        readonly without?: ReadonlySet<string>
        /** Where words alone are no reason to answer, wait longer for a vector that is late. */
        readonly patient?: boolean
      }
    ): Effect.Effect<Retrieval, PassagesError>
  }
>()("rtfm/knowledge/Retriever") {}
