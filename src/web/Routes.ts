/** The table of addresses, to name a request in metrics and to tell a wrong method from a wrong address. Pure. */
import { FindMyWay } from "effect/http"
import { Api } from "./Api.ts"

export interface Route {
  readonly method: string
  readonly path: FindMyWay.PathInput
}

/** Ids of documents are paths and may be long; the router counts them as they are on the wire. */
export const routerConfig = { maxParamLength: 2_000 }

const ofApi = (): ReadonlyArray<Route> =>
  Object.values(Api.groups).flatMap(({ endpoints }) =>
    Object.values(endpoints).map(({ method, path }) => ({ method, path: path as FindMyWay.PathInput }))
  )

export interface Routes {
  /** Method and pattern, such as `GET /api/questions/:id`, or `undefined` when nothing is there. */
  readonly nameOf: (method: string, url: string) => string | undefined
  /** The methods an address takes. */
  readonly methodsOf: (url: string) => ReadonlyArray<string>
}

export const make = (others: ReadonlyArray<Route>): Routes => {
  const router = FindMyWay.make<string>(routerConfig)
  const all = [...ofApi(), ...others]
  for (const { method, path } of all) router.on(method, path, `${method} ${path}`)
  const methods = [...new Set(all.map(({ method }) => method))]
  return {
    nameOf: (method, url) => router.find(method === "HEAD" ? "GET" : method, url)?.handler,
    methodsOf: (url) => methods.filter((method) => router.find(method, url) !== undefined)
  }
}
