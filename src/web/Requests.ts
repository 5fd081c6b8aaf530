/** What every request goes through around its handler: refusals, limits, failures as problems, headers and metrics. */
import { ByteSize, Clock, Effect, Metric, SchemaIssue } from "effect"
import { HttpIncomingMessage, HttpServerError, HttpServerRequest, HttpServerResponse } from "effect/http"
import { type HttpApiError, HttpApiMiddleware } from "effect/http-api"
import { Problems } from "./Api.ts"
import { Draining } from "./Draining.ts"
import { Guard, securityHeaders } from "./Guard.ts"
import * as Mcp from "./Mcp.ts"
import { BadRequest, isProblem, responseOf, toResponse } from "./Problem.ts"
import type { Routes } from "./Routes.ts"

const requestsTotal = Metric.counter("rtfm_http_requests_total", {
  description: "Requests answered, by route and class of status",
  incremental: true
})
const requestSeconds = Metric.histogram("rtfm_http_request_seconds", {
  description: "Time from a request to its answer, waiting for answers to questions included",
  boundaries: Metric.exponentialBoundaries({ start: 0.001, factor: 3, count: 11 })
})

const bodyLimit = ByteSize.kibibytes(64)
const largeLimit = ByteSize.mebibytes(32)
/** What carries many documents or records at once. */
const largeBodies = new Set(["POST /api/documents", "POST /api/topics/:topic/records"])
const limitOf = (route: string | undefined) => (largeBodies.has(route ?? "") ? largeLimit : bodyLimit)

const slots = {
  Params: "path",
  Query: "query",
  Headers: "headers",
  Payload: "body",
  Body: "response",
  ResponseHeaders: "response"
}
const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()

const errorsOf = (error: HttpApiError.HttpApiSchemaError) =>
  formatIssues(error.cause.issue).issues.map(({ message, path = [] }) => ({
    path: [
      slots[error.kind],
      ...path.map((segment) => String(typeof segment === "object" ? segment.key : segment))
    ].join("."),
    message
  }))

/** Says of a request that is not what the schema wants where it is wrong; of a response it is a fault of ours. */
export const layerProblems = HttpApiMiddleware.layerSchemaErrorTransform(Problems, (error) => {
  if (error.kind === "Body" || error.kind === "ResponseHeaders") return Effect.die(error)
  const errors = errorsOf(error)
  const [{ message, path }, ...more] = errors as [{ path: string; message: string }]
  const others = more.length === 0 ? "" : `, and ${more.length} more`
  return Effect.fail(new BadRequest({ detail: `${path}: ${message}${others}`, errors }))
})

type Handler<R> = Effect.Effect<HttpServerResponse.HttpServerResponse, unknown, R>

/** Failures and defects as responses; only what is a fault of ours is logged. */
const answered = <R>(handler: Handler<R>) =>
  Effect.catchCause(handler, (cause) =>
    Effect.flatMap(HttpServerError.causeResponse(cause), ([response]) =>
      response.status === 500
        ? Effect.as(Effect.logError("A request could not be answered", cause), response)
        : Effect.succeed(response)
    )
  )

const measure = Effect.fnUntraced(function* (route: string, status: number, startedAt: bigint) {
  const seconds = Number((yield* Clock.currentTimeNanos) - startedAt) / 1e9
  const statusClass = `${Math.floor(status / 100)}xx`
  yield* Metric.update(Metric.withAttributes(requestsTotal, { route, status_class: statusClass }), 1)
  yield* Metric.update(Metric.withAttributes(requestSeconds, { route }), seconds)
})

const refusal = (
  guard: Guard["Service"],
  { headers }: HttpServerRequest.HttpServerRequest,
  path: string,
  stopping: boolean
) => {
  const foreign = guard.refusal({ path, host: headers["host"], origin: headers["origin"] })
  if (foreign !== undefined) return toResponse(foreign)
  return stopping && path.startsWith("/api/") ? responseOf(503) : undefined
}

/** A failure without a body of ours gets one; an address that takes other methods says which. */
const explained = (response: HttpServerResponse.HttpServerResponse, routes: Routes, url: string) => {
  // Failures of the Model Context Protocol have bodies of its own.
  if (response.status < 400 || isProblem(response) || routes.nameOf("POST", url) === `POST ${Mcp.path}`) return response
  const methods = response.status === 404 ? routes.methodsOf(url) : []
  return methods.length === 0
    ? responseOf(response.status)
    : HttpServerResponse.setHeader(responseOf(405), "allow", methods.join(", "))
}

const withHeaders = (response: HttpServerResponse.HttpServerResponse, stopping: boolean) =>
  HttpServerResponse.setHeaders(response, {
    "cache-control": "no-store",
    ...securityHeaders,
    ...(response.status === 401 && { "www-authenticate": 'Bearer realm="rtfm"' }),
    ...(stopping && { connection: "close" }),
    ...response.headers
  })

/** Wraps the router. */
export const through = <R>(handler: Handler<R>, routes: Routes) =>
  Effect.gen(function* () {
    const guard = yield* Guard
    const draining = yield* Draining
    const request = yield* HttpServerRequest.HttpServerRequest
    const startedAt = yield* Clock.currentTimeNanos
    const path = request.url.split("?", 1)[0]!
    const route = routes.nameOf(request.method, request.url)
    const response =
      refusal(guard, request, path, yield* draining.begun) ??
      (yield* answered(handler).pipe(
        Effect.provideService(HttpIncomingMessage.MaxBodySize, limitOf(route)),
        Effect.annotateLogs({ route: route ?? "none" })
      ))
    yield* measure(route ?? "none", response.status, startedAt)
    return withHeaders(explained(response, routes, request.url), yield* draining.begun)
  })
