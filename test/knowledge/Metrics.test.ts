/** The measures, on rankings and texts whose values are known. */
import { assert, describe, it } from "@effect/vitest"
import {
  auroc,
  hitAt,
  mean,
  percentile,
  recallAt,
  reciprocalRankAt,
  riskOf,
  shareSaid,
  tokenF1
} from "../../src/knowledge/Metrics.ts"

const ranking = { found: ["a", "b", "c", "d"], gold: new Set(["b", "d", "x"]) }
const none = { found: ["a"], gold: new Set(["x"]) }

describe("rankings", () => {
  it("hit", () => {
    assert.deepStrictEqual(
      [1, 2, 3].map((k) => hitAt(k)(ranking)),
      [0, 1, 1]
    )
    assert.strictEqual(hitAt(10)(none), 0)
  })
  it("recall", () => {
    assert.deepStrictEqual(
      [1, 2, 4].map((k) => recallAt(k)(ranking)),
      [0, 1 / 3, 2 / 3]
    )
  })
  it("reciprocal rank", () => {
    assert.deepStrictEqual(
      [1, 2, 10].map((k) => reciprocalRankAt(k)(ranking)),
      [0, 1 / 2, 1 / 2]
    )
    assert.strictEqual(reciprocalRankAt(10)(none), 0)
  })
})

describe("tokenF1", () => {
  it("is the harmonic mean of both shares, without articles and case", () => {
    assert.strictEqual(tokenF1("The cat sat", "a CAT sat."), 1)
    assert.approximately(tokenF1("cat", "cat sat there"), 0.5, 1e-9)
    assert.strictEqual(tokenF1("dog", "cat"), 0)
    assert.strictEqual(tokenF1("", "cat"), 0)
  })
  it("counts a repeated word as often as both have it", () => {
    assert.approximately(tokenF1("go go go", "go go"), 0.8, 1e-9)
  })
})

it("means and percentiles of nothing are 0", () => {
  assert.deepStrictEqual([mean([]), percentile([], 0.5)], [0, 0])
  assert.deepStrictEqual([mean([1, 2]), percentile([3, 1, 2], 0.5), percentile([3, 1, 2], 0.99)], [1.5, 2, 3])
})

describe("shareSaid", () => {
  it("counts a word as often as it was said", () => {
    assert.strictEqual(shareSaid("Press the red button, then wait.", "press a RED button"), 1)
    assert.strictEqual(shareSaid("go", "go go stop stop"), 0.25)
    assert.strictEqual(shareSaid("anything", ""), 0)
  })
})

describe("risk", () => {
  const scored = (...rights: ReadonlyArray<boolean>) => rights.map((right, i) => ({ right, score: 10 - i }))

  it("is the share of wrong answers among the surest, and is small when what is wrong comes last", () => {
    const risk = riskOf(scored(true, true, true, false))
    assert.deepStrictEqual([risk.half, risk.most, risk.all, risk.area], [0, 0.25, 0.25, 0.0625])
    const reversed = riskOf(scored(false, true, true, true))
    assert.deepStrictEqual([reversed.half, reversed.all], [0.5, 0.25])
    assert.isAbove(reversed.area, risk.area)
  })

  it("does not depend on the order of answers that are equally sure, and is 0 of nothing", () => {
    const equal = [true, false].map((right) => ({ right, score: 1 }))
    assert.deepStrictEqual(riskOf(equal), riskOf(equal.toReversed()))
    assert.deepStrictEqual(riskOf(equal), { half: 0.5, most: 0.5, all: 0.5, area: 0.5 })
    assert.deepStrictEqual(riskOf([]), { half: 0, most: 0, all: 0, area: 0 })
  })
})

describe("auroc", () => {
  it("is the share of pairs in the right order, a tie counting half", () => {
    assert.strictEqual(auroc([3, 4], [1, 2]), 1)
    assert.strictEqual(auroc([1, 2], [3, 4]), 0)
    assert.strictEqual(auroc([1, 3], [2]), 0.5)
    assert.strictEqual(auroc([2], [2]), 0.5)
    assert.strictEqual(auroc([], [2]), null)
  })
})
