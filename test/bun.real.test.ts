import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { dirname, join } from "node:path"

const version = "1.4.5"
const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "rtfm-bot")
const folder = join(cache, `bun-${version}`)
const bun = join(folder, "node_modules/.bin/bun")

/** Bun from its npm package, once for this machine; a development dependency would weigh 100 MB in every checkout. */
const install = () => {
  mkdirSync(dirname(folder), { recursive: true })
  const made = mkdtempSync(`${folder}-`)
  try {
    // Its install script puts the program of this machine in place.
    writeFileSync(join(made, "package.json"), JSON.stringify({ private: true, allowScripts: { bun: true } }))
    const npm = spawnSync("npm", ["install", "--no-audit", "--no-fund", "--prefix", made, `bun@${version}`], {
      encoding: "utf8",
      timeout: 90_000
    })
    assert.strictEqual(
      npm.status,
      0,
      `Bun ${version} could not be installed from npm, and this test needs it: ${npm.error?.message ?? npm.stderr}`
    )
    renameSync(made, folder)
  } finally {
    rmSync(made, { recursive: true, force: true })
  }
}

describe("Bun", () => {
  it("runs the flow: SQLite, the broker and the actors", () => {
    if (!existsSync(bun)) install()
    const { status, stderr, stdout } = spawnSync(bun, [join(import.meta.dirname, "flow.bun.ts")], {
      encoding: "utf8",
      timeout: 60_000
    })
    assert.strictEqual(status, 0, stdout + stderr)
    assert.include(stdout, "the flow works")
  })
})
