/** What the plan of topics says. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { Broker, type TopicDescription } from "../../src/broker/Broker.ts"
import { layerMemory } from "../../src/broker/Memory.ts"
import { changeOf, plan, sentence } from "../../src/broker/TopicPlan.ts"
import { topic } from "../contract/Broker.ts"

const existing = (name: string, count: number, retentionMs = 86_400_000, kept: TopicDescription["kept"] = null) => ({
  name,
  retentionMs,
  partitions: Array.from({ length: count }, (_, partition) => ({ partition, start: 0, end: 0, leader: null })),
  kept
})
const kept = { cleanup: "delete", compression: "zstd", replicas: 2 }

describe("TopicPlan", () => {
  it("creates what is missing, adds what loses nothing, names and leaves the rest, passes over what nobody wants", () => {
    const wanted = [
      topic("missing"),
      topic("same"),
      topic("fewer"),
      topic("both"),
      topic("forever", { retention: Duration.infinity }),
      topic("longer", { retention: Duration.infinity, partitions: 4 })
    ]
    const there = [
      existing("unwanted", 1, 1),
      existing("same", 3, 86_400_000, kept),
      existing("fewer", 6),
      existing("both", 1, 172_800_000),
      existing("forever", 3, Number.POSITIVE_INFINITY),
      existing("longer", 3)
    ]
    const entries = plan(wanted, there)
    assert.deepStrictEqual(
      entries.map((entry) =>
        entry._tag === "Differs" ? [entry.safe.map(sentence), entry.left.map(sentence)] : entry._tag
      ),
      [
        "Create",
        "Same",
        [[], ["partitions: 3 wanted, 6 there"]],
        [["partitions: 3 wanted, 1 there"], ["retention: 1d wanted, 2d there"]],
        "Same",
        [["partitions: 4 wanted, 3 there", "retention: for ever wanted, 1d there"], []]
      ]
    )
    const [fewer, both, , longer] = entries.slice(2) as ReadonlyArray<any>
    assert.deepStrictEqual(changeOf(fewer.spec, fewer.safe), {})
    assert.deepStrictEqual(changeOf(both.spec, both.safe), { partitions: 3 })
    assert.deepStrictEqual(changeOf(longer.spec, longer.safe), { partitions: 4, retention: Duration.infinity })
  })

  it("knows how brokers keep a topic that several share, and changes none of that", () => {
    const all = topic("t", { cleanup: "compact", compression: "gzip", replicas: 3 })
    const [entry] = plan([all], [existing("t", 3, undefined, kept)]) as ReadonlyArray<any>
    assert.deepStrictEqual(entry.safe, [])
    assert.deepStrictEqual(entry.left.map(sentence), [
      "cleanup: compact wanted, delete there",
      "compression: gzip wanted, zstd there",
      "replicas: 3 wanted, 2 there"
    ])
    assert.deepStrictEqual(plan([topic("t")], [existing("t", 3, undefined, { ...kept, replicas: 1 })])[0]!._tag, "Same")
    assert.deepStrictEqual(plan([all], [existing("t", 3)])[0]!._tag, "Same")
  })

  it.effect("is all the same once a broker has made them", () =>
    Effect.gen(function* () {
      const broker = yield* Broker
      const wanted = [topic("a"), topic("b", { partitions: 1, retention: Duration.infinity })]
      yield* broker.create(wanted)
      const tags = plan(wanted, yield* broker.list).map(({ _tag }) => _tag)
      assert.deepStrictEqual(tags, ["Same", "Same"])
    }).pipe(Effect.provide(layerMemory))
  )
})
