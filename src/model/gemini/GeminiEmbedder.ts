/** Gemini's embeddings behind Effect's `EmbeddingModel` and our `Embedder`: texts of all callers share calls of up to 100. */
import { Cache, Duration, Effect, RequestResolver } from "effect"
import { type AiError, EmbeddingModel } from "effect/ai"
import { type Embedder, EmbedderError } from "../Embedder.ts"
import { type Calls, type Patience, roughTokens } from "./Calls.ts"
import type { TaskType } from "./Client.ts"
import { GeminiError, toAiError } from "./GeminiError.ts"

export const dimensions = 768
/** Texts of one call; the API takes no more. */
const batch = 100
/** How long a passage waits for others to share its call; questions share one only with those of the same moment. */
const gather = Duration.millis(3)
/** Vectors of questions and of the sentences of answers that are kept, 6 kB each. */
const rememberedQueries = 512

export interface Options {
  readonly model: string
  readonly patience: { readonly query: Patience; readonly documents: Patience }
}

const unit = (vector: ReadonlyArray<number>): ReadonlyArray<number> => {
  const length = Math.hypot(...vector)
  return length === 0 ? vector : vector.map((value) => value / length)
}

/** The API takes no blank text. */
const nothing = "-"

/** An `EmbeddingModel` for one kind of text; its vectors have unit length. */
export const model = (calls: Calls, name: string, taskType: TaskType, patience: Patience) =>
  EmbeddingModel.make({
    embedMany: Effect.fnUntraced(
      function* ({ inputs }) {
        const texts = inputs.map((text) => (text.trim() === "" ? nothing : text))
        const call = { use: "embed" as const, model: name, patience, tokens: roughTokens(texts) }
        const vectors = yield* calls.embed(call, { texts, taskType, dimensions })
        if (vectors.length !== texts.length || vectors.some(({ length }) => length !== dimensions)) {
          return yield* new GeminiError({
            kind: "nonsense",
            detail: `${name} did not make one vector of ${dimensions} numbers for each text.`
          })
        }
        return { results: vectors.map((vector) => [...unit(vector)]), usage: { inputTokens: call.tokens } }
      },
      Effect.mapError(toAiError("embedMany"))
    )
  })

const failed = ({ reason }: AiError.AiError): EmbedderError => {
  const detail = "description" in reason && reason.description !== undefined ? reason.description : reason.message
  return new EmbedderError({ reason: reason._tag === "InvalidRequestError" ? "invalid" : "unavailable", detail })
}

/** Every text is a request of its own, so that texts asked for at the same time share calls whoever asks. */
const shared = ({ resolver }: EmbeddingModel.EmbeddingModel, wait?: Duration.Duration) => {
  const gathered = wait === undefined ? resolver : RequestResolver.setDelay(resolver, wait)
  const batched = RequestResolver.batchN(gathered, batch)
  return (input: string) =>
    Effect.request(new EmbeddingModel.EmbeddingRequest({ input }), batched).pipe(
      Effect.map(({ vector }) => Float32Array.from(vector)),
      Effect.mapError(failed)
    )
}

/** Part of a collection's name: `[a-z0-9-]+`. */
const idOf = (name: string) => `${name.replaceAll(/[^a-z0-9]+/g, "-")}-${dimensions}`

export const make = Effect.fnUntraced(function* (calls: Calls, { model: name, patience }: Options) {
  const ofDocument = shared(yield* model(calls, name, "RETRIEVAL_DOCUMENT", patience.documents), gather)
  const ofQuery = yield* Cache.make({
    capacity: rememberedQueries,
    lookup: shared(yield* model(calls, name, "RETRIEVAL_QUERY", patience.query))
  })
  const all = { concurrency: "unbounded" } as const
  const query = (text: string) => Cache.get(ofQuery, text).pipe(Effect.tapError(() => Cache.invalidate(ofQuery, text)))

  const embedder: Embedder["Service"] = {
    id: idOf(name),
    dimensions,
    embedPassages: (texts) => Effect.forEach(texts, ofDocument, all),
    embedQueries: (texts) => Effect.forEach(texts, query, all),
    status: Effect.map(calls.breaker("embed"), (breaker) => {
      const trouble = calls.trouble("embed")
      return {
        state: trouble === undefined ? "loaded" : "unavailable",
        detail: trouble === undefined ? `${name} of Gemini` : `${name} of Gemini: ${trouble}`,
        kind: "real",
        breaker
      }
    })
  }
  return embedder
})
