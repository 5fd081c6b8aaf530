/** No embed of any input breaks a limit of Discord, and text that was cut shows it. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { clip, cutMark, type Embed, escaped, fitted, limits, sizeOf, toText } from "../../src/domain/Embed.ts"
import { refusals } from "./refusals.ts"

const piece = Schema.Struct({
  text: Schema.String,
  times: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 900 }))
})
type Piece = typeof piece.Type
const toString = ({ text, times }: Piece) => (text === "" ? " " : text).repeat(times)

const shape = Schema.Struct({
  title: piece,
  author: Schema.optionalKey(piece),
  description: Schema.optionalKey(piece),
  footer: Schema.optionalKey(piece),
  url: Schema.optionalKey(Schema.String),
  color: Schema.Int,
  fields: Schema.Array(Schema.Struct({ name: piece, value: piece })).check(Schema.isMaxLength(40))
})

const toEmbed = (input: typeof shape.Type): Embed => ({
  title: toString(input.title),
  ...(input.author !== undefined && { author: toString(input.author) }),
  ...(input.description !== undefined && { description: toString(input.description) }),
  ...(input.footer !== undefined && { footer: toString(input.footer) }),
  ...(input.url !== undefined && { url: input.url }),
  color: input.color,
  fields: input.fields.map(({ name, value }) => ({ name: toString(name), value: toString(value) })),
  at: 0
})

describe("an embed", () => {
  it.prop("is within every limit, whatever it is made of", [shape], ([input]) => {
    const embed = fitted(toEmbed(input))
    assert.deepStrictEqual(refusals(embed), [])
    assert.deepStrictEqual(fitted(embed), embed)
  })

  it.prop("leaves the room it was asked for", [shape], ([input]) => {
    const embed = fitted(toEmbed(input), 20)
    assert.deepStrictEqual(refusals({ ...embed, footer: `${embed.footer ?? ""}${"x".repeat(20)}` }), [])
  })

  it("of the largest parts is cut to 6,000, and says where", () => {
    const fields = Array.from({ length: 30 }, (_, i) => ({ name: `field ${i}`, value: "v".repeat(2000) }))
    const embed = fitted({ title: "t".repeat(300), description: "d".repeat(5000), fields, color: 1, at: 0 })
    assert.isAtMost(sizeOf(embed), limits.total)
    assert.isAbove(sizeOf(embed), limits.total - 200)
    assert.isTrue(embed.title.endsWith(cutMark))
    assert.isTrue(embed.description!.endsWith(cutMark))
    assert.deepStrictEqual(embed.fields.at(-1), { name: "[…]", value: "6 more fields" })
  })

  it("never ends in half a character", () => {
    assert.strictEqual(clip("😀😀😀😀", 7), `😀${cutMark}`)
    assert.strictEqual(clip("short", 5), "short")
  })

  it("shows what people wrote as they wrote it, and pings nobody", () => {
    assert.strictEqual(
      escaped("*hi* [x](http://y) <@1> @everyone"),
      String.raw`\*hi\* \[x\](http://y) \<@1\> @​everyone`
    )
    assert.strictEqual(escaped("# head\n- item"), "\\# head\n\\- item")
  })

  it("has a link only where it is one", () => {
    const link = (url: string) => fitted({ title: "t", url, color: 0, fields: [], at: 0 }).url
    assert.strictEqual(link("https://example.org/a"), "https://example.org/a")
    assert.isUndefined(link("javascript:alert(1)"))
    assert.isUndefined(link("https://"))
  })

  it("reads as text where there are no embeds", () => {
    const embed = {
      title: "Title",
      description: "What",
      fields: [{ name: "A", value: "1" }],
      footer: "End",
      color: 0,
      at: 0
    }
    assert.strictEqual(toText(embed), "**Title**\nWhat\n**A:** 1\nEnd")
  })
})
