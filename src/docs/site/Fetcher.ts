/** One address of the web to its bytes: within bounds of size, time, redirects and type, and never into a private network. */
import { Clock, Config, Context, Duration, Effect, Layer, Schema } from "effect"
import type { lookup } from "node:dns"
import * as Setting from "../../runtime/Setting.ts"
import { version } from "../../runtime/Home.ts"
import { inMebibytes } from "../formats/Formats.ts"
import { isAddress, isPublic, lookupAllowed, PrivateAddress } from "./Addresses.ts"

export const privateAddresses = Setting.withDefault("INGEST_PRIVATE_ADDRESSES", {
  description: "Whether websites of private networks and of this machine may be ingested",
  expected: "true or false",
  config: Config.Boolean,
  fallback: "false",
  value: false
})

/** Programs that fetch name themselves; robots.txt speaks to the first word. */
export const userAgent = `rtfm-bot/${version} (reads documentation to answer questions from it)`

export class FetchError extends Schema.TaggedError<FetchError>()("FetchError", {
  /**
   * `refused`: it is not to be read; `gone`: the server has it no more; `busy`: later, after `retryAfter`; `away`: the
   * server does not answer.
   */
  reason: Schema.Literals(["refused", "gone", "busy", "away"]),
  /** The end of a sentence that begins with the address. */
  detail: Schema.String,
  /** Milliseconds that the server asked to be left alone. */
  retryAfter: Schema.optionalKey(Schema.Finite)
}) {
  override get message() {
    return this.detail
  }
}

/** What a server said of a version of a page, to ask next time whether there is another. */
export interface Validators {
  readonly etag: string | undefined
  readonly lastModified: string | undefined
}

export interface Page extends Validators {
  /** After all redirects. */
  readonly url: string
  readonly contentType: string | undefined
  readonly bytes: Uint8Array
  /** The server asks not to keep it where it can be searched. */
  readonly unwanted: boolean
}

export interface Wanted {
  readonly url: string
  readonly accept?: string
  /** What is known already. */
  readonly known?: Validators | undefined
  /** In bytes, once its type and address are known; `undefined` where that type is not read. */
  readonly largest: (contentType: string | undefined, path: string) => number | undefined
  /** Whether a redirect may lead there. */
  readonly allows: (url: URL) => boolean
}

export class Fetcher extends Context.Service<
  Fetcher,
  {
    /** `unchanged` when it still is what is known. */
    get(wanted: Wanted): Effect.Effect<Page | "unchanged", FetchError>
  }
>()("rtfm/docs/site/Fetcher") {}

export interface Options {
  /** Whether an IP address may be connected to. */
  readonly allowed: (address: string) => boolean
  /** From the request to the last byte. */
  readonly time: Duration.Input
  readonly lookup?: typeof lookup
}

const mostRedirects = 5

const fail = (reason: FetchError["reason"], detail: string) => new FetchError({ reason, detail })

const forbidden = (address: string) =>
  fail("refused", `leads to ${address} in a private network; INGEST_PRIVATE_ADDRESSES=true allows that`)

/** What is at the bottom of a failure, past the library's own words. */
const bottomOf = (cause: unknown): unknown => {
  if (cause instanceof AggregateError && cause.errors.length > 0) return bottomOf(cause.errors[0])
  return cause instanceof Error && cause.cause !== undefined ? bottomOf(cause.cause) : cause
}

const codes: Readonly<Record<string, string>> = {
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "its name cannot be looked up now",
  ECONNREFUSED: "nothing answers there",
  ECONNRESET: "the connection was cut",
  UND_ERR_SOCKET: "the connection was cut",
  UND_ERR_CONNECT_TIMEOUT: "nothing answers there",
  CERT_HAS_EXPIRED: "its certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is signed by nobody else",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is that of another host"
}

const explain = (cause: unknown): FetchError => {
  const bottom = bottomOf(cause)
  if (bottom instanceof FetchError) return bottom
  if (bottom instanceof PrivateAddress) return forbidden(bottom.address)
  const code = bottom instanceof Error && "code" in bottom ? String(bottom.code) : ""
  const words = codes[code] ?? (bottom instanceof Error ? bottom.message : String(bottom))
  return fail("away", `cannot be fetched: ${words}`)
}

/** Reads to the end, or to the limit: whatever a server says of the length, the bytes are counted. */
const bodyOf = async (response: Response, largest: number): Promise<Uint8Array> => {
  const tooLarge = fail("refused", `is larger than ${inMebibytes(largest)}`)
  if (Number(response.headers.get("content-length") ?? 0) > largest) throw tooLarge
  const parts: Array<Uint8Array> = []
  let length = 0
  for await (const part of response.body ?? []) {
    length += part.length
    if (length > largest) throw tooLarge
    parts.push(part)
  }
  return Buffer.concat(parts)
}

const retryAfterOf = (header: string | null, now: number): number => {
  const seconds = Number(header ?? "")
  const millis = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header ?? "") - now
  return Number.isFinite(millis) ? Math.max(0, millis) : 0
}

const statusError = (response: Response, now: number): FetchError => {
  const { status } = response
  if (status === 404 || status === 410) return fail("gone", `is not there (${status})`)
  if (status === 429 || status === 503) {
    const retryAfter = retryAfterOf(response.headers.get("retry-after"), now)
    return new FetchError({ reason: "busy", detail: `asks to be left alone (${status})`, retryAfter })
  }
  return fail(status >= 500 ? "away" : "refused", `was answered with ${status}`)
}

const open = async ({ allowed, lookup }: Options) => {
  // Once bundled, only the library as a whole has its parts.
  const { Agent, buildConnector, fetch } = (await import("@effect/platform-node/Undici")).default
  const connect = buildConnector({ lookup: lookupAllowed(allowed, lookup), timeout: 10_000 })
  const agent = new Agent({
    connections: 2,
    pipelining: 1,
    // Looked at once more where the connection really leads, however it came about.
    connect: (options, callback) =>
      connect(options, (error, socket) => {
        const address = socket?.remoteAddress
        if (error !== null || (address !== undefined && allowed(address))) {
          return error === null ? callback(null, socket!) : callback(error, null)
        }
        socket!.destroy()
        callback(new PrivateAddress(address ?? "an unknown address"), null)
      })
  })
  return { agent, fetch }
}

const headersOf = ({ accept, known }: Wanted): Record<string, string> => ({
  "user-agent": userAgent,
  accept: accept ?? "*/*",
  ...(known?.etag !== undefined && { "if-none-match": known.etag }),
  ...(known?.lastModified !== undefined && { "if-modified-since": known.lastModified })
})

export const make = Effect.fnUntraced(function* (options: Options) {
  let opened: ReturnType<typeof open> | undefined
  yield* Effect.addFinalizer(() =>
    Effect.ignore(Effect.tryPromise(async () => opened !== undefined && (await (await opened).agent.destroy())))
  )

  const check = (url: URL): URL => {
    if (!/^https?:$/.test(url.protocol)) throw fail("refused", "is no address of the web")
    if (url.username !== "" || url.password !== "") throw fail("refused", "carries a name and a password")
    // What is an address already is not looked up.
    if (isAddress(url.hostname) && !options.allowed(url.hostname.replace(/^\[|\]$/g, ""))) {
      throw forbidden(url.hostname)
    }
    return url
  }

  /** Follows redirects one by one, so that each is looked at. */
  const follow = async (wanted: Wanted, signal: AbortSignal) => {
    const { agent, fetch } = await (opened ??= open(options))
    let url = check(new URL(wanted.url))
    for (let hop = 0; hop <= mostRedirects; hop++) {
      const response = (await fetch(url.href, {
        dispatcher: agent,
        redirect: "manual",
        headers: headersOf(wanted),
        signal
      })) as unknown as Response
      const location = response.headers.get("location")
      if (response.status < 300 || response.status >= 400 || response.status === 304 || location === null) {
        return { url, response }
      }
      await response.body?.cancel()
      const next = URL.parse(location, url.href)
      if (next === null) throw fail("refused", "redirects to nowhere")
      url = check(next)
      if (!wanted.allows(url)) throw fail("refused", `redirects to ${url.host}, another site`)
    }
    throw fail("refused", `redirects more than ${mostRedirects} times`)
  }

  const read = async (wanted: Wanted, now: number, signal: AbortSignal): Promise<Page | "unchanged"> => {
    const { response, url } = await follow(wanted, signal)
    if (response.status === 304) return "unchanged"
    const contentType = response.headers.get("content-type") ?? undefined
    const largest = wanted.largest(contentType, url.pathname)
    const error =
      response.status !== 200
        ? statusError(response, now)
        : largest === undefined
          ? fail("refused", `is ${contentType ?? "of no type"}, which is not read`)
          : undefined
    if (error !== undefined) {
      await response.body?.cancel()
      throw error
    }
    return {
      url: url.href,
      contentType,
      bytes: await bodyOf(response, largest!),
      etag: response.headers.get("etag") ?? undefined,
      lastModified: response.headers.get("last-modified") ?? undefined,
      unwanted: /\b(noindex|none)\b/i.test(response.headers.get("x-robots-tag") ?? "")
    }
  }

  const get = Effect.fn("Fetcher.get")(function* (wanted: Wanted) {
    const now = yield* Clock.currentTimeMillis
    return yield* Effect.tryPromise({ try: (signal) => read(wanted, now, signal), catch: explain }).pipe(
      Effect.timeoutOrElse({
        duration: options.time,
        orElse: () =>
          Effect.fail(fail("away", `takes longer than ${Duration.format(Duration.fromInputUnsafe(options.time))}`))
      })
    )
  })
  return Fetcher.of({ get })
})

export const layerWith = (options: Options) => Layer.effect(Fetcher, make(options))

export const layer = Layer.unwrap(
  Effect.map(privateAddresses.config, (all) =>
    layerWith({ allowed: (address) => all || isPublic(address), time: "30 seconds" })
  )
)
