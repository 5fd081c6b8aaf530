/** Passages of a section: verbatim, complete, bounded, and kind to code. */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import { closesFence, fenceOpenedBy, leavesFence, passagesOf, passageWords } from "../../src/domain/Chunking.ts"

const wordsOf = (text: string) => text.match(/\S+/g) ?? []
const words = (count: number, prefix = "w") => Array.from({ length: count }, (_, i) => `${prefix}${i}`).join(" ")

/** Sections of words, blank lines and fences, some of them open, some longer than a passage. */
const pieces = Schema.Array(
  Schema.Struct({
    kind: Schema.Literals(["text", "text", "fence", "tilde", "open", "blank"]),
    words: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 160 }))
  })
).check(Schema.isMaxLength(8))

const sectionFrom = (parts: typeof pieces.Type): string =>
  parts
    .map((part, n) => {
      const body = words(part.words, `p${n}x`).replaceAll(" p", (match, at: number) => (at % 7 === 0 ? "\n p" : match))
      if (part.kind === "fence") return "```js\n" + body + "\n```"
      if (part.kind === "tilde") return "~~~~\n```\n" + body + "\n~~~~"
      if (part.kind === "open") return "   ```" + body
      return part.kind === "blank" ? " \t\n\n" : body
    })
    .join("\n")

describe("passagesOf", () => {
  it.prop(
    "every word is in a passage, in order; passages are verbatim, bounded and go on where the last one ended",
    [pieces],
    ([parts]) => {
      const section = sectionFrom(parts)
      const cuts = passagesOf(section)
      let reached = 0
      for (const cut of cuts) {
        assert.strictEqual(section.slice(cut.start, cut.end), cut.text)
        assert.isAtMost(wordsOf(cut.text).length, passageWords)
        assert.match(cut.text, /^\S[^]*\S$|^\S$/)
        assert.strictEqual(section.slice(reached, Math.max(reached, cut.start)).trim(), "")
        assert.isAbove(cut.end, reached)
        reached = cut.end
      }
      assert.strictEqual(section.slice(reached).trim(), "")
    }
  )

  it("plain text: 110 words every 90, the last passage ends with the text", () => {
    const counts = (n: number) => passagesOf(words(n)).map((cut) => [wordsOf(cut.text)[0], wordsOf(cut.text).length])
    assert.deepStrictEqual(counts(0), [])
    assert.deepStrictEqual(counts(110), [["w0", 110]])
    assert.deepStrictEqual(counts(111), [
      ["w0", 110],
      ["w90", 21]
    ])
    assert.deepStrictEqual(counts(290), [
      ["w0", 110],
      ["w90", 110],
      ["w180", 110]
    ])
  })

  it.prop(
    "a fence that fits into a passage is whole in one, and none starts inside it",
    {
      before: Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 250 }))),
      inside: Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: passageWords - 2 }))),
      after: Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 250 })))
    },
    ({ after, before, inside }) => {
      const fence = "```\n" + words(inside, "code") + "\n```"
      const section = `${words(before, "a")}\n${fence}\n${words(after, "b")}`
      const cuts = passagesOf(section)
      const start = section.indexOf(fence)
      for (const cut of cuts) assert.isFalse(cut.start > start && cut.start < start + fence.length)
      assert.isTrue(cuts.some((cut) => cut.text.includes(fence)))
    }
  )

  it("a fence longer than a passage is cut like text", () => {
    const cuts = passagesOf("```\n" + words(300) + "\n```")
    assert.deepStrictEqual(
      cuts.map((cut) => wordsOf(cut.text)[0]),
      ["```", "w89", "w179", "w269"]
    )
  })
})

describe("fences", () => {
  it("open with three marks or more, backticks only without backticks behind them", () => {
    assert.deepStrictEqual(fenceOpenedBy("```js"), { mark: "`", length: 3, quoted: false, column: 0 })
    assert.deepStrictEqual(fenceOpenedBy("  ~~~~ a ` b"), { mark: "~", length: 4, quoted: false, column: 0 })
    assert.deepStrictEqual(fenceOpenedBy("> ```"), { mark: "`", length: 3, quoted: true, column: 0 })
    assert.deepStrictEqual(fenceOpenedBy("  10. ```sh"), { mark: "`", length: 3, quoted: false, column: 6 })
    assert.deepStrictEqual(fenceOpenedBy("      ```", 4), { mark: "`", length: 3, quoted: false, column: 4 })
    for (const line of ["```js``` is inline", "``", "a ```", "# ```"]) assert.isUndefined(fenceOpenedBy(line))
  })

  it("close with at least as many of the same mark and nothing else", () => {
    const fence = fenceOpenedBy("````md")!
    assert.isTrue(closesFence("  ````` ", fence))
    for (const line of ["```", "~~~~", "```` no", "> ````", ""]) assert.isFalse(closesFence(line, fence))
    assert.isTrue(closesFence("> ```", fenceOpenedBy("> ```")!))
  })

  it("end with the quote or the list item they stand in", () => {
    assert.isTrue(leavesFence("text", fenceOpenedBy("> ```")!))
    assert.isFalse(leavesFence("> text", fenceOpenedBy("> ```")!))
    assert.isTrue(leavesFence("text", fenceOpenedBy("- ```")!))
    for (const line of ["  text", "", "   "]) assert.isFalse(leavesFence(line, fenceOpenedBy("- ```")!))
    assert.isFalse(leavesFence("text", fenceOpenedBy("   ```")!))
  })
})
