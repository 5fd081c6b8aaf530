/** Code is told apart by its parts, and nothing of it is lost. */
import { describe, expect, it } from "vitest"
import { highlight } from "../../../src/web/console/Highlight.ts"

const parts = (code: string, language: string) =>
  highlight(code, language)
    .filter(({ kind }) => kind !== "plain")
    .map(({ kind, text }) => `${kind} ${text}`)

describe("highlight", () => {
  it("knows words, strings, numbers and comments", () => {
    expect(parts('const answer = "forty" + 42 // why', "ts")).toEqual([
      "keyword const",
      'string "forty"',
      "number 42",
      "comment // why"
    ])
  })

  it("takes a hash for a comment only where it is one", () => {
    expect(parts("curl http://x/#y # first", "sh")).toEqual(["comment # first"])
    expect(parts("color: #fff", "css")).toEqual([])
  })

  it("ends a string at its line, and a comment at its end", () => {
    expect(parts("say 'it\nreturn 1", "js")).toEqual(["keyword return", "number 1"])
    expect(parts("/* open\nreturn", "js")).toEqual(["comment /* open\nreturn"])
  })

  it.each([
    "",
    "a",
    'x = "\\"y\\"" # z',
    "`${`nested`}`",
    "\u202E\u0000<script>",
    "'".repeat(5_000),
    "/*".repeat(5_000)
  ])("loses nothing of %j, and takes no time", (code) => {
    const began = performance.now()
    expect(
      highlight(code, "js")
        .map(({ text }) => text)
        .join("")
    ).toBe(code)
    expect(performance.now() - began).toBeLessThan(1_000)
  })

  it("leaves code without a language, and very long code, as it is", () => {
    expect(highlight("const a = 1", "")).toEqual([{ kind: "plain", text: "const a = 1" }])
    expect(highlight("const a = 1\n".repeat(3_000), "js")).toHaveLength(1)
  })
})
