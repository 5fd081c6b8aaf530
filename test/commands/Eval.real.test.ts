/** The project's own questions about its own documentation, through the command as people run it. */
import { assert, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"

const run = (args: ReadonlyArray<string>) =>
  promisify(execFile)(process.execPath, ["src/cli.ts", "eval", ...args], { maxBuffer: 1 << 24 })
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
})
