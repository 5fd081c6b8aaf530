/** Calls of Chroma's HTTP API (v2): with a time limit, behind a circuit breaker, and failing with what a caller can act on. */
import { Cause, Data, Duration, Effect, Exit, Metric, Option, Schedule, Schema, Stream } from "effect"
import { HttpClient, HttpClientError, HttpClientRequest, type HttpClientResponse } from "effect/http"
import { CircuitBreaker } from "effect/persistence"
import { ChromaServer, type ChromaUnsupported } from "./ChromaServer.ts"
import { invalid } from "./Rows.ts"
import { VectorStoreError, type VectorStoreStatus } from "./VectorStore.ts"

/** Chroma does not know the collection. */
export class Gone extends Data.TaggedError("Gone")<{ readonly detail: string }> {}

export type ApiError = VectorStoreError | ChromaUnsupported | Gone

export interface Call<A> {
  readonly method: "GET" | "POST" | "DELETE"
  readonly path: string
  readonly body?: unknown
  readonly answer: (text: string) => Effect.Effect<A, Schema.SchemaError>
}

/** What a call is answered with, as JSON. */
export const json = <A>(schema: Schema.Decoder<A>) => Schema.decodeUnknownEffect(Schema.fromJsonString(schema))

export interface ChromaApi {
  /** A call that reads, for at most 5 s. */
  readonly read: <A>(call: Call<A>) => Effect.Effect<A, ApiError>
  /** A call that writes, for at most 30 s. */
  readonly write: <A>(call: Call<A>) => Effect.Effect<A, ApiError>
  readonly breaker: Effect.Effect<VectorStoreStatus["breaker"]>
}

const breakerGauge = Metric.gauge("rtfm_vectors_breaker_state", {
  description: "Circuit breaker before Chroma: 0 closed, 1 half-open, 2 open"
})
const gaugeValue = { Closed: 0, HalfOpen: 1, Open: 2 } as const
const breakerName = { Closed: "closed", HalfOpen: "half-open", Open: "open" } as const

/** An answer that says nothing but that it was done. */
export const anything = json(Schema.Unknown)

/** Chroma's own words for what went wrong. */
const Problem = Schema.Struct({ error: Schema.String, message: Schema.String })
const decodeProblem = Schema.decodeUnknownOption(Schema.fromJsonString(Problem))

const readTimeout = Duration.seconds(5)
const writeTimeout = Duration.seconds(30)

const failed = (detail: string, cause?: unknown) =>
  new VectorStoreError({ reason: "failed", detail, ...(cause === undefined ? {} : { cause }) })
const unreachable = (detail: string, cause?: unknown) =>
  new VectorStoreError({ reason: "unreachable", detail, ...(cause === undefined ? {} : { cause }) })

/** Chroma answers 400 and 422 to what it will never take, 413 to what is too long. */
const refusal = (what: string, status: number, text: string): VectorStoreError | Gone => {
  const problem = Option.getOrUndefined(decodeProblem(text))
  if (problem === undefined) return failed(`${what} was answered with status ${status}, and not by a Chroma server.`)
  if (problem.error === "NotFoundError") return new Gone({ detail: `${what} failed: ${problem.message}.` })
  const detail = `${what} failed with status ${status}: ${problem.message}.`
  return [400, 413, 422].includes(status) ? invalid(detail) : failed(detail)
}

const read = Effect.fnUntraced(function* <A>(
  what: string,
  { answer }: Call<A>,
  response: HttpClientResponse.HttpClientResponse
) {
  const text = yield* response.text
  if (response.status >= 300) return yield* refusal(what, response.status, text)
  return yield* Effect.mapError(answer(text), (cause) =>
    failed(`${what} was answered with something Chroma would not say.`, cause)
  )
})

/** Only a server that does not answer counts; one that refuses is well. */
const outcome = (exit: Exit.Exit<unknown, VectorStoreError | Gone>): CircuitBreaker.Outcome => {
  const error = Exit.isFailure(exit) ? Cause.findErrorOption(exit.cause) : Option.none()
  if (Option.isNone(error) || error.value._tag !== "VectorStoreError") return CircuitBreaker.success
  if (error.value.reason === "unreachable") return CircuitBreaker.failure()
  return error.value.reason === "failed" ? CircuitBreaker.ignored : CircuitBreaker.success
}

const rejected = ({ reason }: CircuitBreaker.CircuitBreakerError) =>
  unreachable(
    reason._tag === "CircuitOpen"
      ? `Chroma did not answer lately; it is asked again in ${Math.ceil(Duration.toSeconds(reason.retryAfter))} s.`
      : "Chroma did not answer lately; it is being asked whether it does again."
  )

export const make = Effect.gen(function* () {
  const server = yield* ChromaServer
  const http = yield* HttpClient.HttpClient
  const breaker = yield* CircuitBreaker.make({
    tripPolicy: CircuitBreaker.consecutive(3),
    openDuration: Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("10 seconds")])
  })
  /** Each start of a server has a circuit of its own: what its predecessor left unanswered does not count. */
  let circuit = ""
  const circuitOf = (url: string) => {
    if (url === circuit) return Effect.void
    circuit = url
    return Metric.update(breakerGauge, gaugeValue.Closed)
  }

  yield* Metric.update(breakerGauge, gaugeValue.Closed)
  yield* breaker.transitions.pipe(
    Stream.filter(({ key }) => key === circuit),
    Stream.runForEach(({ to }) => Metric.update(breakerGauge, gaugeValue[to])),
    Effect.forkScoped({ startImmediately: true })
  )

  const send = Effect.fnUntraced(function* <A>(limit: Duration.Duration, call: Call<A>) {
    const url = yield* server.url
    yield* circuitOf(url)
    const { body, method, path } = call
    const what = `${method} ${url}${path}`
    const request = HttpClientRequest.make(method)(url + path)
    return yield* http.execute(body === undefined ? request : HttpClientRequest.bodyJsonUnsafe(request, body)).pipe(
      Effect.flatMap((response) => read(what, call, response)),
      // A connection kept open may have been closed from the other side meanwhile; every call can be repeated.
      Effect.retry({ times: 1, while: HttpClientError.isHttpClientError }),
      Effect.timeout(limit),
      Effect.catchTags({
        HttpClientError: (cause) => Effect.fail(unreachable(`${what} could not be sent.`, cause)),
        TimeoutError: () => Effect.fail(unreachable(`${what} was not answered in ${Duration.format(limit)}.`))
      }),
      (asked) => breaker.execute(asked, { key: url, classify: outcome }),
      Effect.catchTag("CircuitBreakerError", (error) => Effect.fail(rejected(error)))
    )
  })

  const api: ChromaApi = {
    read: (call) => send(readTimeout, call),
    write: (call) => send(writeTimeout, call),
    breaker: Effect.suspend(() => breaker.state(circuit)).pipe(
      Effect.map(({ _tag }) => breakerName[_tag]),
      Effect.orDie
    )
  }
  return api
}).pipe(Effect.provide(CircuitBreaker.layerStoreMemory()))
