/** `node bench/hops.ts`: where the time of an answer goes, from the gateway to the post, one by one and in a burst; on Kafka. */
import { Effect, Exit, Scope } from "effect"
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import type { Visit } from "../src/domain/Way.ts"
import * as Personas from "../test/fixtures/gemini/Personas.ts"
import * as OwnerKey from "../src/runtime/OwnerKey.ts"
import { quantile } from "./numbers.ts"
import * as System from "./system.ts"

/** A question and its answer, in milliseconds since the epoch. */
interface Asked {
  readonly id: string
  readonly said: number
  /** When the model was asked. */
  readonly generated: number
  readonly seen: number
}

const hopNames = [
  "whole",
  "gateway to log",
  "log to Answerer",
  "until its turn",
  "retrieval, without embedding",
  "checking, without the model",
  "commit of the answer",
  "log to Speaker, after the answer was written",
  "post"
] as const
type Hops = Readonly<Record<(typeof hopNames)[number], number>>

const hopsOf = ({ generated, said, seen }: Asked, visits: ReadonlyArray<Visit>): Hops => {
  const answerer = visits.find(({ actor }) => actor === "answerer")!
  const speaker = visits.findLast(({ actor }) => actor === "speaker")!
  const written = answerer.attempts[0]!
  return {
    whole: seen - said - System.model.embed - System.model.generate,
    "gateway to log": answerer.appendedAt - said,
    "log to Answerer": answerer.takenAt! - answerer.appendedAt,
    "until its turn": written.startedAt - answerer.takenAt!,
    "retrieval, without embedding": generated - written.startedAt - System.model.embed,
    "checking, without the model": written.endedAt! - generated - System.model.generate,
    "commit of the answer": answerer.committedAt! - written.endedAt!,
    "log to Speaker, after the answer was written": speaker.takenAt! - written.endedAt!,
    post: speaker.attempts[0]!.endedAt! - speaker.takenAt!
  }
}

const show = (title: string, all: ReadonlyArray<Hops>) => {
  console.log(`${title}, milliseconds`)
  for (const name of hopNames) {
    const times = all.map((hops) => hops[name])
    const [p50, p95] = [quantile(times, 0.5), quantile(times, 0.95)]
    console.log(`  ${name.padEnd(46)} p50 ${String(p50).padStart(5)}  p95 ${String(p95).padStart(5)}`)
  }
}

const trace = async (world: System.World, running: System.Running) => {
  const generated = new Map<string, number>()
  world.gemini.become((prompt) => {
    generated.set(/locker (\S+)key\?/.exec(Personas.dataIn(prompt).question)![1]!, Date.now())
    return Personas.honest(prompt)
  })
  const ask = async (n: number): Promise<Asked> => {
    const said = Date.now()
    const { id, isAnswered } = System.put(world, n)
    await System.seen(world, isAnswered, `locker ${n} is answered`)
    return { id, said, seen: Date.now(), generated: generated.get(System.code(n))! }
  }
  // What is asked in Discord is shown to who owns the folder.
  const headers = { [OwnerKey.header]: JSON.parse(readFileSync(join(world.folder, "running.json"), "utf8")).key }
  /** The commit of an answer may come after it is seen. */
  const follow = async (asked: Asked): Promise<Hops> => {
    const done = (visits: ReadonlyArray<Visit>) =>
      ["answerer", "speaker"].every((name) => visits.some((it) => it.actor === name && it.committedAt !== null))
    while (true) {
      const response = await fetch(`${running.url}/api/ways/${asked.id}`, { headers })
      const { visits } = (await response.json()) as { readonly visits: ReadonlyArray<Visit> }
      if (done(visits)) return hopsOf(asked, visits)
      await wait(20)
    }
  }
  // The first find code that is cold.
  for (let n = 0; n < 10; n++) await ask(n)
  const single: Array<Hops> = []
  for (let n = 10; n < System.facts; n++) {
    single.push(await follow(await ask(n)))
    await wait(200)
  }
  show("One by one", single)
  for (let round = 1; round <= 3; round++) {
    // What Discord allows a channel in five seconds is there again.
    await wait(6_000)
    const before = await running.vitals()
    const began = performance.now()
    const asked = await Promise.all(Array.from({ length: System.facts }, (_, n) => ask(n)))
    const seconds = (performance.now() - began) / 1_000
    const cpuMs = ((await running.vitals()).cpuSeconds - before.cpuSeconds) * 1_000
    const all = await Promise.all(asked.map(follow))
    const rate = `${(System.facts / seconds).toFixed(1)} answers/s`
    show(`Burst ${round}: ${rate}, ${(cpuMs / System.facts).toFixed(1)} ms of processor each`, all)
  }
}

const folder = mkdtempSync(join(tmpdir(), "rtfm-bench-"))
const scope = Scope.makeUnsafe()
const dist = join(folder, "dist")
let running: System.Running | undefined
try {
  const world = await Effect.runPromise(Scope.provide(System.worldIn(folder), scope))
  execFileSync(process.execPath, [resolve(import.meta.dirname, "../scripts/build.ts"), dist], { stdio: "ignore" })
  await System.learn(join(dist, "rtfm.mjs"), world)
  running = await System.start(join(dist, "rtfm.mjs"), world)
  await wait(4_000)
  await trace(world, running)
} finally {
  await running?.stop()
  await Effect.runPromise(Scope.close(scope, Exit.void))
  rmSync(folder, { recursive: true, force: true })
}
