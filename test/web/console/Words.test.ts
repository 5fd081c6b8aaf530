/** The words a question shares with a passage stand out. */
import { expect, it } from "vitest"
import { sharedWords } from "../../../src/web/console/Words.ts"

const shown = (text: string, question: string): string =>
  sharedWords(text, question)
    .map((piece) => (piece.shared ? `<${piece.text}>` : piece.text))
    .join("")

it("finds the words of a question, in other forms and other case", () => {
  expect(shown("Indexed files: a file is indexed.", "Which FILES are indexing?")).toBe(
    "<Indexed> <files>: a <file> is <indexed>."
  )
})

it("leaves ordinary words and short ones alone", () => {
  expect(shown("how the bot is", "how is the bot")).toBe("how the <bot> is")
})

it("knows letters of every script, and loses none of the text", () => {
  expect(shown("Die Dateien, größer", "größer?")).toBe("Die Dateien, <größer>")
  expect(shown("", "x")).toBe("")
})
