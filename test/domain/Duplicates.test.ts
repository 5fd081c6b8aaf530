/** What says the same is shown once, and what only resembles it stays. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { distinct } from "../../src/domain/Duplicates.ts"

const texts = (items: ReadonlyArray<string>, limit = 10) => distinct(items, (text) => text, limit)

const long =
  "Press the red button on the left of the kettle until the lamp goes on and wait three minutes for the water"

describe("distinct", () => {
  it("keeps the first of those that say the same, whatever their case, marks and last words", () => {
    assert.deepStrictEqual(texts([long, `${long.toUpperCase()}!`, `${long} to boil`, "Something else"]), [
      long,
      "Something else"
    ])
  })

  it("keeps texts that share a part", () => {
    const other = `${long} and then pour it over the leaves in the pot which you warmed before as the manual says`
    assert.deepStrictEqual(texts([long, other]), [long, other])
  })

  it("keeps short texts that differ in a word", () => {
    assert.deepStrictEqual(texts(["yes", "no", "yes"]), ["yes", "no"])
  })

  it.prop(
    "is a part of what came, in its order, without repeats, and no longer than wanted",
    [Schema.Array(Schema.Literals(["a b c d e", "a b c d f", "one", "two", ""])), Schema.Literals([0, 1, 3])],
    ([items, limit]) => {
      const kept = texts(items, limit)
      assert.isAtMost(kept.length, limit)
      assert.strictEqual(new Set(kept).size, kept.length)
      assert.deepStrictEqual(kept, [...new Set(items)].slice(0, limit))
    }
  )
})
