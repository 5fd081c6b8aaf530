/** What the documentation tells readers to type is typed, against the process it tells them to start. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { allMetrics } from "../scripts/docs.ts"
import { call, newFolder, removeFolder, until } from "./process/Rtfm.ts"

const root = resolve(import.meta.dirname, "..")
const documented = "http://127.0.0.1:7836"

/** The shell commands of a page, block by block. */
const blocks = (page: string): ReadonlyArray<string> =>
  Array.from(readFileSync(join(root, page), "utf8").matchAll(/^```sh\n(.*?)^```$/gms), ([, block]) => block!.trim())

const commands = (page: string, which: RegExp) => blocks(page).filter((block) => which.test(block))

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly all: string
}

/** In the project's folder, as a reader would; what a developer has in `.env` counts for less than this environment. */
const shell = (command: string, dataDir: string) =>
  // A group of its own, as a terminal makes one: Ctrl-C reaches npm and what it started.
  spawn("bash", ["-c", command], {
    cwd: root,
    detached: true,
    env: { ...process.env, HOST: "127.0.0.1", PORT: "0", DATA_DIR: dataDir, LOG_FORMAT: "pretty", NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"]
  })

const collect = (child: ChildProcess) => {
  const said = { out: "", all: "" }
  child.stdout!.on("data", (chunk) => ((said.out += String(chunk)), (said.all += String(chunk))))
  child.stderr!.on("data", (chunk) => (said.all += String(chunk)))
  return said
}

describe("documentation", () => {
  const folder = newFolder()
  const dataDir = join(folder, "data")
  let npmStart: ChildProcess
  let startSaid: { readonly all: string }
  let url = ""

  const type = async (command: string): Promise<Ended> => {
    const child = shell(command.replaceAll(documented, url), dataDir)
    const said = collect(child)
    const [code] = (await once(child, "close")) as [number | null]
    return { code, ...said }
  }
  const succeed = async (command: string): Promise<Ended> => {
    const ended = await type(command)
    assert.strictEqual(ended.code, 0, `${command}\n${ended.all}`)
    return ended
  }

  beforeAll(async () => {
    const [start] = commands("README.md", /npm start/)
    npmStart = shell(start!.replace("npm ci && ", ""), dataDir)
    startSaid = collect(npmStart)
    const { all } = await until(
      () => startSaid,
      ({ all }) => /ready: \S+/.test(all),
      60
    )
    url = /ready: (http:\/\/\S+?)\/?\s/.exec(all)![1]!
  })
  afterAll(() => {
    if (npmStart.exitCode === null && npmStart.signalCode === null) process.kill(-npmStart.pid!, "SIGKILL")
    removeFolder(folder)
  })

  it("answers the question of the README, on the command line, with a quote and its source", async () => {
    const [ask] = commands("README.md", /-- ask/)
    const { out } = await succeed(ask!)
    assert.match(out, /passages? I found:/)
    assert.match(out, /> To ingest a folder of documents, run `npm run rtfm -- ingest docs\/`/)
    assert.include(out, `${url}/#/documents/`)
  })

  it("ingests the folder of the README, and does nothing the second time", async () => {
    const [first, named] = commands("README.md", /-- ingest/)
    assert.match((await succeed(first!)).out, /docs: \d+ added/)
    assert.match((await succeed(first!)).out, /docs: \d+ unchanged; 0 sections to index/)
    assert.match((await succeed(named!)).out, /handbook: \d+ added/)
  })

  it("shows dead letters, topics and the doctor's findings", async () => {
    const typed = [
      ...commands("README.md", /-- (dlq|topics|doctor)/),
      ...commands("docs/OPERATIONS.md", /npm run/)
    ].flatMap((block) => block.split("\n"))
    const outputs = new Map<string, string>()
    for (const line of new Set(typed)) outputs.set(line, (await succeed(line)).out)
    assert.match(outputs.get("npm run rtfm -- dlq list")!, /No dead letters/)
    assert.match(outputs.get("npm run rtfm -- topics list")!, /bot-queries/)
    assert.notInclude(outputs.get("npm run rtfm -- doctor")!, "✗")
  })

  it("lets other programs speak in the chat", async () => {
    const [produce] = commands("README.md", /-- produce/)
    for (const line of produce!.split("\n")) await succeed(line)
    const said = async () => {
      const { body } = await call<Array<{ text: string }>>(url, "/api/channels/local:general/messages")
      return body.map(({ text }) => text)
    }
    await until(said, (texts) => texts.includes("Tea is ready"))
  })

  it("does with curl what the docs say", async () => {
    const typed = [...commands("docs/API.md", /curl/), ...commands("docs/OPERATIONS.md", /curl/)]
    for (const block of typed.filter((block) => !block.includes(" -N "))) {
      const { all, code } = await type(`set -e\n${block}`)
      assert.notStrictEqual(code, 127, "the examples need curl: install it")
      assert.strictEqual(code, 0, `${block}\n${all}`)
    }
    assert.isAtLeast(typed.length, 9)
  })

  it("answers the question whose id the docs name", async () => {
    const [first] = commands("docs/API.md", /idempotency-key/)
    const { out } = await succeed(first!.split("\n").slice(-1).join(""))
    const answered = JSON.parse(out)
    assert.isFalse(answered.refused)
    assert.include(answered.citations[0].passage, answered.citations[0].quote)
  })

  it("streams what happens to curl", async () => {
    const [stream] = commands("docs/API.md", /curl .*-N /)
    const child = shell(stream!.replaceAll(documented, url), dataDir)
    const said = collect(child)
    await until(
      () => said.out,
      (out) => out.includes(": open")
    )
    await call(url, "/api/channels", { json: { name: "stream" } })
    await until(
      () => said.out,
      (out) => out.includes("channel.created")
    )
    process.kill(-child.pid!, "SIGTERM")
    await once(child, "close")
  })

  it("lists every metric of a scrape, with the labels it has", async () => {
    const text = await (await fetch(`${url}/metrics`)).text()
    const known = new Map(allMetrics().map((metric) => [metric.name, metric]))
    const types = Array.from(text.matchAll(/^# TYPE (\w+) (\w+)$/gm), ([, name, type]) => ({
      name: name!,
      type: type!
    }))
    assert.isAbove(types.length, 15)
    for (const { name, type } of types) {
      assert.strictEqual(known.get(name)?.type, type, name)
      const samples = Array.from(text.matchAll(new RegExp(`^${name}(?:_bucket|_sum|_count)?(?:\\{(.*)\\})? `, "gm")))
      const labels = samples.flatMap(([, labels = ""]) =>
        Array.from(labels.matchAll(/(\w+)="/g), ([, label]) => label!)
      )
      const expected = new Set([...known.get(name)!.labels, ...(type === "histogram" ? ["le"] : [])])
      assert.deepStrictEqual(new Set(labels), expected, name)
    }
  })

  it("stops with Ctrl-C, having finished", async () => {
    process.kill(-npmStart.pid!, "SIGINT")
    await once(npmStart, "close")
    assert.include(startSaid.all, "stopping")
    assert.isFalse(existsSync(join(dataDir, "running.json")))
  })
})
