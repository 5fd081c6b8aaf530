/** Question and passages to an answer with citations, or a refusal. */
import { Context, type Effect, Schema } from "effect"
import type { AnswerMode, Citation } from "../domain/Answer.ts"
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
}

export class Writer extends Context.Service<
  Writer,
  {
    write(question: string, retrieval: Retrieval): Effect.Effect<Written, WriterError>
  }
>()("rtfm/model/Writer") {}
