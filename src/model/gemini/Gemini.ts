/** Gemini by settings: one way to its API for embedding and writing, with a second model where one is named. */
import { Context, Effect, ExecutionPlan, Layer, Metric, Option, type Redacted } from "effect"
import { type AiError, LanguageModel } from "effect/ai"
import { Allowance, layerUnlimited } from "../Allowance.ts"
import { Embedder } from "../Embedder.ts"
import * as ModelWriter from "../ModelWriter.ts"
import { Writer, type WriterStatus } from "../Writer.ts"
import * as Calls from "./Calls.ts"
import * as Client from "./Client.ts"
import * as GeminiEmbedder from "./GeminiEmbedder.ts"
import * as GeminiLanguageModel from "./GeminiLanguageModel.ts"
import * as Settings from "./GeminiSettings.ts"
import * as Pace from "./Pace.ts"

const costTotal = Metric.counter("rtfm_model_cost_dollars_total", {
  description: "What the model cost by the prices that are set, by use",
  incremental: true
})

/** How long calls may take; tests shorten it. */
export const Patience = Context.Reference<typeof Calls.usualPatience>("rtfm/model/gemini/Patience", {
  defaultValue: () => Calls.usualPatience
})

const dollarsOf = (prices: Settings.Prices, use: Calls.Use, { input, output, thoughts }: Calls.Usage): number =>
  (use === "embed" ? input * prices.embedding : input * prices.input + (output + thoughts) * prices.output) / 1e6

/** The one way to the API. */
class Gemini extends Context.Service<Gemini, Calls.Calls>()("rtfm/model/gemini/Gemini") {}

const layerCalls = (apiKey: Redacted.Redacted) =>
  Layer.effect(
    Gemini,
    Effect.gen(function* () {
      const allowance = yield* Allowance
      const url = yield* Settings.baseUrl.config
      const prices = yield* Settings.prices.config
      const client = yield* Client.make({ apiKey, ...(Option.isSome(url) && { baseUrl: url.value.href }) })
      const pace = yield* Pace.make({
        requests: Option.getOrUndefined(yield* Settings.requestsPerMinute.config),
        tokens: Option.getOrUndefined(yield* Settings.tokensPerMinute.config)
      })
      const spent: Calls.Spent = (use, usage) => {
        const dollars = dollarsOf(prices, use, usage)
        return Effect.andThen(
          Metric.update(Metric.withAttributes(costTotal, { use }), dollars),
          allowance.spend(dollars)
        )
      }
      return yield* Calls.make(client, pace, spent)
    })
  )

const layerEmbedder = Layer.effect(
  Embedder,
  Effect.gen(function* () {
    const model = yield* Settings.embeddingModel.config
    return yield* GeminiEmbedder.make(yield* Gemini, { model, patience: yield* Patience })
  })
)

/** Asked a second time, a model may write what it was asked for. */
const oncemore = {
  attempts: 2,
  while: ({ reason }: AiError.AiError) => reason._tag === "InvalidOutputError"
}

const planOf = Effect.fnUntraced(function* (model: string, fallback: string | undefined) {
  const calls = yield* Gemini
  const { write: patience } = yield* Patience
  const thinking = yield* Settings.thinking.config
  const provide = (model: string, use: Calls.Use) =>
    Effect.map(GeminiLanguageModel.make(calls, { model, use, patience, thinking }), (service) =>
      Context.make(LanguageModel.LanguageModel, service)
    )
  const first = { provide: yield* provide(model, "write"), ...oncemore }
  return fallback === undefined
    ? ExecutionPlan.make(first)
    : ExecutionPlan.make(first, { provide: yield* provide(fallback, "fallback") })
})

/** A model by its name, without a second one, a budget or a limit for a person. */
export const layerModel = (apiKey: Redacted.Redacted, model: string) =>
  Layer.effect(
    LanguageModel.LanguageModel,
    Effect.gen(function* () {
      const { write: patience } = yield* Patience
      const thinking = yield* Settings.thinking.config
      return yield* GeminiLanguageModel.make(yield* Gemini, { model, use: "write", patience, thinking })
    })
  ).pipe(Layer.provide(layerCalls(apiKey)), Layer.provide(layerUnlimited))

const statusOf = (calls: Calls.Calls, model: string): Effect.Effect<WriterStatus> =>
  Effect.map(calls.breaker("write"), (breaker) => {
    const trouble = calls.trouble("write")
    return {
      kind: "real",
      up: trouble === undefined,
      detail: trouble === undefined ? `${model} of Gemini` : `${model} of Gemini: ${trouble}`,
      breaker
    }
  })

const layerWriter = Layer.effect(
  Writer,
  Effect.gen(function* () {
    const calls = yield* Gemini
    const model = yield* Settings.writingModel.config
    const plan = yield* planOf(model, Option.getOrUndefined(yield* Settings.fallbackModel.config))
    return yield* ModelWriter.make({ plan, allowance: yield* Allowance, status: statusOf(calls, model) })
  })
)

/** Embedder and writer; `below` answers with quotes when Gemini does not write. */
export const layer = <E, R>(apiKey: Redacted.Redacted, below: Layer.Layer<Writer, E, R>) =>
  layerWriter.pipe(Layer.provide(below), Layer.provideMerge(layerEmbedder), Layer.provide(layerCalls(apiKey)))
