/** Messages are within the limits, hold everything once and in order, and bursts become one. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { limits, sizeOf } from "../../src/domain/Embed.ts"
import { type Notification, referenceOf } from "../../src/domain/Notification.ts"
import { pack } from "../../src/domain/Packing.ts"
import { refusals } from "./refusals.ts"

const input = Schema.Array(
  Schema.Struct({
    size: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 7000 })),
    footer: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3000 })),
    group: Schema.optionalKey(Schema.Literals(["a", "b"]))
  })
).check(Schema.isMaxLength(60))

const notification = (id: number, size: number, more: Partial<Notification> = {}): Notification => ({
  id: `n${id}`,
  destination: "page",
  embed: { title: `Title ${id}`, description: "d".repeat(size), color: 1, fields: [], at: id },
  at: id,
  ...more
})
const numberOf = (id: string) => Number(id.slice(1))

describe("packing", () => {
  it.prop("tells everything once, within the limits, each with its reference", [input], ([all]) => {
    const notifications = all.map(({ footer, group, size }, i) => {
      const made = notification(i, size, group === undefined ? {} : { group })
      return { ...made, embed: { ...made.embed, footer: "f".repeat(footer) } }
    })
    const messages = pack(notifications)
    const ids = messages.flatMap(({ ids }) => ids)
    assert.deepStrictEqual(
      ids.toSorted((a, b) => numberOf(a) - numberOf(b)),
      notifications.map(({ id }) => id)
    )
    for (const { embeds } of messages) {
      assert.isAtMost(embeds.length, limits.embeds)
      assert.isAtMost(
        embeds.reduce((sum, embed) => sum + sizeOf(embed), 0),
        limits.total
      )
      for (const embed of embeds) {
        assert.deepStrictEqual(refusals(embed), [])
        assert.match(embed.footer!, /#[0-9a-f]{12}$/)
      }
    }
  })

  it.prop("keeps the order of what is in no group", [input], ([all]) => {
    const ids = pack(all.map(({ size }, i) => notification(i, size))).flatMap(({ ids }) => ids)
    assert.deepStrictEqual(
      ids,
      all.map((_, i) => `n${i}`)
    )
  })

  it("puts ten of 600 characters into a message", () => {
    const messages = pack(Array.from({ length: 300 }, (_, i) => notification(i, 570)))
    assert.strictEqual(messages.length, 30)
  })

  it("tells a burst as one, after its first three", () => {
    const group = { group: "deploys" }
    const messages = pack([
      ...Array.from({ length: 40 }, (_, i) => notification(i, 10, group)),
      notification(40, 10),
      notification(41, 10, { group: "other" })
    ])
    assert.strictEqual(messages.length, 1)
    const [message] = messages
    assert.deepStrictEqual(
      message!.embeds.map(({ title }) => title),
      ["Title 0", "Title 1", "Title 2", "37 more like this", "Title 40", "Title 41"]
    )
    assert.strictEqual(message!.ids.length, 42)
    assert.include(message!.embeds[0]!.footer, referenceOf("n0"))
  })

  it("tells four of a group by themselves, since one would not be fewer", () => {
    const [message] = pack(Array.from({ length: 4 }, (_, i) => notification(i, 10, { group: "a" })))
    assert.strictEqual(message!.embeds.length, 4)
  })
})
