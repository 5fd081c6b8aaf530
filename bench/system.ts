/** `npm run bench:system [-- --quick]`: the whole system on a real Kafka, Chroma, a Discord of our own and Gemini's test server. */
import { Effect, Exit, Scope } from "effect"
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { setTimeout as wait } from "node:timers/promises"
import { Discord } from "../test/discord/Discord.ts"
import type { HasId, Message } from "../test/discord/Model.ts"
import type { Person } from "../test/discord/Person.ts"
import * as GeminiServer from "../test/fixtures/gemini/GeminiServer.ts"
import * as Personas from "../test/fixtures/gemini/Personas.ts"
import * as Reactions from "../test/fixtures/gemini/Reactions.ts"
import type { Reaction } from "../test/fixtures/gemini/Reactions.ts"
import * as KafkaServer from "../test/fixtures/KafkaServer.ts"
import type { Figure } from "./broker.ts"
import { quantile, rate } from "./numbers.ts"

const root = resolve(import.meta.dirname, "..")
const MB = 1024 * 1024
/** Milliseconds of the model: the question's embedding, and the answer. */
export const model = { embed: 20, generate: 200 }
const goals = {
  messagesASecond: 1_000,
  cpuMsAMessage: 0.5,
  callsShare: 1 / 50,
  beyondMs: { p50: 15, p95: 30 },
  rightASecond: 60,
  visibleMs: 100,
  coldMs: 1_500,
  idlePercent: 0.3,
  megabytes: 150
}
export const facts = 40
export const channels = 8

export interface World {
  readonly discord: Discord
  readonly gemini: Effect.Success<ReturnType<typeof GeminiServer.listen>>
  readonly person: Person
  readonly places: ReadonlyArray<HasId>
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
}

/** A word that occurs nowhere else. */
export const code = (n: number) => `zq${n.toString(36)}x${((n + 1) * 7919).toString(36)}`
const fact = (n: number) => `The code of locker ${code(n)}key is ${code(n)}.`

const settle = async (holds: () => boolean, what: string, seconds = 120): Promise<void> => {
  const deadline = performance.now() + seconds * 1_000
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`After ${seconds} s still not: ${what}`)
    await wait(2)
  }
}

/** The same of what happens in Discord, looked at when something does: forty that look again and again would take time. */
export const seen = ({ discord }: World, holds: () => boolean, what: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const end = (finish: () => void) => {
      clearTimeout(late)
      stop()
      finish()
    }
    const late = setTimeout(() => end(() => reject(new Error(`After 60 s still not: ${what}`))), 60_000)
    const stop = discord.world.onChange(() => holds() && end(resolve))
  })

/** Processes that must not outlive a measure that fails. */
const children = new Set<ChildProcess>()

/** The built process, with its address as soon as it is ready. */
export const start = async (program: string, { env, folder }: World) => {
  const child = spawn(process.execPath, [program, "start"], {
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], DATA_DIR: folder, PORT: "0", ...env },
    stdio: ["ignore", "pipe", "inherit"]
  })
  children.add(child)
  let output = ""
  child.stdout.on("data", (chunk) => (output += String(chunk)))
  await settle(() => /ready: \S+/.test(output) || child.exitCode !== null, "the process is ready")
  const url = /ready: (\S+?)\/?\s/.exec(`${output} `)?.[1]
  if (url === undefined) throw new Error(`rtfm ended with ${child.exitCode}:\n${output}`)
  const stop = async () => {
    child.kill("SIGTERM")
    if (child.exitCode === null) await once(child, "exit")
  }
  const vitals = async () => {
    const text = await (await fetch(`${url}/metrics`)).text()
    const metric = (name: string) => Number(new RegExp(`^${name} (\\S+)`, "m").exec(text)![1])
    return { cpuSeconds: metric("process_cpu_seconds_total"), rss: metric("process_resident_memory_bytes") }
  }
  return { url, stop, vitals }
}
export type Running = Effect.Success<Effect.Effect<Awaited<ReturnType<typeof start>>>>

/** What is searchable, and what of it has no vector yet. */
const searchable = ({ folder }: World): { readonly messages: number; readonly waiting: number } => {
  const database = new DatabaseSync(join(folder, "rtfm.db"), { readOnly: true })
  try {
    const sum = `SELECT count(*) AS messages, coalesce(sum(embedded = 0), 0) AS waiting FROM passages`
    return { ...(database.prepare(sum).get() as { messages: number; waiting: number }) }
  } finally {
    database.close()
  }
}

const untilSearchable = async (world: World, messages: number, vectors: boolean) => {
  const deadline = performance.now() + 300_000
  while (performance.now() < deadline) {
    const now = searchable(world)
    if (now.messages >= messages && (!vectors || now.waiting === 0)) return
    await wait(20)
  }
  throw new Error(`After 300 s still ${JSON.stringify(searchable(world))} of ${messages}`)
}

/** Puts a question; tells whether its answer, with the code, is there. */
export const put = ({ discord, person, places }: World, n: number) => {
  const place = places[n % channels]!
  const { id } = person.says(place, `${discord.bot.mention} What is the code of locker ${code(n)}key?`)
  const isRight = ({ content, reference }: Message) => reference?.messageId === id && content.includes(`${code(n)}.`)
  return { id, isAnswered: () => discord.saidBy(discord.bot, place).some(isRight) }
}

/** Asks and waits for the right answer; milliseconds. */
const ask = async (world: World, n: number): Promise<number> => {
  const began = performance.now()
  await seen(world, put(world, n).isAnswered, `locker ${n} is answered`)
  return performance.now() - began
}

/** Somebody asks again and again until they are heard: what is said before a bot is connected, it hears only later. */
const askUntilHeard = async (world: World) => {
  const answered: Array<() => boolean> = []
  while (!answered.some((isAnswered) => isAnswered())) {
    if (answered.length < facts) answered.push(put(world, answered.length).isAnswered)
    const until = performance.now() + 100
    while (performance.now() < until && !answered.some((isAnswered) => isAnswered())) await wait(2)
  }
}

const coldStart = async (program: string, world: World): Promise<readonly [Running, Figure]> => {
  const began = performance.now()
  const { gateway } = world.discord
  const sessions = () => gateway.identifies + gateway.resumes
  const before = sessions()
  const starting = start(program, world)
  await settle(() => sessions() > before, "the bot is at the gateway")
  await askUntilHeard(world)
  const ms = performance.now() - began
  return [
    await starting,
    {
      name: "cold start to the first right answer, the model's time included",
      value: `${ms.toFixed(0)} ms`,
      goal: `≤ ${goals.coldMs} ms`,
      ok: ms <= goals.coldMs
    }
  ]
}

const small = async (world: World, asked: number): Promise<Figure> => {
  const beyond: Array<number> = []
  // Five messages in five seconds is what Discord allows a channel.
  for (let n = 1; n <= asked; n++) {
    beyond.push((await ask(world, n % facts)) - model.embed - model.generate)
    await wait(200)
  }
  const [p50, p95] = [quantile(beyond, 0.5), quantile(beyond, 0.95)]
  return {
    name: "answer time beyond the model, over a small index",
    value: `p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms`,
    goal: `≤ ${goals.beyondMs.p50}, ≤ ${goals.beyondMs.p95} ms`,
    ok: p50 <= goals.beyondMs.p50 && p95 <= goals.beyondMs.p95
  }
}

/** An answer of two sentences, the second some time after the first; when the first was sent, by the word asked for. */
const streaming =
  (sent: Map<string, number>) =>
  (prompt: GeminiServer.Prompt): Reaction => {
    const { passages, question } = Personas.dataIn(prompt)
    const asked = /locker (\S+)key/.exec(question)![1]!
    const { id, text } = passages.find(({ text }) => text.includes(`${asked}.`))!
    const claim = { text, passage: id, quote: text }
    const answer = JSON.stringify(Personas.saying(claim, claim))
    const reaction = Reactions.text(answer, { size: answer.indexOf("}") + 1, every: 400 })
    const [first, ...others] = reaction.pieces!
    const toJSON = () => {
      sent.set(asked, performance.now())
      return first
    }
    return { ...reaction, pieces: [{ toJSON }, ...others] }
  }

const streamed = async (world: World, asked: number): Promise<Figure> => {
  const sent = new Map<string, number>()
  const late: Array<number> = []
  world.gemini.become(streaming(sent))
  for (let n = 0; n < asked; n++) {
    await ask(world, n)
    late.push(performance.now() - sent.get(code(n))!)
    // Until the rest is there, and the channel may be told more.
    await wait(900)
  }
  world.gemini.become(Personas.honest)
  const [p50, p95] = [quantile(late, 0.5), quantile(late, 0.95)]
  return {
    name: "first sentence visible, after the model has sent it with its quote",
    value: `p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms`,
    goal: `≤ ${goals.visibleMs} ms`,
    ok: p95 <= goals.visibleMs
  }
}

const burst = async (world: World): Promise<Figure> => {
  await wait(6_000)
  const began = performance.now()
  await Promise.all(Array.from({ length: facts }, (_, n) => ask(world, n)))
  const seconds = (performance.now() - began) / 1_000
  return {
    name: `burst of ${facts} questions over ${channels} channels`,
    value: `${(facts / seconds).toFixed(1)} right answers/s`,
    goal: `≥ ${goals.rightASecond}`,
    ok: facts / seconds >= goals.rightASecond
  }
}

const load = async (world: World, running: Running, messages: number): Promise<ReadonlyArray<Figure>> => {
  const { gemini, person, places } = world
  const before = searchable(world).messages
  const calls = () => gemini.calls.filter(({ method }) => method === "batchEmbedContents").length
  const [callsBefore, vitalsBefore] = [calls(), await running.vitals()]
  const began = performance.now()
  for (let n = 0; n < messages; n++) {
    person.says(places[n % channels]!, `Note ${n}: the kettle in kitchen ${n % 97} is descaled with citric acid.`)
    // The sockets are written to between turns.
    if (n % 100 === 99) await new Promise((resolve) => setImmediate(resolve))
  }
  await untilSearchable(world, before + messages, false)
  const seconds = (performance.now() - began) / 1_000
  const cpuMs = ((await running.vitals()).cpuSeconds - vitalsBefore.cpuSeconds) * 1_000
  await untilSearchable(world, before + messages, true)
  const embedding = (performance.now() - began) / 1_000
  const share = (calls() - callsBefore) / messages
  return [
    {
      name: `${messages.toLocaleString("en")} messages from gateway to searchable`,
      value: `${rate(messages, seconds)} messages/s`,
      goal: `≥ ${goals.messagesASecond}`,
      ok: messages / seconds >= goals.messagesASecond
    },
    {
      name: "processor's time for a message, until it is searchable",
      value: `${(cpuMs / messages).toFixed(2)} ms`,
      goal: `≤ ${goals.cpuMsAMessage} ms`,
      ok: cpuMs / messages <= goals.cpuMsAMessage
    },
    {
      name: `calls that embed, for a message (${rate(messages, embedding)} messages/s with their vectors)`,
      value: `1 for ${(1 / share).toFixed(0)}`,
      goal: `1 for ${1 / goals.callsShare} or more`,
      ok: share <= goals.callsShare
    }
  ]
}

const idle = async (running: Running, seconds: number): Promise<ReadonlyArray<Figure>> => {
  await wait(5_000)
  const before = await running.vitals()
  await wait(seconds * 1_000)
  const after = await running.vitals()
  const percent = ((after.cpuSeconds - before.cpuSeconds) / seconds) * 100
  return [
    {
      name: `idle over ${seconds} s, after the load`,
      value: `${percent.toFixed(2)} % of a core`,
      goal: `≤ ${goals.idlePercent} %`,
      ok: percent <= goals.idlePercent
    },
    {
      name: "memory after the load",
      value: `${Math.round(after.rss / MB)} MB`,
      goal: `≤ ${goals.megabytes} MB`,
      ok: after.rss / MB <= goals.megabytes
    }
  ]
}

/** Tells the facts and waits until they have vectors, so that what follows starts from there. */
export const learn = async (program: string, world: World) => {
  const running = await start(program, world)
  await settle(() => world.discord.gateway.identifies > 0, "the bot is at the gateway")
  await wait(2_000)
  for (let n = 0; n < facts; n++) world.person.says(world.places[n % channels]!, fact(n))
  await untilSearchable(world, facts, true)
  await running.stop()
}

const measure = async (world: World, quick: boolean, told: (figure: Figure) => void) => {
  const dist = join(world.folder, "dist")
  execFileSync(process.execPath, [join(root, "scripts/build.ts"), dist], { stdio: "ignore" })
  const program = join(dist, "rtfm.mjs")
  await learn(program, world)
  const [running, cold] = await coldStart(program, world)
  try {
    told(cold)
    await wait(6_000)
    told(await small(world, quick ? 10 : 40))
    told(await streamed(world, quick ? 8 : 24))
    told(await burst(world))
    for (const figure of await load(world, running, quick ? 2_000 : 20_000)) told(figure)
    for (const figure of await idle(running, quick ? 10 : 30)) told(figure)
  } finally {
    await running.stop()
  }
}

export const worldIn = Effect.fnUntraced(function* (folder: string) {
  const key = "AIzaSyBench-0123456789-abcdefghijk"
  const [kafka, gemini, discord] = yield* Effect.all([
    KafkaServer.bootstrap,
    GeminiServer.listen({ key, model: Personas.honest, latency: model }),
    Discord.start({ gateway: { identifyInterval: 0 } })
  ])
  const person = discord.user("ada")
  const guild = discord.guild({ members: [person] })
  const places = Array.from({ length: channels }, (_, n) => guild.channel(`channel-${n}`))
  const env = {
    ...discord.env,
    KAFKA_BOOTSTRAP_SERVERS: kafka,
    KAFKA_TOPIC_PREFIX: `bench${process.pid}.`,
    GEMINI_API_KEY: key,
    GEMINI_BASE_URL: gemini.url,
    INGEST_OWN_DOCS: "false",
    ANSWER_CACHE: "off"
  }
  return { discord, gemini, person, places, folder, env } satisfies World
})

export const run = async (quick: boolean, told: (figure: Figure) => void): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "rtfm-bench-"))
  const scope = Scope.makeUnsafe()
  try {
    const world = await Effect.runPromise(Scope.provide(worldIn(folder), scope))
    await measure(world, quick, told)
  } finally {
    for (const child of children) child.kill("SIGKILL")
    await Effect.runPromise(Scope.close(scope, Exit.void))
    rmSync(folder, { recursive: true, force: true })
  }
}

const show = ({ goal, name, ok, value }: Figure) =>
  console.log(`${ok === undefined ? " " : ok ? "✓" : "✗"} ${name.padEnd(68)} ${value.padStart(26)}  goal ${goal}`)

if (import.meta.main) await run(process.argv.includes("--quick"), show)
