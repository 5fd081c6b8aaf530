/** The built process from outside: how soon it is there, what it takes while nothing happens, and whether it grows. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { cpSync, mkdtempSync, rmSync } from "node:fs"
import { Agent, request } from "node:http"
import { createServer, type AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import type { Figure } from "./broker.ts"
import { medianOf, quantile, rate } from "./numbers.ts"

const root = resolve(import.meta.dirname, "..")
const goals = { startMs: 300, idlePercent: 0.5, megabytes: 130 }
const MB = 1024 * 1024

interface Running {
  readonly url: string
  readonly folder: string
  readonly child: ChildProcess
  readonly startedMs: number
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

const isLive = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(`${url}/health/live`)).ok
  } catch {
    return false
  }
}

/** Starts a program on a folder of its own and waits until it is live. */
export const start = async (program: string, settings: Readonly<Record<string, string>> = {}): Promise<Running> => {
  const folder = mkdtempSync(join(tmpdir(), "rtfm-bench-"))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const before = performance.now()
  const child = spawn(process.execPath, [program, "start"], {
    cwd: folder,
    env: {
      PATH: process.env["PATH"],
      HOME: folder,
      DATA_DIR: folder,
      PORT: String(port),
      INGEST_OWN_DOCS: "false",
      ...settings
    },
    stdio: "ignore"
  })
  while (!(await isLive(url))) {
    if (child.exitCode !== null) throw new Error(`${program} ended with code ${child.exitCode}`)
    await wait(2)
  }
  return { url, folder, child, startedMs: performance.now() - before }
}

export const stop = async ({ child, folder }: Running) => {
  child.kill("SIGTERM")
  if (child.exitCode === null) await once(child, "exit")
  rmSync(folder, { recursive: true, force: true })
}

/** What the process says of itself. */
export const vitals = async ({ url }: Running) => {
  const text = await (await fetch(`${url}/metrics`)).text()
  const metric = (name: string) => Number(new RegExp(`^${name} (\\S+)`, "m").exec(text)![1])
  return { cpuSeconds: metric("process_cpu_seconds_total"), rss: metric("process_resident_memory_bytes") }
}

/** Starts it some times over; the processor's time says what a start takes on a machine that does nothing else. */
const starts = async (program: string, times: number) => {
  const all: Array<{ readonly wallMs: number; readonly cpuMs: number }> = []
  for (let i = 0; i < times; i++) {
    const running = await start(program)
    all.push({ wallMs: running.startedMs, cpuMs: (await vitals(running)).cpuSeconds * 1_000 })
    await stop(running)
  }
  return all
}

export const untilVectorsAreUp = async ({ url }: Running) => {
  while (true) {
    const { parts } = (await (await fetch(`${url}/api/status`)).json()) as {
      readonly parts: ReadonlyArray<{ readonly name: string; readonly up: boolean }>
    }
    if (parts.every(({ name, up }) => name !== "vectors" || up)) return
    await wait(50)
  }
}

/** Memory of Chroma's child, in bytes. */
const childRss = ({ folder }: Running): number => {
  const lines = execFileSync("ps", ["-axo", "rss=,args="], { encoding: "utf8" }).split("\n")
  const line = lines.find((line) => line.includes(`--path ${join(folder, "chroma")}`))
  return Number(line?.trim().split(/\s+/)[0] ?? Number.NaN) * 1024
}

const idle = async (program: string, seconds: number): Promise<ReadonlyArray<Figure>> => {
  const running = await start(program)
  await untilVectorsAreUp(running)
  // What starting has left to do is no idling.
  await wait(5_000)
  const before = await vitals(running)
  await wait(seconds * 1_000)
  const after = await vitals(running)
  const child = childRss(running)
  await stop(running)
  const percent = ((after.cpuSeconds - before.cpuSeconds) / seconds) * 100
  return [
    {
      name: `process: idle CPU over ${seconds} s`,
      value: `${percent.toFixed(2)} % of a core`,
      goal: `≤ ${goals.idlePercent} %`,
      ok: percent <= goals.idlePercent
    },
    {
      name: "process: memory, embedder not loaded",
      value: `${Math.round(after.rss / MB)} MB`,
      goal: `≤ ${goals.megabytes} MB`,
      ok: after.rss / MB <= goals.megabytes
    },
    { name: "process: memory of Chroma's child, apart", value: `${Math.round(child / MB)} MB` }
  ]
}

const agent = new Agent({ keepAlive: true, maxSockets: 32 })

const post = (url: string, n: number) =>
  new Promise<void>((resolve, reject) => {
    const text = `Note ${n}: the kettle in kitchen ${n % 97} is descaled every three months with citric acid.`
    const body = JSON.stringify({ text, author: { id: `a${n % 50}`, name: "Ada" } })
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) }
    const path = `${url}/api/channels/local:general/messages`
    request(path, { method: "POST", agent, headers }, (response) => {
      response.resume().once("end", () => (response.statusCode === 200 ? resolve() : reject(response.statusCode)))
    })
      .once("error", reject)
      .end(body)
  })

/** Posts messages as fast as they are taken and looks at the memory ten times; the heap takes 20,000 to find its size. */
const growth = async (program: string, messages: number, judged: boolean): Promise<ReadonlyArray<Figure>> => {
  const running = await start(program)
  const sizes: Array<number> = []
  const before = performance.now()
  for (let tenth = 0; tenth < 10; tenth++) {
    let next = (tenth * messages) / 10
    const end = ((tenth + 1) * messages) / 10
    const sender = async () => {
      while (next < end) await post(running.url, next++)
    }
    await Promise.all(Array.from({ length: 16 }, sender))
    sizes.push((await vitals(running)).rss / MB)
  }
  const seconds = (performance.now() - before) / 1_000
  await stop(running)
  const [early, late] = [quantile(sizes.slice(1, 4), 0.5), quantile(sizes.slice(7), 0.5)]
  return [
    {
      name: `process: memory over ${messages.toLocaleString("en")} messages`,
      value: `${[0, 3, 6, 9].map((tenth) => Math.round(sizes[tenth]!)).join(", ")} MB`,
      ...(judged && { goal: "flat", ok: late <= early * 1.1 })
    },
    { name: "process: messages posted over HTTP", value: `${rate(messages, seconds)} messages/s` }
  ]
}

const started = (
  name: string,
  times: ReadonlyArray<{ readonly wallMs: number; readonly cpuMs: number }>,
  goal?: number
): Figure => {
  const median = medianOf(times, ({ wallMs }) => wallMs)
  const cpu = medianOf(times, ({ cpuMs }) => cpuMs)
  return {
    name,
    value: `${median.toFixed(0)} ms, ${cpu.toFixed(0)} ms of processor`,
    ...(goal !== undefined && { goal: `≤ ${goal} ms`, ok: median <= goal })
  }
}

export const run = async (quick: boolean): Promise<ReadonlyArray<Figure>> => {
  const folder = mkdtempSync(join(tmpdir(), "rtfm-bench-"))
  try {
    const dist = join(folder, "dist")
    execFileSync(process.execPath, [join(root, "scripts/build.ts"), dist], { stdio: "ignore" })
    const program = join(dist, "rtfm.mjs")
    const figures = [
      started("process: start to live, built", await starts(program, 10), goals.startMs),
      started("process: start to live, from source", await starts(join(root, "src/cli.ts"), quick ? 2 : 5)),
      ...(await idle(program, quick ? 10 : 20))
    ]
    // Without its packages the embedder is away, and its memory is not in the way; it would need an hour besides.
    const without = join(folder, "without")
    cpSync(dist, without, { recursive: true, filter: (path) => !path.endsWith("@lat.md") })
    return [...figures, ...(await growth(join(without, "rtfm.mjs"), quick ? 10_000 : 100_000, !quick))]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) console.table(await run(process.argv.includes("--quick")))
