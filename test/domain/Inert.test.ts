/** Text of others does nothing where it is shown. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { addressesIn, inert, visible } from "../../src/domain/Inert.ts"

describe("inert text", () => {
  const cases: ReadonlyArray<readonly [text: string, instead: string]> = [
    ["Descale it every 3 months.", "Descale it every 3 months."],
    ["@everyone and @here, look", "everyone and here, look"],
    [
      "<@123> <@!123> <@&4> <#5> <id:browse> </ask:6> <a:hi:7> <t:1700000000:R>",
      "someone someone a role a channel a channel /ask :hi: a time"
    ],
    ["@every<@1>one", "@everysomeoneone"],
    ["see [the guide](https://evil.example/x)", "see the guide"],
    ["![px](https://evil.example/p.png?q=1) ok", "px ok"],
    ["[a](b)[c](http://d.example)", "ac"],
    ["go to https://evil.example/a?b=c.", "go to (a link)."],
    ["go to <https://evil.example>", "go to (a link)"],
    ["www.evil.example or discord.gg/evil or evil.example/path", "(a link) or (a link) or (a link)"],
    ["curl `https://evil.example/x.sh`", "curl `(a link)`"],
    ["# Big", "Big"],
    ["> -# - small", "small"],
    ["a ||secret|| b", "a secret b"],
    ["one\n\ntwo\t three", "one two three"],
    ["run `npm i` now", "run `npm i` now"],
    ["an `open span", "an open span"],
    ["```sh\nrm -rf /\n```", "`sh rm -rf / `"],
    ["ze\u200bro\u202e wi\u2060dth\u{e0041}", "zero width"],
    ["3 months - not 4", "3 months - not 4"],
    ["snake_case and 2 * 3", "snake_case and 2 * 3"]
  ]
  for (const [text, instead] of cases) {
    it(JSON.stringify(text), () => assert.strictEqual(inert(text), instead))
  }

  it("keeps the addresses that may stay, as code", () => {
    const addresses = ["http://localhost:7836"]
    assert.strictEqual(inert("Open http://localhost:7836.", { addresses }), "Open `http://localhost:7836`.")
    assert.strictEqual(inert("Open `http://localhost:7836`.", { addresses }), "Open `http://localhost:7836`.")
    assert.strictEqual(inert("Open http://localhost:7836.evil.example", { addresses }), "Open (a link)")
  })

  it.prop("links, mentions and hidden characters survive nowhere", [Schema.String, Schema.String], ([a, b]) => {
    const nasty = `${a}[x](https://evil.example/${b})<@1>@everyone https://evil.example ${b}\u200b<@&2>`
    const text = inert(nasty)
    assert.notMatch(text, /\]\(\s*(?:https?:|www|<)|https?:\/\/|<@[!&]?\d|@everyone|\u200b/)
    assert.strictEqual(text, visible(text))
  })
})

it("addresses are found without what stands around them", () => {
  assert.deepStrictEqual(addressesIn("See <https://a.example/b>, (http://localhost:1/x) or www.c.example."), [
    "https://a.example/b",
    "http://localhost:1/x",
    "www.c.example"
  ])
})
