/** `node bench/discord.ts [--quick]`: the process in a large Discord of our own: its memory, its pace, and who may read. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { setTimeout as wait } from "node:timers/promises"
import { Discord } from "../test/discord/Discord.ts"
import type { Person } from "../test/discord/Person.ts"
import type { Place } from "../test/discord/Server.ts"
import type { Figure } from "./broker.ts"
import { audience } from "./discordAudience.ts"
import { quantile, rate } from "./numbers.ts"

const root = resolve(import.meta.dirname, "..")
const goals = { megabytes: 200, messagesASecond: 5_000 }
const MB = 1024 * 1024

/** Said but not yet heard; more would only lie in the sockets. */
const inFlight = 4_000

interface Large {
  readonly discord: Discord
  readonly authors: ReadonlyArray<Person>
  readonly places: ReadonlyArray<{ readonly place: Place; readonly author: Person }>
}

/** Servers of 25 channels and seven people each, of five hundred people in all. */
const largeDiscord = async (servers: number): Promise<Large> => {
  const discord = await Discord.open({ gateway: { identifyInterval: 0 } })
  const authors = Array.from({ length: 500 }, (_, i) => discord.user(`author-${i}`))
  const places: Array<{ place: Place; author: Person }> = []
  for (let server = 0; server < servers; server++) {
    const members = Array.from({ length: 7 }, (_, i) => authors[(server * 7 + i) % authors.length]!)
    const guild = discord.guild({ name: `Server ${server}`, owner: members[0]!, members })
    for (let i = 0; i < 25; i++) places.push({ place: guild.channel(`channel-${i}`), author: members[i % 7]! })
  }
  return { discord, authors, places }
}

/** What is measured: how many messages it has, and the memory it takes. */
interface Subject {
  readonly heard: () => Promise<number>
  readonly rss: () => number
  readonly child: ChildProcess
}

const ps = (of: string, { pid }: ChildProcess): number =>
  Number(execFileSync("ps", ["-o", `${of}=`, "-p", String(pid)], { encoding: "utf8" }).trim())

const rssOf = (child: ChildProcess): number => ps("rss", child) * 1024

/** Seconds of the processor so far, to a hundredth; they tell the pace of a machine that does nothing else. */
const cpuOf = ({ pid }: ChildProcess): number => {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ")
    .slice(11, 13)
  return (Number(user) + Number(system)) / 100
}

const startBot = async (program: string, folder: string, env: Record<string, string>): Promise<Subject> => {
  const child = spawn(process.execPath, [program, "start"], {
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: folder, DATA_DIR: folder, PORT: "0", INGEST_OWN_DOCS: "false", ...env },
    stdio: ["ignore", "pipe", "inherit"]
  })
  let output = ""
  while (!/ready: \S+/.test(output)) {
    const [chunk] = (await once(child.stdout, "data")) as [Buffer]
    output += String(chunk)
  }
  child.stdout.resume()
  const url = /ready: (\S+?)\/?\s/.exec(`${output} `)![1]!
  const heard = async () => {
    const topics = (await (await fetch(`${url}/api/topics`)).json()) as ReadonlyArray<{
      readonly name: string
      readonly partitions: ReadonlyArray<{ readonly start: number; readonly end: number }>
    }>
    return topics
      .find(({ name }) => name === "discord-messages")!
      .partitions.reduce((sum, { end, start }) => sum + end - start, 0)
  }
  return { heard, rss: () => rssOf(child), child }
}

const startClient = (kind: string, env: Record<string, string>): Subject => {
  const child = spawn(process.execPath, ["--expose-gc", join(import.meta.dirname, "discordClient.ts"), kind], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "inherit", "inherit", "ipc"]
  })
  const last = { messages: 0, rss: 0 }
  child.on("message", (told) => Object.assign(last, told))
  return { heard: () => Promise.resolve(last.messages), rss: () => last.rss, child }
}

const stop = async ({ child }: Subject) => {
  child.kill("SIGTERM")
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit")
}

/** Until it is connected and has taken in every server. */
const settled = async ({ gateway }: Discord) => {
  while (gateway.connections === 0) await wait(50)
  await wait(5_000)
}

interface Run {
  readonly readyMb: number
  readonly tenthsMb: ReadonlyArray<number>
  readonly seconds: number
  readonly cpuSeconds: number
}

/** Lets people talk as fast as they are heard, and looks at the memory ten times. */
const talk = async ({ discord, places }: Large, subject: Subject, messages: number): Promise<Run> => {
  await settled(discord)
  const readyMb = subject.rss() / MB
  const tenthsMb: Array<number> = []
  const before = performance.now()
  const cpuBefore = cpuOf(subject.child)
  let heard = 0
  for (let n = 0; n < messages; n++) {
    const { author, place } = places[(n * 7919) % places.length]!
    author.says(place, `Note ${n}: the kettle in kitchen ${n % 97} is descaled every three months with citric acid.`)
    // The sockets are written to between turns.
    if (n % 100 === 99) await new Promise((resolve) => setImmediate(resolve))
    while (n - heard >= inFlight) {
      heard = await subject.heard()
      if (n - heard >= inFlight) await wait(50)
    }
    if ((n + 1) % (messages / 10) === 0) tenthsMb.push(subject.rss() / MB)
  }
  while ((await subject.heard()) < messages) await wait(50)
  const seconds = (performance.now() - before) / 1000
  return { readyMb, tenthsMb, seconds, cpuSeconds: cpuOf(subject.child) - cpuBefore }
}

const inLarge = async (
  servers: number,
  messages: number,
  make: (env: Record<string, string>) => Promise<Subject> | Subject
): Promise<Run> => {
  const large = await largeDiscord(servers)
  const subject = await make(large.discord.env)
  try {
    return await talk(large, subject, messages)
  } finally {
    await stop(subject)
    await large.discord.stop()
  }
}

const figuresOf = (
  name: string,
  { cpuSeconds, readyMb, seconds, tenthsMb }: Run,
  messages: number,
  judged: boolean
): ReadonlyArray<Figure> => {
  const [early, late] = [quantile(tenthsMb.slice(5, 8), 0.5), quantile(tenthsMb.slice(7), 0.5)]
  const most = Math.max(readyMb, ...tenthsMb)
  const pace = messages / seconds
  return [
    {
      name: `discord: memory of ${name}, connected and then`,
      value: `${[readyMb, ...[1, 4, 6, 9].map((i) => tenthsMb[i]!)].map(Math.round).join(", ")} MB`,
      ...(judged && {
        goal: `≤ ${goals.megabytes} MB, flat at last`,
        ok: most <= goals.megabytes && late <= early * 1.1
      })
    },
    {
      name: `discord: messages ${judged ? "from gateway to log" : `heard by ${name}`}`,
      value: `${rate(messages, seconds)} messages/s, ${rate(messages, cpuSeconds)} a second of processor`,
      ...(judged && { goal: `≥ ${goals.messagesASecond}`, ok: pace >= goals.messagesASecond })
    }
  ]
}

/** What hearing, keeping and indexing cost beside hearing alone. */
const besides = (bot: Run, core: Run): Figure => {
  const mostOf = ({ readyMb, tenthsMb }: Run) => Math.max(readyMb, ...tenthsMb)
  return {
    name: "discord: rtfm beside the bare client of @discordjs/core",
    value: `${(mostOf(bot) / mostOf(core)).toFixed(1)} times the memory, ${(bot.cpuSeconds / core.cpuSeconds).toFixed(1)} times the processor`
  }
}

/** The built process without the embedder's packages, so that its memory is not in the way. */
const buildWithout = (folder: string): string => {
  const dist = join(folder, "dist")
  execFileSync(process.execPath, [join(root, "scripts/build.ts"), dist], { stdio: "ignore" })
  const without = join(folder, "without")
  cpSync(dist, without, { recursive: true, filter: (path) => !path.endsWith("@lat.md") })
  return join(without, "rtfm.mjs")
}

export const run = async (quick: boolean): Promise<ReadonlyArray<Figure>> => {
  const folder = mkdtempSync(join(tmpdir(), "rtfm-bench-"))
  const [servers, messages] = quick ? [200, 10_000] : [2_000, 100_000]
  try {
    const program = buildWithout(folder)
    const bot = await inLarge(servers, messages, (env) => startBot(program, folder, env))
    const core = await inLarge(servers, messages, (env) => startClient("core", env))
    const discordJs = await inLarge(servers, messages, (env) => startClient("discord.js", env))
    return [
      ...figuresOf("rtfm, without the embedder", bot, messages, true),
      ...figuresOf("a bare client of @discordjs/core", core, messages, false),
      ...figuresOf("a bare client of discord.js", discordJs, messages, false),
      besides(bot, core),
      audience(quick ? 1_000 : 10_000)
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]!).href)
  for (const { goal, name, ok, value } of await run(process.argv.includes("--quick")))
    console.log(
      `${ok === undefined ? " " : ok ? "✓" : "✗"} ${name}: ${value}${goal === undefined ? "" : ` (goal ${goal})`}`
    )
