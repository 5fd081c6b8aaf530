/** A Chroma server that answers as a test says, and the requests it got. */
import { Effect, Layer } from "effect"
import { HttpClient, HttpClientError, HttpClientResponse } from "effect/http"
import { ChromaServer } from "../../src/vectors/ChromaServer.ts"

export interface Asked {
  readonly method: string
  readonly url: string
  readonly body: any
}

/** What comes back: a status with a body, no connection at all, or nothing ever. */
export type Reply = { readonly status: number; readonly body: unknown } | "refused" | "silent"

export const problem = (status: number, error: string, message = "so it is"): Reply => ({
  status,
  body: { error, message }
})

export const fakeChroma = (reply: (asked: Asked) => Reply, url: () => string = () => "http://chroma.test") => {
  const asked: Array<Asked> = []
  const http = HttpClient.make((request) => {
    const bytes = request.body._tag === "Uint8Array" ? request.body.body : undefined
    const body = bytes === undefined ? undefined : JSON.parse(new TextDecoder().decode(bytes))
    asked.push({ method: request.method, url: request.url, body })
    const replied = reply(asked.at(-1)!)
    if (replied === "silent") return Effect.never
    if (replied === "refused") {
      return Effect.fail(
        new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request }) })
      )
    }
    const text = typeof replied.body === "string" ? replied.body : JSON.stringify(replied.body)
    return Effect.succeed(HttpClientResponse.fromWeb(request, new Response(text, { status: replied.status })))
  })
  const server = ChromaServer.of({
    url: Effect.sync(url),
    status: Effect.succeed({ kind: "remote", state: "up", since: 0, restarts: 0, pid: null, detail: "a test" })
  })
  return { asked, layer: Layer.merge(Layer.succeed(HttpClient.HttpClient, http), Layer.succeed(ChromaServer, server)) }
}
