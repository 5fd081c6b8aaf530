/** The contract on a file, and what the file adds: it lasts. */
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, Layer, type Scope, Stream } from "effect"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join as joinPath } from "node:path"
import { DatabaseSync, StatementSync } from "node:sqlite"
import { TestClock } from "effect/testing"
import { Broker, type IncomingRecord } from "../../src/broker/Broker.ts"
import * as Sqlite from "../../src/broker/Sqlite.ts"
import { join, offsetsOf, record, suite, text, topic } from "../contract/Broker.ts"

/** In memory where the system has such a folder: closing a file waits for its disk. */
const tempRoot = existsSync("/dev/shm") ? "/dev/shm" : tmpdir()

const tempFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(joinPath(tempRoot, "rtfm-broker-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
)

const tempFile = Effect.map(tempFolder, (folder) => joinPath(folder, "broker.db"))

suite("SQLite broker", Layer.unwrap(Effect.map(tempFile, (path) => Sqlite.layerFile(path))))

/** Runs `body` with the broker of `path`, which is closed after. */
const open = <A, E>(path: string, body: Effect.Effect<A, E, Broker | Scope.Scope>) =>
  Effect.scoped(body).pipe(Effect.provide(Sqlite.layerFile(path), { local: true }))

const onFile = <A, E>(title: string, body: (path: string) => Effect.Effect<A, E, never>) =>
  it.effect(title, () => Effect.scoped(Effect.flatMap(tempFile, body)))

const opening = (path: string) =>
  Effect.flip(
    open(
      path,
      Broker.use((broker) => broker.list)
    )
  )

/** Lets the `n`th scan fail, until the scope ends. */
const failingScan = (n: number) => {
  const { iterate } = StatementSync.prototype
  let calls = 0
  return Effect.acquireRelease(
    Effect.sync(() => {
      StatementSync.prototype.iterate = function (...parameters: Array<any>) {
        if (++calls === n) throw Object.assign(new Error("disk I/O error"), { code: "ERR_SQLITE_ERROR", errcode: 266 })
        return iterate.call(this, ...(parameters as [any]))
      }
    }),
    () => Effect.sync(() => void (StatementSync.prototype.iterate = iterate))
  )
}

describe("SQLite broker's file", () => {
  onFile("keeps topics, records and offsets", (path) =>
    Effect.gen(function* () {
      const described = yield* open(
        path,
        Effect.gen(function* () {
          const broker = yield* Broker
          yield* broker.create([topic("one", { partitions: 1, retention: Duration.infinity }), topic("t")])
          yield* broker.publish(Array.from({ length: 10 }, (_, i) => record("one", "a", String(i))))
          const member = yield* join({ topics: ["one"] })
          const taken = yield* member.take
          yield* member.commit({ outputs: [record("t", "a", "result")], done: [taken[0]!, taken[2]!, taken[7]!] })
          return yield* broker.list
        })
      )
      yield* open(
        path,
        Effect.gen(function* () {
          const broker = yield* Broker
          assert.deepStrictEqual(yield* broker.list, described)
          const results = yield* Stream.runCollect(broker.read({ topic: "t", from: "earliest" }))
          assert.deepStrictEqual(results.map(text), ["result"])
          const member = yield* join({ topics: ["one"] })
          assert.deepStrictEqual(offsetsOf(yield* member.take), [1, 3, 4, 5, 6, 8, 9])
          const [position] = yield* broker.publish([record("one", "a", "10")])
          assert.strictEqual(position!.offset, 10)
        })
      )
    })
  )

  onFile("never gives an offset again, even when everything has expired", (path) =>
    Effect.gen(function* () {
      yield* open(
        path,
        Effect.gen(function* () {
          const broker = yield* Broker
          yield* broker.create([topic("one", { partitions: 1, retention: Duration.minutes(1) })])
          yield* broker.publish([record("one", "a", "0"), record("one", "a", "1")])
          yield* TestClock.adjust("3 minutes")
          yield* broker.list.pipe(
            Effect.tap(Effect.yieldNow),
            Effect.repeat({ until: ([one]) => one!.partitions[0]!.start === 2, times: 10_000 })
          )
        })
      )
      const [position] = yield* open(
        path,
        Broker.use((broker) => broker.publish([record("one", "a", "2")]))
      )
      assert.strictEqual(position!.offset, 2)
    })
  )

  onFile("keeps records of a partition in order of time when the clock is set back", (path) =>
    Effect.gen(function* () {
      const publish = open(
        path,
        Broker.use((broker) => broker.publish([record("one", "a", "x")]))
      )
      yield* open(
        path,
        Broker.use((broker) => broker.create([topic("one", { partitions: 1 })]))
      )
      yield* TestClock.setTime(2_000)
      yield* publish
      yield* TestClock.setTime(1_000)
      yield* publish
      const records = yield* open(
        path,
        Broker.use((broker) => Stream.runCollect(broker.read({ topic: "one", from: { time: 1_500 } })))
      )
      assert.deepStrictEqual(
        records.map(({ timestamp }) => timestamp),
        [2_000, 2_000]
      )
    })
  )

  onFile("is open once at a time, in a process too", (path) =>
    Effect.gen(function* () {
      const error = yield* open(path, opening(path))
      assert.strictEqual(error.reason, "locked")
      assert.include(error.detail, path)
      yield* open(
        path,
        Broker.use((broker) => broker.list)
      )
    })
  )

  onFile("that cannot be read for once costs no record", (path) =>
    open(
      path,
      Effect.gen(function* () {
        const broker = yield* Broker
        yield* broker.create([topic("t")])
        yield* broker.publish(Array.from({ length: 9 }, (_, i) => record("t", null, String(i))))
        const member = yield* join({ topics: ["t"] })
        const error = yield* Effect.scoped(Effect.andThen(failingScan(2), Effect.flip(member.take)))
        assert.strictEqual(error.reason, "failed")
        assert.isTrue(error.retryable)
        assert.strictEqual(error.detail, `${path} cannot be used: disk I/O error.`)
        assert.strictEqual((yield* member.take).length, 9)
      })
    )
  )

  onFile("is left alone when it is not a broker's, damaged or newer", (path) =>
    Effect.gen(function* () {
      writeFileSync(path, "this is no database, but text of some length ".repeat(100))
      const foreign = yield* opening(path)
      assert.strictEqual(foreign.reason, "invalid")
      assert.include(foreign.detail, path)

      rmSync(path)
      const db = new DatabaseSync(path)
      db.exec("PRAGMA user_version = 99")
      db.close()
      const newer = yield* opening(path)
      assert.strictEqual(newer.reason, "invalid")
      assert.match(newer.detail, /newer rtfm/)
    })
  )

  onFile("has nothing left of what was erased or has expired, in no byte of it", (path) =>
    Effect.gen(function* () {
      const holds = (word: string) =>
        readdirSync(dirname(path)).some((file) => readFileSync(joinPath(dirname(path), file)).includes(word))
      const secrets = Array.from({ length: 3_000 }, (_, i) => record("t", "a", `wombat-${i} ${"x".repeat(i % 900)}`))
      yield* open(
        path,
        Effect.gen(function* () {
          const broker = yield* Broker
          yield* broker.create([topic("t", { retention: Duration.hours(1) })])
          yield* broker.publish([...secrets, record("t", "a", "numbat")])
          yield* TestClock.adjust(Duration.minutes(30))
          yield* broker.publish([record("t", "a", "quokka")])
          assert.isTrue(holds("wombat-2999") && holds("quokka"))
          const keep = (each: IncomingRecord) => (text(each).startsWith("wombat") ? new Uint8Array() : undefined)
          assert.strictEqual(yield* broker.erase({ topic: "t", keep }), 3_000)
          assert.isFalse(holds("wombat"))
          yield* TestClock.adjust(Duration.minutes(35))
          yield* broker.erase({ topic: "t", keep: () => new Uint8Array() })
          assert.isFalse(holds("numbat"))
        })
      )
    })
  )

  onFile("needs a folder", (path) =>
    Effect.gen(function* () {
      writeFileSync(path, "")
      const nowhere = process.platform === "linux" ? ["/proc/no/broker.db"] : []
      for (const place of [joinPath(path, "broker.db"), joinPath(path, "deeper", "broker.db"), ...nowhere]) {
        const error = yield* opening(place)
        assert.strictEqual(error.reason, "unauthorized")
        assert.include(error.detail, place)
      }
    })
  )

  it.effect("is in DATA_DIR, which is made", () =>
    Effect.gen(function* () {
      const folder = joinPath(yield* tempFolder, "some", "where")
      yield* Broker.use((broker) => broker.list).pipe(
        Effect.provide(
          Sqlite.layer.pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ DATA_DIR: folder }))))
        )
      )
      assert.isTrue(existsSync(joinPath(folder, "broker.db")))
    })
  )
})
