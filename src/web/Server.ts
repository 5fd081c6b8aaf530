/** The HTTP server: the page, the API and its documentation, and what probes and scrapers read. */
import { NodeHttpServer } from "@effect/platform-node"
import { Duration, Effect, Layer } from "effect"
import { HttpRouter, HttpServer, type HttpServerError } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { NetAddress } from "effect/net"
import { createServer } from "node:http"
import { Api } from "./Api.ts"
import * as Chat from "./Chat.ts"
import * as Docs from "./Docs.ts"
import * as DomainEvents from "./DomainEvents.ts"
import { Draining } from "./Draining.ts"
import * as Feedback from "./Feedback.ts"
import { Guard, layerAuthorization, type Place } from "./Guard.ts"
import * as Health from "./Health.ts"
import * as Indexes from "./Indexes.ts"
import * as Knowledge from "./Knowledge.ts"
import * as Machine from "./Machine.ts"
import * as Mcp from "./Mcp.ts"
import * as Page from "./Page.ts"
import * as Questions from "./Questions.ts"
import * as Records from "./Records.ts"
import * as Requests from "./Requests.ts"
import * as Routes from "./Routes.ts"
import { ServerError } from "./ServerError.ts"
import * as System from "./System.ts"
import * as Ways from "./Ways.ts"

export { settings } from "./Guard.ts"

/** How long a stop waits for requests in hand; those that wait for an answer give up before. */
const grace = Duration.seconds(5)

const Groups = Layer.mergeAll(
  Questions.layer,
  Chat.layer,
  Feedback.layer,
  Knowledge.layer,
  Indexes.layer,
  System.layer,
  Machine.layer,
  Ways.layer,
  Records.layer,
  DomainEvents.layer,
  Health.layer
).pipe(Layer.provide([Requests.layerProblems, layerAuthorization]))

const Everything = Layer.mergeAll(
  HttpApiBuilder.layer(Api).pipe(Layer.provide(Groups)),
  Docs.layer,
  Mcp.layer,
  Page.layer
).pipe(Layer.provide(Layer.succeed(HttpRouter.RouterConfig, Routes.routerConfig)))

/** Beside those of the API. */
const others: ReadonlyArray<Routes.Route> = [
  ...[...Docs.paths, ...Page.paths].map((path) => ({ method: "GET", path })),
  { method: "POST", path: Mcp.path }
]

const explain = ({ host, port }: Place, { cause }: HttpServerError.ServeError): ServerError => {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined
  switch (code) {
    case "EADDRINUSE":
      return new ServerError({
        reason: "port-in-use",
        detail: `Port ${port} is in use: stop the program that listens there, or set PORT to another`,
        cause
      })
    case "EACCES":
    case "EPERM":
      return new ServerError({
        reason: "not-permitted",
        detail: `Port ${port} is not open to this user: set PORT to a number above 1023`,
        cause
      })
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new ServerError({
        reason: "no-such-address",
        detail: `HOST ${host} is no address of this machine: leave it out to listen on 127.0.0.1`,
        cause
      })
    default:
      return new ServerError({ reason: "failed", detail: `The server could not listen on ${host}:${port}`, cause })
  }
}

/**
 * Listens when everything it serves is there. When its scope closes, event streams end first, then requests in hand
 * finish; nothing new is taken on meanwhile.
 */
const listen = Effect.gen(function* () {
  const { place } = yield* Guard
  const draining = yield* Draining
  const handler = yield* HttpRouter.toHttpEffect(Everything)
  const server = yield* NodeHttpServer.make(createServer, {
    host: place.host.replace(/^\[|\]$/g, ""),
    port: place.port,
    gracefulShutdownTimeout: grace
  }).pipe(Effect.mapError((error) => explain(place, error)))
  yield* server.serve(Requests.through(handler, Routes.make(others)))
  yield* Effect.addFinalizer(() => draining.begin)
  return server
})

/** At a given place instead of the one the settings name. */
export const layerAt = (place: Place) => layerNoDeps.pipe(Layer.provide(Guard.layerOf(place)))

const layerNoDeps = Layer.effect(HttpServer.HttpServer, listen).pipe(
  Layer.provide([Draining.layer, NodeHttpServer.layerHttpServices])
)

export const layer = layerNoDeps.pipe(Layer.provide(Guard.layer))

/** Where this machine finds the page; a server that listens on every address is found on the machine's own. */
export const url = Effect.map(HttpServer.HttpServer, ({ address }) => {
  const everywhere = NetAddress.isInetAddress(address) && NetAddress.isUnspecified(address.address)
  return everywhere ? `http://localhost:${address.port}` : HttpServer.formatAddress(address)
})
