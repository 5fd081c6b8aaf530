/** Answers as Discord shows them. */
import { assert, describe, it } from "@effect/vitest"
import type { Answer } from "../../../src/domain/Answer.ts"
import { answerText } from "../../../src/chat/discord/Rendering.ts"

const answer: Answer = {
  text: "Descale it every three months. [1]",
  refused: false,
  mode: "model",
  citations: [
    {
      n: 1,
      quote: "every three months",
      title: "Kettle [care]",
      url: "https://docs.example/kettle",
      passageId: "kettle/0",
      passage: "Descale the kettle every three months."
    }
  ],
  timing: { queuedMs: 1, retrieveMs: 2, writeMs: 3 }
}

describe("an answer", () => {
  it("has its numbers lead to its sources, which are named below", () => {
    assert.strictEqual(
      answerText(answer, undefined),
      [
        "Descale it every three months. [\\[1\\]](<https://docs.example/kettle>)",
        "",
        "-# [1] [Kettle \\[care\\]](<https://docs.example/kettle>)"
      ].join("\n")
    )
  })

  it("of quotes says once why it is quoted, as whoever wrote it did", () => {
    const notice =
      "You have had your 20 written answers for today, so until midnight UTC yours are quoted from the sources."
    const shown = answerText({ ...answer, mode: "quoted", text: `${notice}\n\n> every three months [1]` }, undefined)
    assert.isTrue(shown.startsWith(notice))
    assert.notMatch(shown.slice(notice.length), /model|quote/)
  })
})
