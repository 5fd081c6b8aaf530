/** How every kind of event is told, processed and failed; and that no data of any kind breaks a limit of Discord. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import { type Embed, toText } from "../../src/domain/Embed.ts"
import { pack } from "../../src/domain/Packing.ts"
import { kinds } from "../../src/events/Catalog.ts"
import { type EventKind, type Outcome, rendered } from "../../src/events/EventKind.ts"
import { refusals } from "../domain/refusals.ts"
import { golden } from "../golden/golden.ts"

const outcomes = (kind: EventKind<any, any>): Record<string, Outcome> => ({
  processed: { error: undefined, done: kind.sampleDone },
  failed: { error: kind.sampleError, done: kind.sampleDone.slice(0, 1) }
})

const print = (embed: Embed): string =>
  `${toText(embed)}\n${new Date(embed.at).toISOString()}\n\n${JSON.stringify(embed, null, 2)}`

const text = Schema.String
/** The same with other words in it, some of them very long. */
const withTexts = (value: any, texts: ReadonlyArray<string>): any => {
  let next = 0
  const replace = (value: any): any => {
    if (typeof value === "string") return (texts[next++ % Math.max(texts.length, 1)] ?? "").repeat(1 + (next % 3) * 700)
    if (Array.isArray(value)) return value.map(replace)
    if (typeof value !== "object" || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, replace(part)]))
  }
  return replace(value)
}

for (const kind of kinds) {
  describe(kind.type, () => {
    for (const [name, outcome] of Object.entries(outcomes(kind))) {
      it.effect(`is told as it is in the docs when ${name}`, () =>
        golden(`events/${kind.type}-${name}.txt`, print(rendered(kind, kind.sample, outcome)))
      )
    }

    it("reads its own sample", () => {
      assert.deepStrictEqual(kind.topic.decode(kind.topic.encode(kind.sample)), Result.succeed(kind.sample))
    })

    it.prop(
      "is told within the limits, whatever it holds and whatever went wrong",
      [Schema.Array(text), text, Schema.Array(Schema.Struct({ name: text, value: text }))],
      ([texts, error, done]) => {
        const event = { ...kind.sample, data: withTexts(kind.sample.data, texts) }
        for (const outcome of [
          { error: error.repeat(200), done },
          { error: undefined, done: [...done, ...done, ...done] }
        ]) {
          const embed = rendered(kind, event, outcome)
          assert.deepStrictEqual(refusals(embed), [])
          const [message] = pack([{ id: "n", destination: "page", embed, at: 0 }])
          assert.deepStrictEqual(message!.embeds.flatMap(refusals), [])
        }
      }
    )

    it("pings nobody and hides no link, whatever people write", () => {
      const evil = "@everyone <@&1> [free](https://evil.example) **bold** `code`\n# head"
      const embed = rendered(kind, kind.sample, { error: evil, done: [{ name: evil, value: evil }] })
      for (const { name, value } of embed.fields.filter(({ value }) => value.includes("evil.example"))) {
        for (const text of [name, value]) {
          assert.notMatch(text, /@everyone|(?<!\\)</)
          assert.notMatch(text, /(?<!\\)\[free(?<!\\)\]/)
        }
      }
    })
  })
}

describe("the catalogue", () => {
  it.effect("has kinds with names, topics and webhooks of their own", () =>
    Effect.sync(() => {
      for (const of of [(kind: EventKind<any, any>) => kind.type, (kind: EventKind<any, any>) => kind.topic.name]) {
        assert.strictEqual(new Set(kinds.map(of)).size, kinds.length)
      }
      for (const { webhook } of kinds) assert.match(webhook, /^DISCORD_WEBHOOK_[A-Z]+$/)
    })
  )
})
