/** Compares text with the file it is kept in; `UPDATE_GOLDEN=1` writes the file instead. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"

export const golden = (name: string, text: string) =>
  Effect.sync(() => {
    const file = join(import.meta.dirname, name)
    if (process.env["UPDATE_GOLDEN"] === "1") {
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, `${text.trimEnd()}\n`)
    }
    assert.isTrue(existsSync(file), `${file} is missing: run the tests with UPDATE_GOLDEN=1 and look at what it writes`)
    assert.strictEqual(`${text.trimEnd()}\n`, readFileSync(file, "utf8"))
  })
