/** What stands out from questions about other things is reason to answer; the more terms it covers, the more. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { baselineOf, type Evidence, judge, robustSpreadOf, spreadOf, typical } from "../../src/domain/Grounds.ts"

const on: Evidence = { coverage: 0.8, cosine: 0.6, terms: 4, kind: "document" }
const off: Evidence = { coverage: 0.2, cosine: 0.24, terms: 4, kind: "document" }
const share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))

describe("judge", () => {
  it("answers what stands out and refuses what does not", () => {
    assert.isTrue(judge(on, typical).enough)
    assert.isFalse(judge(off, typical).enough)
    assert.approximately(judge(off, typical).score, 0, 1e-9)
  })

  it("refuses when nothing was found", () => {
    assert.isFalse(judge(undefined, typical).enough)
  })

  it("asks less of chat than of documents", () => {
    assert.isBelow(judge({ ...on, kind: "chat" }, typical).threshold, judge(on, typical).threshold)
  })

  it("judges by words alone without a vector", () => {
    assert.isTrue(judge({ ...on, cosine: null }, typical).enough)
    assert.isFalse(judge({ ...off, cosine: null }, typical).enough)
  })

  it("believes many covered terms more than few", () => {
    assert.isAbove(judge({ ...on, terms: 9 }, typical).score, judge({ ...on, terms: 1 }, typical).score)
  })

  it.prop("more coverage and a higher cosine never weaken the grounds", [share, share, share], ([a, b, cosine]) => {
    const [less, more] = [a, b].sort((x, y) => x - y) as [number, number]
    const score = (coverage: number, cosine: number) => judge({ ...on, coverage, cosine }, typical).score
    assert.isAtLeast(score(more, cosine), score(less, cosine))
    assert.isAtLeast(score(cosine, more), score(cosine, less))
  })

  it("does not take the first chance word in a tiny corpus for an answer", () => {
    const tiny = baselineOf(Array.from({ length: 50 }, () => ({ coverage: 0, cosine: 0.1 })))
    assert.isFalse(judge({ coverage: 0.15, cosine: 0.15, terms: 4, kind: "document" }, tiny).enough)
  })
})

describe("baselineOf", () => {
  it("is mean and deviation of coverage, median and distance of cosines", () => {
    assert.deepStrictEqual(spreadOf([1, 3]), { usual: 2, deviation: 1 })
    assert.deepStrictEqual(robustSpreadOf([1, 2, 4, 1_000]), { usual: 3, deviation: 1.4826 * 1.5 })
    assert.deepStrictEqual(
      baselineOf([
        { coverage: 0.1, cosine: 0.2 },
        { coverage: 0.3, cosine: null }
      ]),
      { coverage: spreadOf([0.1, 0.3]), cosine: robustSpreadOf([0.2]) }
    )
  })

  it("is not moved by null questions that the corpus happens to answer", () => {
    const nulls = Array.from({ length: 50 }, (_, i) => ({ coverage: 0.1, cosine: 0.2 + (i % 5) / 100 }))
    const some = nulls.map((found, i) => (i < 10 ? { ...found, cosine: 0.9 } : found))
    assert.approximately(baselineOf(some).cosine.usual, baselineOf(nulls).cosine.usual, 0.011)
    assert.isBelow(baselineOf(some).cosine.deviation, 0.05)
  })

  it("stays typical where nothing was measured", () => {
    assert.deepStrictEqual(baselineOf([]), typical)
    assert.deepStrictEqual(baselineOf([{ coverage: 0, cosine: null }]).cosine, typical.cosine)
  })
})
