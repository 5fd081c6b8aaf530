/** The embedded broker against bare SQLite inserts of the same rows, and the path of an actor through it. */
import { Duration, Effect } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Broker, type OutgoingRecord } from "../src/broker/Broker.ts"
import { layerFile } from "../src/broker/Sqlite.ts"

export interface Figure {
  readonly name: string
  readonly value: string
  readonly goal?: string
  readonly ok?: boolean
}

const rounds = 5
const perRound = 50_000
const batchSize = 1_000
const single = 2_000
const value = new Uint8Array(300).map((_, i) => (i * 131) % 256)
const records = (topic: string, size: number): ReadonlyArray<OutgoingRecord> =>
  Array.from({ length: size }, (_, i) => ({ topic, key: `channel-${i % 50}`, value }))

const topic = (name: string) => ({ name, partitions: 3, retention: Duration.days(1), description: "" })

/** One table a partition, prepared statements, a transaction a batch: what a program without a broker would do. */
const bare = (folder: string) => {
  const db = new DatabaseSync(join(folder, "bare.db"))
  db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
  const inserts = [0, 1, 2].map((partition) => {
    db.exec(`CREATE TABLE r${partition} (o INTEGER PRIMARY KEY, t INTEGER NOT NULL, k TEXT, h TEXT, v BLOB NOT NULL)`)
    return db.prepare(`INSERT INTO r${partition} VALUES (?, ?, ?, ?, ?)`)
  })
  let offset = 0
  return () => {
    for (const end = offset + perRound; offset < end;) {
      db.exec("BEGIN")
      for (let i = 0; i < batchSize; i++, offset++) {
        inserts[offset % 3]!.run(offset, Date.now(), `channel-${i % 50}`, null, value)
      }
      db.exec("COMMIT")
    }
  }
}

const append = Effect.gen(function* () {
  const broker = yield* Broker
  const batch = records("in", batchSize)
  for (let count = 0; count < perRound; count += batchSize) yield* broker.publish(batch)
})

/** An actor without a handler: takes what there is, and commits it with one output for each input, or none. */
const pass = (group: string, output: boolean) =>
  Effect.scoped(
    Effect.gen(function* () {
      const broker = yield* Broker
      const subscription = yield* broker.subscribe({ topics: ["in"], group })
      for (let count = 0; count < perRound;) {
        const taken = yield* subscription.take
        const outputs = output ? taken.map(({ key, value }) => ({ topic: "out", key, value })) : []
        yield* subscription.commit({ outputs, done: taken })
        count += taken.length
      }
    })
  )

const publishSingly = (fibers: number) =>
  Effect.gen(function* () {
    const broker = yield* Broker
    const each = Effect.repeat(broker.publish(records("single", 1)), { times: single / fibers - 1 })
    yield* Effect.all(
      Array.from({ length: fibers }, () => each),
      { concurrency: "unbounded", discard: true }
    )
  })

const seconds = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.timed(effect), ([duration]) => Duration.toSeconds(duration))

const median = (numbers: ReadonlyArray<number>) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!

const measure = (folder: string) =>
  Effect.gen(function* () {
    const broker = yield* Broker
    yield* broker.create(["in", "out", "single"].map(topic))
    const insert = Effect.sync(bare(folder))
    const times: Array<Times> = []
    for (let round = 0; round < rounds; round++) {
      times.push({
        bare: yield* seconds(insert),
        append: yield* seconds(append),
        pass: yield* seconds(pass("with outputs", true)),
        read: yield* seconds(pass("without", false)),
        one: yield* seconds(publishSingly(1)),
        many: yield* seconds(publishSingly(100))
      })
    }
    return figures((of) => median(times.map(of)))
  }).pipe(Effect.provide(layerFile(join(folder, "broker.db"))))

type Times = Readonly<Record<"bare" | "append" | "pass" | "read" | "one" | "many", number>>

const figures = (median: (of: (times: Times) => number) => number): ReadonlyArray<Figure> => {
  const rate = (count: number, seconds: number) => `${Math.round(count / seconds).toLocaleString("en")} records/s`
  const micros = (seconds: number) => (seconds / perRound) * 1e6
  const append = median((times) => times.append)
  const read = median((times) => times.read)
  const pass = median((times) => times.pass)
  return [
    {
      name: "broker: append 300 bytes, batches of 1,000",
      value: rate(perRound, append),
      goal: "≥ 100,000 records/s",
      ok: perRound / append >= 100_000
    },
    { name: "broker: append against bare SQLite inserts", value: median((t) => t.bare / t.append).toFixed(2) },
    {
      name: "broker: take and commit",
      value: `${micros(read).toFixed(1)} µs a record`,
      goal: "≤ 10 µs a record",
      ok: micros(read) <= 10
    },
    { name: "broker: take and commit with an output each", value: `${micros(pass).toFixed(1)} µs a record` },
    {
      name: "broker: publish one by one",
      value: rate(
        single,
        median((times) => times.one)
      )
    },
    {
      name: "broker: publish one by one, 100 fibers",
      value: rate(
        single,
        median((times) => times.many)
      )
    }
  ]
}

export const run = async (): Promise<ReadonlyArray<Figure>> => {
  const folder = mkdtempSync(join(tmpdir(), "rtfm-bench-"))
  try {
    return await Effect.runPromise(measure(folder))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (import.meta.main) console.table(await run())
