/** `@google/genai` as effects: loaded when it is made, stopped when nobody waits, failing with `GeminiError`. */
import type { EmbedContentResponse, GenerateContentResponse, GenerateContentParameters } from "@google/genai"
import { Context, Effect, Redacted, Stream } from "effect"
import * as GeminiError from "./GeminiError.ts"

export interface Place {
  readonly apiKey: Redacted.Redacted
  /** Google's own by default. */
  readonly baseUrl?: string
}

/** What sends requests. */
export const Fetch = Context.Reference<typeof globalThis.fetch>("rtfm/model/gemini/Fetch", {
  defaultValue: () => globalThis.fetch
})

export type TaskType = "RETRIEVAL_DOCUMENT" | "RETRIEVAL_QUERY"

export interface Client {
  readonly generate: (
    request: GenerateContentParameters
  ) => Effect.Effect<GenerateContentResponse, GeminiError.GeminiError>
  /** In pieces, as they come. */
  readonly stream: (
    request: GenerateContentParameters
  ) => Stream.Stream<GenerateContentResponse, GeminiError.GeminiError>
  /** At most 100 texts. */
  readonly embed: (request: {
    readonly model: string
    readonly texts: ReadonlyArray<string>
    readonly taskType: TaskType
    readonly dimensions: number
  }) => Effect.Effect<EmbedContentResponse, GeminiError.GeminiError>
}

/** Aborted when its scope closes. */
const signal = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => new AbortController()),
    (controller) => Effect.sync(() => controller.abort())
  ),
  (controller) => controller.signal
)

export const make = Effect.fnUntraced(function* ({ apiKey, baseUrl }: Place) {
  const { GoogleGenAI } = yield* Effect.promise(() => import("@google/genai"))
  const { models } = new GoogleGenAI({
    apiKey: Redacted.value(apiKey),
    vertexai: false,
    httpOptions: { fetch: yield* Fetch, ...(baseUrl !== undefined && { baseUrl }) }
  })

  const client: Client = {
    generate: (request) =>
      Effect.tryPromise({
        try: (abortSignal) => models.generateContent({ ...request, config: { ...request.config, abortSignal } }),
        catch: GeminiError.from
      }),
    stream: (request) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const abortSignal = yield* signal
          const pieces = yield* Effect.tryPromise({
            try: () => models.generateContentStream({ ...request, config: { ...request.config, abortSignal } }),
            catch: GeminiError.from
          })
          return Stream.fromAsyncIterable(pieces, (cause) => {
            const error = GeminiError.from(cause)
            // Once an answer has begun, a connection that fails has cut it.
            return error.kind === "unavailable" ? GeminiError.from(new Error("terminated")) : error
          })
        })
      ),
    embed: ({ dimensions, model, taskType, texts }) =>
      Effect.tryPromise({
        try: (abortSignal) =>
          models.embedContent({
            model,
            contents: texts.map((text) => ({ parts: [{ text }] })),
            config: { taskType, outputDimensionality: dimensions, abortSignal }
          }),
        catch: GeminiError.from
      })
  }
  return client
})
