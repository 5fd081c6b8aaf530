import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as Command from "../../src/domain/Command.ts"

const announced = (text: string) => {
  const wish = Result.getOrThrow(Command.fromCommand(text))
  assert.isNull(wish.channelId)
  return wish.text
}
const json = JSON.stringify

describe("fromCommand", () => {
  it("echoes where an echo says", () => {
    assert.deepStrictEqual(Result.getOrThrow(Command.fromCommand(json({ type: "echo", channelId: "c", text: "hi" }))), {
      channelId: "c",
      text: "hi"
    })
  })

  it("announces text, content or message, the first that has words", () => {
    assert.strictEqual(announced(json({ text: "a", content: "b" })), "a")
    assert.strictEqual(announced(json({ text: " ", content: "b", message: "c" })), "b")
    assert.strictEqual(announced(json({ text: 5, message: "c" })), "c")
  })

  it("shows anything else as it is, in a code block that cannot be left", () => {
    assert.strictEqual(announced("disk is full"), "```\ndisk is full\n```")
    const big = `{"id": 12345678901234567890}`
    assert.strictEqual(announced(big), `\`\`\`json\n${big}\n\`\`\``)
    assert.strictEqual(announced("[1]"), "```\n[1]\n```")
    assert.strictEqual(announced("```\n# out"), "````\n```\n# out\n````")
  })

  it("refuses what has no words and what is longer than five messages", () => {
    for (const text of ["", " \n", json({ text: "" }), json({ type: "echo", channelId: "c", text: " " })]) {
      assert.strictEqual(Result.getOrThrow(Result.flip(Command.fromCommand(text))), "There is no text to say")
    }
    assert.lengthOf(announced(json({ text: "x".repeat(10_000) })), 10_000)
    const tooLong = Result.getOrThrow(Result.flip(Command.fromCommand(json({ text: "x".repeat(10_001) }))))
    assert.strictEqual(tooLong, "The text has 10001 characters, and five messages take 10000")
  })
})

describe("fromResponse", () => {
  const said = (text: string, key: string | null = null) => Result.getOrThrow(Command.fromResponse(text, key))
  const refused = (text: string, key: string | null = null) =>
    Result.getOrThrow(Result.flip(Command.fromResponse(text, key)))

  it("says it in the channel of the record, which goes before that of the key", () => {
    const all = { channelId: "c", text: "hi", replyTo: "m", id: "1" }
    assert.deepStrictEqual(said(json(all), "k"), all)
    assert.deepStrictEqual(said(json({ channelId: "c", text: "hi", replyTo: null, id: null })), {
      channelId: "c",
      text: "hi"
    })
    assert.deepStrictEqual(said(json({ text: "hi" }), "k"), { channelId: "k", text: "hi" })
    assert.deepStrictEqual(said("hi", "k"), { channelId: "k", text: "hi" })
    assert.deepStrictEqual(said(`{"temperature":4}`, "k"), { channelId: "k", text: `{"temperature":4}` })
  })

  it("refuses what names no channel, what has a wrong shape and what cannot be said", () => {
    assert.include(refused("hi"), "It names no channel")
    assert.include(refused(json({ text: "hi" })), "It names no channel")
    assert.include(refused(json({ channelId: 5, text: "hi" }), "k"), "channelId")
    assert.include(refused(json({ channelId: "c" }), "k"), "text")
    assert.include(refused(" ", "k"), "no text")
    assert.include(refused("x".repeat(10_001), "k"), "five messages")
  })
})

describe("sayingId", () => {
  const place = { topic: "t", partition: 1, offset: 2, timestamp: 3 }
  const wish = { channelId: "c", text: "hi" }

  it("is that of the program, or follows from the record's place and time", () => {
    assert.strictEqual(
      Command.sayingId({ ...wish, id: "x" }, place),
      Command.sayingId({ ...wish, id: "x" }, { ...place, offset: 9 })
    )
    const ids = [
      place,
      { ...place, topic: "u" },
      { ...place, partition: 0 },
      { ...place, offset: 0 },
      { ...place, timestamp: 4 }
    ]
    assert.strictEqual(new Set(ids.map((place) => Command.sayingId(wish, place))).size, ids.length)
  })
})
