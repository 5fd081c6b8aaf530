/** What the plan of topics says. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { Broker } from "../../src/broker/Broker.ts"
import { layerMemory } from "../../src/broker/Memory.ts"
import { plan } from "../../src/broker/TopicPlan.ts"
import { topic } from "../contract/Broker.ts"

const partitions = (count: number) => Array.from({ length: count }, (_, partition) => ({ partition, start: 0, end: 0 }))

describe("TopicPlan", () => {
  it("creates what is missing, tells what differs, passes over what nobody wants", () => {
    const wanted = [
      topic("missing"),
      topic("same"),
      topic("fewer"),
      topic("both"),
      topic("forever", { retention: Duration.infinity })
    ]
    const existing = [
      { name: "unwanted", retentionMs: 1, partitions: partitions(1) },
      { name: "same", retentionMs: 86_400_000, partitions: partitions(3) },
      { name: "fewer", retentionMs: 86_400_000, partitions: partitions(1) },
      { name: "both", retentionMs: 1_000, partitions: partitions(6) },
      { name: "forever", retentionMs: Number.POSITIVE_INFINITY, partitions: partitions(3) }
    ]
    const fewer = { property: "partitions", wanted: 3, existing: 1 } as const
    const more = { property: "partitions", wanted: 3, existing: 6 } as const
    const shorter = { property: "retentionMs", wanted: 86_400_000, existing: 1_000 } as const
    assert.deepStrictEqual(plan(wanted, existing), [
      { _tag: "Create", spec: wanted[0]! },
      { _tag: "Same", spec: wanted[1]! },
      { _tag: "Differs", spec: wanted[2]!, differences: [fewer] },
      { _tag: "Differs", spec: wanted[3]!, differences: [more, shorter] },
      { _tag: "Same", spec: wanted[4]! }
    ])
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
