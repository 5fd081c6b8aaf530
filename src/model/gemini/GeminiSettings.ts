/** Whether Gemini embeds and writes, which of its models do, and how much may be used. */
import { Config, Redacted, Schema } from "effect"
import * as Setting from "../../runtime/Setting.ts"

/** It travels in a header, which takes nothing else. */
const Key = Schema.String.check(Schema.isPattern(/^\s*[\x21-\x7e]+\s*$/))

export const apiKey = Setting.optional("GEMINI_API_KEY", {
  description: "Key of Gemini's API, which then embeds and writes; absent: local embeddings and quotes",
  expected: "a key from https://aistudio.google.com/apikey",
  config: (name) => Config.schema(Key, name).pipe(Config.map((key) => Redacted.make(key.trim()))),
  secret: true
})

const ModelName = Schema.String.check(Schema.isPattern(/^[a-z0-9][a-z0-9._-]{0,99}$/))
const modelName = (name: string) => Config.schema(ModelName, name)

export const writingModel = Setting.withDefault("GEMINI_MODEL", {
  description: "Model that writes answers",
  expected: "the name of a model, such as gemini-flash-latest",
  config: modelName,
  fallback: "gemini-flash-latest",
  value: "gemini-flash-latest"
})

export const fallbackModel = Setting.optional("GEMINI_FALLBACK_MODEL", {
  description: "Model that writes when GEMINI_MODEL does not; absent: answers are quotes then",
  expected: "the name of another model, such as gemini-flash-lite-latest",
  config: modelName
})

/** What the API calls it, and `auto` for what the model does by itself. */
export const Thinking = Schema.Literals(["minimal", "low", "medium", "high", "auto"])
export type Thinking = typeof Thinking.Type

export const thinking = Setting.withDefault<Thinking>("GEMINI_THINKING", {
  description: "How much a model thinks before it writes; more takes longer and is paid for like what it writes",
  expected: "minimal, low, medium, high, or auto for what the model does by itself",
  config: (name) => Config.schema(Thinking, name),
  fallback: "low",
  value: "low"
})

export const embeddingModel = Setting.withDefault("GEMINI_EMBEDDING_MODEL", {
  description: "Model that embeds; another one makes every vector anew",
  expected: "the name of an embedding model with 768 dimensions",
  config: modelName,
  fallback: "gemini-embedding-001",
  value: "gemini-embedding-001"
})

const HttpUrl = Schema.URLFromString.check(
  Schema.makeFilter((url) => /^https?:$/.test(url.protocol) && url.username === "" && url.password === "")
)

export const baseUrl = Setting.optional("GEMINI_BASE_URL", {
  description: "Where Gemini's API is; absent: at Google",
  expected: "an http or https address without a user or password",
  config: (name) => Config.schema(HttpUrl, name)
})

const perMinute = (name: string) =>
  Config.schema(Schema.FiniteFromString.check(Schema.isInt(), Schema.isGreaterThan(0)), name)

export const requestsPerMinute = Setting.optional("GEMINI_REQUESTS_PER_MINUTE", {
  description: "Most calls of each model a minute; absent: learned from what Gemini answers",
  expected: "a whole number from 1",
  config: perMinute
})

export const tokensPerMinute = Setting.optional("GEMINI_TOKENS_PER_MINUTE", {
  description: "Most tokens sent to each model a minute; absent: learned from what Gemini answers",
  expected: "a whole number from 1",
  config: perMinute
})

/** US dollars for a million tokens. */
export interface Prices {
  readonly input: number
  readonly output: number
  readonly embedding: number
}

const price = String.raw`\s*\d+(?:\.\d+)?\s*`

/** As Google lists them for Gemini 3.8 Flash, of which half is asked for until the end of 2026, and gemini-embedding-001. */
export const prices = Setting.withDefault<Prices>("GEMINI_PRICES", {
  description: "What a million tokens cost: sent, written, embedded; the cost and the daily budget are reckoned by it",
  expected: "three amounts in US dollars, separated by commas",
  config: (name) =>
    Config.schema(Schema.String.check(Schema.isPattern(new RegExp(`^${price},${price},${price}$`))), name).pipe(
      Config.map((text) => {
        const [input, output, embedding] = text.split(",").map(Number) as [number, number, number]
        return { input, output, embedding }
      })
    ),
  fallback: "1.50,7.50,0.15",
  value: { input: 1.5, output: 7.5, embedding: 0.15 }
})

export const settings: ReadonlyArray<Setting.Setting<any>> = [
  apiKey,
  writingModel,
  fallbackModel,
  thinking,
  embeddingModel,
  baseUrl,
  requestsPerMinute,
  tokensPerMinute,
  prices
]
