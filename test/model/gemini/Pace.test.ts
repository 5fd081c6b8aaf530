/** Calls stay under the limits of the settings, and under those that the service told or taught. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { GeminiError } from "../../../src/model/gemini/GeminiError.ts"
import * as Pace from "../../../src/model/gemini/Pace.ts"

const model = "gemini-test"
const none = { requests: undefined, tokens: undefined }
const seconds = Duration.seconds

/** How many of `calls` have their turn after so many seconds. */
const turnsAfter = (pace: Pace.Pace, calls: number, after: number, tokens = 1) =>
  Effect.gen(function* () {
    let had = 0
    const call = Effect.tap(pace.turn(model, tokens, seconds(600)), () => Effect.sync(() => had++))
    const fiber = yield* Effect.forkChild(Effect.forEach(Array(calls), () => call, { concurrency: "unbounded" }))
    yield* TestClock.adjust(seconds(after))
    yield* Fiber.interrupt(fiber)
    return had
  })

describe("the pace", () => {
  it.effect("is none without limits", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* turnsAfter(yield* Pace.make(none), 500, 0), 500)
    })
  )

  it.effect("is that of the requests a minute that are set", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* turnsAfter(yield* Pace.make({ ...none, requests: 10 }), 100, 0), 10)
      assert.strictEqual(yield* turnsAfter(yield* Pace.make({ ...none, requests: 10 }), 100, 31), 15)
    })
  )

  it.effect("is that of the tokens a minute that are set", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* turnsAfter(yield* Pace.make({ ...none, tokens: 1_000 }), 100, 0, 100), 10)
      // One that is larger than the limit goes alone.
      assert.strictEqual(yield* turnsAfter(yield* Pace.make({ ...none, tokens: 1_000 }), 2, 0, 5_000), 1)
    })
  )

  it.effect("rests as long as the service says, then keeps to the limit that it told", () =>
    Effect.gen(function* () {
      const pace = yield* Pace.make(none)
      const turn = yield* pace.turn(model, 1, seconds(1))
      const limit = { of: "requests", perMinute: 6 } as const
      yield* pace.refused(model, turn, new GeminiError({ kind: "limited", detail: "", retryAfter: seconds(20), limit }))
      assert.deepStrictEqual(pace.limits(model), { requests: 6, tokens: undefined })
      const error = yield* Effect.flip(pace.turn(model, 1, seconds(3)))
      assert.strictEqual(error.kind, "limited")
      assert.include(error.detail, "20 s")
      assert.strictEqual(yield* turnsAfter(pace, 100, 19), 0)
      assert.strictEqual(yield* turnsAfter(pace, 100, 1), 6)
    })
  )

  it.effect("is learned where the service tells no limit", () =>
    Effect.gen(function* () {
      const pace = yield* Pace.make(none)
      const refused = new GeminiError({ kind: "limited", detail: "", retryAfter: seconds(10) })
      yield* pace.refused(model, yield* pace.turn(model, 1, seconds(1)), refused)
      yield* TestClock.adjust(seconds(10))
      let turn = 0
      for (let i = 0; i < 5; i++) turn = yield* pace.turn(model, 1, seconds(1))
      // The fifth was one too many: four went well.
      yield* pace.refused(model, turn, refused)
      yield* TestClock.adjust(seconds(10))
      assert.strictEqual(yield* turnsAfter(pace, 100, 0), 4)
    })
  )

  it.effect("of one model does not hold up another", () =>
    Effect.gen(function* () {
      const pace = yield* Pace.make(none)
      yield* pace.refused(
        "other",
        yield* pace.turn("other", 1, seconds(1)),
        new GeminiError({ kind: "limited", detail: "" })
      )
      assert.strictEqual(yield* turnsAfter(pace, 5, 0), 5)
    })
  )
})
