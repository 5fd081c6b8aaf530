/** What goes wrong with a call of Gemini's API, read from what it answers, in words that hold no secret. */
import { Data, Duration, Option, Schema } from "effect"
import { AiError } from "effect/ai"

/**
 * `limited`: too many calls or tokens a minute; `exhausted`: the quota of the day or the account; `denied`: the key is
 * not accepted; `invalid`: the request never will be; `unavailable`: the service or the way to it fails; `slow`: no
 * answer in time; `cut`: the answer ended in the middle; `blocked`: declined for safety; `nonsense`: not what was asked
 * for; `resting`: not asked, because it did not answer lately.
 */
export const kinds = [
  "limited",
  "exhausted",
  "denied",
  "invalid",
  "unavailable",
  "slow",
  "cut",
  "blocked",
  "nonsense",
  "resting"
] as const
export type Kind = (typeof kinds)[number]

/** A limit that the service told. */
export interface Limit {
  readonly of: "requests" | "tokens"
  readonly perMinute: number
}

export class GeminiError extends Data.TaggedError("GeminiError")<{
  readonly kind: Kind
  /** One sentence. */
  readonly detail: string
  /** When to come back, as the service said. */
  readonly retryAfter?: Duration.Duration
  readonly limit?: Limit
}> {}

const Violation = Schema.Struct({
  quotaId: Schema.optionalKey(Schema.String),
  quotaValue: Schema.optionalKey(Schema.String)
})
const Detail = Schema.Struct({
  reason: Schema.optionalKey(Schema.String),
  retryDelay: Schema.optionalKey(Schema.String),
  violations: Schema.optionalKey(Schema.Array(Violation))
})
const Problem = Schema.fromJsonString(
  Schema.Struct({
    error: Schema.Struct({
      message: Schema.optionalKey(Schema.String),
      details: Schema.optionalKey(Schema.Array(Detail))
    })
  })
)
const decodeProblem = Schema.decodeUnknownOption(Problem)

/** The client puts the body into the message, sometimes with words before it. */
const problemOf = (message: string) =>
  Option.getOrUndefined(decodeProblem(message.slice(Math.max(0, message.indexOf("{")))))?.error

/** `34s` or `0.5s`. */
const durationOf = (text: string | undefined): Duration.Duration | undefined => {
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(text ?? "")?.[1]
  return seconds === undefined ? undefined : Duration.seconds(Number(seconds))
}

/** Its first sentence: the rest are links to documentation. */
const firstSentence = (text: string) =>
  text
    .replaceAll(/\s+/g, " ")
    .trim()
    .split(/(?<=[.!?]) /)[0]!
    .slice(0, 200)

const limitIn = (quotaId: string, value: string | undefined): Limit | undefined => {
  const perMinute = Number(value)
  if (!/PerMinute/i.test(quotaId) || !Number.isInteger(perMinute) || perMinute < 1) return undefined
  return { of: /Token/i.test(quotaId) ? "tokens" : "requests", perMinute }
}

const ofStatus = (status: number, message: string): GeminiError => {
  const problem = problemOf(message)
  const details = problem?.details ?? []
  const said = `Gemini answered ${status}${problem?.message === undefined ? "" : `: ${firstSentence(problem.message)}`}`
  const detail = said.endsWith(".") ? said : `${said}.`
  if (status === 429) {
    const retryAfter = durationOf(details.find(({ retryDelay }) => retryDelay !== undefined)?.retryDelay)
    const violations = details.flatMap(({ violations = [] }) => violations)
    const limit = violations.flatMap(({ quotaId = "", quotaValue }) => limitIn(quotaId, quotaValue) ?? [])[0]
    return new GeminiError({
      kind: violations.some(({ quotaId }) => /PerDay|PerMonth/i.test(quotaId ?? "")) ? "exhausted" : "limited",
      detail,
      ...(retryAfter !== undefined && { retryAfter }),
      ...(limit !== undefined && { limit })
    })
  }
  const denied = status === 401 || status === 403 || details.some(({ reason }) => reason === "API_KEY_INVALID")
  if (denied) return new GeminiError({ kind: "denied", detail: `${detail} GEMINI_API_KEY is not accepted.` })
  return new GeminiError({ kind: status >= 500 || status === 408 ? "unavailable" : "invalid", detail })
}

/** Of whatever the client threw. */
export const from = (cause: unknown): GeminiError => {
  const message = cause instanceof Error ? cause.message : String(cause)
  const status = cause instanceof Error && "status" in cause ? cause.status : undefined
  if (typeof status === "number") return ofStatus(status, message)
  if (/^Incomplete JSON segment|^terminated$|exception parsing stream chunk/.test(message)) {
    return new GeminiError({ kind: "cut", detail: "Gemini's answer ended in the middle." })
  }
  const code = cause instanceof Error && cause.cause instanceof Error && "code" in cause.cause ? cause.cause.code : ""
  const why = typeof code === "string" && code !== "" ? ` (${code})` : ""
  return new GeminiError({ kind: "unavailable", detail: `Gemini cannot be reached${why}.` })
}

const reasonOf = ({ detail, kind, retryAfter }: GeminiError): AiError.AiErrorReason => {
  switch (kind) {
    case "limited":
      return new AiError.RateLimitError({ ...(retryAfter !== undefined && { retryAfter }) })
    case "exhausted":
      return new AiError.QuotaExhaustedError({})
    case "denied":
      return new AiError.AuthenticationError({ kind: "InvalidKey", description: detail })
    case "invalid":
      return new AiError.InvalidRequestError({ description: detail })
    case "blocked":
      return new AiError.ContentPolicyError({ description: detail })
    case "nonsense":
      return new AiError.InvalidOutputError({ description: detail })
    case "cut":
      return new AiError.InvalidResponseError({ description: detail })
    case "slow":
    case "unavailable":
    case "resting":
      return new AiError.InternalProviderError({ description: detail })
  }
}

export const toAiError =
  (method: string) =>
  (error: GeminiError): AiError.AiError =>
    AiError.make({ module: "Gemini", method, reason: reasonOf(error) })
