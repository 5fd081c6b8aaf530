/** What people think of answers, over SQLite in memory. */
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as Knowledge from "../../src/knowledge/Feedback.ts"
import * as Migrations from "../../src/state/Migrations.ts"
import * as Sqlite from "../../src/state/Sqlite.ts"

const { Feedback } = Knowledge
const state = Migrations.layer.pipe(Layer.provideMerge(Sqlite.layerClient(":memory:")))
const layer = Knowledge.layer.pipe(Layer.provide(state))

it.effect("keeps the latest opinion of each person, with its reason", () =>
  Effect.gen(function* () {
    const feedback = yield* Feedback
    yield* feedback.record({ answerId: "a1", by: "ada", verdict: "helpful" })
    yield* TestClock.adjust(5)
    yield* feedback.record({ answerId: "a1", by: "tom", verdict: "unhelpful", reason: "  outdated " })
    yield* TestClock.adjust(5)
    yield* feedback.record({ answerId: "a1", by: "ada", verdict: "unhelpful", reason: "x".repeat(600) })
    assert.deepStrictEqual(yield* feedback.of("a1"), [
      { by: "tom", verdict: "unhelpful", reason: "outdated", at: 5 },
      { by: "ada", verdict: "unhelpful", reason: "x".repeat(500), at: 10 }
    ])
  }).pipe(Effect.provide(layer))
)

it.effect("takes back what was given, and only that", () =>
  Effect.gen(function* () {
    const feedback = yield* Feedback
    yield* feedback.record({ answerId: "a1", by: "ada", verdict: "helpful" })
    yield* feedback.record({ answerId: "a1", by: "tom", verdict: "helpful" })
    yield* feedback.record({ answerId: "a2", by: "ada", verdict: "helpful" })
    yield* feedback.record({ answerId: "a1", by: "ada", verdict: null })
    const all = yield* feedback.ofAll(["a1", "a2", "a3"])
    assert.deepStrictEqual([...all.keys()].sort(), ["a1", "a2"])
    assert.deepStrictEqual(
      all.get("a1")!.map(({ by }) => by),
      ["tom"]
    )
  }).pipe(Effect.provide(layer))
)

it.effect("forgets a person", () =>
  Effect.gen(function* () {
    const feedback = yield* Feedback
    yield* feedback.record({ answerId: "a1", by: "ada", verdict: "helpful" })
    yield* feedback.record({ answerId: "a2", by: "ada", verdict: "unhelpful" })
    yield* feedback.record({ answerId: "a2", by: "tom", verdict: "helpful" })
    assert.strictEqual(yield* feedback.forget("ada"), 2)
    assert.deepStrictEqual(yield* feedback.of("a1"), [])
    assert.strictEqual((yield* feedback.of("a2")).length, 1)
  }).pipe(Effect.provide(layer))
)

it.effect("says what failed when there are no tables", () =>
  Effect.gen(function* () {
    const error = yield* Effect.flip((yield* Feedback).of("a1"))
    assert.strictEqual(error.reason, "failed")
    assert.strictEqual(error.message, "Feedback could not be read: no such table: feedback")
  }).pipe(Effect.provide(Knowledge.layer.pipe(Layer.provide(Sqlite.layerClient(":memory:")))))
)
