/** Gemini behind Effect's `LanguageModel`: text and JSON, whole or streamed; no tools, so that nothing it reads can call one. */
import type { Content, GenerateContentConfig, GenerateContentResponse, ThinkingLevel } from "@google/genai"
import { Effect, Layer, type Schema, Stream } from "effect"
import { LanguageModel, Model, Prompt, type Response, Tool } from "effect/ai"
import { OutputSchema } from "../OutputSchema.ts"
import { type Call, type Calls, type Patience, roughTokens, type Use } from "./Calls.ts"
import { GeminiError, toAiError } from "./GeminiError.ts"
import type { Thinking } from "./GeminiSettings.ts"

export interface Options {
  readonly model: string
  readonly use: Use
  readonly patience: Patience
  readonly thinking: Thinking
}

/** Answers are short; one that does not end is stopped here. What is thought counts, too. */
const maxOutputTokens = 4_096

const textOf = (message: Prompt.Message): string =>
  typeof message.content === "string"
    ? message.content
    : message.content.map((part) => (part.type === "text" ? part.text : "")).join("")

const turnOf = (message: Prompt.Message): Content => ({
  role: message.role === "assistant" ? "model" : "user",
  parts: [{ text: textOf(message) }]
})

/** Models before the third generation, and those that are no Gemini, refuse to be told. */
const thinkingOf = ({ model, thinking }: Options): GenerateContentConfig =>
  thinking === "auto" || !/^gemini-(?![12]\.)/.test(model)
    ? {}
    : { thinkingConfig: { thinkingLevel: thinking.toUpperCase() as ThinkingLevel } }

// No temperature: models of today do not regard it, and those to come refuse it.
const configOf = (options: Options, prompt: Prompt.Prompt, schema: Schema.Top | undefined): GenerateContentConfig => ({
  systemInstruction: prompt.content
    .filter(({ role }) => role === "system")
    .map(textOf)
    .join("\n\n"),
  ...thinkingOf(options),
  maxOutputTokens,
  automaticContinuation: false,
  ...(schema !== undefined && {
    responseMimeType: "application/json",
    responseJsonSchema: Tool.getJsonSchemaFromSchema(schema)
  })
})

const requestOf = (options: Options, prompt: Prompt.Prompt, schema: Schema.Top | undefined) => ({
  model: options.model,
  contents: prompt.content.filter(({ role }) => role !== "system").map(turnOf),
  config: configOf(options, prompt, schema)
})

const callOf = ({ model, patience, use }: Options, prompt: Prompt.Prompt): Call => ({
  use,
  model,
  patience,
  tokens: roughTokens(prompt.content.map(textOf))
})

const safetyStops = new Set<string>(["SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE"])

/** Why there is no answer in a response that is well-formed; `undefined` when there may be one. */
const problemOf = ({ candidates, promptFeedback }: GenerateContentResponse): GeminiError | undefined => {
  if (promptFeedback?.blockReason !== undefined) {
    return new GeminiError({ kind: "blocked", detail: `Gemini declined the question: ${promptFeedback.blockReason}.` })
  }
  const stop = candidates?.[0]?.finishReason
  if (stop !== undefined && safetyStops.has(stop)) {
    return new GeminiError({ kind: "blocked", detail: `Gemini stopped its answer: ${stop}.` })
  }
  if (stop === "MALFORMED_RESPONSE" || stop === "OTHER") {
    return new GeminiError({ kind: "nonsense", detail: `Gemini's answer ended with ${stop}.` })
  }
}

/** What was said, without what was thought. */
const saidIn = ({ candidates }: GenerateContentResponse): string =>
  (candidates?.[0]?.content?.parts ?? []).map(({ text, thought }) => (thought === true ? "" : (text ?? ""))).join("")

const finish = ({ candidates, usageMetadata }: GenerateContentResponse): Response.FinishPartEncoded => {
  const { candidatesTokenCount, cachedContentTokenCount, promptTokenCount, thoughtsTokenCount } = usageMetadata ?? {}
  return {
    type: "finish",
    reason: candidates?.[0]?.finishReason === "MAX_TOKENS" ? "length" : "stop",
    response: undefined,
    usage: {
      inputTokens: {
        total: promptTokenCount,
        uncached: promptTokenCount,
        cacheRead: cachedContentTokenCount,
        cacheWrite: undefined
      },
      outputTokens: { total: candidatesTokenCount, text: candidatesTokenCount, reasoning: thoughtsTokenCount }
    }
  }
}

const unfinished = new GeminiError({ kind: "cut", detail: "Gemini's answer ended in the middle." })

/** The parts of an answer from its pieces; fails when it is declined or does not end. */
const partsOf = (pieces: Stream.Stream<GenerateContentResponse, GeminiError>) =>
  Stream.suspend(() => {
    let last: GenerateContentResponse | undefined
    const deltas = pieces.pipe(
      Stream.mapEffect((piece) => Effect.suspend(() => problemOf((last = piece)) ?? Effect.succeed(saidIn(piece)))),
      Stream.filter((delta) => delta !== ""),
      Stream.map((delta): Response.StreamPartEncoded => ({ type: "text-delta", id: "0", delta }))
    )
    const end = Stream.unwrap(
      Effect.suspend(() =>
        last?.candidates?.[0]?.finishReason === undefined
          ? unfinished
          : Effect.succeed(Stream.make<Array<Response.StreamPartEncoded>>({ type: "text-end", id: "0" }, finish(last)))
      )
    )
    const start: Response.StreamPartEncoded = { type: "text-start", id: "0" }
    return Stream.make(start).pipe(Stream.concat(deltas), Stream.concat(end))
  })

export const make = (calls: Calls, options: Options) =>
  LanguageModel.make({
    generateText: Effect.fnUntraced(
      function* ({ prompt, responseFormat }) {
        const schema = responseFormat.type === "json" ? responseFormat.schema : yield* OutputSchema
        const answer = yield* calls.generate(callOf(options, prompt), requestOf(options, prompt, schema))
        const problem = problemOf(answer)
        if (problem !== undefined) return yield* problem
        return [{ type: "text" as const, text: saidIn(answer) }, finish(answer)]
      },
      Effect.mapError(toAiError("generateText"))
    ),
    streamText: ({ prompt }) =>
      Stream.unwrap(
        Effect.map(OutputSchema, (schema) =>
          partsOf(calls.stream(callOf(options, prompt), requestOf(options, prompt, schema)))
        )
      ).pipe(Stream.mapError(toAiError("streamText")))
  })

export const model = (calls: Calls, options: Options) =>
  Model.make("gemini", options.model, Layer.effect(LanguageModel.LanguageModel, make(calls, options)))
