/** The documentation of the API: the OpenAPI document, and the same as a page without scripts. */
import { Effect } from "effect"
import { HttpRouter } from "effect/http"
import { OpenApi } from "effect/http-api"
import { Api } from "./Api.ts"
import * as Asset from "./Asset.ts"
import { version } from "../runtime/Home.ts"

/** The OpenAPI 3.1 document. */
export const document = () => {
  const spec = OpenApi.fromApi(Api)
  return { ...spec, info: { ...spec.info, version } }
}

export const paths = ["/openapi.json", "/docs", "/docs.css"] as const

export const layer = HttpRouter.use(
  Effect.fnUntraced(function* (router) {
    yield* router.add(
      "GET",
      "/openapi.json",
      Effect.suspend(() => Asset.respond(Asset.make("openapi.json", JSON.stringify(document()))))
    )
  })
)
