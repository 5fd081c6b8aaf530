/** How texts are cut into batches for the embedder's thread. */
import { assert, describe, it } from "@effect/vitest"
import { batches } from "../../src/model/LocalEmbedder.ts"

describe("batches", () => {
  it("keeps the order and every text", () => {
    const texts = Array.from({ length: 50 }, (_, i) => "x".repeat(i * 13))
    assert.deepStrictEqual(batches(texts).flat(), texts)
  })

  it("takes at most 8 texts", () => {
    assert.deepStrictEqual(
      batches(Array.from({ length: 20 }, () => "short")).map((batch) => batch.length),
      [8, 8, 4]
    )
  })

  it("takes at most 1,000 characters, and a longer text alone", () => {
    const sizes = batches([400, 500, 200, 3_000, 10].map((n) => "x".repeat(n))).map((batch) =>
      batch.map((text) => text.length)
    )
    assert.deepStrictEqual(sizes, [[400, 500], [200], [3_000], [10]])
  })

  it("makes none of nothing", () => {
    assert.deepStrictEqual(batches([]), [])
  })
})
