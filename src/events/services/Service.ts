/**
 * Services that handlers of events call: over HTTP where a setting says where they are, otherwise simulated in the
 * state and called so. Every call carries a key, and the same key is the same call however often it is made.
 */
import { Cause, Clock, Config, Duration, Effect, Exit, Option, Redacted, Result, Schedule, Schema } from "effect"
import { HttpClient, HttpClientRequest, type HttpClientResponse } from "effect/http"
import { CircuitBreaker } from "effect/persistence"
import { SqlClient, type SqlError } from "effect/sql"
import * as Setting from "../../runtime/Setting.ts"

export class ServiceError extends Schema.TaggedError<ServiceError>()("ServiceError", {
  /** `refused`: it says no, and always will. `unreachable`: whether it was done is unknown. */
  reason: Schema.Literals(["refused", "unreachable"]),
  service: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return this.detail
  }
  get retryable(): boolean {
    return this.reason === "unreachable"
  }
}

/** Calls `path` with a key, and says what came of it as a reference or in words. */
export type Call = (path: string, key: string, body: object) => Effect.Effect<string, ServiceError>

/** Answers a call in the state; a failure is the refusal's words. Runs once for each key, in a transaction. */
export type Simulation = (
  path: string,
  body: any,
  sql: SqlClient.SqlClient
) => Effect.Effect<Result.Result<string, string>, SqlError.SqlError>

/** A service is where this says, with credentials if it wants them; absent: simulated. */
export const setting = (name: string, what: string) =>
  Setting.optional(name, {
    description: `${what}; absent: simulated in this process`,
    expected: "an address that begins with http:// or https://",
    config: (name) =>
      Config.schema(Schema.String.check(Schema.isPattern(/^https?:\/\/[^\s/]\S*$/)), name).pipe(
        Config.map((url) => Redacted.make(url.replace(/\/+$/, ""), { label: name }))
      ),
    secret: true
  })

const patience = Duration.seconds(5)
/** Three tries, 200 and 400 ms apart; an operation that outlives them is settled by whoever called. */
const again = { times: 2, schedule: Schedule.exponential("200 millis").pipe(Schedule.jittered) }

const Answer = Schema.fromJsonString(Schema.Struct({ reference: Schema.String }))
const Refusal = Schema.fromJsonString(
  Schema.Struct({ detail: Schema.optionalKey(Schema.String), error: Schema.optionalKey(Schema.String) })
)
/** Words of a service that are told on are kept short. */
const short = (text: string): string => text.replaceAll(/\s+/g, " ").trim().slice(0, 300)

const read = Effect.fnUntraced(function* (
  service: string,
  path: string,
  response: HttpClientResponse.HttpClientResponse
) {
  const text = yield* response.text
  const { status } = response
  const fail = (reason: ServiceError["reason"], detail: string) => new ServiceError({ reason, service, detail })
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return yield* fail("unreachable", `${service} answered ${path} with status ${status}`)
  }
  if (status >= 300) {
    const words = Option.getOrUndefined(Schema.decodeOption(Refusal)(text))
    return yield* fail("refused", short(words?.detail ?? words?.error ?? `${service} refused it with status ${status}`))
  }
  return Option.match(Schema.decodeOption(Answer)(text), {
    onNone: () => "done",
    onSome: ({ reference }) => short(reference)
  })
})

/** Only a service that does not answer counts; one that refuses is well. */
const outcome = (exit: Exit.Exit<string, ServiceError>): CircuitBreaker.Outcome => {
  const error = Exit.isFailure(exit) ? Cause.findErrorOption(exit.cause) : Option.none()
  if (Option.isNone(error)) return Exit.isSuccess(exit) ? CircuitBreaker.success : CircuitBreaker.ignored
  return error.value.reason === "unreachable" ? CircuitBreaker.failure() : CircuitBreaker.success
}

/** Calls over HTTP: 5 s for each try, three tries, behind a breaker that opens after five calls without an answer. */
export const overHttp = Effect.fnUntraced(function* (service: string, url: Redacted.Redacted) {
  const http = yield* HttpClient.HttpClient
  const breaker = yield* CircuitBreaker.make({
    tripPolicy: CircuitBreaker.consecutive(5),
    openDuration: "5 seconds"
  })
  const unreachable = (detail: string) => new ServiceError({ reason: "unreachable", service, detail })

  const call: Call = (path, key, body) =>
    http
      .execute(
        HttpClientRequest.post(`${Redacted.value(url)}/${path}`).pipe(
          HttpClientRequest.setHeader("idempotency-key", key),
          HttpClientRequest.bodyJsonUnsafe(body)
        )
      )
      .pipe(
        Effect.flatMap((response) => read(service, path, response)),
        Effect.timeout(patience),
        // What the client says of a failure has the address in it.
        Effect.catchTags({
          HttpClientError: () => Effect.fail(unreachable(`${service} could not be reached`)),
          TimeoutError: () => Effect.fail(unreachable(`${service} did not answer in ${Duration.format(patience)}`))
        }),
        Effect.retry({ ...again, while: ({ retryable }) => retryable }),
        (asked) => breaker.execute(asked, { key: service, classify: outcome }),
        Effect.catchTag("CircuitBreakerError", () =>
          Effect.fail(unreachable(`${service} did not answer lately and is left alone for a moment`))
        )
      )
  return call
}, Effect.provide(CircuitBreaker.layerStoreMemory()))

interface Kept {
  readonly done: number
  readonly detail: string
}

/** Calls that are answered by this process and kept in its state: each key once, as a service of its own would. */
export const simulated = Effect.fnUntraced(function* (service: string, simulation: Simulation) {
  const sql = yield* SqlClient.SqlClient

  const answer = Effect.fnUntraced(function* (path: string, key: string, body: object) {
    const id = `${service}/${path}/${key}`
    const [kept] = yield* sql<Kept>`SELECT done, detail FROM simulated_calls WHERE id = ${id}`
    if (kept !== undefined) return kept.done === 1 ? Result.succeed(kept.detail) : Result.fail(kept.detail)
    const result = yield* simulation(path, body, sql)
    const done = Result.isSuccess(result)
    yield* sql`INSERT INTO simulated_calls ${sql.insert({
      id,
      service,
      path,
      body: JSON.stringify(body),
      done: done ? 1 : 0,
      detail: done ? result.success : result.failure,
      at: yield* Clock.currentTimeMillis
    })}`
    return result
  })

  const call: Call = Effect.fnUntraced(function* (path, key, body) {
    const result = yield* sql.withTransaction(answer(path, key, body)).pipe(
      Effect.mapError(
        (error) =>
          new ServiceError({
            reason: "unreachable",
            service,
            detail: `${service} is not available: ${error.message}`
          })
      )
    )
    return yield* Effect.mapError(
      Effect.fromResult(result),
      (detail) => new ServiceError({ reason: "refused", service, detail })
    )
  })
  return call
})

export interface Options {
  /** For people: `Payment`. */
  readonly name: string
  readonly url: Setting.Setting<Option.Option<Redacted.Redacted>>
  readonly simulation: Simulation
}

/** Over HTTP where the setting says so, otherwise simulated. */
export const make = ({ name, simulation, url }: Options) =>
  Effect.gen(function* () {
    const address = yield* url.config
    return Option.isSome(address)
      ? { simulated: false, call: yield* overHttp(name, address.value) }
      : { simulated: true, call: yield* simulated(`simulated ${name.toLowerCase()}`, simulation) }
  })
