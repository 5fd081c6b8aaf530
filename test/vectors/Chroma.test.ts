/** How the vectors in Chroma use its API: ids remembered and found again, batches, settings, and what is counted. */
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Metric, Option } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { chromaUrl, layerNoDeps } from "../../src/vectors/Chroma.ts"
import { VectorStore, type VectorRow } from "../../src/vectors/VectorStore.ts"
import { type Asked, fakeChroma, problem, type Reply } from "./FakeChroma.ts"

const row = (id: string): VectorRow => ({ id, vector: new Float32Array([1, 0]), metadata: { channelId: "c" } })

/** Collections by name, each with rows; ids begin with the number of times everything was lost. */
const makeServer = (maxBatch: number) => {
  const collections = new Map<string, { readonly id: string; readonly rows: Set<string> }>()
  let losses = 0
  const lose = () => {
    collections.clear()
    losses++
  }
  const make = (name: string) => {
    const made = collections.get(name) ?? { id: `${losses}-${name}`, rows: new Set<string>() }
    collections.set(name, made)
    return { id: made.id, name }
  }
  const reply = ({ body, method, url }: Asked): Reply => {
    const [, tail = ""] = url.split("/collections/")
    if (url.endsWith("pre-flight-checks")) return { status: 200, body: { max_batch_size: maxBatch } }
    if (method === "POST" && tail === "") return { status: 200, body: make(body.name) }
    const [name = "", verb] = tail.split("/")
    const known = [...collections].find(([key, { id }]) => (verb === undefined ? key === name : id === name))
    if (known === undefined) return problem(404, "NotFoundError")
    if (verb === undefined) return { status: 200, body: { id: known[1].id, name: known[0] } }
    if (verb === "count") return { status: 200, body: known[1].rows.size }
    for (const id of body.ids) known[1].rows.add(id)
    return { status: 200, body: {} }
  }
  const fake = fakeChroma(reply)
  const requests = (ending: string) => fake.asked.filter(({ url }) => url.endsWith(ending))
  return { lose, requests, layer: layerNoDeps.pipe(Layer.provide(fake.layer)) }
}

describe("Chroma", () => {
  it.effect("a collection is looked up once, and again when the server lost it", () => {
    const server = makeServer(100)
    return Effect.gen(function* () {
      const vectors = yield* VectorStore
      yield* vectors.upsert("docs", [row("a")])
      yield* vectors.upsert("docs", [row("b")])
      assert.strictEqual(yield* vectors.count("docs"), 2)
      assert.strictEqual(server.requests("/collections").length, 1)
      assert.strictEqual(server.requests("/rtfm.docs").length, 0)

      server.lose()
      assert.strictEqual(yield* vectors.count("docs"), 0)
      yield* vectors.upsert("docs", [row("c")])
      assert.strictEqual(yield* vectors.count("docs"), 1)
      server.lose()
      yield* vectors.upsert("docs", [row("c")])
      assert.strictEqual(yield* vectors.count("docs"), 1)
    }).pipe(Effect.provide(server.layer))
  })

  it.effect("rows go in batches that the server takes, as bytes", () => {
    const server = makeServer(3)
    return Effect.gen(function* () {
      const vectors = yield* VectorStore
      yield* vectors.upsert("docs", ["a", "b", "c", "d", "e", "f", "g"].map(row))
      const sent = server.requests("/upsert").map(({ body }) => body)
      assert.deepStrictEqual(
        sent.map(({ ids }) => ids.join("")),
        ["abc", "def", "g"]
      )
      const bytes = Buffer.from(sent[0].embeddings[0], "base64")
      assert.deepStrictEqual([bytes.readFloatLE(0), bytes.readFloatLE(4)], [1, 0])
      yield* vectors.upsert("docs", [row("h")])
      assert.strictEqual(server.requests("/pre-flight-checks").length, 1)
    }).pipe(Effect.provide(server.layer))
  })

  it.effect("counts rows, batches, and failures by reason", () => {
    const server = makeServer(100)
    return Effect.gen(function* () {
      const vectors = yield* VectorStore
      const before = yield* PrometheusMetrics.format()
      assert.include(before, "rtfm_vectors_upsert_rows_total 0")
      assert.include(before, `rtfm_vectors_failures_total{reason="unreachable"} 0`)
      yield* vectors.upsert("docs", [row("a"), row("b")])
      yield* vectors.upsert("docs", [row("c")])
      yield* Effect.flip(vectors.query("docs", new Float32Array([Number.NaN]), 1))
      const after = yield* PrometheusMetrics.format()
      assert.include(after, "rtfm_vectors_upsert_rows_total 3")
      assert.include(after, "rtfm_vectors_upsert_batches_total 2")
      assert.include(after, "rtfm_vectors_query_seconds_count 1")
      assert.include(after, `rtfm_vectors_failures_total{reason="invalid"} 1`)
      assert.include(after, `rtfm_vectors_failures_total{reason="unreachable"} 0`)
    }).pipe(Effect.provide(server.layer), Effect.provideService(Metric.MetricRegistry, new Map()))
  })

  it.effect("CHROMA_URL is an address over http, or absent", () =>
    Effect.gen(function* () {
      const read = (env: Record<string, string>) => chromaUrl.config.parse(ConfigProvider.fromEnv({ env }))
      assert.isTrue(Option.isNone(yield* read({})))
      const found = yield* read({ CHROMA_URL: "https://chroma.example/base" })
      assert.strictEqual(Option.getOrThrow(found).host, "chroma.example")
      for (const wrong of ["chroma.example", "ftp://chroma.example", "http://me:secret@chroma.example"]) {
        const error = yield* Effect.flip(read({ CHROMA_URL: wrong }))
        assert.include(String(error), "CHROMA_URL")
        assert.notInclude(String(error), "secret")
      }
    })
  )
})
