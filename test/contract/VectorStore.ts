/** What every vector store promises; run on each of them. */
import { assert, layer } from "@effect/vitest"
import { Effect, type Layer } from "effect"
import { VectorStore, type VectorRow } from "../../src/vectors/VectorStore.ts"

const dimensions = 8

/** A unit vector that points mostly along one axis and a little along the next. */
const towards = (axis: number, tilt = 0): Float32Array => {
  const vector = new Float32Array(dimensions)
  vector[axis % dimensions] = Math.sqrt(1 - tilt * tilt)
  vector[(axis + 1) % dimensions]! += tilt
  return vector
}

const row = (id: string, vector: Float32Array, channelId = "general", serverId = "s1"): VectorRow => ({
  id,
  vector,
  metadata: { channelId, serverId, ordinal: 3, pinned: true, weight: 0.5 }
})

/** Numbers from -1 to 1 that are the same in every run. */
const numbers = (seed: number) => () => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
  return (seed / 2_147_483_648) * 2 - 1
}

const randomUnit = (next: () => number): Float32Array => {
  const vector = Float32Array.from({ length: dimensions }, next)
  const length = Math.hypot(...vector)
  return vector.map((value) => value / length)
}

const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)

export const suite = <E>(name: string, store: Layer.Layer<VectorStore, E>) =>
  layer(store, { excludeTestServices: true, timeout: "60 seconds" })(`VectorStore: ${name}`, (it) => {
    it.effect("an unknown collection is empty", () =>
      Effect.gen(function* () {
        const vectors = yield* VectorStore
        assert.strictEqual(yield* vectors.count("unknown"), 0)
        assert.deepStrictEqual(yield* vectors.query("unknown", towards(0), 5), [])
        yield* vectors.delete("unknown", ["a"])
        yield* vectors.dropCollection("unknown")
        assert.notInclude(yield* vectors.collections, "unknown")
      })
    )

    it.effect("answers many questions at once, each with its own neighbours", () =>
      Effect.gen(function* () {
        const vectors = yield* VectorStore
        const apart = (i: number) => Float32Array.from({ length: dimensions }, (_, n) => Math.sin(7 * i + n * n))
        const ids = Array.from({ length: 40 }, (_, i) => `row-${i}`)
        yield* vectors.upsert(
          "at once",
          ids.map((id, i) => ({ id, vector: apart(i), metadata: {} }))
        )
        const asked = [...ids.keys()].flatMap((i) => [
          vectors.query("at once", apart(i), 1),
          vectors.query("none", apart(i), 1)
        ])
        const found = yield* Effect.all(asked, { concurrency: "unbounded" })
        assert.deepStrictEqual(
          found.flatMap((hits) => hits.map(({ id }) => id)),
          ids
        )
      })
    )

    it.effect("finds the nearest first, with their cosine and metadata", () =>
      Effect.gen(function* () {
        const vectors = yield* VectorStore
        yield* vectors.upsert("near", [
          row("far", towards(4)),
          row("same", towards(0)),
          row("close", towards(0, 0.3)),
          row(
            "against",
            towards(0).map((value) => -value)
          )
        ])
        const hits = yield* vectors.query("near", towards(0), 4)
        assert.deepStrictEqual(
          hits.map((hit) => hit.id),
          ["same", "close", "far", "against"]
        )
        const expected = [1, Math.sqrt(1 - 0.09), 0, -1]
        hits.forEach((hit, i) => assert.closeTo(hit.cosine, expected[i]!, 1e-5))
        assert.deepStrictEqual(hits[0]!.metadata, row("same", towards(0)).metadata)
        assert.strictEqual((yield* vectors.query("near", towards(0), 2)).length, 2)
      })
    )

    it.effect("more is asked for than there is, or nothing", () =>
      Effect.gen(function* () {
        const vectors = yield* VectorStore
        yield* vectors.upsert("few", [row("a", towards(0)), row("b", towards(1))])
        assert.strictEqual((yield* vectors.query("few", towards(0), 100)).length, 2)
        assert.deepStrictEqual(yield* vectors.query("few", towards(0), 0), [])
      })
    )

    it.effect("a row is replaced by its id, the later of a batch counts", () =>
      Effect.gen(function* () {
        const vectors = yield* VectorStore
        yield* vectors.upsert("replace", [row("a", towards(0)), row("b", towards(1))])
        yield* vectors.upsert("replace", [row("a", towards(3), "random")])
        assert.strictEqual(yield* vectors.count("replace"), 2)
        const [hit] = yield* vectors.query("replace", towards(3), 1)
        assert.strictEqual(hit!.id, "a")
        assert.closeTo(hit!.cosine, 1, 1e-5)
        assert.strictEqual(hit!.metadata["channelId"], "random")

        yield* vectors.upsert("replace", [row("c", towards(4)), row("c", towards(5))])
        assert.strictEqual(yield* vectors.count("replace"), 3)
        assert.closeTo((yield* vectors.query("replace", towards(5), 1))[0]!.cosine, 1, 1e-5)
      })
    )

    it.effect("rows of no metadata, and vectors that are not of unit length", () =>
      Effect.gen(function* () {
        const vectors = yield* VectorStore
        const long = towards(2, 0.6).map((value) => value * 7)
        yield* vectors.upsert("plain", [{ id: "a", vector: long, metadata: {} }])
        const [hit] = yield* vectors.query(
          "plain",
          towards(2).map((value) => value * 3),
          1
        )
        assert.deepStrictEqual(hit!.metadata, {})
        assert.closeTo(hit!.cosine, 0.8, 1e-5)
      })
    )

    it.effect("a condition keeps rows whose field has one of the values, before k is counted", () =>
      Effect.gen(function* () {
        const vectors = yield* VectorStore
        yield* vectors.upsert("where", [
          row("a", towards(0), "general"),
          row("b", towards(0, 0.1), "random"),
          row("c", towards(0, 0.2), "secret"),
          row("d", towards(0, 0.3), "general", "s2")
        ])
        const ids = (where: Record<string, ReadonlyArray<string>>, k = 10) =>
          Effect.map(vectors.query("where", towards(0), k, where), (hits) => hits.map((hit) => hit.id))
        assert.deepStrictEqual(yield* ids({}), ["a", "b", "c", "d"])
        assert.deepStrictEqual(yield* ids({ channelId: ["general", "random"] }), ["a", "b", "d"])
        assert.deepStrictEqual(yield* ids({ channelId: ["random", "secret"] }, 1), ["b"])
        assert.deepStrictEqual(yield* ids({ channelId: ["general"], serverId: ["s2"] }), ["d"])
        assert.deepStrictEqual(yield* ids({ channelId: ["nobody"] }), [])
        assert.deepStrictEqual(yield* ids({ channelId: [] }), [])
        assert.deepStrictEqual(yield* ids({ unknown: ["general"] }), [])
        const many = Array.from({ length: 500 }, (_, i) => `c${i}`)
        assert.deepStrictEqual(yield* ids({ channelId: [...many, "secret"] }), ["c"])
      })
    )

    it.effect("what is deleted is not found", () =>
      Effect.gen(function* () {
        const vectors = yield* VectorStore
        yield* vectors.upsert(
          "delete",
          ["a", "b", "c", "d"].map((id, i) => row(id, towards(i)))
        )
        yield* vectors.delete("delete", ["a", "d", "unknown"])
        yield* vectors.delete("delete", [])
        assert.strictEqual(yield* vectors.count("delete"), 2)
        const hits = yield* vectors.query("delete", towards(0), 10)
        assert.sameMembers(
          hits.map((hit) => hit.id),
          ["b", "c"]
        )
        yield* vectors.upsert("delete", [row("a", towards(0))])
        assert.strictEqual((yield* vectors.query("delete", towards(0), 1))[0]!.id, "a")
        yield* vectors.delete("delete", ["a", "b", "c"])
        assert.strictEqual(yield* vectors.count("delete"), 0)
        assert.deepStrictEqual(yield* vectors.query("delete", towards(0), 3), [])
      })
    )

    it.effect("collections of any name stand apart, are listed and dropped", () =>
      Effect.gen(function* () {
        const vectors = yield* VectorStore
        const names = ["x", "name-", "a_b", "a.b", "a..b", "Ünï/cödé 文", "docs:minilm-l6", "a_5fb", "n".repeat(200)]
        for (const [i, name] of names.entries()) yield* vectors.upsert(name, [row(name, towards(i))])
        for (const [i, name] of names.entries()) {
          const hits = yield* vectors.query(name, towards(i), 10)
          assert.deepStrictEqual(
            hits.map((hit) => hit.id),
            [name]
          )
        }
        assert.includeMembers([...(yield* vectors.collections)], names)
        yield* vectors.dropCollection("a.b")
        assert.notInclude(yield* vectors.collections, "a.b")
        assert.strictEqual(yield* vectors.count("a.b"), 0)
        assert.strictEqual(yield* vectors.count("a_b"), 1)
        yield* vectors.upsert("a.b", [{ id: "other dimensions", vector: new Float32Array([1, 0]), metadata: {} }])
        assert.strictEqual(yield* vectors.count("a.b"), 1)
      })
    )

    it.effect("what can never be stored or asked is invalid and changes nothing", () =>
      Effect.gen(function* () {
        const vectors = yield* VectorStore
        yield* vectors.upsert("strict", [row("a", towards(0))])
        const short = new Float32Array([1, 0])
        const broken = towards(0).map((value, i) => (i === 3 ? Number.NaN : value))
        const reasons = yield* Effect.forEach(
          [
            vectors.upsert("strict", [row("b", short)]),
            vectors.upsert("strict", [row("b", towards(1)), row("c", short)]),
            vectors.upsert("strict", [row("b", towards(1)), row("c", broken)]),
            vectors.upsert("strict", [row("", towards(1))]),
            vectors.upsert("new", [row("a", new Float32Array(0))]),
            vectors.query("strict", short, 3),
            vectors.query("strict", broken, 3)
          ],
          (call) => Effect.map(Effect.flip(call), (error) => error.reason)
        )
        assert.deepStrictEqual(
          reasons,
          Array.from(reasons, () => "invalid" as const)
        )
        assert.strictEqual(yield* vectors.count("strict"), 1)
        assert.notInclude(yield* vectors.collections, "new")
        yield* vectors.upsert("strict", [])
        yield* vectors.upsert("nothing", [])
        assert.notInclude(yield* vectors.collections, "nothing")
      })
    )

    it.effect("many rows at once, and the truly nearest of them", () =>
      Effect.gen(function* () {
        const vectors = yield* VectorStore
        const next = numbers(7)
        const rows = Array.from({ length: 2_500 }, (_, i) => row(`r${i}`, randomUnit(next)))
        yield* vectors.upsert("many", rows)
        assert.strictEqual(yield* vectors.count("many"), rows.length)
        const question = randomUnit(next)
        const exact = rows.map((r) => cosine(question, r.vector)).sort((a, b) => b - a)
        const hits = yield* vectors.query("many", question, 10)
        hits.forEach((hit, i) => assert.closeTo(hit.cosine, exact[i]!, 1e-4))
        yield* vectors.delete(
          "many",
          rows.slice(0, 2_400).map((r) => r.id)
        )
        assert.strictEqual(yield* vectors.count("many"), 100)
      })
    )

    it.effect("writers at once on a new collection lose nothing", () =>
      Effect.gen(function* () {
        const vectors = yield* VectorStore
        yield* Effect.forEach(
          Array.from({ length: 12 }, (_, i) => i),
          (i) => vectors.upsert("crowd", [row(`a${i}`, towards(i)), row(`b${i}`, towards(i, 0.2))]),
          { concurrency: "unbounded", discard: true }
        )
        assert.strictEqual(yield* vectors.count("crowd"), 24)
      })
    )

    it.effect("says how it is", () =>
      Effect.gen(function* () {
        const vectors = yield* VectorStore
        yield* vectors.count("near")
        const status = yield* vectors.status
        assert.strictEqual(status.state, "up")
        assert.strictEqual(status.breaker, "closed")
        assert.isAbove(status.detail.length, 10)
      })
    )
  })
