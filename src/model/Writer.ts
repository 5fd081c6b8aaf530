/** Question and passages to an answer with citations, or a refusal. */
import { Context, type Effect, Schema } from "effect"
import type { AnswerMode, Citation } from "../domain/Answer.ts"
import type { QueryContext } from "../domain/Question.ts"
import type { Retrieval } from "../knowledge/Retriever.ts"

export class WriterError extends Schema.TaggedError<WriterError>()("WriterError", {
  reason: Schema.Literals(["unavailable", "failed"]),
  detail: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message() {
    return this.detail
  }
  get retryable(): boolean {
    return true
  }
}

export interface Written {
  /** Markdown; `[n]` refers to a citation. */
  readonly text: string
  readonly refused: boolean
  readonly mode: AnswerMode
  readonly citations: ReadonlyArray<Citation>
  /** How sure a model was that the passages answer the question, 0 to 1; absent when none said. */
  readonly certainty?: number
}

export interface WriteOptions {
  /** What was said where the question was asked. */
  readonly context?: QueryContext
  /** Who asks: what a model may write for one person a day can be limited. */
  readonly askerId?: string
  /** Told what is written so far, each time there is more of it; what it does delays the rest. */
  readonly onDraft?: (text: string) => Effect.Effect<void>
}

export interface WriterStatus {
  readonly kind: "embedded" | "real"
  readonly up: boolean
  /** One sentence for people. */
  readonly detail: string
  readonly breaker?: "closed" | "open" | "half-open"
}

export class Writer extends Context.Service<
  Writer,
  {
    write(question: string, retrieval: Retrieval, options?: WriteOptions): Effect.Effect<Written, WriterError>
    readonly status: Effect.Effect<WriterStatus>
  }
>()("rtfm/model/Writer") {}
