/** Takes documentation in: what is new or changed is sent to be indexed. */
import { Context, type Effect, Schema } from "effect"
import type { IngestReport } from "./Api.ts"

export class IngestError extends Schema.TaggedError<IngestError>()("IngestError", {
  reason: Schema.Literals(["invalid", "unavailable"]),
  detail: Schema.String
}) {}

export class Ingester extends Context.Service<
  Ingester,
  {
    ingest(batch: {
      readonly source: string
      readonly documents: ReadonlyArray<{ readonly path: string; readonly text: string }>
      readonly removeMissing: boolean
      readonly baseUrl?: string
    }): Effect.Effect<typeof IngestReport.Type, IngestError>
  }
>()("rtfm/web/Ingester") {}
