import { assert, describe, it } from "@effect/vitest"
import type { Answer } from "../../src/domain/Answer.ts"
import { messageIdOf, notes, retracted, withoutCitations } from "../../src/domain/Revision.ts"

const citation = (n: number, quote: string) => ({
  n,
  quote,
  title: "Ada",
  url: `https://discord.com/channels/1/2/${n}`,
  passageId: `${n}~${"a".repeat(22)}`,
  passage: quote
})
const answer = (text: string, quotes: ReadonlyArray<string>): Answer => ({
  text,
  refused: false,
  mode: "model",
  citations: quotes.map((quote, i) => citation(i + 1, quote)),
  timing: { queuedMs: 0, retrieveMs: 0, writeMs: 0 }
})

describe("withoutCitations", () => {
  it("leaves out a quote with all its lines", () => {
    const quoted = answer(
      "The closest passages I found:\n\n> ```\n> one\n> two\n> ```\n> [1]\n\n> The kettle is red. [2]",
      ["one\ntwo", "The kettle is red."]
    )
    const left = withoutCitations(quoted, new Set([1]), "deleted")
    assert.strictEqual(left.text, `The closest passages I found:\n\n> The kettle is red. [2]\n\n${notes.deleted}`)
    assert.deepStrictEqual(
      left.citations.map(({ n }) => n),
      [2]
    )
  })

  it("leaves out sentences and lines of a list, and says once that it did", () => {
    const prose = answer("Fill the kettle [1]. Boil it, e.g. twice [2] Then wait [1] and drink [3]", [
      "fill",
      "boil it",
      "drink"
    ])
    const left = withoutCitations(prose, new Set([2]), "changed")
    assert.strictEqual(left.text, `Fill the kettle [1]. Then wait [1] and drink [3]\n\n${notes.changed}`)
    const again = withoutCitations(left, new Set([3]), "deleted")
    assert.strictEqual(again.text, `Fill the kettle [1]. Then wait [1]\n\n${notes.deleted}`)
    const list = answer(
      "The sources disagree; the newest comes first:\n\n- Red. [1] (2026-01-01)\n- Blue. [2] (2025-01-01)",
      ["red", "blue"]
    )
    assert.strictEqual(
      withoutCitations(list, new Set([1]), "deleted").text,
      `The sources disagree; the newest comes first:\n\n- Blue. [2] (2025-01-01)\n\n${notes.deleted}`
    )
  })

  it("takes back what would be left without a source, or would still repeat the quote", () => {
    const one = answer("> The key is under the mat. [1]", ["The key is under the mat."])
    const gone = withoutCitations(one, new Set([1]), "deleted")
    assert.deepStrictEqual([gone.text, gone.refused, gone.citations.length], [retracted.deleted, true, 0])
    const told = answer("The key is under  the mat. And the kettle is red [2]", ["the key is under the mat.", "red"])
    assert.strictEqual(withoutCitations(told, new Set([1]), "changed").text, retracted.changed)
    assert.strictEqual(withoutCitations(one, new Set([2]), "deleted"), one)
  })

  it("knows the message of a passage", () => {
    assert.strictEqual(messageIdOf(`m-12~${"x".repeat(22)}`), "m-12")
    assert.isUndefined(messageIdOf("x".repeat(22)))
  })
})
