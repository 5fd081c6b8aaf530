/** A follow-up takes along what it leaves out; a question that is whole stays as it is. */
import { assert, describe, it } from "@effect/vitest"
import { leansOnContext, standalone } from "../../src/domain/FollowUp.ts"

const said = (text: string, bot = false) => ({ name: bot ? "rtfm" : "Ada", bot, text })
const first = "How often should I descale the kettle?"

describe("a question that leans on what was said before", () => {
  for (const question of [
    "And why?",
    "How often is that?",
    "what about the urn?",
    "Is it expensive?",
    "why",
    "Which one instead?"
  ])
    it(question, () => assert.isTrue(leansOnContext(question)))
  for (const question of [
    first,
    "Which folder holds the embedded broker and the vectors?",
    "How do I add a setting to the bot?"
  ])
    it(`not: ${question}`, () => assert.isFalse(leansOnContext(question)))
})

describe("standing alone", () => {
  it("takes along what was asked before, not what a program answered", () => {
    const before = [said(first), said("Every three months. [1]", true)]
    assert.strictEqual(standalone("And with what?", { title: "Kettles", before }), `${first}\nAnd with what?`)
  })

  it("takes along the title of a post that begins with it, and of one where nothing else is known", () => {
    const title = "Kettle is loud"
    assert.strictEqual(
      standalone("Does anybody know how to descale properly?", { title, before: [] }),
      `${title}\nDoes anybody know how to descale properly?`
    )
    assert.strictEqual(standalone("Why?", { title, before: [said("42", true)] }), `${title}\nWhy?`)
  })

  it("leaves a whole question alone", () => {
    const before = [said("Where is the spare key?")]
    assert.strictEqual(standalone(first, { title: "Chatter", before }), first)
    assert.strictEqual(standalone(first, undefined), first)
  })
})
