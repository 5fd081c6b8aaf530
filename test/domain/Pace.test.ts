/** A channel is never sent more than it takes, and nearly as much. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { burst, minute, nextAt, recent } from "../../src/domain/Pace.ts"

const pauses = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5000 }))).check(
  Schema.isMaxLength(200)
)
const most = (sentAt: ReadonlyArray<number>, ms: number) =>
  Math.max(0, ...sentAt.map((from) => sentAt.filter((at) => at >= from && at < from + ms).length))

describe("pace", () => {
  it.prop("never exceeds 5 in 2 s or 30 in a minute, however messages come", [pauses], ([pauses]) => {
    const sentAt: Array<number> = []
    let now = 0
    for (const pause of pauses) {
      now = nextAt(sentAt, now + pause)
      sentAt.push(now)
    }
    assert.isAtMost(most(sentAt, burst.ms), burst.messages)
    assert.isAtMost(most(sentAt, minute.ms), minute.messages)
  })

  it("sends at least 27 a minute for as long as there is something", () => {
    const sentAt: Array<number> = []
    for (let now = 0; now < 600_000; now = nextAt(sentAt, now)) sentAt.push(now)
    assert.isAtLeast(sentAt.length, 270)
  })

  it("lets a message go at once when there were few, and forgets after a minute", () => {
    assert.strictEqual(nextAt([], 5), 5)
    assert.strictEqual(nextAt([1, 2, 3], 5), 5)
    assert.deepStrictEqual(recent([1, 70_000], 70_001), [70_000])
  })
})
