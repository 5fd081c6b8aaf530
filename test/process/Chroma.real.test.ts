import { assert, describe, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { childrenOn, serversOn } from "../vectors/serversOn.ts"
import { call, inFolder, type Rtfm, until } from "./Rtfm.ts"

const ada = { id: "ada", name: "Ada" }
const env = { INGEST_OWN_DOCS: "false" }

const say = async ({ url }: Rtfm, text: string) => {
  const { body, status } = await call(url, "/api/channels/local:general/messages", { json: { text, author: ada } })
  assert.strictEqual(status, 200, JSON.stringify(body))
}

const statusOf = async ({ url }: Rtfm) => (await call(url, "/api/status")).body
const vectorsOf = (status: any): { readonly up: boolean; readonly detail: string } =>
  status.parts.find(({ name }: { name: string }) => name === "vectors")

const untilFound = (process: Rtfm, word: string, seconds: number) =>
  until(
    async () => (await call(process.url, `/api/search?q=${word}`)).body.found,
    (found) => found.some(({ text }: { text: string }) => text.includes(word)),
    seconds
  )

const untilVectorized = (process: Rtfm) =>
  until(
    () => statusOf(process),
    (status) => vectorsOf(status).up && status.knowledge.passages > 0 && status.knowledge.waiting === 0,
    60
  )

const commandLine = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8")
  } catch {
    return ""
  }
}

/** Processes that were started with the folder, whatever they are. */
const startedWith = (folder: string) => readdirSync("/proc").filter((pid) => commandLine(pid).includes(folder))

const kill = (pid: number) => {
  try {
    process.kill(pid, "SIGKILL")
  } catch {
    // It ended by itself meanwhile.
  }
}

describe("Chroma's child", () => {
  it("killed: the process says so and goes on, text finds what is new at once, and vectors catch up", () =>
    inFolder(async (folder, start) => {
      const chroma = join(folder, "data/chroma")
      const process = await start(env)
      await say(process, "The spare key hangs behind the green door.")
      await untilVectorized(process)

      // Each new one too, so that it is away for as long as it is looked at.
      const killer = setInterval(() => childrenOn(chroma).forEach(kill), 20)
      const down = await until(
        () => statusOf(process),
        (status) => !vectorsOf(status).up
      )
      assert.match(vectorsOf(down).detail, /SIGKILL|started/)
      assert.include(down.summary, "text search stands in for vectors")
      for (const probe of ["live", "ready"]) {
        assert.strictEqual((await call(process.url, `/health/${probe}`)).status, 200)
      }
      await say(process, "The ladder stands in the shed, beside the wheelbarrow.")
      await untilFound(process, "wheelbarrow", 2)
      const { body } = await call(process.url, "/api/questions", { json: { text: "Where does the ladder stand?" } })
      const quotes = body.citations.map(({ quote }: { quote: string }) => quote).join("\n")
      assert.include(quotes, "The ladder stands in the shed")
      const before = await statusOf(process)
      assert.isFalse(vectorsOf(before).up)
      assert.strictEqual(before.knowledge.waiting, 1)
      assert.strictEqual((await call(process.url, "/health/ready")).status, 200)
      clearInterval(killer)

      await untilVectorized(process)
      assert.strictEqual((await call(process.url, "/health/ready")).status, 200)
      assert.strictEqual(await process.kill("SIGTERM"), 0)
      assert.deepStrictEqual(startedWith(folder), [])
    }))

  it("left behind by a killed process: it ends, the next start never shares the folder with it, nothing is lost", () =>
    inFolder(async (folder, start) => {
      const chroma = join(folder, "data/chroma")
      let most = 0
      // Every process that could open the folder is one of ours, and those are cheaper to find.
      const watcher = setInterval(() => {
        if (most === 0 || childrenOn(chroma).length > most) most = Math.max(most, serversOn(chroma).length)
      }, 10)
      let process = await start(env)
      for (let life = 0; life < 5; life++) {
        await say(process, `Locker ${life} opens with zq${life}x.`)
        await untilVectorized(process)
        await process.kill("SIGKILL")
        process = await start(env)
      }
      await untilVectorized(process)
      clearInterval(watcher)
      assert.strictEqual(most, 1)
      assert.deepStrictEqual(startedWith(folder).map(Number), serversOn(chroma))
      for (let life = 0; life < 5; life++) await untilFound(process, `zq${life}x`, 1)
      assert.strictEqual(await process.kill("SIGTERM"), 0)
      assert.deepStrictEqual(startedWith(folder), [])
    }))
})
