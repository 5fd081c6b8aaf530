/** Who may talk to the server: where it listens, the token, and which hosts and origins are its own. */
import { Config, Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import { createHash, timingSafeEqual } from "node:crypto"
import { isIP } from "node:net"
import * as Setting from "../runtime/Setting.ts"
import { Authorization } from "./Api.ts"
import { Forbidden, unauthorized } from "./Problem.ts"
import { ServerError } from "./ServerError.ts"

export const host = Setting.withDefault("HOST", {
  description: "Address the page and the API listen on; any other than the machine's own needs API_TOKEN",
  expected: "a host name or IP address such as 127.0.0.1 or 0.0.0.0",
  config: (name) => Config.schema(Schema.String.check(Schema.isPattern(/^[\w.:[\]-]+$/)), name),
  fallback: "127.0.0.1",
  value: "127.0.0.1"
})

/** R, T, F and M on the keys of a phone. */
const defaultPort = 7836

export const port = Setting.withDefault("PORT", {
  description: "Port the page and the API listen on; 0 takes any that is free",
  expected: "a number from 0 to 65535",
  config: (name) =>
    Config.schema(
      Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 0, maximum: 65_535 })),
      name
    ),
  fallback: String(defaultPort),
  value: defaultPort
})

export const apiToken = Setting.optional("API_TOKEN", {
  description: "Secret that every call of the API has to bring as `Authorization: Bearer`; without it none is needed",
  expected: "printable ASCII characters without spaces",
  config: (name) =>
    Config.schema(Schema.String.check(Schema.isPattern(/^[\x21-\x7e]+$/)), name).pipe(Config.map(Redacted.make)),
  secret: true
})

export const publicUrl = Setting.optional("PUBLIC_URL", {
  description: "Address under which people reach the page when it is not that of HOST and PORT, as behind a proxy",
  expected: "an address such as https://rtfm.example.com",
  config: (name) => Config.URL(name)
})

export const settings: ReadonlyArray<Setting.Setting<any>> = [host, port, apiToken, publicUrl]

export interface Place {
  readonly host: string
  readonly port: number
  readonly token: Option.Option<Redacted.Redacted>
  readonly publicUrl: Option.Option<URL>
}

/** What of a request decides whether it is let in. */
export interface Caller {
  readonly path: string
  readonly host: string | undefined
  readonly origin: string | undefined
}

const bare = (host: string): string => host.replace(/^\[|\]$/g, "").toLowerCase()

const isLoopback = (host: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(bare(host))

/** Host name and port as browsers write them in an origin, or nothing when the text is no host. */
const parseHost = (host: string | undefined): URL | undefined =>
  host !== undefined && /^[\w.:[\]-]+$/.test(host) ? (URL.parse(`http://${host}`) ?? undefined) : undefined

const forProbes = /^\/(health\/|metrics$)/

/**
 * A page elsewhere can make a browser call this machine under a name of its own (DNS rebinding), so the name must be
 * one of ours. Names that are IP addresses cannot be rebound; they are let in where the server is open to a network,
 * and so are probes and scrapers, which call it by names only their network knows.
 */
export const refusal = (place: Place): ((caller: Caller) => Forbidden | undefined) => {
  const ours = new Set(["localhost", "127.0.0.1", "::1", bare(place.host)])
  Option.map(place.publicUrl, (url) => ours.add(bare(url.hostname)))
  const publicOrigin = Option.getOrUndefined(place.publicUrl)?.origin
  const open = !isLoopback(place.host)

  const isOurHost = (url: URL | undefined) =>
    url !== undefined && (ours.has(bare(url.hostname)) || (open && isIP(bare(url.hostname)) !== 0))
  const isOurOrigin = (origin: string, host: URL | undefined) =>
    origin === publicOrigin || (host !== undefined && URL.parse(origin)?.host === host.host)

  return ({ host, origin, path }) => {
    const called = parseHost(host)
    if (!isOurHost(called) && !(open && forProbes.test(path))) {
      return new Forbidden({
        detail: "The Host header names another host; set PUBLIC_URL if this server is reached by it"
      })
    }
    if (origin !== undefined && !isOurOrigin(origin, called)) {
      return new Forbidden({ detail: "The Origin header names another site; only this server's own page may call it" })
    }
    return undefined
  }
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

/** Compares in a time that says nothing of the token. */
export const admits = (place: Place): ((credential: Redacted.Redacted) => boolean) => {
  if (Option.isNone(place.token)) return () => true
  const expected = digest(Redacted.value(place.token.value))
  return (credential) => timingSafeEqual(digest(Redacted.value(credential)), expected)
}

export class Guard extends Context.Service<
  Guard,
  {
    readonly place: Place
    readonly refusal: (caller: Caller) => Forbidden | undefined
    readonly admits: (credential: Redacted.Redacted) => boolean
  }
>()("rtfm/web/Guard") {
  /** Fails when the server would be open to a network and let in everybody. */
  static readonly layerOf = (place: Place) =>
    Layer.effect(
      Guard,
      Effect.gen(function* () {
        if (!isLoopback(place.host) && Option.isNone(place.token)) {
          return yield* new ServerError({
            reason: "unprotected",
            detail: `HOST is ${place.host}, which others can reach: set API_TOKEN to a secret, or leave HOST out to serve this machine only`
          })
        }
        return Guard.of({ place, refusal: refusal(place), admits: admits(place) })
      })
    )

  static readonly layer = Layer.unwrap(
    Effect.map(
      Config.all({ host: host.config, port: port.config, token: apiToken.config, publicUrl: publicUrl.config }),
      this.layerOf
    )
  )
}

export const layerAuthorization = Layer.effect(
  Authorization,
  Effect.map(Guard, ({ admits }) => ({
    token: (effect, { credential }) => (admits(credential) ? effect : Effect.fail(unauthorized))
  }))
)

/** On every response: no script, style or frame that is not ours, no guessing of types, no referrer. */
export const securityHeaders = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY"
}
