/** A citation holds only when its words occur as they are. */
import { assert, it } from "@effect/vitest"
import { Schema } from "effect"
import { referredTo, verify } from "../../src/domain/Citations.ts"

it.prop("any part of a passage is backed by it", [Schema.NonEmptyString, Schema.Int, Schema.Int], ([passage, a, b]) => {
  const [from, to] = [Math.abs(a) % passage.length, Math.abs(b) % (passage.length + 1)].sort((x, y) => x - y)
  const quote = passage.slice(from, to)
  assert.strictEqual(verify({ quote, passage }), quote.trim() !== "")
})

it("other words, other case, other space and no words are not", () => {
  const passage = "Nothing is lost.\nEver."
  for (const quote of ["nothing is lost", "Nothing is  lost.", "lost. Ever.", "Nothing was lost", "", " "]) {
    assert.isFalse(verify({ quote, passage }), quote)
  }
  assert.isTrue(verify({ quote: "lost.\nEver", passage }))
})

it("numbers in brackets refer to citations", () => {
  assert.deepStrictEqual(referredTo("> one [2]\n> two [1] [2] [x] [1234]"), [2, 1])
})
