import { assert, describe, it } from "@effect/vitest"
import { existsSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { call, newFolder, removeFolder, run, start } from "./Rtfm.ts"

/** What a command printed, without the lines of the log. */
const sentence = (output: string) => output.trim().split("\n").at(-1)!

const inFolder = async (body: (folder: string) => Promise<void>) => {
  const folder = newFolder()
  try {
    await body(folder)
  } finally {
    removeFolder(folder)
  }
}

describe("rtfm start", () => {
  it("names every setting that is wrong, with what was expected", () =>
    inFolder(async (folder) => {
      const { exited, output } = run({
        folder,
        env: { PORT: "many", LOG_LEVEL: "loud", CHROMA_URL: "chroma", SHUTDOWN_GRACE: "soon" }
      })
      assert.strictEqual(await exited, 2)
      for (const name of ["PORT", "LOG_LEVEL", "CHROMA_URL", "SHUTDOWN_GRACE"]) {
        assert.match(output(), new RegExp(`${name}: expected \\S+`))
      }
      assert.notInclude(output(), "    at ")
      assert.isFalse(existsSync(join(folder, "data")))
    }))

  it("names every mistake of the routes by its line", () =>
    inFolder(async (folder) => {
      writeFileSync(
        join(folder, "routes.yaml"),
        "routes:\n  - name: a\n    topic: t\n    titel: x\n  - topic: t\n    title: y\n"
      )
      const { exited, output } = run({ folder })
      assert.strictEqual(await exited, 2)
      for (const line of [2, 4, 5]) assert.match(output(), new RegExp(`^  routes\\.yaml:${line}: \\S+`, "m"))
      assert.notInclude(output(), "    at ")
      assert.isFalse(existsSync(join(folder, "data")))
    }))

  it("needs a token to listen beyond this machine", () =>
    inFolder(async (folder) => {
      const { exited, output } = run({ folder, env: { HOST: "0.0.0.0" } })
      assert.notStrictEqual(await exited, 0)
      assert.include(sentence(output()), "API_TOKEN")
    }))

  it("says that the port is in use", () =>
    inFolder(async (folder) => {
      const other = createServer().listen(0, "127.0.0.1")
      await new Promise((resolve) => other.once("listening", resolve))
      const { port } = other.address() as AddressInfo
      const { exited, output } = run({ folder, env: { PORT: String(port) } })
      const code = await exited
      other.close()
      assert.strictEqual(code, 4)
      assert.include(sentence(output()), `Port ${port} is in use`)
      assert.notInclude(output(), "    at ")
    }))

  it("says that another process has the folder, and leaves that one alone", () =>
    inFolder(async (folder) => {
      const first = await start({ folder })
      const second = run({ folder })
      assert.strictEqual(await second.exited, 3)
      assert.include(sentence(second.output()), "Another rtfm has")
      const { status } = await call(first.url, "/health/ready")
      assert.strictEqual(status, 200)
      assert.strictEqual(await first.kill("SIGTERM"), 0)
    }))

  it("says that the folder cannot be written", () =>
    inFolder(async (folder) => {
      const blocked = run({ folder, env: { DATA_DIR: "/proc/rtfm" } })
      assert.strictEqual(await blocked.exited, 5)
      assert.match(sentence(blocked.output()), /\/proc\/rtfm.* cannot be written/)
      assert.notInclude(blocked.output(), "    at ")
    }))
})
