/** A quote is marked in its passage, and the passage keeps its form. */
import { describe, expect, it } from "vitest"
import { markEnd, markStart } from "../../../src/web/console/Markdown.ts"
import { markQuote } from "../../../src/web/console/Quote.ts"

const shown = (passage: string, quote: string): string =>
  markQuote(passage, quote).replaceAll(markStart, "{").replaceAll(markEnd, "}")

describe("markQuote", () => {
  const cases: ReadonlyArray<readonly [name: string, passage: string, quote: string, expected: string]> = [
    ["verbatim", "One. Two three. Four.", "Two three.", "One. {Two three.} Four."],
    ["the whole", "One.", "One.", "{One.}"],
    ["other white space", "One\n  two\tthree", "One two three", "{One\n  two\tthree}"],
    ["signs of regular expressions", "a (b) [c]*\n d", "(b) [c]* d", "a {(b) [c]*\n d}"],
    ["not there", "One.", "Two.", "One."],
    ["nothing", "One.", " ", "One."],
    ["from a list sign", "- one\n- two", "- one\n- two", "- {one\n- two}"],
    ["from a heading sign", "# Title\n\nwords", "# Title", "# {Title}\n\nwords"],
    ["from a fence", "```sh\nrun it\n```\nafter", "```sh\nrun it\n```", "```sh\n{run it}\n```\nafter"],
    ["to the sign of the next item", "- one\n- two", "one\n-", "- {one}\n- two"],
    ["from a cell", "| a | b |\n|---|---|\n| 1 | 2 |", "| 1 | 2", "| a | b |\n|---|---|\n| {1 | 2} |"],
    [
      "to the end of a row",
      "| a | b |\n|---|---|\n| 1 | 2 | |\n\nafter",
      "| 1 | 2 | |",
      "| a | b |\n|---|---|\n| {1 | 2} | |\n\nafter"
    ],
    ["only form", "a\n\n```\nb\n```", "```", "a\n\n```\nb\n```"]
  ]
  it.each(cases)("%s", (_, passage, quote, expected) => {
    expect(shown(passage, quote)).toBe(expected)
  })

  it("takes marks out of texts from outside", () => {
    expect(markQuote(`a${markStart}b${markEnd}c`, "zzz")).toBe("abc")
  })
})
