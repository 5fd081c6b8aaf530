/** What is known of something that takes long to ask. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as Lately from "../../src/runtime/Lately.ts"

/** Something that is asked, and answers when it is told to. */
const slow = Effect.gen(function* () {
  const questions: Array<Deferred.Deferred<string>> = []
  const ask = Effect.suspend(() => {
    const question = Deferred.makeUnsafe<string>()
    questions.push(question)
    return Deferred.await(question)
  })
  const answer = (text: string) => Deferred.succeed(questions.at(-1)!, text)
  return { ...(yield* Lately.make(ask, "1 second")), answer, asked: () => questions.length }
})

describe("What was seen lately", () => {
  it.effect("is the answer, where that comes in time", () =>
    Effect.gen(function* () {
      const { answer, look } = yield* slow
      const looking = yield* Effect.forkChild(look)
      yield* TestClock.adjust("900 millis")
      yield* answer("one")
      assert.deepStrictEqual(yield* Fiber.join(looking), { last: "one", waiting: 0 })
    })
  )

  it.effect("is the last answer otherwise, with how long the next is awaited; the question is asked once", () =>
    Effect.gen(function* () {
      const { answer, asked, look } = yield* slow
      const looking = yield* Effect.forkChild(look)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.join(looking), { last: undefined, waiting: 1_000 })
      yield* answer("one")
      yield* TestClock.adjust("5 seconds")

      const second = yield* Effect.forkChild(look)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.join(second), { last: "one", waiting: 1_000 })
      const third = yield* Effect.forkChild(look)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.join(third), { last: "one", waiting: 2_000 })
      assert.strictEqual(asked(), 2)

      const last = yield* Effect.forkChild(look)
      yield* TestClock.adjust("1 millis")
      yield* answer("two")
      assert.deepStrictEqual(yield* Fiber.join(last), { last: "two", waiting: 0 })
    })
  )
})
