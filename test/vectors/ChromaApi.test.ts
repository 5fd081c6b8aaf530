/** Calls of Chroma's API: what each failure means, time limits, and the circuit breaker. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Metric, Schema } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { TestClock } from "effect/testing"
import * as ChromaApi from "../../src/vectors/ChromaApi.ts"
import { fakeChroma, problem, type Reply } from "./FakeChroma.ts"

const count = { method: "GET", path: "/count", answer: ChromaApi.json(Schema.Int) } as const

const failing = (reply: Reply) => {
  const fake = fakeChroma(() => reply)
  return Effect.gen(function* () {
    const api = yield* ChromaApi.make
    return yield* Effect.flip(api.read(count))
  }).pipe(Effect.provide(fake.layer))
}

const gauge = Effect.map(PrometheusMetrics.format(), (text) => /rtfm_vectors_breaker_state (\d)/.exec(text)?.[1])

describe("ChromaApi", () => {
  it.effect("gives what was answered", () => {
    const fake = fakeChroma(() => ({ status: 200, body: 7 }))
    return Effect.gen(function* () {
      const api = yield* ChromaApi.make
      assert.strictEqual(yield* api.read(count), 7)
      assert.deepStrictEqual(fake.asked, [{ method: "GET", url: "http://chroma.test/count", body: undefined }])
    }).pipe(Effect.provide(fake.layer))
  })

  it.effect("tells a request that can never succeed from a server that fails and one that is gone", () =>
    Effect.gen(function* () {
      const tell = (reply: Reply) =>
        Effect.map(failing(reply), (error) => (error._tag === "VectorStoreError" ? error.reason : error._tag))
      assert.strictEqual(yield* tell(problem(400, "InvalidArgumentError")), "invalid")
      assert.strictEqual(yield* tell(problem(413, "PayloadTooLarge")), "invalid")
      assert.strictEqual(yield* tell(problem(422, "UnprocessableEntity")), "invalid")
      assert.strictEqual(yield* tell(problem(404, "NotFoundError")), "Gone")
      assert.strictEqual(yield* tell(problem(500, "InternalError")), "failed")
      assert.strictEqual(yield* tell(problem(429, "RateLimitError")), "failed")
      assert.strictEqual(yield* tell({ status: 404, body: "<h1>nginx</h1>" }), "failed")
      assert.strictEqual(yield* tell({ status: 200, body: "<h1>hello</h1>" }), "failed")
      assert.strictEqual(yield* tell({ status: 200, body: { count: 7 } }), "failed")
      assert.strictEqual(yield* tell("refused"), "unreachable")
      assert.match((yield* failing(problem(400, "InvalidArgumentError"))).message, /GET .*\/count .* 400: so it is/)
    })
  )

  it.effect("a server that never answers is unreachable: after 5 s to a reader, 30 s to a writer", () => {
    const fake = fakeChroma(() => "silent")
    return Effect.gen(function* () {
      const api = yield* ChromaApi.make
      const reader = yield* Effect.forkChild(Effect.flip(api.read(count)))
      const writer = yield* Effect.forkChild(Effect.flip(api.write(count)))
      yield* TestClock.adjust("4900 millis")
      assert.isUndefined(reader.pollUnsafe())
      yield* TestClock.adjust("200 millis")
      assert.match((yield* Fiber.join(reader)).message, /not answered in 5s/)
      yield* TestClock.adjust("24 seconds")
      assert.isUndefined(writer.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.include(yield* Fiber.join(writer), { reason: "unreachable" })
    }).pipe(Effect.provide(fake.layer))
  })

  it.effect("a broken connection is tried once more", () => {
    let broken = 1
    const fake = fakeChroma(() => (broken-- > 0 ? "refused" : { status: 200, body: 7 }))
    return Effect.gen(function* () {
      const api = yield* ChromaApi.make
      assert.strictEqual(yield* api.read(count), 7)
      assert.strictEqual(fake.asked.length, 2)
    }).pipe(Effect.provide(fake.layer))
  })

  it.effect("after three calls without an answer none is sent, until one that tries finds it answering", () => {
    let reply: Reply = "refused"
    const fake = fakeChroma(() => reply)
    return Effect.gen(function* () {
      const api = yield* ChromaApi.make
      for (let i = 0; i < 3; i++) yield* Effect.flip(api.read(count))
      assert.strictEqual(yield* api.breaker, "open")
      assert.strictEqual(yield* gauge, "2")
      const sent = fake.asked.length
      const error = yield* Effect.flip(api.read(count))
      assert.include(error, { reason: "unreachable" })
      assert.match(error.message, /asked again in 1 s/)
      assert.strictEqual(fake.asked.length, sent)

      reply = { status: 200, body: 7 }
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* api.read(count), 7)
      assert.strictEqual(yield* api.breaker, "closed")
      assert.strictEqual(yield* gauge, "0")
    }).pipe(Effect.provide(fake.layer), Effect.provideService(Metric.MetricRegistry, new Map()))
  })

  it.effect("a server that refuses is well", () => {
    const replies = [problem(400, "InvalidArgumentError"), problem(404, "NotFoundError"), problem(500, "InternalError")]
    const fake = fakeChroma(() => replies[fake.asked.length % replies.length]!)
    return Effect.gen(function* () {
      const api = yield* ChromaApi.make
      for (let i = 0; i < 12; i++) yield* Effect.flip(api.read(count))
      replies.fill(problem(400, "InvalidArgumentError"))
      for (let i = 0; i < 12; i++) yield* Effect.flip(api.read(count))
      assert.strictEqual(yield* api.breaker, "closed")
      assert.strictEqual(fake.asked.length, 24)
    }).pipe(Effect.provide(fake.layer))
  })

  it.effect("a server that was started again is asked at once", () => {
    let url = "http://first.test"
    const fake = fakeChroma(
      (asked) => (asked.url.startsWith("http://first") ? "refused" : { status: 200, body: 7 }),
      () => url
    )
    return Effect.gen(function* () {
      const api = yield* ChromaApi.make
      for (let i = 0; i < 4; i++) yield* Effect.flip(api.read(count))
      assert.strictEqual(yield* api.breaker, "open")
      url = "http://second.test"
      assert.strictEqual(yield* api.read(count), 7)
      assert.strictEqual(yield* api.breaker, "closed")
      assert.strictEqual(yield* gauge, "0")
    }).pipe(Effect.provide(fake.layer), Effect.provideService(Metric.MetricRegistry, new Map()))
  })
})
