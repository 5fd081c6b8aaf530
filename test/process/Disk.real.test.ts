import { assert, describe, it } from "@effect/vitest"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { call, inFolder, type Rtfm, run, until } from "./Rtfm.ts"
import * as SmallDisk from "./SmallDisk.ts"

const megabytes = 48
const filler = "lorem ipsum ".repeat(20)
const word = (n: number) => `zq${n}x`

const say = (process: Rtfm, n: number) =>
  call(process.url, "/api/channels/local:general/messages", {
    json: { text: `Locker ${n} opens with ${word(n)}. ${filler}`, author: { id: "ada", name: "Ada" } }
  })

const untilFound = (process: Rtfm, n: number) =>
  until(
    async () => (await call(process.url, `/api/search?q=${word(n)}`)).body.found,
    (found) => found.some(({ text }: { text: string }) => text.includes(word(n)))
  )

/** The numbers of the messages in the chat. */
const said = async (process: Rtfm): Promise<ReadonlyArray<number>> => {
  const { body } = await call(process.url, "/api/channels/local:general/messages?limit=200")
  return body.map(({ text }: { text: string }) => Number(/^Locker (\d+)/.exec(text)?.[1]))
}

/** What the process says of itself, and whether it is alive. */
const look = async (process: Rtfm) => {
  const [status, live, ready] = await Promise.all(
    ["/api/status", "/health/live", "/health/ready"].map((path) => call(process.url, path))
  )
  return { status: status!.body, live: live!.status, ready: ready!.status }
}

const integrity = (file: string) => {
  const db = new DatabaseSync(file)
  try {
    return db.prepare("PRAGMA integrity_check").get()!["integrity_check"]
  } finally {
    db.close()
  }
}

describe("a full disk", () => {
  it("is told in one sentence, ends nothing, damages nothing, and is over when there is room again", () =>
    inFolder(async (folder, start) => {
      const disk = SmallDisk.make(megabytes)
      const data = join(disk.folder, "data")
      const env = { DATA_DIR: data, INGEST_OWN_DOCS: "false", SHUTDOWN_GRACE: "3 seconds" }
      try {
        const process = await start(env)
        const acknowledged: Array<number> = []
        const problems: Array<{ status: number; detail: string }> = []
        let n = 0
        while (problems.length < 10) {
          const { body, status } = await say(process, ++n)
          if (status === 200) acknowledged.push(n)
          else problems.push({ status, detail: body.detail })
          if (n === 20) disk.fill()
          assert.isBelow(n, 2_000, "the disk is never full")
        }
        assert.isAtLeast(acknowledged.length, 20)
        for (const { detail, status } of problems) {
          assert.strictEqual(status, 503)
          assert.match(detail, /no room left on the disk/)
        }
        assert.match(process.output(), /no room left on the disk/)

        const full = await look(process)
        assert.deepStrictEqual([full.live, full.ready, full.status.ready], [200, 503, false])
        assert.match(full.status.summary, /the state is down/)
        const state = full.status.parts.find(({ name }: { name: string }) => name === "state")
        assert.match(state.detail, /no room left on the disk/)

        disk.free()
        await until(
          () => look(process),
          ({ ready }) => ready === 200,
          60
        )
        assert.strictEqual((await say(process, ++n)).status, 200)
        acknowledged.push(n)
        assert.deepStrictEqual(await said(process), acknowledged)
        for (const each of acknowledged.slice(-2)) await untilFound(process, each)
        assert.deepStrictEqual((await call(process.url, "/api/dead-letters")).body, [])
        for (const { name, restarts } of (await look(process)).status.actors) {
          assert.isBelow(restarts, 8, `${name} went round in circles`)
        }
        assert.strictEqual(await process.kill("SIGTERM"), 0)
        for (const file of ["rtfm.db", "broker.db"]) assert.strictEqual(integrity(join(data, file)), "ok")

        disk.fill()
        const blocked = run({ folder, env })
        assert.strictEqual(await blocked.exited, 5)
        assert.strictEqual(
          blocked.output().trim(),
          `There is no room left on the disk of ${data}: make some, or choose another DATA_DIR.`
        )
        disk.free()

        const again = await start(env)
        assert.deepStrictEqual(await said(again), acknowledged)
        await untilFound(again, acknowledged.at(-1)!)
        await until(
          async () => (await look(again)).status.knowledge.waiting,
          (waiting) => waiting === 0,
          60
        )
        assert.strictEqual(await again.kill("SIGTERM"), 0)
      } finally {
        disk.remove()
      }
    }))
})
