import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"

const root = resolve(import.meta.dirname, "..")

/** What the linter says of a file at `path` with one import. */
const lint = (path: string, imported: string): string => {
  const folder = mkdtempSync(join(tmpdir(), "rtfm-imports-"))
  try {
    copyFileSync(join(root, ".oxlintrc.json"), join(folder, ".oxlintrc.json"))
    mkdirSync(join(folder, dirname(path)), { recursive: true })
    writeFileSync(join(folder, path), `import { a } from "${imported}"\nexport const b = a\n`)
    const { status, stdout } = spawnSync(join(root, "node_modules/.bin/oxlint"), ["--deny-warnings", "src"], {
      cwd: folder,
      encoding: "utf8"
    })
    return status === 0 ? "" : stdout
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe("the import rule", () => {
  it.each([
    ["src/domain/X.ts", "../broker/Broker.ts", "domain/ is pure"],
    ["src/domain/X.ts", "node:fs", "domain/ is pure"],
    ["src/actors/X.ts", "../broker/Sqlite.ts", "never technologies"],
    ["src/actors/X.ts", "../broker/Kafka.ts", "never technologies"],
    ["src/actors/X.ts", "../vectors/Chroma.ts", "never technologies"],
    ["src/actors/X.ts", "../model/LocalEmbedder.ts", "never technologies"],
    ["src/actors/X.ts", "node:fs", "never technologies"],
    ["src/web/X.ts", "../vectors/Chroma.ts", "never technologies"],
    ["src/web/X.ts", "../commands/Start.ts", "commands"],
    ["src/knowledge/X.ts", "../vectors/Chroma.ts", "never technologies"],
    ["src/knowledge/X.ts", "../actors/Actor.ts", "know neither actors"],
    ["src/broker/X.ts", "../web/Server.ts", "know neither actors"]
  ])("refuses %s importing %s", (path, imported, why) => {
    assert.include(lint(path, imported), why)
  })

  it.each([
    ["src/domain/X.ts", "./Answer.ts"],
    ["src/actors/X.ts", "../broker/Broker.ts"],
    ["src/knowledge/X.ts", "../vectors/VectorStore.ts"],
    ["src/web/X.ts", "../actors/Supervise.ts"],
    ["src/commands/X.ts", "../broker/Sqlite.ts"]
  ])("lets %s import %s", (path, imported) => {
    assert.strictEqual(lint(path, imported), "")
  })
})
