/** Pages made to keep whoever reads them busy: each is read in a moment, whatever it repeats. */
import { assert, describe, it } from "@effect/vitest"
import { documentFrom } from "../../src/docs/DocSource.ts"
import * as OpenApi from "../../src/docs/formats/OpenApi.ts"
import * as Sitemap from "../../src/docs/site/Sitemap.ts"
import { passagesOf } from "../../src/domain/Chunking.ts"
import { sentencesOf } from "../../src/domain/Sentences.ts"

const length = 300_000
/** What takes a time that grows with the square of the length takes minutes. */
const allowed = 5_000

const full = (unit: string, of = length) => unit.repeat(Math.ceil(of / unit.length)).slice(0, of)

const inTime = (name: string, read: () => unknown) =>
  it(name, () => {
    const begun = performance.now()
    read()
    assert.isBelow(performance.now() - begun, allowed)
  })

const markdown = (text: string) => documentFrom("site", { path: "page.md", text })

describe("a page of nothing but", () => {
  inTime("empty lines is no OpenAPI document", () => assert.isFalse(OpenApi.maybe(full("\n"))))
  inTime("brackets lists no pages", () => assert.deepStrictEqual(Sitemap.linksOf(full("["), "https://a.example"), []))
  for (const unit of ["=\n", "<!--", "# a\n", "- ", "a\n=\n"]) {
    inTime(`${JSON.stringify(unit)} is Markdown`, () => markdown(full(unit)))
  }
  for (const unit of ["![", "[", "<a ", "_a ", "`", " \t"]) {
    inTime(`a heading of ${JSON.stringify(unit)} is text`, () => {
      const { chunks } = markdown(`# a${full(unit)}b\ntext`)
      assert.isTrue(chunks[0]!.text.startsWith("# a"))
    })
  }
  inTime("blanks in its front matter is Markdown", () => {
    assert.strictEqual(markdown(`---\nx: {{{: y\ntitle: a${full(" ")}b\n---\ntext`).chunks.length, 1)
  })
  for (const unit of ["```\na\n```\n", "e.g. ", "a\n"]) {
    inTime(`${JSON.stringify(unit)} is cut and quoted`, () => {
      for (const { text } of markdown(full(unit, 100_000)).chunks) {
        passagesOf(text)
        sentencesOf(text)
      }
    })
  }
})

describe("a section of many characters", () => {
  it("is several, each of whole lines, with the same title and address", () => {
    const lines = Array.from({ length: 9_000 }, (_, i) => `line ${i}`)
    const { chunks } = markdown(`# Log\n\n${lines.join("\n")}`)
    assert.isAbove(chunks.length, 1)
    assert.deepStrictEqual([...new Set(chunks.map(({ title }) => title))], ["Log"])
    assert.strictEqual(new Set(chunks.map(({ url }) => url)).size, 1)
    assert.strictEqual(chunks.map(({ text }) => text).join("\n"), lines.join("\n"))
  })

  it("is cut between words where it has no lines, and anywhere where it has no words", () => {
    const words = markdown(full("word ", 40_000)).chunks
    assert.isTrue(words.every(({ text }) => /^word( word)*$/.test(text.trim())))
    assert.strictEqual(markdown(full("x", 40_000)).chunks.length, 2)
  })
})
