/** A corpus is measured when it changed, in the background, and what was measured is kept. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { typical } from "../../src/domain/Grounds.ts"
import { Calibration, isStale } from "../../src/knowledge/Calibration.ts"
import { nullQuestions } from "../../src/knowledge/nullQuestions.ts"
import { Retriever } from "../../src/knowledge/Retriever.ts"
import * as FakeEmbedder from "../fixtures/FakeEmbedder.ts"
import { audience, embedAll, layer, tellSections } from "../fixtures/Knowledge.ts"

const manual = [
  ["Kettle", "Fill the kettle with water and press the red button."],
  ["Descaling", "Pour vinegar into the kettle once a month."]
] as const
const baseline = Calibration.use((calibration) => calibration.baseline("server"))
const ask = Retriever.use((retriever) => retriever.retrieve("kettle", audience()))

/** Lets what runs in the background finish; it waits for nothing outside. */
const settle = Effect.andThen(
  Effect.forEach(Array.from({ length: 500 }), () => Effect.yieldNow, { discard: true }),
  TestClock.adjust(0)
)

describe("Calibration", () => {
  it.effect("a question is judged by typical figures until the corpus has its own, which it does not wait for", () =>
    Effect.gen(function* () {
      yield* tellSections("manual", manual)
      yield* embedAll
      assert.strictEqual(yield* baseline, typical)
      yield* ask
      assert.strictEqual(yield* baseline, typical)
      yield* settle
      const own = yield* baseline
      assert.notDeepEqual(own, typical)
      yield* ask
      yield* settle
      assert.strictEqual(yield* baseline, own)
    }).pipe(Effect.provide(layer(FakeEmbedder.layer)))
  )

  it.effect("a corpus that grew is measured again, at most every ten seconds", () =>
    Effect.gen(function* () {
      yield* tellSections("manual", manual)
      yield* embedAll
      yield* ask
      yield* settle
      const before = yield* baseline
      yield* tellSections("other", [["Dogs", "How do I teach a puppy to walk on a lead? Bananas and eggs."]])
      yield* ask
      yield* settle
      assert.strictEqual(yield* baseline, before)
      yield* TestClock.adjust("10 seconds")
      yield* ask
      yield* settle
      assert.notDeepEqual(yield* baseline, before)
    }).pipe(Effect.provide(layer(FakeEmbedder.layer)))
  )

  it.effect("survives a restart", () =>
    Effect.gen(function* () {
      const folder = mkdtempSync(join(tmpdir(), "rtfm-"))
      yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(folder, { recursive: true })))
      const once = <A, E>(effect: Effect.Effect<A, E, any>) =>
        Effect.provide(effect, layer(FakeEmbedder.layer, undefined, join(folder, "state.sqlite")), { local: true })
      const measured = yield* once(
        Effect.gen(function* () {
          yield* tellSections("manual", manual)
          yield* embedAll
          return yield* Calibration.use((calibration) => calibration.calibrate(audience()))
        })
      )
      assert.deepStrictEqual(yield* once(baseline), measured)
    })
  )

  it.effect("measures words alone when the embedder cannot be loaded", () =>
    Effect.gen(function* () {
      yield* tellSections("manual", manual)
      const { cosine, coverage } = yield* Calibration.use((calibration) => calibration.calibrate(audience()))
      assert.deepStrictEqual(cosine, typical.cosine)
      assert.notDeepEqual(coverage, typical.coverage)
    }).pipe(Effect.provide(layer(FakeEmbedder.layerUnavailable)))
  )
})

it("a corpus is measured anew when it is a tenth larger or smaller", () => {
  const size = { passages: 100, vectors: 100 }
  assert.isFalse(isStale(size, { passages: 110, vectors: 90 }))
  assert.isTrue(isStale(size, { passages: 111, vectors: 100 }))
  assert.isTrue(isStale(size, { passages: 100, vectors: 89 }))
  assert.isTrue(isStale(undefined, { passages: 1, vectors: 0 }))
  assert.isFalse(isStale(undefined, { passages: 0, vectors: 0 }))
})

it("null questions are many and different", () => {
  assert.isAtLeast(new Set(nullQuestions).size, 50)
  assert.strictEqual(new Set(nullQuestions).size, nullQuestions.length)
})
