/** Events through the typed client: what is checked, what is appended, and what is said of what is wrong. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, Option, Stream } from "effect"
import { HttpServer } from "effect/http"
import { HttpApiTest } from "effect/http-api"
import { Broker } from "../../src/broker/Broker.ts"
import * as Topics from "../../src/domain/Topics.ts"
import { kinds, requestCreated } from "../../src/events/Catalog.ts"
import { Api } from "../../src/web/Api.ts"
import * as DomainEvents from "../../src/web/DomainEvents.ts"
import { Guard, layerAuthorization } from "../../src/web/Guard.ts"
import { layerProblems } from "../../src/web/Requests.ts"
import * as World from "./World.ts"

const place = { host: "127.0.0.1", port: 0, token: Option.none(), publicUrl: Option.none() }
const layer = DomainEvents.layer.pipe(
  Layer.provideMerge(
    Layer.mergeAll(
      layerProblems,
      layerAuthorization.pipe(Layer.provide(Guard.layerOf(place))),
      World.layer,
      HttpServer.layerServices,
      Logger.layer([])
    )
  )
)

const client = Effect.gen(function* () {
  const broker = yield* Broker
  yield* broker.create(Topics.all)
  return (yield* HttpApiTest.groups(Api, ["domainEvents"])).domainEvents
})
const request = (payload: Record<string, unknown>, key?: string, type = requestCreated.type) => ({
  params: { type },
  headers: key === undefined ? {} : { "idempotency-key": key },
  payload
})
const data = requestCreated.sample.data as unknown as Record<string, unknown>

describe("events over HTTP", () => {
  it.effect("are in their topic when the call returns, as their kind reads them", () =>
    Effect.gen(function* () {
      const { publish } = yield* client
      const broker = yield* Broker
      const published = yield* publish(request(data))
      assert.strictEqual(published.topic, "sipeat.request.events")
      const records = yield* broker.read({ topic: published.topic, from: "earliest" }).pipe(Stream.runCollect)
      const decoded = requestCreated.topic.decode(records[0]!.value)
      assert.deepInclude(decoded, { _tag: "Success" })
      if (decoded._tag === "Success") {
        assert.strictEqual(decoded.success.id, published.id)
        assert.deepStrictEqual<unknown>(decoded.success.data, data)
      }
    }).pipe(Effect.provide(layer))
  )

  it.effect("have the same id for the same key, and another for another key or kind", () =>
    Effect.gen(function* () {
      const { publish } = yield* client
      const ids = yield* Effect.forEach(["a", "a", "b", undefined, undefined], (key) =>
        Effect.map(publish(request(data, key)), ({ id }) => id)
      )
      assert.strictEqual(ids[0], ids[1])
      assert.strictEqual(new Set(ids).size, 4)
    }).pipe(Effect.provide(layer))
  )

  it.effect("say everything that is wrong, where, and never what was sent", () =>
    Effect.gen(function* () {
      const { publish } = yield* client
      const wrong = { ...data, drink: " ", amount: 1.234, customer: { name: "Ada", email: "secret-thing" } }
      const error = yield* Effect.flip(publish(request(wrong)))
      assert.strictEqual(error._tag, "BadRequest")
      if (error._tag !== "BadRequest") return
      assert.deepStrictEqual(error.errors!.map(({ message, path }) => `${path}: ${message}`).toSorted(), [
        "body.amount: Expected at most two decimals",
        "body.customer.email: Expected an e-mail address such as ada@example.org",
        "body.drink: Expected some text"
      ])
      assert.notInclude(JSON.stringify(error), "secret-thing")
    }).pipe(Effect.provide(layer))
  )

  it.effect("of no known kind are refused with those there are", () =>
    Effect.gen(function* () {
      const { publish } = yield* client
      const error = yield* Effect.flip(publish(request(data, undefined, "request.deleted")))
      assert.strictEqual(error._tag, "NotFound")
      for (const { type } of kinds) assert.include(JSON.stringify(error), type)
    }).pipe(Effect.provide(layer))
  )

  it.effect("have kinds that describe themselves, with samples that are right", () =>
    Effect.gen(function* () {
      const api = yield* client
      for (const { sample, schema, type } of yield* api.kinds()) {
        assert.strictEqual(schema["type"], "object")
        yield* api.publish(request(sample, undefined, type))
      }
      assert.deepStrictEqual(
        (yield* api.steps({ params: { id: "e-1" } })).map(({ step }) => step),
        ["Payment"]
      )
    }).pipe(Effect.provide(layer))
  )
})
