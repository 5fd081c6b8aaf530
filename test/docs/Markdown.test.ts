/** Pages as people write them, nasty ones included. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Markdown from "../../src/docs/Markdown.ts"

const page = (...lines: ReadonlyArray<string>) => Markdown.parse(lines.join("\n"))
const outline = (...lines: ReadonlyArray<string>) =>
  page(...lines).sections.map((section) => `${section.headings.join(" > ")} #${section.slug}: ${section.text}`)

describe("sections", () => {
  it("follow headings, with what stands before the first", () => {
    assert.deepStrictEqual(
      outline(
        "Hello.",
        "",
        "# Guide",
        "Intro.",
        "## Install",
        "",
        "Run it.",
        "",
        "### Linux",
        "apt",
        "## Use",
        "use it",
        "# End",
        "bye"
      ),
      [
        " #: Hello.",
        "Guide #guide: Intro.",
        "Guide > Install #install: Run it.",
        "Guide > Install > Linux #linux: apt",
        "Guide > Use #use: use it",
        "End #end: bye"
      ]
    )
  })

  it("without text are left out; their headings stay with what is below", () => {
    assert.deepStrictEqual(outline("# Guide", "## Empty", "  ", "## Full", "#### Deep", "text"), [
      "Guide > Full > Deep #deep: text"
    ])
    assert.deepStrictEqual(page("").sections, [])
    assert.deepStrictEqual(page("# Only").sections, [])
  })

  it("take ATX headings as CommonMark does", () => {
    const heading = (line: string) => page("text", "", line, "body").sections.map((section) => section.headings.join())
    const all = ["   # a", "###### a", "# a #", "## a ##   ", "#\ta", "# a \\#"]
    assert.deepStrictEqual(
      all.map((line) => heading(line).at(-1)),
      ["a", "a", "a", "a", "a", "a #"]
    )
    for (const line of ["####### a", "#a", "    # a", "\\# a", "> # a", "- # a"]) {
      assert.deepStrictEqual(heading(line), [""], line)
    }
  })

  it("take setext headings, of several lines too", () => {
    assert.deepStrictEqual(outline("Top", "===", "intro", "", "Two", "lines", "---", "body", "", "x", " --", "end"), [
      "Top #top: intro",
      "Top > Two lines #two-lines: body",
      "Top > x #x: end"
    ])
  })

  it("do not mistake rules, lists, quotes, tables, HTML and indented code for setext headings", () => {
    for (const lines of [
      ["para", "", "---", "more"],
      ["- item", "---", "more"],
      ["- item", "  goes on", "---", "more"],
      ["- item", "", "  second paragraph", "---", "more"],
      ["> quote", "---", "more"],
      ["> quote", "lazy", "---", "more"],
      ["| a |", "|---|", "| b |"],
      ["<div>", "text", "---", "</div>"],
      ["    code", "---", "more"],
      ["***", "---", "more"],
      ["para", "- - -", "more"],
      ["para", "=-=", "more"]
    ]) {
      assert.deepStrictEqual(
        page(...lines).sections,
        [{ headings: [], slug: "", text: lines.join("\n").trimEnd() }],
        lines.join("|")
      )
    }
  })

  it("take one-line HTML headings, as many READMEs have", () => {
    assert.deepStrictEqual(outline('<h1 align="center">The <i>Bot</i></h1>', "text"), ["The Bot #the-bot: text"])
  })

  it("keep lists and tables as they are", () => {
    const body = "- a\n  1. b\n\n| x | y |\n|---|---|\n| 1 | 2 |"
    assert.strictEqual(page("# T", body).sections[0]!.text, body)
  })

  it("keep the indentation of their first line", () => {
    assert.strictEqual(page("# T", "", "    code", "  ", "").sections[0]!.text, "    code")
  })
})

describe("code fences", () => {
  const whole = (...lines: ReadonlyArray<string>) =>
    assert.deepStrictEqual(
      page("# T", ...lines, "", "## Next", "end").sections.map((section) => [section.slug, section.text]),
      [
        ["t", lines.join("\n")],
        ["next", "end"]
      ]
    )

  it("hide headings, comments and front matter", () => {
    whole("```sh", "# not a heading", "<!-- kept -->", "---", "title: no", "---", "```")
    whole("~~~", "# not a heading", "```", "# nor this", "~~~~")
    whole("````md", "```js", "# no", "```", "# no", "````")
    whole("```", "Title", "===", "``` no end", "# no", "```")
    whole("   ```", "# no", "  ```")
  })

  it("stand in lists and quotes, and end with them", () => {
    whole("- item", "", "  ```sh", "  # no", "", "  ```")
    whole("1. one", "   - two", "", "     ```sh", "     # no", "     ```", "   - three")
    whole("- ```sh", "  # no", "  ```")
    whole("> ```", "> # no", "> ```")
    assert.deepStrictEqual(
      outline("> ```", "> # no", "# Yes", "a", "- ```", "  # no", "# Also", "b").map((line) => line.split(" ")[0]),
      ["", "Yes", "Also"]
    )
  })

  it("are not opened by inline code or indented code", () => {
    assert.deepStrictEqual(
      outline("```a``` b", "# One", "x", "", "    ```", "# Two", "y").map((line) => line.split(" ")[0]),
      ["", "One", "Two"]
    )
  })

  it("so does raw HTML", () => {
    whole("<pre>", "# no", "", "Title", "---", "```", "</pre>")
    whole("<PRE># no</PRE>")
  })

  it("reach to the end when nothing closes them", () => {
    assert.deepStrictEqual(outline("# T", "```", "# no", "text"), ["T #t: ```\n# no\ntext"])
  })
})

describe("comments", () => {
  it("go, on one line or many, with headings and fences in them", () => {
    assert.deepStrictEqual(
      outline(
        "# A <!-- x -->",
        "a<!-- one -->b <!-- two -->",
        "<!--",
        "# Hidden",
        "```",
        "--> c",
        "",
        "# B <!-- y",
        "-->",
        "d"
      ),
      ["A #a: ab \n\n c", "B #b: d"]
    )
  })

  it("stay in code spans, and when nothing closes them", () => {
    assert.deepStrictEqual(outline("use `<!-- x -->` or ``a ` <!-- b -->`` and ` <!-- gone -->", "open <!-- end"), [
      " #: use `<!-- x -->` or ``a ` <!-- b -->`` and ` \nopen <!-- end"
    ])
  })
})

describe("titles and slugs", () => {
  it("come without markup", () => {
    assert.deepStrictEqual(
      outline(
        "# The `--all` *flag* of [rtfm](https://x.y) ![logo](a.png) <kbd>x</kbd> **b** snake_case_name _em_",
        "t"
      ),
      ["The --all flag of rtfm x b snake_case_name em #the---all-flag-of-rtfm-x-b-snake_case_name-em: t"]
    )
    assert.deepStrictEqual(page("# [`npm ci`](/x) and \\<b> of `a` `b*c*`", "t").sections[0]!.headings, [
      "npm ci and <b> of a b*c*"
    ])
  })

  it("slugs are GitHub's, numbered when taken, or given", () => {
    assert.deepStrictEqual(
      page(
        "# A & B: c?",
        "1",
        "# Größe 日本",
        "2",
        "# Run",
        "3",
        "# Run",
        "4",
        "# Run-1",
        "5",
        "# run",
        "6",
        "# X {#my-id}",
        "7"
      ).sections.map((s) => s.slug),
      ["a--b-c", "größe-日本", "run", "run-1", "run-1-1", "run-2", "my-id"]
    )
    assert.deepStrictEqual(page("# X {#my-id}", "7").sections[0]!.headings, ["X"])
  })

  it("the title is the front matter's, or the first heading of the first level", () => {
    assert.strictEqual(page("---", "title: Mine", "---", "# Other").title, "Mine")
    assert.strictEqual(page("## Sub", "# First", "# Second").title, "First")
    assert.isUndefined(page("## Sub", "text").title)
  })
})

describe("front matter", () => {
  it("is read as YAML and leaves the text", () => {
    const { frontMatter, sections } = page("\uFEFF---", 'title: "A: b"', "tags: [x, y]", "---", "", "text")
    assert.deepStrictEqual(frontMatter, { title: "A: b", tags: ["x", "y"] })
    assert.deepStrictEqual(
      sections.map((s) => s.text),
      ["text"]
    )
    assert.deepStrictEqual(
      page("---", "---", "text").sections.map((s) => s.text),
      ["text"]
    )
  })

  it("is read as well as can be when it is not quite YAML", () => {
    assert.deepStrictEqual(page("---", "title: Kafka: the log: [", "url: https://x.y", "---", "text").frontMatter, {
      title: "Kafka: the log: [",
      url: "https://x.y"
    })
  })

  it("is not a page that opens with a rule", () => {
    assert.deepStrictEqual(outline("---", "Some words.", "---", "text").length, 2)
    assert.deepStrictEqual(page("---", "open").frontMatter, {})
  })
})

it("line ends of Windows are read", () => {
  assert.deepStrictEqual(Markdown.parse("---\r\ntitle: T\r\n---\r\n# A\r\ntext\r\nmore\r\n"), {
    title: "T",
    frontMatter: { title: "T" },
    sections: [{ headings: ["A"], slug: "a", text: "text\nmore" }]
  })
})

it("MDX loses its imports and exports, not those in code", () => {
  const text = "import X from 'x'\n\nexport const a = 1\n\n# T\n\n```js\nimport y from 'y'\n```"
  assert.deepStrictEqual(
    Markdown.parse(text, { mdx: true }).sections.map((s) => s.text),
    ["```js\nimport y from 'y'\n```"]
  )
})

const marks = [
  "# ",
  "## a",
  "```",
  "~~~",
  "<!--",
  "-->",
  "---",
  "===",
  "- ",
  "> ",
  "    ",
  "`",
  "text",
  "\n",
  "\n",
  "|",
  "*",
  "["
]

it.prop(
  "any text is read: nothing but comments and headings gets lost, slugs are unique",
  [Schema.Array(Schema.Literals(marks)).check(Schema.isMaxLength(60))],
  ([parts]) => {
    const text = parts.join("")
    const { sections } = Markdown.parse(text)
    const slugs = sections.map((section) => section.slug).filter((slug) => slug !== "")
    assert.strictEqual(new Set(slugs).size, slugs.length)
    const count = (text: string) => text.split("text").length - 1
    const all = sections.map((section) => section.text).join("\n")
    // A line of dashes, one is enough, makes what is above it a heading.
    if (!text.includes("<!--") && !/#|===|-[ \t]*$/m.test(text)) assert.strictEqual(count(all), count(text))
    for (const section of sections) assert.isAbove(section.text.trim().length, 0)
  }
)
