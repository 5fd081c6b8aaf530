/** Text for Discord: cut without breaking what it says, and never calling anybody. */
import { assert, describe, it } from "@effect/vitest"
import * as DiscordText from "../../../src/chat/discord/DiscordText.ts"

const { longestMessage, split } = DiscordText

const fences = (text: string) => text.split("\n").filter((line) => /^(?:> ?)?\s{0,3}(```|~~~)/.test(line)).length
const bare = (text: string) => text.replaceAll(/\s/g, "")

describe("split", () => {
  it("leaves a short text as it is", () => {
    assert.deepStrictEqual(split("Hello\n\nthere"), ["Hello\n\nthere"])
    assert.deepStrictEqual(split(" \n "), [])
  })

  it("brings 5,000 characters with a code fence whole, each part valid and at most 2,000", () => {
    const code = Array.from({ length: 150 }, (_, i) => `const value${i} = await compute(${i})`)
    const text = ["Here is how:", "", "```ts", ...code, "```", "", "That is all."].join("\n")
    assert.isAbove(text.length, 5000)
    const parts = split(text)
    for (const part of parts) {
      assert.isAtMost(part.length, longestMessage)
      assert.strictEqual(fences(part) % 2, 0)
    }
    const lines = parts.flatMap((part) => part.split("\n")).filter((line) => !line.startsWith("```"))
    assert.deepStrictEqual(
      lines.filter((line) => line.startsWith("const")),
      code
    )
    assert.isTrue(parts.slice(1, -1).every((part) => part.startsWith("```ts\n")))
    assert.strictEqual(parts.at(-1)!.split("\n").at(-1), "That is all.")
  })

  it("keeps a fence, a list item, a paragraph and a link whole when they fit", () => {
    const paragraph = "word ".repeat(300).trim()
    const fence = ["```", "x".repeat(900), "```"].join("\n")
    const [first, second] = split(`${paragraph}\n\n${fence}`)
    assert.strictEqual(first, paragraph)
    assert.strictEqual(second, fence)
    const items = Array.from({ length: 30 }, (_, i) => `- item ${i} ${"and more ".repeat(12).trim()}`)
    for (const part of split(items.join("\n"))) for (const line of part.split("\n")) assert.include(items, line)
    const link = `[the manual of everything](<https://example.com/${"a".repeat(60)}>)`
    for (const part of split(`${"y".repeat(80)} `.repeat(24) + link + " end"))
      if (part.includes("the manual")) assert.include(part, link)
  })

  it("never cuts within an emoji or a surrogate pair", () => {
    const family = "👩‍👩‍👧‍👦"
    for (const part of split(family.repeat(500))) {
      assert.isAtMost(part.length, longestMessage)
      assert.strictEqual(bare(part).replaceAll(family, ""), "")
    }
    for (const part of split("𝒳".repeat(2500))) assert.isTrue(part.isWellFormed())
  })

  it("loses nothing but blank space, whatever the text", () => {
    const bits = [
      "```js\n",
      "```\n",
      "- a list\n",
      "> quote\n",
      "\n\n",
      "a b c ",
      "`in` ",
      "[t](http://x.y) ",
      "é👍🏽",
      "\n",
      "~~~\n"
    ]
    let seed = 11
    const random = (n: number) => (seed = (seed * 48271) % 2147483647) % n
    for (let n = 0; n < 500; n++) {
      const text = Array.from({ length: random(120) }, () => bits[random(bits.length)]).join("")
      const limit = 60 + random(60)
      const parts = split(text, limit)
      for (const part of parts) assert.isAtMost(part.length, limit, JSON.stringify(text))
      const strip = (text: string) => bare(text.replaceAll(/```(js)?|~~~/g, ""))
      assert.strictEqual(parts.map(strip).join(""), strip(text))
    }
  })
})

describe("escape", () => {
  it("shows any text as it is", () => {
    assert.strictEqual(
      DiscordText.escape("**b** _i_ [x](y) <@1> `c`"),
      "\\*\\*b\\*\\* \\_i\\_ \\[x\\]\\(y\\) \\<@1\\> \\`c\\`"
    )
    assert.strictEqual(DiscordText.escape("# no heading\n1. no list"), "\\# no heading\n1\\. no list")
  })

  it("calls nobody", () => {
    for (const text of ["@everyone", "hey @here!"]) assert.notMatch(DiscordText.neutralise(text), /@(everyone|here)/)
    assert.notMatch(DiscordText.escape("<@&123>"), /(?<!\\)<@/)
  })
})

describe("link", () => {
  it("holds its title and its address together, whatever they contain", () => {
    assert.strictEqual(DiscordText.link("A [b] c", "https://x.y/z_(1)"), "[A \\[b\\] c](<https://x.y/z_%281%29>)")
    assert.strictEqual(DiscordText.link("a page", "javascript:alert(1)"), "a page")
    assert.strictEqual(DiscordText.link("a page", "/#/documents/x"), "a page")
  })
})

describe("shorten", () => {
  it("marks what it cut", () => {
    assert.strictEqual(DiscordText.shorten("abcdef", 4), "abc…")
    assert.strictEqual(DiscordText.shorten("abcd", 4), "abcd")
  })
})
