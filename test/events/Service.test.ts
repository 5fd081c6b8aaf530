/** Calls of services over HTTP: keys, refusals, tries, the breaker, and addresses that stay secret. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Logger, Redacted, Result } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { type Call, overHttp, type ServiceError } from "../../src/events/services/Service.ts"

const answers = (reply: (nth: number) => Response | "hang") => {
  const keys: Array<string | undefined> = []
  const client = HttpClient.make((request) =>
    Effect.suspend(() => {
      keys.push(request.headers["idempotency-key"])
      const response = reply(keys.length)
      return response === "hang" ? Effect.never : Effect.succeed(HttpClientResponse.fromWeb(request, response))
    })
  )
  return { keys, layer: Layer.mergeAll(Layer.succeed(HttpClient.HttpClient, client), Logger.layer([])) }
}
const make = overHttp("Payment", Redacted.make("https://user:secret@pay.test/v1"))

/** The call's end, with time enough for all its tries. */
const settled = Effect.fnUntraced(function* (call: Call) {
  const fiber = yield* Effect.forkChild(Effect.result(call("charges", "order-1", { amount: 2 })))
  yield* TestClock.adjust("30 seconds")
  return yield* Fiber.join(fiber)
})
const failure = (result: Result.Result<string, ServiceError>) => (Result.isFailure(result) ? result.failure : undefined)

describe("a service over HTTP", () => {
  it.effect("gets the key with every try, and its reference is the result", () => {
    const { keys, layer } = answers((nth) =>
      nth < 3 ? new Response("", { status: 503 }) : Response.json({ reference: "p-1" })
    )
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* settled(yield* make), Result.succeed("p-1"))
      assert.deepStrictEqual(keys, ["order-1", "order-1", "order-1"])
    }).pipe(Effect.provide(layer))
  })

  it.effect("that refuses is asked once, and its words are told on", () => {
    const { keys, layer } = answers(() => Response.json({ detail: "the card was  declined\n" }, { status: 402 }))
    return Effect.gen(function* () {
      const error = failure(yield* settled(yield* make))
      assert.deepInclude(error, { reason: "refused", detail: "the card was declined" })
      assert.strictEqual(keys.length, 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("that hangs is given up after its time", () => {
    const { keys, layer } = answers(() => "hang")
    return Effect.gen(function* () {
      const error = failure(yield* settled(yield* make))
      assert.strictEqual(error!.reason, "unreachable")
      assert.include(error!.detail, "did not answer in 5s")
      assert.strictEqual(keys.length, 3)
    }).pipe(Effect.provide(layer))
  })

  it.effect("that is down is left alone after five calls, and asked again after a while", () => {
    const { keys, layer } = answers((nth) => (nth > 15 ? Response.json({}) : new Response("", { status: 500 })))
    return Effect.gen(function* () {
      const call = yield* make
      for (let i = 0; i < 5; i++) {
        const fiber = yield* Effect.forkChild(Effect.result(call("charges", "k", {})))
        yield* TestClock.adjust("2 seconds")
        yield* Fiber.join(fiber)
      }
      assert.strictEqual(keys.length, 15)
      const error = failure(yield* Effect.result(call("charges", "k", {})))
      assert.include(error!.detail, "left alone")
      assert.strictEqual(keys.length, 15)
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(yield* settled(call), Result.succeed("done"))
    }).pipe(Effect.provide(layer))
  })

  it.effect("never shows its address", () => {
    const { layer } = answers((nth) => (nth === 1 ? new Response("", { status: 500 }) : "hang"))
    return Effect.gen(function* () {
      const error = failure(yield* settled(yield* make))
      assert.notInclude(JSON.stringify(error) + String(error), "secret")
      assert.notInclude(JSON.stringify(error) + String(error), "pay.test")
    }).pipe(Effect.provide(layer))
  })
})
