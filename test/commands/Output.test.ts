import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ago, count, duration, progress, table } from "../../src/commands/Output.ts"

const written = (isTTY: boolean) => {
  const texts: Array<string> = []
  const out = { isTTY, write: (text: string) => texts.push(text) } as unknown as NodeJS.WriteStream
  return { out, texts }
}

describe("Output", () => {
  it("aligns columns: numbers at the right, text at the left, nothing after the last", () => {
    const rows = [
      { name: "bot-queries", records: 7, note: "" },
      { name: "x", records: 1200, note: "long" }
    ]
    assert.strictEqual(
      table(rows, [
        { title: "TOPIC", value: ({ name }) => name },
        { title: "RECORDS", value: ({ records }) => records },
        { title: "NOTE", value: ({ note }) => note }
      ]),
      ["TOPIC        RECORDS  NOTE", "bot-queries        7", "x               1200  long"].join("\n")
    )
  })

  it.effect("shows a bar that moves in a terminal, and a line for every tenth elsewhere", () =>
    Effect.gen(function* () {
      const terminal = written(true)
      const bar = progress("ingesting docs", terminal.out)
      yield* bar(1, 2)
      yield* bar(2, 2)
      assert.deepStrictEqual(terminal.texts, [
        "\ringesting docs ████████████░░░░░░░░░░░░ 1/2",
        "\ringesting docs ████████████████████████ 2/2\n"
      ])
      const file = written(false)
      const lines = progress("ingesting docs", file.out)
      for (let done = 1; done <= 100; done++) yield* lines(done, 100)
      assert.strictEqual(file.texts.length, 11)
      assert.strictEqual(file.texts.at(-1), "ingesting docs: 100 of 100\n")
    })
  )

  it("speaks of counts and times as people do", () => {
    assert.deepStrictEqual(
      [count(1, "document"), count(1200, "document"), ago(0, 45_000), ago(0, 7_200_000), duration(86_400_000)],
      ["1 document", "1,200 documents", "45 s ago", "2 h ago", "1 d"]
    )
  })
})
