/** The partitioner, against values that Kafka's own tests state. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { murmur2, partitionOf } from "../../src/broker/Partitioner.ts"

describe("Partitioner", () => {
  it("hashes as Kafka does", () => {
    const known: Readonly<Record<string, number>> = {
      "21": -973932308,
      foobar: -790332482,
      "a-little-bit-long-string": -985981536,
      "a-little-bit-longer-string": -1486304829,
      lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
      abc: 479470107
    }
    for (const [text, hash] of Object.entries(known)) {
      assert.strictEqual(murmur2(new TextEncoder().encode(text)), hash, text)
    }
  })

  it.prop(
    "stays within the partitions",
    { key: Schema.String, partitions: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 })) },
    ({ key, partitions }) => {
      const partition = partitionOf(key, partitions)
      assert.isTrue(Number.isInteger(partition) && partition >= 0 && partition < partitions)
    }
  )

  it("spreads channels", () => {
    const counts = [0, 0, 0]
    for (let i = 0; i < 3_000; i++)
      counts[partitionOf(String(1_200_000_000_000_000_000n + BigInt(i) * 4_194_304n), 3)]!++
    for (const count of counts) assert.isAbove(count, 800)
  })
})
