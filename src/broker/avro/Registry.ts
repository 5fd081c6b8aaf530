/** The schema registry's HTTP API, as far as it is needed; every failure is the broker's, in one sentence. */
import { Config, Duration, Effect, Option, Redacted, Schema } from "effect"
import { HttpClient, HttpClientRequest, type HttpClientResponse } from "effect/http"
import * as Setting from "../../runtime/Setting.ts"
import { BrokerError } from "../Broker.ts"
import { invalid } from "../Rules.ts"

const HttpUrl = Schema.URLFromString.check(
  Schema.makeFilter((url) => /^https?:$/.test(url.protocol) && url.username === "" && url.password === "")
)

export const registryUrl = Setting.optional("SCHEMA_REGISTRY_URL", {
  description: "Schema registry whose schemas the values have, as Avro; absent: values are JSON",
  expected: "an http or https address without a user or password, such as http://localhost:8081",
  config: (name) => Config.schema(HttpUrl, name)
})

export const username = Setting.optional("SCHEMA_REGISTRY_USERNAME", {
  description: "User at the schema registry; absent: it asks for none",
  expected: "a name, together with SCHEMA_REGISTRY_PASSWORD",
  config: Config.NonEmptyString
})

export const password = Setting.optional("SCHEMA_REGISTRY_PASSWORD", {
  description: "Password of SCHEMA_REGISTRY_USERNAME",
  expected: "a password, together with SCHEMA_REGISTRY_USERNAME",
  config: (name) => Config.NonEmptyString(name).pipe(Config.map(Redacted.make)),
  secret: true
})

export const registerAtStart = Setting.withDefault("SCHEMA_REGISTER", {
  description: "Whether a start registers the schemas of its topics; false where only rtfm schemas register may",
  expected: "true or false",
  config: Config.Boolean,
  fallback: "true",
  value: true
})

export const settings: ReadonlyArray<Setting.Setting<any>> = [registryUrl, username, password, registerAtStart]

/** Where the registry is, and who asks. */
export interface Address {
  readonly url: string
  readonly user?: { readonly name: string; readonly password: Redacted.Redacted }
}

/** Of the settings; `undefined` without a registry. */
export const address = Effect.gen(function* () {
  const url = yield* registryUrl.config
  const name = yield* username.config
  const secret = yield* password.config
  if (Option.isSome(name) !== Option.isSome(secret))
    return yield* invalid("SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD belong together: set both, or none.")
  if (Option.isNone(url)) return undefined
  const address: Address = {
    url: url.value.href.replace(/\/+$/, ""),
    ...(Option.isSome(name) && Option.isSome(secret) && { user: { name: name.value, password: secret.value } })
  }
  return address
})

/** The longest that anything may take. */
const patience = Duration.seconds(5)

const Registered = Schema.Struct({ id: Schema.Int })
const ById = Schema.Struct({ schema: Schema.String, schemaType: Schema.optionalKey(Schema.String) })
const Version = Schema.Struct({ id: Schema.Int, version: Schema.Int, schema: Schema.String })
const Refusal = Schema.fromJsonString(Schema.Struct({ message: Schema.String }))

export type Version = typeof Version.Type

export class IncompatibleSchema {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

export const make = Effect.fnUntraced(function* ({ url, user }: Address) {
  const registry = `schema registry at ${url}`
  const Registry = `S${registry.slice(1)}`
  const client = yield* HttpClient.HttpClient

  const failure = (reason: BrokerError["reason"], detail: string) =>
    new BrokerError({ reason, detail: `${detail.trim().replace(/[.!]?$/, "")}.` })

  const send = (what: string, request: HttpClientRequest.HttpClientRequest) =>
    client
      .execute(
        request.pipe(
          HttpClientRequest.prependUrl(url),
          HttpClientRequest.setHeader("accept", "application/vnd.schemaregistry.v1+json, application/json"),
          user === undefined ? (same) => same : HttpClientRequest.basicAuth(user.name, user.password)
        )
      )
      .pipe(
        Effect.timeout(patience),
        Effect.mapError((error) => {
          const why = error._tag === "TimeoutError" ? "no answer" : causeOf(error)
          return failure("unreachable", `${Registry} does not answer; could not ${what}: ${why}`)
        })
      )

  const refusal = Effect.fnUntraced(function* (what: string, response: HttpClientResponse.HttpClientResponse) {
    const body = yield* Effect.orElseSucceed(response.text, () => "")
    const said = Option.match(Schema.decodeOption(Refusal)(body), {
      onNone: () => body.slice(0, 300),
      onSome: ({ message }) => message
    })
    const detail = `${Registry} could not ${what}: ${response.status} ${said}`
    if (response.status === 401 || response.status === 403) return yield* failure("unauthorized", detail)
    return yield* failure(response.status >= 500 ? "unreachable" : "failed", detail)
  })

  const read = <A, I>(what: string, schema: Schema.Codec<A, I>, response: HttpClientResponse.HttpClientResponse) =>
    response.json.pipe(
      Effect.flatMap(Schema.decodeUnknownEffect(schema)),
      Effect.mapError(() => failure("failed", `${Registry} gave an answer that is none when asked to ${what}`))
    )

  const get = Effect.fnUntraced(function* <A, I>(what: string, path: string, schema: Schema.Codec<A, I>) {
    const response = yield* send(what, HttpClientRequest.get(path))
    if (response.status === 404) return Option.none<A>()
    if (response.status >= 300) return yield* refusal(what, response)
    return Option.some(yield* read(what, schema, response))
  })

  const body = (request: HttpClientRequest.HttpClientRequest, json: unknown) =>
    HttpClientRequest.bodyJsonUnsafe(request, json)

  return {
    name: registry,
    /** The schema of an id, if there is one; `undefined` for one that is not Avro. */
    byId: (id: number) =>
      Effect.map(
        get(`look up schema ${id}`, `/schemas/ids/${id}`, ById),
        Option.filter(({ schemaType = "AVRO" }) => schemaType === "AVRO")
      ),
    latest: (subject: string) =>
      get(`look up subject ${subject}`, `/subjects/${encodeURIComponent(subject)}/versions/latest`, Version),
    subjects: Effect.map(
      get("list its subjects", "/subjects", Schema.Array(Schema.String)),
      Option.getOrElse((): ReadonlyArray<string> => [])
    ),
    /** The id of a schema that is registered already. */
    find: Effect.fnUntraced(function* (subject: string, schema: string) {
      const what = `look for the schema of subject ${subject}`
      const path = `/subjects/${encodeURIComponent(subject)}`
      const response = yield* send(what, body(HttpClientRequest.post(path), { schema }))
      if (response.status === 404) return Option.none<number>()
      if (response.status >= 300) return yield* refusal(what, response)
      return Option.some((yield* read(what, Registered, response)).id)
    }),
    /** A registry that was told nothing may compare nothing. */
    keepBackward: Effect.fnUntraced(function* (subject: string) {
      const what = `set the compatibility of subject ${subject}`
      const path = `/config/${encodeURIComponent(subject)}`
      const response = yield* send(what, body(HttpClientRequest.put(path), { compatibility: "BACKWARD" }))
      if (response.status >= 300) return yield* refusal(what, response)
    }),
    /** The id it has from now on, or had before. */
    register: Effect.fnUntraced(function* (subject: string, schema: string) {
      const what = `register a schema of subject ${subject}`
      const path = `/subjects/${encodeURIComponent(subject)}/versions`
      const response = yield* send(what, body(HttpClientRequest.post(path), { schema }))
      if (response.status === 409) return new IncompatibleSchema(yield* Effect.orElseSucceed(response.text, () => ""))
      if (response.status >= 300) return yield* refusal(what, response)
      return (yield* read(what, Registered, response)).id
    })
  }
})

export type Registry = Effect.Success<ReturnType<typeof make>>

/** The innermost of what an error was caused by. */
const causeOf = (error: unknown): string => {
  const { cause, message, reason } = error as { cause?: unknown; message?: string; reason?: unknown }
  if (typeof reason === "object" && reason !== null) return causeOf(reason)
  if (typeof cause === "object" && cause !== null) return causeOf(cause)
  return message || String(error)
}
