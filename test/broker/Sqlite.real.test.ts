/** The embedded broker under kill -9, beside a second process, on a full disk and in a folder that is not its own. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Scope, Stream } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join as joinPath } from "node:path"
import { createInterface } from "node:readline"
import { DatabaseSync } from "node:sqlite"
import { fileURLToPath } from "node:url"
import { Broker } from "../../src/broker/Broker.ts"
import { layerFile } from "../../src/broker/Sqlite.ts"
import { join, record, text, topic } from "../contract/Broker.ts"

const program = fileURLToPath(new URL("../fixtures/brokerProcess.ts", import.meta.url))

const tempFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(joinPath(tmpdir(), "rtfm-broker-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
)

/** A process that ends with the scope. */
const start = (...args: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "inherit"] })),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )

type Child = Effect.Success<ReturnType<typeof start>>

/** Every line it says until it has ended; `heard` sees each as it comes. */
const lines = (child: Child, heard: (line: string, count: number) => void = () => {}) =>
  Effect.callback<ReadonlyArray<string>>((resume) => {
    const said: Array<string> = []
    createInterface(child.stdout)
      .on("line", (line) => heard(line, said.push(line)))
      .on("close", () => resume(Effect.succeed(said)))
  })

const firstLine = (child: Child) =>
  Effect.callback<string>((resume) => {
    createInterface(child.stdout).once("line", (line) => resume(Effect.succeed(line)))
  })

const killed = (child: Child) =>
  Effect.callback<void>((resume) => {
    child.once("exit", () => resume(Effect.void))
    child.kill("SIGKILL")
  })

/** Runs `body` with the broker of `path`, which is closed after. */
const open = <A, E>(path: string, body: Effect.Effect<A, E, Broker | Scope.Scope>) =>
  Effect.scoped(body).pipe(Effect.provide(layerFile(path), { local: true }))

const contents = (name: string) =>
  Broker.use((broker) => Stream.runCollect(broker.read({ topic: name, from: "earliest" })))

const integrity = (path: string) =>
  Effect.sync(() => {
    const db = new DatabaseSync(path)
    const result = db.prepare("PRAGMA integrity_check").get()!["integrity_check"]
    db.close()
    return result
  })

describe("SQLite broker, killed", () => {
  it.live("20 times: nothing acknowledged is lost, nothing finished comes again, everything else does", () =>
    Effect.gen(function* () {
      const path = joinPath(yield* tempFolder, "broker.db")
      yield* open(
        path,
        Broker.use((broker) => broker.create([topic("in"), topic("out")]))
      )
      const published = new Map<number, string>()
      const finished = new Set<number>()
      for (let run = 0; run < 20; run++) {
        const killAt = 1 + Math.floor(Math.random() * 600)
        const child = yield* start(path, "work", String(run * 1_000_000))
        const said = yield* lines(child, (_, count) => count === killAt && child.kill("SIGKILL"))
        assert.isAtLeast(said.length, killAt)
        const taken = new Set<number>()
        for (const line of said.map((line) => line.split(" "))) {
          const [verb, number] = [line[0], Number(line[1])]
          if (verb === "published") published.set(number, `${line[2]}/${line[3]}`)
          if (verb === "done") finished.add(number)
          if (verb !== "taken") continue
          assert.isFalse(finished.has(number), `${number} was finished and came again`)
          assert.isFalse(taken.has(number), `${number} came twice`)
          taken.add(number)
        }
      }

      yield* open(
        path,
        Effect.gen(function* () {
          const kept = new Map((yield* contents("in")).map((record) => [Number(text(record)), record]))
          for (const [number, place] of published) {
            const record = kept.get(number)
            assert.strictEqual(record && `${record.partition}/${record.offset}`, place, `${number} was lost`)
          }
          for (const { partitions } of yield* Broker.use((broker) => broker.list)) {
            assert.isTrue(partitions.every(({ start }) => start === 0))
          }
          const [incoming] = yield* Broker.use((broker) => broker.list)
          for (const { partition, end } of incoming!.partitions) {
            const offsets = [...kept.values()].filter((r) => r.partition === partition).map(({ offset }) => offset)
            assert.deepStrictEqual(
              offsets,
              Array.from({ length: end }, (_, i) => i)
            )
          }

          const outputs = (yield* contents("out")).map((record) => Number(text(record)))
          const done = new Set(outputs)
          assert.strictEqual(outputs.length, done.size, "an output is there twice")
          for (const number of finished) assert.isTrue(done.has(number), `the output of ${number} was lost`)

          const member = yield* join({ topics: ["in"], window: 512 })
          const again = new Set<number>()
          const behind = Broker.use((broker) =>
            Effect.map(broker.lag("g"), (partitions) => partitions.reduce((sum, { lag }) => sum + lag, 0))
          )
          while ((yield* behind) > 0) {
            const taken = yield* member.take
            for (const record of taken) {
              assert.isFalse(done.has(Number(text(record))), "a finished record came again")
              assert.isFalse(again.has(Number(text(record))), "a record came twice")
              again.add(Number(text(record)))
            }
            yield* member.commit({ outputs: [], done: taken })
          }
          assert.strictEqual(again.size, kept.size - done.size, "an unfinished record did not come again")
          yield* Effect.log(`${kept.size} records, ${finished.size} known finished, ${again.size} came again`)
        })
      )
      assert.strictEqual(yield* integrity(path), "ok")
    })
  )

  it.live("leaves the file to the next; alive, it keeps others out at once", () =>
    Effect.gen(function* () {
      const path = joinPath(yield* tempFolder, "broker.db")
      const holder = yield* start(path, "hold")
      assert.strictEqual(yield* firstLine(holder), "ready")
      const refused = yield* lines(yield* start(path, "hold"))
      assert.deepStrictEqual(refused, [
        `refused locked Another rtfm has ${path} open: stop it, or choose another DATA_DIR.`
      ])
      yield* killed(holder)
      assert.strictEqual(yield* firstLine(yield* start(path, "hold")), "ready")
    })
  )
})

describe("SQLite broker, waiting", () => {
  it.live("costs next to nothing", () =>
    Effect.gen(function* () {
      const path = joinPath(yield* tempFolder, "broker.db")
      yield* open(
        path,
        Effect.gen(function* () {
          const broker = yield* Broker
          yield* broker.create([topic("t")])
          const member = yield* join({ topics: ["t"] })
          yield* Effect.forkChild(Effect.forever(member.take), { startImmediately: true })
          const read = broker.read({ topic: "t", from: "latest", follow: true })
          yield* Effect.forkChild(Stream.runDrain(read), { startImmediately: true })
          yield* broker.publish([record("t", null, "wakes both")])
          const before = process.cpuUsage()
          // Time has to pass for a poll to show.
          yield* Effect.sleep("500 millis")
          const { user, system } = process.cpuUsage(before)
          assert.isBelow(user + system, 100_000, "µs of CPU in half a second")
        })
      )
    })
  )
})

const run = (command: string, ...args: ReadonlyArray<string>) => spawnSync(command, args).status === 0

/** A disk of its own, where only root can have one. */
const tmpfs = Effect.fnUntraced(function* (size: string) {
  const folder = yield* tempFolder
  const mounted = yield* Effect.acquireRelease(
    Effect.sync(() => run("mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder)),
    (mounted) => Effect.sync(() => mounted && run("umount", folder))
  )
  return mounted ? folder : undefined
})

interface Disk {
  readonly kind: string
  readonly folder: string
  /** Makes room. */
  readonly grow: () => void
}

/** A disk of 3 MB; for want of rights to mount one, a file that may not grow. */
const smallDisk = Effect.gen(function* () {
  const folder = yield* tmpfs("3m")
  if (folder !== undefined) {
    const grow = () => assert.isTrue(run("mount", "-o", "remount,size=30m", folder))
    return { kind: "a tmpfs of 3 MB", folder, grow } satisfies Disk
  }
  const { exec } = DatabaseSync.prototype
  let pages = 500
  yield* Effect.acquireRelease(
    Effect.sync(() => {
      DatabaseSync.prototype.exec = function (sql) {
        exec.call(this, `PRAGMA max_page_count = ${pages}`)
        exec.call(this, sql)
      }
    }),
    () => Effect.sync(() => void (DatabaseSync.prototype.exec = exec))
  )
  return {
    kind: "a file of at most 500 pages",
    folder: yield* tempFolder,
    grow: () => void (pages = 5_000)
  } satisfies Disk
})

describe("SQLite broker, without room", () => {
  it.live("says that the disk is full, keeps what was acknowledged, and goes on when there is room", () =>
    Effect.gen(function* () {
      const disk = yield* smallDisk
      yield* Effect.log(`full disk: ${disk.kind}`)
      const path = joinPath(disk.folder, "broker.db")
      const batch = Array.from({ length: 20 }, () => record("t", null, "x".repeat(1_000)))
      let kept = 0
      const fill = Effect.forever(Broker.use((broker) => Effect.map(broker.publish(batch), () => (kept += 20))))
      const count = Effect.map(contents("t"), (records) => records.length)

      yield* open(
        path,
        Effect.gen(function* () {
          const broker = yield* Broker
          yield* broker.create([topic("t")])
          const member = yield* join({ topics: ["t"], window: 4 })
          const error = yield* Effect.flip(fill)
          assert.strictEqual(error.reason, "full")
          assert.strictEqual(error.detail, `There is no room left on the disk of ${path}.`)
          assert.isAbove(kept, 400)
          assert.strictEqual(yield* count, kept)
          const taken = yield* member.take
          const commit = member.commit({ outputs: batch, done: taken })
          assert.strictEqual((yield* Effect.flip(commit)).reason, "full")
          assert.strictEqual(yield* count, kept)
        })
      )
      yield* open(
        path,
        Effect.gen(function* () {
          assert.strictEqual(yield* count, kept)
          yield* Effect.flip(fill)
          disk.grow()
          yield* Broker.use((broker) => broker.publish(batch))
          assert.strictEqual(yield* count, kept + 20)
          const member = yield* join({ topics: ["t"] })
          assert.deepStrictEqual(
            (yield* member.take).slice(0, 3).map(({ offset }) => offset),
            [0, 0, 0]
          )
        })
      )
      assert.strictEqual(yield* integrity(path), "ok")
    })
  )

  it.live("says so when there is none from the start", () =>
    Effect.gen(function* () {
      const folder = yield* tmpfs("1m")
      if (folder === undefined) return yield* Effect.log("no rights to mount a disk: a full one is tried only later on")
      assert.throws(() => writeFileSync(joinPath(folder, "filler"), Buffer.alloc(2 * 1024 * 1024)), /ENOSPC/)
      const path = joinPath(folder, "broker.db")
      const error = yield* Effect.flip(open(path, Effect.void))
      assert.strictEqual(error.reason, "full")
      assert.include(error.detail, path)
      rmSync(joinPath(folder, "filler"))
      yield* open(path, Effect.void)
    })
  )
})

describe("SQLite broker in a folder it may not write", () => {
  it.live("says so, and leaves the file as it is", () =>
    Effect.gen(function* () {
      const own = yield* tmpfs("8m")
      const folder = own ?? (yield* tempFolder)
      const forbid = () => (own ? assert.isTrue(run("mount", "-o", "remount,ro", own)) : chmodSync(folder, 0o555))
      const allow = () => (own ? assert.isTrue(run("mount", "-o", "remount,rw", own)) : chmodSync(folder, 0o755))
      const path = joinPath(folder, "broker.db")
      const publish = Broker.use((broker) => broker.publish([record("t", "a", "x")]))
      yield* open(
        path,
        Effect.andThen(
          Broker.use((broker) => broker.create([topic("t")])),
          publish
        )
      )

      for (const place of [path, joinPath(folder, "new", "broker.db")]) {
        forbid()
        const error = yield* Effect.flip(open(place, publish)).pipe(Effect.ensuring(Effect.sync(allow)))
        assert.strictEqual(error.reason, "unauthorized")
        assert.include(error.detail, place)
      }
      yield* open(
        path,
        Effect.gen(function* () {
          assert.strictEqual((yield* contents("t")).length, 1)
          yield* publish
        })
      )
    })
  )
})
