/** What an answer of Discord means for the next try: pure, so that every status is a line of a table. */
import { Option, Schema } from "effect"

export interface Response {
  readonly status: number
  /** Lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

/** `later` is worth trying again after `ms`; when nothing was said, `ms` is `undefined`. */
export type Verdict =
  | { readonly type: "sent"; readonly id: string }
  | { readonly type: "limited"; readonly ms: number; readonly everywhere: boolean }
  | { readonly type: "unknown" }
  | { readonly type: "gone" }
  | { readonly type: "refused"; readonly detail: string }

/** When a limit says nothing of its length, as Cloudflare's page: as long as a channel's limit is. */
const usualLimit = 60_000
/** Limits of an hour have been seen; more is a mistake. */
const longestLimit = 3_600_000
/** So that their clock and ours may differ a little. */
const margin = 100

const Limit = Schema.fromJsonString(
  Schema.Struct({ retry_after: Schema.Finite, global: Schema.optionalKey(Schema.Boolean) })
)
const Sent = Schema.fromJsonString(Schema.Struct({ id: Schema.String }))
const Refused = Schema.fromJsonString(
  Schema.Struct({ message: Schema.optionalKey(Schema.String), code: Schema.optionalKey(Schema.Finite) })
)

/** Milliseconds of a header in seconds; a date or nonsense is nothing. */
const seconds = (text: string | undefined): number | undefined => {
  const value = text === undefined || text.trim() === "" ? Number.NaN : Number(text)
  return Number.isFinite(value) && value >= 0 ? value * 1000 : undefined
}

const limited = ({ body, headers }: Response): Verdict => {
  const said = Option.getOrUndefined(Schema.decodeOption(Limit)(body))
  const waits = [
    seconds(headers["retry-after"]),
    seconds(headers["x-ratelimit-reset-after"]),
    said === undefined || said.retry_after < 0 ? undefined : said.retry_after * 1000
  ].filter((ms) => ms !== undefined)
  const ms = waits.length === 0 ? usualLimit : Math.max(...waits)
  return {
    type: "limited",
    ms: Math.min(Math.ceil(ms) + margin, longestLimit),
    everywhere: headers["x-ratelimit-global"] === "true" || said?.global === true
  }
}

const short = (text: string): string => text.replaceAll(/\s+/g, " ").slice(0, 200)

export const verdict = (response: Response): Verdict => {
  const { body, status } = response
  if (status === 200) {
    const sent = Option.getOrUndefined(Schema.decodeOption(Sent)(body))
    return sent === undefined ? { type: "unknown" } : { type: "sent", id: sent.id }
  }
  if (status === 204) return { type: "sent", id: "" }
  if (status === 429) return limited(response)
  if (status === 401 || status === 403 || status === 404) return { type: "gone" }
  if (status >= 500 || status === 408) return { type: "unknown" }
  const words = Option.getOrUndefined(Schema.decodeOption(Refused)(body))
  return {
    type: "refused",
    detail: `status ${status}${words?.message === undefined ? "" : `: ${short(words.message)}`}`
  }
}

/** Until when nothing more is to be sent, when an answer says that its bucket is empty. */
export const exhaustedFor = ({ headers }: Response): number =>
  headers["x-ratelimit-remaining"] === "0" ? (seconds(headers["x-ratelimit-reset-after"]) ?? 0) : 0

/** Half a second after the first failure, doubled each time up to 30 s. */
export const backoff = (failures: number): number => Math.min(500 * 2 ** (failures - 1), 30_000)
