/** Gemini's embedder: texts share calls whoever asks for them, vectors have unit length, questions are remembered. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { Embedder } from "../../../src/model/Embedder.ts"
import * as GeminiServer from "../../fixtures/gemini/GeminiServer.ts"
import * as Reactions from "../../fixtures/gemini/Reactions.ts"
import { vectorOf } from "../../fixtures/gemini/Words.ts"
import * as Writing from "../../fixtures/gemini/Writing.ts"

const texts = (count: number) => Array.from({ length: count }, (_, i) => `text ${i} about kettle ${i % 7}`)

const unit = (vector: ReadonlyArray<number>) => Float32Array.from(vector, (x) => x / Math.hypot(...vector))

const eventLoop = Effect.promise(() => new Promise((done) => setImmediate(done)))
const inItsTime = Effect.fnUntraced(function* <A, E, R>(effect: Effect.Effect<A, E, R>) {
  const fiber = yield* Effect.forkChild(effect)
  while (fiber.pollUnsafe() === undefined) {
    yield* TestClock.adjust("50 millis")
    yield* eventLoop
  }
  return yield* Fiber.join(fiber)
})

/** A test of the embedder of a server. */
const over = (
  test: (embedder: Embedder["Service"], server: GeminiServer.GeminiServer) => Effect.Effect<void, unknown>
) => {
  const server = GeminiServer.make({ key: Writing.key })
  return Embedder.use((embedder) => test(embedder, server)).pipe(Effect.provide(Writing.layer(server)))
}

describe("embedding", () => {
  it.effect("takes up to 100 passages a call, in order, as documents of 768 dimensions", () =>
    over((embedder, server) =>
      Effect.gen(function* () {
        const all = texts(250)
        const vectors = yield* inItsTime(embedder.embedPassages(all))
        assert.deepStrictEqual(
          server.calls.map(({ body, method, model }) => [method, model, body.requests.length]),
          [
            ["batchEmbedContents", "gemini-embedding-001", 100],
            ["batchEmbedContents", "gemini-embedding-001", 100],
            ["batchEmbedContents", "gemini-embedding-001", 50]
          ]
        )
        const { outputDimensionality, taskType } = server.calls[0]!.body.requests[0]
        assert.deepStrictEqual([taskType, outputDimensionality], ["RETRIEVAL_DOCUMENT", 768])
        for (const i of [0, 99, 100, 249]) assert.deepStrictEqual(vectors[i], unit(vectorOf(all[i]!, 768)))
      })
    )
  )

  it.effect("shares a call between callers that ask at the same time", () =>
    over((embedder, server) =>
      Effect.gen(function* () {
        const records = texts(60).map((text) => [text])
        yield* inItsTime(Effect.forEach(records, embedder.embedPassages, { concurrency: "unbounded" }))
        assert.lengthOf(server.calls, 1)
      })
    )
  )

  it.effect("of a question is another task, and remembered", () =>
    over((embedder, server) =>
      Effect.gen(function* () {
        const [first] = yield* inItsTime(embedder.embedQueries(["how often?"]))
        const [again] = yield* embedder.embedQueries(["how often?"])
        assert.deepStrictEqual(again, first)
        assert.deepStrictEqual(
          server.calls.map(({ body }) => body.requests[0].taskType),
          ["RETRIEVAL_QUERY"]
        )
      })
    )
  )

  it.effect("of nothing is possible", () =>
    over((embedder) =>
      Effect.gen(function* () {
        assert.lengthOf(yield* inItsTime(embedder.embedPassages(["", "  "])), 2)
        assert.deepStrictEqual(yield* embedder.embedPassages([]), [])
      })
    )
  )

  it.effect("that failed is tried again when it is asked for again", () =>
    over((embedder, server) =>
      Effect.gen(function* () {
        server.scriptEmbeddings(...Array.from({ length: 3 }, () => Reactions.internal))
        const error = yield* Effect.flip(inItsTime(embedder.embedQueries(["kettle"])))
        assert.deepStrictEqual([error.reason, error.retryable], ["unavailable", true])
        assert.deepInclude(yield* embedder.status, { state: "unavailable", kind: "real" })
        assert.lengthOf(yield* inItsTime(embedder.embedQueries(["kettle"])), 1)
        assert.deepInclude(yield* embedder.status, { state: "loaded", breaker: "closed" })
      })
    )
  )

  it.effect("of too few vectors, or of other dimensions, fails", () =>
    over((embedder, server) =>
      Effect.gen(function* () {
        for (const embeddings of [[{ values: vectorOf("a", 768) }], [{ values: [1] }, { values: [1] }]]) {
          server.scriptEmbeddings({ body: { embeddings } })
          const { detail } = yield* Effect.flip(inItsTime(embedder.embedPassages(["one", "two"])))
          assert.include(detail, "768")
        }
      })
    )
  )

  it.effect("has an id that fits into a collection's name", () =>
    over((embedder) =>
      Effect.sync(() => {
        assert.strictEqual(embedder.id, "gemini-embedding-001-768")
        assert.match(embedder.id, /^[a-z0-9-]+$/)
      })
    )
  )
})
