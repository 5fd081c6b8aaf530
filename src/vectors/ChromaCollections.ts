/** Collections of a Chroma server by our names for them. */
import { Array, Effect, Schema } from "effect"
import * as ChromaApi from "./ChromaApi.ts"

const collectionsPath = "/api/v2/tenants/default_tenant/databases/default_database/collections"

/** `ef_search` 300 finds the truly nearest 30 of 20,000 in 2 ms more; the default of 100 misses one in a hundred. */
const configuration = { hnsw: { space: "cosine", ef_search: 300 } }

/** Collections of one page of a list. */
const pageSize = 1_000

const Collection = Schema.Struct({ id: Schema.String, name: Schema.String })
const oneCollection = ChromaApi.json(Collection)
const someCollections = ChromaApi.json(Schema.Array(Collection))

/** Our collections among those of others in one server. */
const prefix = "rtfm."

/**
 * Chroma takes 3 to 512 characters of `a-zA-Z0-9._-` that end with a letter or a digit: every other byte is written
 * as `_` and two hexadecimal digits.
 */
const toChroma = (name: string): string =>
  prefix +
  name.replace(/[^a-zA-Z0-9-]|-$/gu, (character) =>
    Array.fromIterable(Buffer.from(character))
      .map((byte) => `_${byte.toString(16).padStart(2, "0")}`)
      .join("")
  )

const fromChroma = (name: string): string =>
  decodeURIComponent(name.slice(prefix.length).replace(/_([0-9a-f]{2})/g, "%$1"))

export const make = (api: ChromaApi.ChromaApi) => {
  const ids = new Map<string, string>()

  const find = (name: string) =>
    api.read({ method: "GET", path: `${collectionsPath}/${toChroma(name)}`, answer: oneCollection })

  const findOrMake = (name: string) =>
    api.write({
      method: "POST",
      path: collectionsPath,
      body: { name: toChroma(name), configuration, get_or_create: true },
      answer: oneCollection
    })

  /** By the id last seen, which is looked up when it is not known, or gone: dropped, lost, or another server. */
  const within =
    (lookUp: typeof find) =>
    <A>(name: string, use: (path: string) => Effect.Effect<A, ChromaApi.ApiError>) =>
      Effect.suspend(() => {
        const id = ids.get(name)
        const lookedUp = Effect.flatMap(lookUp(name), ({ id }) => {
          ids.set(name, id)
          return use(`${collectionsPath}/${id}`)
        })
        return id === undefined
          ? lookedUp
          : Effect.catchTag(use(`${collectionsPath}/${id}`), "Gone", () => {
              ids.delete(name)
              return lookedUp
            })
      })

  const list = Effect.gen(function* () {
    const names: Array<string> = []
    for (let offset = 0; ; offset += pageSize) {
      const path = `${collectionsPath}?limit=${pageSize}&offset=${offset}`
      const page = yield* api.read({ method: "GET", path, answer: someCollections })
      names.push(...page.map(({ name }) => name).filter((name) => name.startsWith(prefix)))
      if (page.length < pageSize) return names.map(fromChroma)
    }
  })

  const drop = (name: string) =>
    Effect.suspend(() => {
      ids.delete(name)
      return api.write({ method: "DELETE", path: `${collectionsPath}/${toChroma(name)}`, answer: ChromaApi.anything })
    })

  return {
    /** Calls under the path of a collection; `Gone` when there is none. */
    inExisting: within(find),
    /** Calls under the path of a collection, which is made when there is none. */
    inMade: within(findOrMake),
    list,
    drop
  }
}
