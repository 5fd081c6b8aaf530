/** Vectors in a Chroma server: our own, one elsewhere by `CHROMA_URL`, or in memory where Chroma cannot run. */
import { NodeServices } from "@effect/platform-node"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Array, Config, Effect, Exit, Layer, Option, Request, RequestResolver, Schema } from "effect"
import path from "node:path"
import * as Setting from "../runtime/Setting.ts"
import { dataDir } from "../state/DataDir.ts"
import * as ChromaApi from "./ChromaApi.ts"
import * as ChromaCollections from "./ChromaCollections.ts"
import { ChromaServer, type ChromaUnsupported, layerEmbedded, layerRemote } from "./ChromaServer.ts"
import * as Memory from "./Memory.ts"
import { metered } from "./Metered.ts"
import { checkRows, checkVector } from "./Rows.ts"
import { VectorStore, type VectorHit, VectorStoreError, type VectorRow, type Where } from "./VectorStore.ts"

const HttpUrl = Schema.URLFromString.check(
  Schema.makeFilter((url) => /^https?:$/.test(url.protocol) && url.username === "" && url.password === "")
)

export const chromaUrl = Setting.optional("CHROMA_URL", {
  description: "Chroma server to keep the vectors in; absent: one of our own in DATA_DIR",
  expected: "an http or https address without a user or password, such as http://localhost:8000",
  config: (name) => Config.schema(HttpUrl, name)
})

/** Rows or ids of one request, if the server takes as many; 3,072 dimensions then stay under its limit of 40 MB. */
const requestLimit = 1_000

const Metadata = Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Finite, Schema.Boolean]))
/** Of each vector that was asked for. */
const Hits = Schema.Struct({
  ids: Schema.Array(Schema.Array(Schema.String)),
  distances: Schema.Array(Schema.Array(Schema.Finite)),
  metadatas: Schema.Array(Schema.Array(Schema.NullOr(Metadata)))
})
const limitsAnswer = ChromaApi.json(Schema.Struct({ max_batch_size: Schema.Int }))
const hitsAnswer = ChromaApi.json(Hits)
const countAnswer = ChromaApi.json(Schema.Int)

const conditionOf = (where: Where) => {
  const fields = Object.entries(where).map(([field, values]) => ({ [field]: { $in: values } }))
  return fields.length > 1 ? { $and: fields } : fields[0]
}

/** The bytes of the numbers: a tenth of the work of writing them in digits. */
const base64 = ({ buffer, byteLength, byteOffset }: Float32Array) =>
  Buffer.from(buffer, byteOffset, byteLength).toString("base64")

const hitsOf = ({ distances, ids, metadatas }: typeof Hits.Type, nth: number) =>
  (ids[nth] ?? []).map((id, i): VectorHit => ({
    id,
    cosine: 1 - distances[nth]![i]!,
    metadata: metadatas[nth]![i] ?? {}
  }))

/** A search without conditions. */
interface Near extends Request.Request<ReadonlyArray<VectorHit>, ChromaApi.ApiError> {
  readonly _tag: "Near"
  readonly name: string
  readonly vector: Float32Array
  readonly k: number
}
const Near = Request.tagged<Near>("Near")
/** Searches that share a call, at most. */
const together = 16

const rowsOf = (rows: ReadonlyArray<VectorRow>) => ({
  ids: rows.map((row) => row.id),
  embeddings: rows.map((row) => base64(row.vector)),
  metadatas: rows.map((row) => (Object.keys(row.metadata).length === 0 ? null : row.metadata))
})

const inBatches = <A>(
  items: ReadonlyArray<A>,
  size: number,
  send: (batch: ReadonlyArray<A>) => Effect.Effect<unknown, ChromaApi.ApiError>
) => Effect.forEach(Array.chunksOf(items, size), send, { discard: true })

const goneIs =
  <B>(value: B) =>
  <A, R>(call: Effect.Effect<A, ChromaApi.ApiError, R>) =>
    Effect.catchTag(call, "Gone", () => Effect.succeed(value))

const goneFails = <A, R>(call: Effect.Effect<A, ChromaApi.ApiError, R>) =>
  Effect.catchTag(call, "Gone", ({ detail }) => Effect.fail(new VectorStoreError({ reason: "failed", detail })))

const makeStore = Effect.gen(function* () {
  const server = yield* ChromaServer
  const api = yield* ChromaApi.make
  const collections = ChromaCollections.make(api)

  const limits = yield* api
    .read({ method: "GET", path: "/api/v2/pre-flight-checks", answer: limitsAnswer })
    .pipe(Effect.cachedWithTTL(Exit.match({ onSuccess: () => "1 hour", onFailure: () => 0 })))

  const upsert = Effect.fn("VectorStore.upsert")(function* (name: string, rows: ReadonlyArray<VectorRow>) {
    yield* checkRows(name, rows)
    if (rows.length === 0) return
    const { max_batch_size } = yield* limits
    yield* collections.inMade(name, (path) =>
      inBatches(rows, Math.min(max_batch_size, requestLimit), (batch) =>
        api.write({ method: "POST", path: `${path}/upsert`, body: rowsOf(batch), answer: ChromaApi.anything })
      )
    )
  }, goneFails)

  const search = (name: string, vectors: ReadonlyArray<Float32Array>, k: number, where: Where = {}) => {
    const body = {
      query_embeddings: vectors.map(Array.fromIterable),
      n_results: k,
      where: conditionOf(where),
      include: ["distances", "metadatas"]
    }
    return collections.inExisting(name, (path) =>
      api.read({ method: "POST", path: `${path}/query`, body, answer: hitsAnswer })
    )
  }

  /** Many questions at the same moment are one call. */
  const near = RequestResolver.makeGrouped<Near, string>({
    key: ({ request: { k, name } }) => `${k} ${name}`,
    resolver: Effect.fnUntraced(function* (entries) {
      const { k, name } = entries[0].request
      const vectors = entries.map(({ request }) => request.vector)
      const answer = yield* search(name, vectors, k)
      entries.forEach((entry, nth) => entry.completeUnsafe(Exit.succeed(hitsOf(answer, nth))))
    })
  }).pipe(RequestResolver.batchN(together))

  const query = Effect.fn("VectorStore.query")(function* (
    name: string,
    vector: Float32Array,
    k: number,
    where: Where = {}
  ) {
    const problem = checkVector(name, "The question", vector)
    if (problem !== undefined) return yield* problem
    if (k < 1 || Object.values(where).some((values) => values.length === 0)) return []
    if (Object.keys(where).length > 0) return hitsOf(yield* search(name, [vector], k, where), 0)
    return yield* Effect.request(Near({ name, vector, k }), near)
  }, goneIs([]))

  const remove = Effect.fn("VectorStore.delete")(function* (name: string, ids: ReadonlyArray<string>) {
    if (ids.length === 0) return
    yield* collections.inExisting(name, (path) =>
      inBatches(ids, requestLimit, (batch) =>
        api.write({ method: "POST", path: `${path}/delete`, body: { ids: batch }, answer: ChromaApi.anything })
      )
    )
  }, goneIs(undefined))

  const count = Effect.fn("VectorStore.count")(
    (name: string) =>
      collections.inExisting(name, (path) => api.read({ method: "GET", path: `${path}/count`, answer: countAnswer })),
    goneIs(0)
  )

  return {
    upsert,
    query,
    delete: remove,
    count,
    collections: goneFails(collections.list),
    dropCollection: (name: string) => Effect.asVoid(goneIs(undefined)(collections.drop(name))),
    status: Effect.zipWith(server.status, api.breaker, (status, breaker) => ({ ...status, breaker }))
  }
})

/** The Chroma server of the environment, with a store in memory that takes over where there can be no server. */
export const layerNoDeps = Layer.effect(
  VectorStore,
  Effect.gen(function* () {
    const chroma = yield* makeStore
    const memory = yield* Memory.make
    const orMemory = <A>(
      viaChroma: Effect.Effect<A, VectorStoreError | ChromaUnsupported>,
      viaMemory: Effect.Effect<A, VectorStoreError>
    ) => Effect.catchTag(viaChroma, "ChromaUnsupported", () => viaMemory)

    return yield* metered({
      upsert: (name, rows) => orMemory(chroma.upsert(name, rows), memory.upsert(name, rows)),
      query: (name, vector, k, where) =>
        orMemory(chroma.query(name, vector, k, where), memory.query(name, vector, k, where)),
      delete: (name, ids) => orMemory(chroma.delete(name, ids), memory.delete(name, ids)),
      count: (name) => orMemory(chroma.count(name), memory.count(name)),
      collections: orMemory(chroma.collections, memory.collections),
      dropCollection: (name) => orMemory(chroma.dropCollection(name), memory.dropCollection(name)),
      status: chroma.status
    })
  })
)

const Http = NodeHttpClient.layerNodeHttpOptions({ keepAlive: true })

const chosenServer = Effect.gen(function* () {
  const url = yield* chromaUrl.config
  if (Option.isSome(url)) return layerRemote(url.value.href.replace(/\/+$/, ""))
  return layerEmbedded({ folder: path.join(yield* dataDir.config, "chroma") })
})

/** By settings: the server at `CHROMA_URL`, else our own in `DATA_DIR`. */
export const layer = layerNoDeps.pipe(
  Layer.provide(Layer.unwrap(chosenServer)),
  Layer.provide([Http, NodeServices.layer])
)

/** Our own server on a folder. */
export const layerFolder = (options: { readonly folder: string; readonly child?: string }) =>
  layerNoDeps.pipe(Layer.provide(layerEmbedded(options)), Layer.provide([Http, NodeServices.layer]))
