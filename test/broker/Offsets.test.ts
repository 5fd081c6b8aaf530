/** Finishing out of order, against a model that remembers everything. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Offsets from "../../src/broker/Offsets.ts"

const upTo = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))

/** Steps from one offset to the next delivered: more than 1 where nothing is delivered, as with aborted records. */
const Gaps = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 40 })))

interface Scenario {
  readonly start: number
  readonly gaps: ReadonlyArray<number>
  readonly picks: ReadonlyArray<number>
}
const scenario = { start: upTo(1_000_000), gaps: Gaps, picks: Schema.Array(upTo(200)) }

const delivered = ({ start, gaps }: Scenario) => {
  let offset = start - 1
  return gaps.map((gap) => (offset += gap))
}

const reached = (input: Scenario) => {
  const offsets = delivered(input)
  const done = new Set(input.picks.flatMap((pick) => offsets.slice(pick, pick + 1)))
  const state = Offsets.finished(Offsets.received(Offsets.startingAt(input.start), offsets), done)
  return { offsets, done, state }
}

describe("Offsets", () => {
  it.prop("commits up to the lowest unfinished offset, or all", scenario, (input) => {
    const { offsets, done, state } = reached(input)
    const unfinished = offsets.filter((offset) => !done.has(offset))
    assert.deepStrictEqual(state.unfinished, unfinished)
    assert.strictEqual(Offsets.committed(state), unfinished[0] ?? (offsets.at(-1) ?? input.start - 1) + 1)
  })

  it.prop("finishes in any grouping and order alike", scenario, (input) => {
    const { offsets, done, state } = reached(input)
    let one = Offsets.startingAt(input.start)
    for (const offset of offsets) one = Offsets.received(one, [offset])
    for (const offset of [...done].reverse()) one = Offsets.finished(one, [offset])
    assert.deepStrictEqual(one, state)
  })

  it.prop("a restart from what is encoded brings exactly the unfinished records", scenario, (input) => {
    const { offsets, done, state } = reached(input)
    const restored = Offsets.decode(Offsets.committed(state), Offsets.encode(state))
    const more = [...offsets, (offsets.at(-1) ?? input.start) + 5]
    const comesAgain = more.filter((offset) => restored.unfinished.includes(offset) || offset >= restored.position)
    assert.deepStrictEqual(
      comesAgain,
      more.filter((offset) => !done.has(offset))
    )
    assert.strictEqual(Offsets.committed(restored), Offsets.committed(state))
  })

  it.prop("what was restored goes on as what was not", scenario, (input) => {
    const { offsets, state } = reached(input)
    const restored = Offsets.decode(Offsets.committed(state), Offsets.encode(state))
    const all = Offsets.finished(Offsets.received(restored, offsets), state.unfinished)
    assert.deepStrictEqual(all, Offsets.startingAt(state.position))
  })

  it.prop("received offsets below the position change nothing", scenario, (input) => {
    const { offsets, state } = reached(input)
    assert.deepStrictEqual(Offsets.received(state, offsets), state)
  })

  it.prop(
    "text of another writer loses nothing",
    { committed: upTo(1_000), text: Schema.String },
    ({ committed, text }) => {
      const state = Offsets.decode(committed, text)
      assert.strictEqual(Offsets.committed(state), committed)
      assert.deepStrictEqual(
        state.unfinished,
        [...new Set(state.unfinished)].sort((a, b) => a - b)
      )
      assert.isTrue(state.unfinished.every((offset) => offset < state.position))
    }
  )

  it("says nothing when nothing is finished above the committed offset", () => {
    assert.strictEqual(Offsets.encode(Offsets.startingAt(7)), "")
    assert.strictEqual(Offsets.encode(Offsets.received(Offsets.startingAt(7), [7, 8, 9])), "")
  })

  it("encodes base-36 distances", () => {
    const state = Offsets.finished(Offsets.received(Offsets.startingAt(10), [10, 11, 12, 50, 51, 52]), [11, 51])
    assert.strictEqual(Offsets.encode(state), "17.2.12.2")
    assert.deepStrictEqual(Offsets.decode(10, "17.2.12.2"), state)
  })

  it("ignores distances that cannot be", () => {
    for (const text of ["2.5", "5.0", "1.1", "5..1", "5.1.", "-1", "5.ü", "0"]) {
      assert.deepStrictEqual(Offsets.decode(3, text), Offsets.startingAt(3), text)
    }
  })

  it("fits a full window into Kafka's 4,096 bytes of metadata", () => {
    const far = Array.from({ length: 512 }, (_, i) => i * 40_000)
    const state = Offsets.finished(Offsets.received(Offsets.startingAt(0), [...far, 512 * 40_000]), [512 * 40_000])
    assert.isAtMost(Offsets.encode(state).length, 4_096)
    const near = Offsets.finished(
      Offsets.received(
        Offsets.startingAt(0),
        Array.from({ length: 1_024 }, (_, i) => i)
      ),
      Array.from({ length: 512 }, (_, i) => i * 2 + 1)
    )
    assert.isAtMost(Offsets.encode(near).length, 1_100)
  })

  it.prop("leaves room for what the window allows", { ...scenario, window: upTo(64) }, ({ window, ...input }) => {
    const { state } = reached(input)
    assert.strictEqual(Offsets.room(state, window), Math.max(0, window - state.unfinished.length))
  })

  it.prop(
    "lag is what a reader from the start would still have to finish",
    { start: upTo(30), count: upTo(60), took: upTo(60), picks: Schema.Array(upTo(60)), expired: upTo(60) },
    ({ start, count, took, picks, expired }) => {
      const end = start + count
      const kept = Math.min(end, start + expired)
      const out = Array.from({ length: Math.min(took, count) }, (_, i) => start + i)
      const done = new Set(picks.map((pick) => start + pick).filter((offset) => out.includes(offset)))
      const state = Offsets.finished(Offsets.received(Offsets.startingAt(start), out), done)
      const all = Array.from({ length: count }, (_, i) => start + i)
      const expected = all.filter((offset) => offset >= kept && !done.has(offset)).length
      assert.strictEqual(Offsets.lag(state, kept, end), expected)
    }
  )
})
