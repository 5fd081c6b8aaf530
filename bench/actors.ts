/** What the actor runtime adds to a handler that does nothing: records through it on the embedded broker, decoding included. */
import { Deferred, Duration, Effect, Logger, Schema } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Actor from "../src/actors/Actor.ts"
import type * as Supervise from "../src/actors/Supervise.ts"
import { Broker, type OutgoingRecord } from "../src/broker/Broker.ts"
import { layerFile } from "../src/broker/Sqlite.ts"
import * as Topics from "../src/domain/Topics.ts"
import type { Figure } from "./broker.ts"
import { medianOf, rate } from "./numbers.ts"

const Note = Schema.Struct({ id: Schema.Int, channelId: Schema.String, text: Schema.String })
const topic = (name: string) =>
  Topics.topic({ name, schema: Note, key: ({ channelId }) => channelId, retention: "1 day", description: "" })
const incoming = topic("in")
const outgoing = topic("out")

const channels = 50
const goal = 20_000

const note = (id: number): OutgoingRecord => {
  const value = { id, channelId: `channel-${id % channels}`, text: "The kettle is descaled every three months." }
  return { topic: incoming.name, key: value.channelId, value: incoming.encode(value) }
}

/** Seconds an actor takes for all records, from its start to the last commit. */
const drive = (
  name: string,
  define: (onHandled: (count: number) => void) => ReturnType<typeof Actor.oneByOne>,
  count: number
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const broker = yield* Broker
      const all = yield* Deferred.make<void>()
      let handled = 0
      const actor: Supervise.Actor = yield* define((more) => {
        handled += more
        if (handled === count) Deferred.doneUnsafe(all, Effect.void)
      })
      const [took] = yield* Effect.timed(
        Effect.gen(function* () {
          yield* Effect.forkScoped(actor.run)
          yield* Deferred.await(all)
          while ((yield* broker.lag(name)).some(({ lag }) => lag > 0)) yield* Effect.yieldNow
        })
      )
      return Duration.toSeconds(took)
    })
  )

const oneByOne = (name: string, made: ReadonlyArray<OutgoingRecord>) => (onHandled: (count: number) => void) =>
  Actor.oneByOne({
    name,
    from: incoming,
    to: "",
    handle: () =>
      Effect.sync(() => {
        onHandled(1)
        return made
      })
  })

const inBatches = (name: string) => (onHandled: (count: number) => void) =>
  Actor.inBatches({
    name,
    from: incoming,
    to: "",
    batch: 500,
    handleBatch: (deliveries) =>
      Effect.sync(() => {
        onHandled(deliveries.length)
        return []
      })
  })

const measure = (count: number, rounds: number) =>
  Effect.gen(function* () {
    const broker = yield* Broker
    yield* broker.create([incoming, outgoing, Topics.deadLetters(incoming)])
    for (let id = 0; id < count; id += 1_000) {
      yield* broker.publish(Array.from({ length: 1_000 }, (_, i) => note(id + i)))
    }
    const output = { topic: outgoing.name, key: "channel-1", value: note(0).value }
    const times: Array<Readonly<Record<"single" | "output" | "batch", number>>> = []
    for (let round = 0; round < rounds; round++) {
      const group = (name: string) => `${name}-${round}`
      times.push({
        single: yield* drive(group("single"), oneByOne(group("single"), []), count),
        output: yield* drive(group("output"), oneByOne(group("output"), [output]), count),
        batch: yield* drive(group("batch"), inBatches(group("batch")), count)
      })
    }
    const figure = (name: string, seconds: number): Figure => ({
      name,
      value: `${rate(count, seconds)} records/s`,
      goal: `≥ ${goal.toLocaleString("en")} records/s`,
      ok: count / seconds >= goal
    })
    return [
      figure(
        "actor: one by one",
        medianOf(times, ({ single }) => single)
      ),
      figure(
        "actor: one by one, an output each",
        medianOf(times, ({ output }) => output)
      ),
      figure(
        "actor: batches of 500",
        medianOf(times, ({ batch }) => batch)
      )
    ]
  })

export const run = async (quick: boolean): Promise<ReadonlyArray<Figure>> => {
  const folder = mkdtempSync(join(tmpdir(), "rtfm-bench-"))
  try {
    return await Effect.runPromise(
      measure(quick ? 20_000 : 60_000, 3).pipe(Effect.provide([layerFile(join(folder, "broker.db")), Logger.layer([])]))
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (import.meta.main) console.table(await run(process.argv.includes("--quick")))
