/** The project's own questions about its own documentation, through the command as people run it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import * as GeminiServer from "../fixtures/gemini/GeminiServer.ts"
import { honest } from "../fixtures/gemini/Personas.ts"
import { json } from "../fixtures/gemini/Reactions.ts"

const run = (args: ReadonlyArray<string>, env: Record<string, string> = {}) =>
  promisify(execFile)(process.execPath, ["src/cli.ts", "eval", ...args], {
    maxBuffer: 1 << 24,
    env: { ...process.env, ...env }
  })
type Failed = { readonly code: number; readonly stderr: string }
/** The notes contradict the documentation, for the questions about conflicting sources. */
const corpus = ["README.md", "docs", "CONTRIBUTING.md", "test/evaluation/old-notes.md"].flatMap((place) => [
  "--docs",
  place
])
const least = "test/evaluation/least.json"

describe("rtfm eval", () => {
  it("answers questions about this documentation at least as well as the file of least figures says", async () => {
    const asked = ["--questions", "test/evaluation/questions.jsonl", "--fail-below", least, "--json"]
    const { stdout } = await run([...corpus, ...asked])
    const report = JSON.parse(stdout)
    console.log(`own documentation: ${stdout.replaceAll(/\s+/g, " ")}`)
    assert.isAtLeast(report.questions, 90)
    assert.strictEqual(report.textAlone, 0)
  }, 900_000)

  it("fails with a sentence for each figure that is too low", async () => {
    const folder = mkdtempSync(join(tmpdir(), "rtfm-"))
    const file = (name: string, text: string) => {
      writeFileSync(join(folder, name), text)
      return join(folder, name)
    }
    try {
      const kettle = file("kettle.md", "# Kettle\n\nThe kettle boils two litres of water in four minutes.")
      const ask = { id: "1", question: "How long does the kettle take to boil?", gold_ids: ["nowhere"] }
      const questions = file("questions.jsonl", JSON.stringify(ask))
      const wanted = file("least.json", '{ "hit@1": 0.5, "answered": 0.5, "beauty": 1 }')
      const cache = join(folder, "cache")
      const asked = ["--docs", kettle, "--questions", questions, "--fail-below", wanted, "--cache", cache]
      const failed = await run(asked).catch((error: { readonly code: number; readonly stderr: string }) => error)
      assert.deepInclude(failed, { code: 1 })
      assert.include(failed.stderr, "hit@1 is 0.000, and at least 0.500 is wanted.")
      assert.include(failed.stderr, "beauty is no figure of this evaluation.")
      assert.notInclude(failed.stderr, "answered is")
    } finally {
      rmSync(folder, { recursive: true })
    }
  }, 300_000)

  it.live(
    "lets Gemini write and a pinned model judge what it wrote, more than once",
    () =>
      Effect.gen(function* () {
        const folder = mkdtempSync(join(tmpdir(), "rtfm-"))
        yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(folder, { recursive: true })))
        const file = (name: string, text: string) => {
          writeFileSync(join(folder, name), text)
          return join(folder, name)
        }
        let opinions = 0
        const gemini = yield* GeminiServer.listen({
          model: (prompt) => {
            if (prompt.model !== "gemini-3.8-flash") return honest(prompt)
            const { answer, expected } = JSON.parse(prompt.user)
            // Of the answers that are right, every fourth opinion is another one.
            return json({ missing: "", right: answer.includes(expected) && ++opinions % 4 !== 0 })
          }
        })
        const chunks = [
          { id: "boil", title: "Kettle › Boiling", text: "The kettle boils two litres of water in four minutes." },
          { id: "scale", title: "Kettle › Descaling", text: "Descale the kettle every three months with citric acid." }
        ]
        const questions = [
          {
            question: "How many minutes does the kettle take to boil two litres of water?",
            gold: "boil",
            answer: "four minutes"
          },
          { question: "How often is the kettle descaled with citric acid?", gold: "scale", answer: "three months" },
          { question: "What does the kettle boil in four minutes?", gold: "boil", answer: "two hundred litres" }
        ].map(({ answer, gold, question }, i) => ({ id: `${i}`, question, gold_ids: [gold], answer }))
        const lines = (all: ReadonlyArray<unknown>) => all.map((each) => JSON.stringify(each)).join("\n")
        const chunksFile = file("chunks.jsonl", lines(chunks))
        const questionsFile = file("questions.jsonl", lines(questions))
        const options = ["--chunks", chunksFile, "--questions", questionsFile, "--cache", join(folder, "cache")]
        const asked = [...options, "--model", "--json", "--judge"]
        const env = { GEMINI_API_KEY: "AIza-0123", GEMINI_BASE_URL: gemini.url }

        const { stdout } = yield* Effect.promise(() => run([...asked, "gemini-3.8-flash", "--rounds", "2"], env))
        const report = JSON.parse(stdout)
        assert.deepStrictEqual(
          [report.questions, report.answered, report.verifiedQuotes, report.byModel.written],
          [3, 1, 1, 1]
        )
        // Two answers are right, and of four opinions on them one is another.
        assert.deepStrictEqual(report.judged, {
          model: "gemini-3.8-flash",
          times: 2,
          right: 0.5,
          lowest: 1 / 3,
          highest: 2 / 3
        })
        assert.isAtLeast(report.byModel.unanswerable.auroc, 0.5)
        assert.isAbove(gemini.calls.filter(({ model }) => model === "gemini-flash-latest").length, 3)

        const fails = (model: string, env: Record<string, string>) =>
          Effect.promise(() => run([...asked, model], env).catch((error: Failed) => error)) as Effect.Effect<Failed>
        const moving = yield* fails("gemini-flash-latest", env)
        assert.include(
          moving.stderr,
          "gemini-flash-latest is another model from time to time: --judge takes one with its"
        )
        const keyless = yield* fails("gemini-3.8-flash", { GEMINI_API_KEY: "" })
        assert.include(keyless.stderr, "--model asks Gemini: set GEMINI_API_KEY")
        const refused = yield* fails("gemini-3.8-flash", { ...env, GEMINI_BASE_URL: "http://127.0.0.1:1" })
        assert.deepInclude(refused, { code: 1 })
        assert.include(refused.stderr, "The judge did not answer: ")
      }),
    300_000
  )
})
