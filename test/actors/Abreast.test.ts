import { assert, describe, it } from "@effect/vitest"
import * as Abreast from "../../src/actors/Abreast.ts"

const of = (width: number, ...items: ReadonlyArray<string>) => {
  const lanes = Abreast.make<string>(width)
  for (const item of items) lanes.add(item[0]!, item)
  const take = () => lanes.take(1).items[0]
  const finish = (item: string) => lanes.finished({ items: [item], parts: [] })
  return { lanes, take, finish }
}

describe("Abreast", () => {
  it("hands out several of a key, and hands them on in their order whoever is done first", () => {
    const { finish, lanes, take } = of(3, "a1", "a2", "a3", "a4")
    assert.deepStrictEqual([take(), take(), take(), take()], ["a1", "a2", "a3", undefined])
    assert.deepStrictEqual(finish("a3"), [])
    assert.deepStrictEqual(finish("a2"), [])
    assert.isFalse(lanes.hasReady(), "no more than three are ahead of what waits")
    assert.deepStrictEqual(finish("a1"), ["a1", "a2", "a3"])
    assert.deepStrictEqual([take(), take()], ["a4", undefined])
    assert.deepStrictEqual(finish("a4"), ["a4"])
  })

  it("lets keys take turns, and no key wait for another", () => {
    const { finish, take } = of(2, "a1", "a2", "a3", "b1", "c1")
    assert.deepStrictEqual([take(), take(), take(), take(), take()], ["a1", "b1", "c1", "a2", undefined])
    assert.deepStrictEqual(finish("c1"), ["c1"])
    assert.deepStrictEqual(finish("b1"), ["b1"])
  })

  it("keeps the place of what is tried again; others are done meanwhile and wait for it", () => {
    const { finish, lanes, take } = of(2, "a1", "a2", "a3")
    assert.deepStrictEqual([take(), take()], ["a1", "a2"])
    lanes.putBack({ items: ["a1"], parts: [] })
    assert.deepStrictEqual(finish("a2"), [])
    assert.deepStrictEqual([take(), take()], ["a1", undefined])
    assert.deepStrictEqual(finish("a1"), ["a1", "a2"])
    assert.strictEqual(take(), "a3")
  })

  it("knows which item is next to be handed on", () => {
    const { finish, lanes, take } = of(2, "a1", "a2")
    assert.deepStrictEqual([take(), take()], ["a1", "a2"])
    assert.deepStrictEqual([lanes.isNext("a1"), lanes.isNext("a2")], [true, false])
    finish("a1")
    assert.isTrue(lanes.isNext("a2"))
  })

  it("hands on everything once and in the order of its key, whatever the order of work", () => {
    let seed = 7
    const below = (n: number) => (seed = (seed * 48271) % 2147483647) % n
    for (let round = 0; round < 200; round++) {
      const lanes = Abreast.make<{ readonly key: string; readonly n: number }>(1 + below(4))
      const out: Array<{ readonly key: string; readonly n: number }> = []
      const handedOn: Array<{ readonly key: string; readonly n: number }> = []
      let added = 0
      while (handedOn.length < 30) {
        const choice = below(4)
        const [item] =
          choice === 1 ? lanes.take(1).items : out.splice(choice === 0 ? out.length : below(out.length || 1), 1)
        if (choice === 0 && added < 30) {
          const key = "abc"[below(3)]!
          lanes.add(key, { key, n: added++ })
        } else if (item !== undefined && choice === 1) out.push(item)
        else if (item !== undefined && choice === 2) handedOn.push(...lanes.finished({ items: [item], parts: [] }))
        else if (item !== undefined) lanes.putBack({ items: [item], parts: [] })
      }
      assert.strictEqual(new Set(handedOn).size, 30)
      for (const key of "abc") {
        const ns = handedOn.filter((each) => each.key === key).map(({ n }) => n)
        assert.deepStrictEqual(
          ns,
          ns.toSorted((a, b) => a - b)
        )
      }
      assert.isFalse(lanes.hasReady())
    }
  })
})
