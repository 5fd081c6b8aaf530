/** Markdown becomes the tree it should, and hostile text neither markup nor minutes. */
import { describe, expect, it } from "vitest"
import { type Block, type Inline, isHttp, markEnd, markStart, parse, plain } from "../../../src/web/console/Markdown.ts"

const inlines = (source: string, citations: ReadonlyArray<number> = []): ReadonlyArray<Inline> => {
  const [block] = parse(source, { citations: new Set(citations) })
  return block?.type === "paragraph" ? block.children : []
}

/** A tree in one line, to read and compare. */
const shown = (parts: ReadonlyArray<Inline>): string =>
  parts
    .map((part) => {
      switch (part.type) {
        case "text":
          return part.marked ? `{${part.text}}` : part.text
        case "cite":
          return `<cite ${part.n}@${part.at}>`
        case "break":
          return "<break>"
        case "mention":
          return `<mention ${part.text}>`
        case "link":
          return `<link ${part.href}>${shown(part.children)}</link>`
        default:
          return `<${part.type}>${shown(part.children)}</${part.type}>`
      }
    })
    .join("")

const types = (blocks: ReadonlyArray<Block>) => blocks.map(({ type }) => type)

describe("inlines", () => {
  const cases: ReadonlyArray<readonly [string, string]> = [
    ["plain words", "plain words"],
    ["**bold** and *slanted* and ~~gone~~", "<strong>bold</strong> and <em>slanted</em> and <strike>gone</strike>"],
    ["__bold__ _slanted_", "<strong>bold</strong> <em>slanted</em>"],
    ["*a **b** c*", "<em>a <strong>b</strong> c</em>"],
    ["snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"],
    ["a lone ** or * or `", "a lone ** or * or `"],
    ["`code` and ``a ` b`` and ` x `", "<code>code</code> and <code>a ` b</code> and <code>x</code>"],
    ["`**not bold**`", "<code>**not bold**</code>"],
    ["[words](https://a.example/x_y_z)", "<link https://a.example/x_y_z>words</link>"],
    ["[a **b**](https://a.example)", "<link https://a.example>a <strong>b</strong></link>"],
    ["[a](https://a.example/b_(c))", "<link https://a.example/b_(c)>a</link>"],
    ['[a](https://a.example "title")', "<link https://a.example>a</link>"],
    ["[a](javascript:alert(1))", "a"],
    ["[a](JAVASCRIPT:alert)", "a"],
    ["[a](data:text/html,x)", "a"],
    ["[a](/relative)", "a"],
    ["[a](//other.example)", "a"],
    ["![a picture](https://a.example/x.png)", "a picture"],
    ["see https://a.example/x.", "see <link https://a.example/x>https://a.example/x</link>."],
    ["(https://a.example/x)", "(<link https://a.example/x>https://a.example/x</link>)"],
    ["https://a.example/x_(y)", "<link https://a.example/x_(y)>https://a.example/x_(y)</link>"],
    ["https:// is nothing", "https:// is nothing"],
    ["@rtfm and me@rtfm.example and @rtfmx", "<mention @rtfm> and me@rtfm.example and @rtfmx"],
    [String.raw`\*not slanted\* \[1\]`, "*not slanted* [1]"],
    ["<script>alert(1)</script>", "<script>alert(1)</script>"],
    ["&lt;b&gt;", "&lt;b&gt;"]
  ]
  it.each(cases)("%s", (source, expected) => {
    expect(shown(inlines(source))).toBe(expected)
  })

  it("tells the places of a citation apart, and leaves other numbers alone", () => {
    expect(shown(inlines("one[1] two[2] one[1] year [2024] [3] `[1]`", [1, 2]))).toBe(
      "one<cite 1@0> two<cite 2@1> one<cite 1@2> year [2024] [3] <code>[1]</code>"
    )
  })

  it("breaks lines in chat only", () => {
    expect(parse("a\nb", { breaks: true })).toMatchObject([{ children: [{}, { type: "break" }, {}] }])
    expect(shown(inlines("a\nb"))).toBe("a\nb")
  })
})

describe("blocks", () => {
  it("reads each form", () => {
    const source = [
      "# Title",
      "words",
      "- one",
      "- two",
      "",
      "1. first",
      "2. second",
      "> quoted",
      "```ts",
      "# no title",
      "```",
      "| a | b |",
      "|---|---|",
      "| 1 | 2 |",
      "",
      "---"
    ].join("\n")
    expect(types(parse(source))).toEqual(["heading", "paragraph", "list", "list", "quote", "code", "table", "rule"])
  })

  it("keeps code as it is, also without an end", () => {
    expect(parse("```sh\n  a **b**\n\n<i>\n```")).toEqual([
      { type: "code", language: "sh", children: [{ type: "text", text: "  a **b**\n\n<i>", marked: false }] }
    ])
    expect(parse("~~~\nopen")).toMatchObject([{ type: "code", children: [{ text: "open" }] }])
  })

  it("nests lists and keeps what belongs to an item", () => {
    const [list] = parse("3. one\n   more of one\n   - inner\n\n   ```\n   code\n   ```\n4. two")
    expect(list).toMatchObject({ type: "list", ordered: true, start: 3 })
    const items = list?.type === "list" ? list.items : []
    expect(items.map(types)).toEqual([["paragraph", "list", "code"], ["paragraph"]])
  })

  it("leaves a sign without words as it is", () => {
    for (const sign of ["-", "*", "1."]) expect(shown(inlines(sign))).toBe(sign)
  })

  it("fills the cells a row lacks and reads escaped bars", () => {
    const [table] = parse("| a | b |\n|:--|--:|\n| x \\| y |\n")
    const rows = table?.type === "table" ? table.rows.map((row) => row.map(plain)) : []
    expect(rows).toEqual([["x | y", ""]])
  })
})

describe("the mark", () => {
  it("goes through forms and over blocks", () => {
    const source = `a ${markStart}b **c** \`d\`\n\n- e${markEnd} f`
    const [first, second] = parse(source)
    expect(first?.type === "paragraph" && shown(first.children)).toBe("a {b }<strong>{c}</strong>{ }<code>{d}</code>")
    const item = second?.type === "list" ? second.items[0]?.[0] : undefined
    expect(item?.type === "paragraph" && shown(item.children)).toBe("{e} f")
  })

  it("ends even inside the address of a link", () => {
    expect(shown(inlines(`${markStart}a [b](https://x.example/${markEnd}y) c`))).toBe(
      "{a }<link https://x.example/y>{b}</link> c"
    )
  })
})

describe("a mark that ends in what is not shown", () => {
  const ends = [
    `${markStart}a ![b](https://x.example/${markEnd}c)`,
    `${markStart}a [b](https://x.example "t${markEnd}")`,
    `| a |\n|---|\n| ${markStart}1 | ${markEnd} |\n`
  ]
  it.each(ends)("%s", (source) => {
    const text = JSON.stringify(parse(`${source}\n\nafter`))
    expect(text).toContain('"marked":true')
    expect(text).toContain('{"type":"text","text":"after","marked":false}')
  })
})

describe("hostile text", () => {
  const hostile = [
    "*",
    "**a",
    "`",
    "[",
    "[a](",
    "_a ",
    "~~a",
    "> ",
    "- ",
    "|",
    "| a |\n|-|\n",
    "https://",
    "#",
    "![",
    "\\",
    "1. "
  ]
  it.each(hostile)("many of %j take little time", (part) => {
    const began = performance.now()
    parse(part.repeat(20_000 / part.length), { citations: new Set([1]), breaks: true })
    expect(performance.now() - began).toBeLessThan(1_000)
  })

  it("never loses a letter of plain words, whatever stands between", () => {
    const signs = [
      "*",
      "_",
      "`",
      "[",
      "]",
      "(",
      ")",
      "\n",
      "\n\n",
      " ",
      "> ",
      "- ",
      "# ",
      "|",
      "~~",
      "<b>",
      "![",
      "1. "
    ]
    let seed = 7
    const next = (below: number) => (seed = (seed * 16_807) % 2_147_483_647) % below
    for (let round = 0; round < 500; round++) {
      const words = Array.from({ length: 8 }, (_, index) => `w${index}w`)
      const source = words.map((word) => word + signs[next(signs.length)]! + signs[next(signs.length)]!).join("")
      const text = JSON.stringify(parse(source))
      for (const word of words) expect(text, source).toContain(word)
    }
  })

  it("leads nowhere but to http and https", () => {
    for (const href of [
      "javascript:alert(1)",
      "java\nscript:x",
      "data:,x",
      "vbscript:x",
      "file:///etc",
      "/x",
      "http:",
      "x"
    ])
      expect(isHttp(href)).toBe(false)
    expect(isHttp("HTTPS://a.example")).toBe(true)
  })
})
