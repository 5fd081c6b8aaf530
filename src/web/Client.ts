/** The API as a program calls it, typed from the same definition the server serves. */
import { type Effect, flow, identity, Option, type Redacted } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { HttpApiClient } from "effect/http-api"
import * as OwnerKey from "../runtime/OwnerKey.ts"
import { Api } from "./Api.ts"

export type Client = HttpApiClient.ForApi<typeof Api>

/** A client of the server at `url`. */
export const make = (options: {
  readonly url: string
  readonly token?: Option.Option<Redacted.Redacted>
  /** The `OwnerKey` of the process that serves it. */
  readonly key?: string
}): Effect.Effect<Client, never, HttpClient.HttpClient> =>
  HttpApiClient.make(Api, {
    baseUrl: options.url,
    transformClient: flow(
      Option.match(options.token ?? Option.none(), {
        onNone: () => identity<HttpClient.HttpClient>,
        onSome: (token) => HttpClient.mapRequest(HttpClientRequest.bearerToken(token))
      }),
      options.key === undefined
        ? identity
        : HttpClient.mapRequest(HttpClientRequest.setHeader(OwnerKey.header, options.key))
    )
  })
