import { assert, describe, it } from "@effect/vitest"
import * as Lanes from "../../src/actors/Lanes.ts"

describe("Lanes", () => {
  it("hands out the items of different keys together, in order per key", () => {
    const lanes = Lanes.make<string>()
    for (const item of ["a1", "a2", "b1", "a3"]) lanes.add(item[0]!, item)
    assert.deepStrictEqual(lanes.take(3).items, ["a1", "a2", "a3"])
    assert.deepStrictEqual(lanes.take(3).items, ["b1"])
    assert.isFalse(lanes.hasReady())
  })

  it("hands out nothing of a key somebody has, and goes on with it afterwards", () => {
    const lanes = Lanes.make<string>()
    lanes.add("a", "a1")
    const first = lanes.take(1)
    lanes.add("a", "a2")
    assert.deepStrictEqual(lanes.take(1).items, [])
    lanes.finished(first)
    assert.deepStrictEqual(lanes.take(1).items, ["a2"])
  })

  it("hands out one by one what was put back, and then in batches again", () => {
    const lanes = Lanes.make<string>()
    for (const item of ["a1", "a2", "b1"]) lanes.add(item[0]!, item)
    lanes.putBack(lanes.take(10))
    lanes.add("a", "a3")
    const seen: Array<ReadonlyArray<string>> = []
    while (lanes.hasReady()) {
      const batch = lanes.take(10)
      seen.push(batch.items)
      lanes.finished(batch)
    }
    assert.deepStrictEqual(seen, [["a1"], ["b1"], ["a2"], ["a3"]])
  })

  it("hands out one key alone when asked to, and together again what was put back whole", () => {
    const lanes = Lanes.make<string>()
    for (const item of ["a1", "b1", "a2"]) lanes.add(item[0]!, item)
    const first = lanes.take(10, true)
    assert.deepStrictEqual(first.items, ["a1", "a2"])
    assert.deepStrictEqual(lanes.take(10, true).items, ["b1"])
    lanes.putBackWhole(first)
    lanes.add("a", "a3")
    assert.deepStrictEqual(lanes.take(10, true).items, ["a1", "a2", "a3"])
  })
})
