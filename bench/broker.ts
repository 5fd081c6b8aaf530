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

const total = 200_000
const batchSize = 1_000
const value = new Uint8Array(300).map((_, i) => (i * 131) % 256)
const topic = (name: string) => ({ name, partitions: 3, retention: Duration.days(1), description: "" })
const batch = (to: string, size: number): ReadonlyArray<OutgoingRecord> =>
  Array.from({ length: size }, (_, i) => ({ topic: to, key: `channel-${i % 50}`, value }))

const secondsOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.timed(effect), ([duration]) => Duration.toSeconds(duration))

/** One table a partition, prepared statements, one transaction a batch: what a hand-written program would do. */
const bareInserts = (folder: string) =>
  Effect.sync(() => {
    const db = new DatabaseSync(join(folder, "bare.db"))
    db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
    const inserts = [0, 1, 2].map((p) => {
      db.exec(`CREATE TABLE r${p} (o INTEGER PRIMARY KEY, t INTEGER NOT NULL, k TEXT, h TEXT, v BLOB NOT NULL)`)
      return db.prepare(`INSERT INTO r${p} VALUES (?, ?, ?, ?, ?)`)
    })
    for (let at = 0; at < total; at += batchSize) {
      db.exec("BEGIN")
      for (let i = at; i < at + batchSize; i++) {
        inserts[i % 3]!.run(i, Date.now(), `channel-${i % 50}`, null, value)
      }
      db.exec("COMMIT")
    }
    db.close()
  })

const append = Effect.gen(function* () {
  const broker = yield* Broker
  const records = batch("in", batchSize)
  for (let at = 0; at < total; at += batchSize) yield* broker.publish(records)
})

/** Takes all there is and, in each commit, appends one output for each input: an actor without a handler. */
const pass = Effect.scoped(
  Effect.gen(function* () {
    const broker = yield* Broker
    const subscription = yield* broker.subscribe({ topics: ["in"], group: "bench" })
    for (let seen = 0; seen < total;) {
      const records = yield* subscription.take
      const outputs = records.map(({ key, value }) => ({ topic: "out", key, value }))
      yield* subscription.commit({ outputs, done: records })
      seen += records.length
    }
  })
)

const singles = 5_000

const oneByOne = Effect.gen(function* () {
  const broker = yield* Broker
  const [record] = batch("one", 1)
  for (let i = 0; i < singles / 5; i++) yield* broker.publish([record!])
})

const together = Effect.gen(function* () {
  const broker = yield* Broker
  const [record] = batch("one", 1)
  yield* Effect.forEach(
    Array.from({ length: 100 }),
    () => Effect.repeat(broker.publish([record!]), { times: singles / 100 - 1 }),
    { concurrency: "unbounded", discard: true }
  )
})

const perSecond = (count: number, seconds: number) => `${Math.round(count / seconds).toLocaleString("en")}/s`

const measure = (folder: string) =>
  Effect.gen(function* () {
    const broker = yield* Broker
    yield* broker.create([topic("in"), topic("out"), topic("one")])
    const bare = yield* secondsOf(bareInserts(folder))
    const appended = yield* secondsOf(append)
    const passed = yield* secondsOf(pass)
    const one = yield* secondsOf(oneByOne)
    const many = yield* secondsOf(together)
    const figures: ReadonlyArray<Figure> = [
      {
        name: "broker: append 300 bytes in batches of 1,000",
        value: perSecond(total, appended),
        goal: "≥ 100,000/s",
        ok: total / appended >= 100_000
      },
      { name: "broker: append against bare SQLite inserts", value: (bare / appended).toFixed(2) },
      {
        name: "broker: take, and commit with an output each",
        value: `${perSecond(total, passed)}, ${((passed / total) * 1e6).toFixed(1)} µs a record`,
        goal: "< 10 µs",
        ok: passed / total < 10e-6
      },
      { name: "broker: publish one by one", value: perSecond(singles / 5, one) },
      { name: "broker: publish by 100 fibers", value: perSecond(singles, many) }
    ]
    return figures
  }).pipe(Effect.provide(layerFile(join(folder, "broker.db"))))

export const run = async (): Promise<ReadonlyArray<Figure>> => {
  const folder = mkdtempSync(join(tmpdir(), "rtfm-bench-"))
  try {
    return await Effect.runPromise(measure(folder))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (import.meta.main) console.table(await run())
