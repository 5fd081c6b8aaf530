/** The documentation of the API: the OpenAPI document, and the same as a page without scripts. */
import { Effect, Option } from "effect"
import { HttpRouter } from "effect/http"
import { OpenApi } from "effect/http-api"
import { version } from "../runtime/Home.ts"
import { Api } from "./Api.ts"
import * as Asset from "./Asset.ts"
import { render, style } from "./DocsPage.ts"
import { Guard } from "./Guard.ts"

/** The OpenAPI 3.1 document. */
export const document = (): OpenApi.OpenAPISpec => {
  const spec = OpenApi.fromApi(Api)
  return { ...spec, info: { ...spec.info, version } }
}

export const paths = ["/openapi.json", "/docs", "/docs.css"] as const

/** Made when it is first asked for. */
const once = (make: () => Asset.Asset) => {
  let asset: Asset.Asset | undefined
  return Effect.suspend(() => Asset.respond((asset ??= make())))
}

export const layer = HttpRouter.use(
  Effect.fnUntraced(function* (router) {
    const { place } = yield* Guard
    const url = Option.match(place.publicUrl, {
      onNone: () => `http://localhost:${place.port}`,
      onSome: ({ origin }) => origin
    })
    const answers: Readonly<Record<(typeof paths)[number], () => Asset.Asset>> = {
      "/openapi.json": () => Asset.make("openapi.json", JSON.stringify(document())),
      "/docs": () => Asset.make("docs.html", render(document(), url)),
      "/docs.css": () => Asset.make("docs.css", style)
    }
    for (const path of paths) yield* router.add("GET", path, once(answers[path]))
  })
)
