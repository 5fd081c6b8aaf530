/** Discord's HTTP API: rate limits obeyed, what may pass tried again, and every failure one of a closed list. */
import { DefaultRestOptions, DiscordAPIError, RateLimitError, REST, type RequestMethod } from "@discordjs/rest"
import { Duration, Effect, Metric, Redacted, Schedule, Schema } from "effect"

export class RestError extends Schema.TaggedError<RestError>()("RestError", {
  /**
   * `unauthorized`: the token is not valid. `unreachable` and `limited` pass by themselves. `expired`: the interaction
   * is over.
   */
  reason: Schema.Literals([
    "unauthorized",
    "unreachable",
    "limited",
    "unknown-channel",
    "unknown-message",
    "forbidden",
    "expired",
    "invalid",
    "failed"
  ]),
  /** One sentence without secrets. */
  detail: Schema.String,
  /** Discord's own number for the failure; 0 when it gave none. */
  code: Schema.Int
}) {
  override get message() {
    return this.detail
  }
}

export interface Call {
  readonly method: "get" | "post" | "put" | "patch" | "delete"
  /** From `Routes` of discord-api-types. */
  readonly route: `/${string}`
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** Interactions carry their own token. */
  readonly auth?: false
  /** Attempts after the first; default 3. */
  readonly retries?: number
  /** Waiting for rate limits and all attempts included; default 60 s. */
  readonly deadline?: Duration.Input
}

export interface Rest {
  /** `doing` completes "could not …". */
  readonly call: <A = unknown>(doing: string, call: Call) => Effect.Effect<A, RestError>
  /** The same limits for the gateway. */
  readonly client: REST
}

const requestsTotal = Metric.counter("rtfm_discord_requests_total", {
  description: "Requests to Discord's API, by status class",
  incremental: true
})

/** Discord bans an address that makes 10,000 requests in 10 minutes that are answered with 401, 403 or 429. */
const banned = 10_000
const banWindow = Duration.toMillis("10 minutes")

/** How long to wait before the next request after so many invalid ones: nothing, then ever longer, far from the ban. */
export const pauseAfter = (invalid: number): number => {
  if (invalid < banned / 20) return 0
  if (invalid < banned / 4) return 250
  return invalid < banned / 2 ? 2000 : 30_000
}

/** Counts what may lead to a ban. Limits that other bots share do not. */
export const invalidBudget = () => {
  let since = 0
  let count = 0
  const current = (now: number) => {
    if (now - since >= banWindow) [since, count] = [now, 0]
    return count
  }
  return {
    count: current,
    note: (status: number, scope: string | null, now: number) => {
      current(now)
      if (status === 401 || status === 403 || (status === 429 && scope !== "shared")) count++
    }
  }
}

/** What a 429 asks for, in seconds: the longer of header and body; the edge answers with a page and may say nothing. */
export const retryAfterOf = (header: string | null, body: string): number => {
  const inBody = /"retry_after":\s*([\d.]+)/.exec(body)?.[1]
  const asked = Math.max(Number(header ?? 0) || 0, Number(inBody ?? 0) || 0)
  return asked > 0 ? asked : 5
}

/** Sees every response before the library does. */
const watched =
  (budget: ReturnType<typeof invalidBudget>): typeof DefaultRestOptions.makeRequest =>
  async (url, init) => {
    const pause = pauseAfter(budget.count(Date.now()))
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause))
    const response = await DefaultRestOptions.makeRequest(url, init)
    budget.note(response.status, response.headers.get("x-ratelimit-scope"), Date.now())
    if (response.status !== 429) return response
    const body = await response.text()
    const headers = new Headers(response.headers as unknown as Headers)
    headers.set("retry-after", String(retryAfterOf(headers.get("retry-after"), body)))
    return new Response(body, { status: 429, headers }) as unknown as typeof response
  }

const unknownThings: ReadonlyMap<number, RestError["reason"]> = new Map([
  [10003, "unknown-channel"],
  [10008, "unknown-message"],
  [10015, "expired"],
  [10062, "expired"],
  [50027, "expired"]
])

const reasonOf = (status: number, code: number): RestError["reason"] => {
  if (status === 401 && code !== 50027) return "unauthorized"
  const known = unknownThings.get(code)
  if (known !== undefined) return known
  if (status === 403) return "forbidden"
  if (status === 429) return "limited"
  return status >= 500 ? "unreachable" : "invalid"
}

/** The words of a refusal without the address, which may hold a token. */
const refusalOf = (error: DiscordAPIError): string => {
  const code = Number(error.code) || 0
  return `Discord answered ${error.status}${code === 0 ? "" : ` (${code})`}: ${error.message.split("\n")[0]}`
}

const toError =
  (doing: string) =>
  (error: unknown): RestError => {
    const fail = (reason: RestError["reason"], why: string, code = 0) =>
      new RestError({ reason, code, detail: `Could not ${doing}: ${why}` })
    if (error instanceof DiscordAPIError) {
      const code = Number(error.code) || 0
      return fail(reasonOf(error.status, code), refusalOf(error), code)
    }
    if (error instanceof RateLimitError) return fail("limited", "Discord asks to wait")
    if (error instanceof Error && "status" in error && typeof error.status === "number")
      return fail(reasonOf(error.status, 0), `Discord answered ${error.status}`)
    const why = error instanceof Error ? ("code" in error ? String(error.code) : error.name) : "no answer"
    return fail("unreachable", `Discord did not answer (${why})`)
  }

const mayPass = ({ reason }: RestError): boolean => reason === "unreachable"

/** 300 ms, doubling, a fifth of it random. */
const again = Schedule.exponential("300 millis").pipe(Schedule.jittered)

export const make = (options: { readonly token: Redacted.Redacted; readonly api: URL }): Rest => {
  const budget = invalidBudget()
  const client = new REST({
    version: "10",
    api: options.api.href.replace(/\/$/, ""),
    // The library would send a post again at once, whatever became of the first.
    retries: 0,
    makeRequest: watched(budget)
  }).setToken(Redacted.value(options.token))
  const known = Redacted.value(options.token)

  const once = (doing: string, { auth, body, method, query, route }: Call) =>
    Effect.tryPromise({
      try: (signal) => {
        // The library forgets the token after the first 401; whoever asks next is told the same again.
        client.setToken(known)
        return client.request({
          method: method.toUpperCase() as RequestMethod,
          fullRoute: route,
          signal,
          ...(query !== undefined && { query: new URLSearchParams(query) }),
          ...(body !== undefined && { body }),
          ...(auth === false && { auth: false })
        })
      },
      catch: toError(doing)
    })

  const call = Effect.fn("Discord.call")(function* <A>(doing: string, call: Call) {
    const deadline = new RestError({
      reason: "limited",
      code: 0,
      detail: `Could not ${doing} in time: Discord asks to wait, or does not answer`
    })
    return yield* once(doing, call).pipe(
      Effect.retry({ schedule: again, times: call.retries ?? 3, while: mayPass }),
      Effect.tapError(({ reason }) => Metric.update(Metric.withAttributes(requestsTotal, { outcome: reason }), 1)),
      Effect.tap(() => Metric.update(Metric.withAttributes(requestsTotal, { outcome: "done" }), 1)),
      Effect.timeoutOrElse({ duration: call.deadline ?? "60 seconds", orElse: () => Effect.fail(deadline) })
    ) as Effect.Effect<A, RestError>
  })
  return { call: call as Rest["call"], client }
}
