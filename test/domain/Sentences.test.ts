/** Pieces of Markdown that can be quoted: verbatim, in order, and nothing that is no statement. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { sentencesOf } from "../../src/domain/Sentences.ts"

const texts = (source: string) => sentencesOf(source).map(({ text }) => text)
const kinds = (source: string) => sentencesOf(source).map(({ kind, text }) => [kind, text])

const lines = Schema.Array(
  Schema.Literals([
    "# Heading",
    "A sentence. Another one, e.g. this! Is it a third?",
    "- item one. With more",
    "2. **Label.** Text of the label.",
    "a line that is long enough to have been wrapped by an editor at a column",
    "continues in lower case.",
    "| a | b |",
    "|---|---|",
    "```ts",
    "const a = `b`. C",
    "```",
    "~~~~",
    "> quoted. text",
    "",
    "===",
    "---",
    "<br>",
    "“Curly.” It’s — fine… “Yes.”",
    "   ",
    "***"
  ])
).check(Schema.isMaxLength(14))

describe("sentencesOf", () => {
  it.prop("every piece is verbatim, says something, and stands after the one before", [lines], ([lines]) => {
    const source = lines.join("\n")
    let reached = 0
    for (const { end, start, text } of sentencesOf(source)) {
      assert.strictEqual(source.slice(start, end), text)
      assert.match(text, /[\p{L}\p{N}]/u)
      assert.isAtLeast(start, reached)
      reached = end
    }
  })

  it("cuts prose into sentences, but not after abbreviations, in versions or in code", () => {
    assert.deepStrictEqual(texts("Set it, e.g. to 3.5, as vs. others. Run `a. B`! Is that all? Yes."), [
      "Set it, e.g. to 3.5, as vs. others.",
      "Run `a. B`!",
      "Is that all?",
      "Yes."
    ])
  })

  it("cuts text in lower case, but not after initials and abbreviations", () => {
    assert.deepStrictEqual(
      texts("roe v. wade was law. total capital was $82.0 billion, e.g. cash. acme inc. grew by 3%. ok"),
      ["roe v. wade was law.", "total capital was $82.0 billion, e.g. cash.", "acme inc. grew by 3%.", "ok"]
    )
  })

  it("keeps a wrapped sentence whole", () => {
    const source =
      "The broker keeps every record in one file of the data\nfolder, and nothing else. Short line\nNext line"
    assert.deepStrictEqual(texts(source), [
      "The broker keeps every record in one file of the data\nfolder, and nothing else.",
      "Short line",
      "Next line"
    ])
  })

  it("keeps marks that close a sentence, and a bold label with what it is about", () => {
    assert.deepStrictEqual(texts('**Order holds.** Records of one key wait. He said "stop." Then he left.'), [
      "**Order holds.** Records of one key wait.",
      'He said "stop."',
      "Then he left."
    ])
  })

  it("takes items, rows and code one by one, without markers, heads of tables and fences", () => {
    const source = [
      "- [x] first item",
      "2) second item",
      "",
      "| Name | Meaning |",
      "|:-----|--------:|",
      "| PORT | where it listens |",
      "```sh",
      "npm ci",
      "",
      "npm start",
      "```",
      "```sh",
      "npm test",
      "```"
    ].join("\n")
    assert.deepStrictEqual(kinds(source), [
      ["item", "first item"],
      ["item", "second item"],
      ["row", "| PORT | where it listens |"],
      ["code", "npm ci\n\nnpm start"],
      ["code", "npm test"]
    ])
  })

  it("leaves out headings, rules, pictures, tags and badges", () => {
    const source =
      '# One\n\nTwo\n===\n\nThree\n---\n\n***\n\n![logo](a.png)\n[![badge](b)](c) ![d](e)\n<p align="center">\n<!-- note -->\n'
    assert.deepStrictEqual(texts(source), [])
  })

  it("keeps the indentation of code and an open fence", () => {
    assert.deepStrictEqual(kinds("```\n  a:\n    b"), [["code", "  a:\n    b"]])
  })
})
