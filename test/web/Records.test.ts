/** Records through the typed client, without a socket. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Logger, Option, Stream } from "effect"
import { HttpServer } from "effect/http"
import { HttpApiTest } from "effect/http-api"
import { Broker } from "../../src/broker/Broker.ts"
import * as Topics from "../../src/domain/Topics.ts"
import { Api } from "../../src/web/Api.ts"
import { Draining } from "../../src/web/Draining.ts"
import { Guard, layerAuthorization } from "../../src/web/Guard.ts"
import * as Records from "../../src/web/Records.ts"
import { layerProblems } from "../../src/web/Requests.ts"
import * as World from "./World.ts"

const place = { host: "127.0.0.1", port: 0, token: Option.none(), publicUrl: Option.none() }

const layer = Records.layer.pipe(
  Layer.provideMerge(
    Layer.mergeAll(
      layerProblems,
      layerAuthorization.pipe(Layer.provide(Guard.layerOf(place))),
      Draining.layer,
      World.layer,
      HttpServer.layerServices,
      Logger.layer([])
    )
  )
)

const client = Effect.gen(function* () {
  const broker = yield* Broker
  yield* broker.create(Topics.all)
  return (yield* HttpApiTest.groups(Api, ["records"])).records
})
const topic = "discord-commands"
const records = ["one", "two", "three"].map((value) => ({ key: "k", value, headers: { trace: value } }))
const publish = { params: { topic }, payload: { records } }
const at = (query: { from?: string; limit?: number; partition?: number; follow?: "true" | "false" } = {}) => ({
  params: { topic },
  query
})

describe("records", () => {
  it.effect("are written in order, and read as they are", () =>
    Effect.gen(function* () {
      const { publish: write, read } = yield* client
      const positions = yield* write(publish)
      assert.deepStrictEqual(
        positions.map(({ offset }) => offset),
        [0, 1, 2]
      )
      const all = yield* Stream.runCollect(yield* read(at()))
      assert.deepStrictEqual(
        all.map(({ headers, key, offset, partition, topic, value }) => ({
          key,
          value,
          headers,
          topic,
          partition,
          offset
        })),
        records.map((record, i) => ({ ...record, ...positions[i]! }))
      )
      const { partition } = positions[0]!
      const values = (query: Parameters<typeof at>[0]) =>
        Effect.flatMap(read(at(query)), (found) => Stream.runCollect(Stream.map(found, ({ value }) => value)))
      assert.deepStrictEqual(yield* values({ from: "offset=1" }), ["two", "three"])
      assert.deepStrictEqual(yield* values({ from: "latest" }), [])
      assert.deepStrictEqual(yield* values({ partition, limit: 2 }), ["one", "two"])
      assert.deepStrictEqual(yield* values({ partition: (partition + 1) % 3 }), [])
    }).pipe(Effect.provide(layer))
  )

  it.effect("are followed as they come, until the process stops", () =>
    Effect.gen(function* () {
      const { publish: write, read } = yield* client
      const draining = yield* Draining
      const coming = yield* read(at({ follow: "true" }))
      let seen = 0
      const following = yield* Effect.forkChild(Stream.runForEach(coming, () => Effect.sync(() => seen++)))
      yield* write(publish)
      while (seen < 3) yield* Effect.yieldNow
      yield* write(publish)
      while (seen < 6) yield* Effect.yieldNow
      assert.isUndefined(following.pollUnsafe())
      yield* draining.begin
      yield* Fiber.join(following)
      assert.strictEqual(seen, 6)
    }).pipe(Effect.provide(layer))
  )

  it.effect("are refused for topics and partitions that are not there, and when they are too many or too few", () =>
    Effect.gen(function* () {
      const { publish: write, read } = yield* client
      const nowhere = { topic: "nowhere" }
      const fails = <A>(effect: Effect.Effect<A, unknown>) =>
        Effect.map(Effect.flip(effect), (error) => `${(error as Error).name}: ${(error as { detail: string }).detail}`)
      assert.strictEqual(yield* fails(write({ ...publish, params: nowhere })), "NotFound: There is no topic nowhere.")
      assert.strictEqual(yield* fails(read({ ...at(), params: nowhere })), "NotFound: There is no topic nowhere.")
      assert.strictEqual(
        yield* fails(read(at({ partition: 7 }))),
        "NotFound: Topic discord-commands has no partition 7."
      )
      const many = Array.from({ length: 1001 }, () => records[0]!)
      yield* fails(write({ ...publish, payload: { records: many } }))
      yield* fails(write({ ...publish, payload: { records: [] } }))
      yield* fails(read(at({ from: "yesterday" })))
      const broker = yield* Broker
      assert.isTrue((yield* broker.list).every(({ partitions }) => partitions.every(({ end }) => end === 0)))
    }).pipe(Effect.provide(layer))
  )
})
