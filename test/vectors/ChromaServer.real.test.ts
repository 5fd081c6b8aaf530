/** Our own Chroma server: started again when it dies, ended with us, never two on one folder. */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, Exit, FileSystem, Layer, Logger, Schedule, Scope, Stream } from "effect"
import { ChildProcess } from "effect/process"
import { fileURLToPath } from "node:url"
import { layerFolder } from "../../src/vectors/Chroma.ts"
import { VectorStore, type VectorRow, type VectorStoreStatus } from "../../src/vectors/VectorStore.ts"
import { childrenOn, serversOn } from "./serversOn.ts"
import { vectorOf } from "./vectorOf.ts"

const rows = (count: number): ReadonlyArray<VectorRow> =>
  Array.from({ length: count }, (_, i) => ({ id: `r${i}`, vector: vectorOf(`r${i}`), metadata: { n: i } }))

const temporaryFolder = Effect.flatMap(FileSystem.FileSystem, (files) => files.makeTempDirectoryScoped())

/** A store on the folder that is closed with the scope, or before. */
const open = Effect.fnUntraced(function* (options: { readonly folder: string; readonly child?: string }) {
  const scope = yield* Scope.fork(yield* Effect.scope)
  const context = yield* Layer.buildWithScope(layerFolder(options), scope)
  return { vectors: Context.get(context, VectorStore), close: Scope.close(scope, Exit.void) }
})

const until = <A, E, R>(look: Effect.Effect<A, E, R>, holds: (found: A) => boolean) =>
  look.pipe(Effect.repeat({ schedule: Schedule.spaced("5 millis"), until: holds }), Effect.timeout("30 seconds"))

const untilStatus = (vectors: VectorStore["Service"], holds: (status: VectorStoreStatus) => boolean) =>
  until(vectors.status, holds)

const untilUp = (vectors: VectorStore["Service"]) => untilStatus(vectors, ({ state }) => state === "up")

const untilGone = (folder: string, within: `${number} seconds`) =>
  until(
    Effect.sync(() => childrenOn(folder).length),
    (left) => left === 0
  ).pipe(Effect.timeout(within))

describe("our own Chroma server", () => {
  it.live("starts beside us: the layer gives at once, and the first call waits", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const { close, vectors } = yield* open({ folder })
      const before = yield* vectors.status
      assert.deepInclude(before, { kind: "embedded", state: "starting", pid: null, restarts: 0, breaker: "closed" })
      assert.strictEqual(yield* vectors.count("any"), 0)
      const after = yield* vectors.status
      assert.strictEqual(after.state, "up")
      assert.deepStrictEqual(serversOn(folder), [after.pid!])
      yield* close
      assert.deepStrictEqual(childrenOn(folder), [])
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.live("killed, it is started again with all its data, and calls meanwhile fail at once", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const { vectors } = yield* open({ folder })
      yield* vectors.upsert("kept", rows(50))
      for (let kill = 1; kill <= 3; kill++) {
        const pid = (yield* untilUp(vectors)).pid!
        process.kill(pid, "SIGKILL")
        const down = yield* untilStatus(vectors, ({ state }) => state === "down")
        assert.match(down.detail, /was ended by SIGKILL/)
        assert.strictEqual(down.pid, null)
        const [took, error] = yield* Effect.timed(Effect.flip(vectors.count("kept")))
        assert.strictEqual(error.reason, "unreachable")
        assert.isBelow(Duration.toMillis(took), 1_000)
        const up = yield* untilUp(vectors)
        assert.strictEqual(up.restarts, kill)
        assert.notStrictEqual(up.pid, pid)
        assert.strictEqual(yield* vectors.count("kept"), 50)
        const [hit] = yield* vectors.query("kept", vectorOf("r7"), 1)
        assert.strictEqual(hit!.id, "r7")
      }
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.live("a process killed five times leaves no server behind, never has two, and loses nothing acknowledged", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const acknowledged: Array<string> = []
      let most = 0
      yield* Effect.sync(() => void (most = Math.max(most, serversOn(folder).length))).pipe(
        Effect.repeat(Schedule.spaced("10 millis")),
        Effect.forkScoped
      )
      for (let life = 0; life < 5; life++) {
        yield* Effect.scoped(
          Effect.gen(function* () {
            const parent = yield* ChildProcess.make(
              process.execPath,
              [fileURLToPath(new URL("upsertingParent.ts", import.meta.url)), folder, `life${life}`],
              { extendEnv: true, stderr: "inherit" }
            )
            const target = 20 + life * 7
            yield* parent.stdout.pipe(
              Stream.decodeText,
              Stream.splitLines,
              Stream.takeUntil((line) => {
                acknowledged.push(line)
                return line === `life${life}-${target}`
              }),
              Stream.runDrain
            )
            process.kill(parent.pid, "SIGKILL")
            yield* Effect.ignore(parent.exitCode)
          })
        )
      }
      yield* untilGone(folder, "5 seconds")
      const { vectors } = yield* open({ folder })
      const lost = yield* Effect.filter(acknowledged, (id) =>
        Effect.map(vectors.query("kept", vectorOf(id), 1), ([hit]) => hit?.id !== id)
      )
      assert.isAbove(acknowledged.length, 150)
      assert.deepStrictEqual(lost, [])
      assert.strictEqual(most, 1)
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.live("a second process is served by the first one's, and starts its own once that has left the folder", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const first = yield* open({ folder })
      yield* first.vectors.upsert("shared", rows(3))
      const second = yield* open({ folder })
      const guest = yield* untilStatus(second.vectors, ({ detail }) => /of another process answers/.test(detail))
      assert.strictEqual(guest.state, "up")
      assert.strictEqual(yield* second.vectors.count("shared"), 3)
      assert.strictEqual(serversOn(folder).length, 1)
      yield* first.close
      yield* untilStatus(second.vectors, ({ detail }) => /Our own Chroma server answers/.test(detail))
      assert.strictEqual(yield* second.vectors.count("shared"), 3)
      assert.strictEqual(serversOn(folder).length, 1)
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.live("where its binding cannot be loaded, vectors are kept in memory, and a warning says what is lost", () => {
    const warnings: Array<string> = []
    const capture = Logger.make(({ logLevel, message }) => {
      if (logLevel === "Warn") warnings.push(String(message))
    })
    return Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const folder = yield* temporaryFolder
      const alone = `${yield* temporaryFolder}/chromaChild.ts`
      yield* files.copyFile(fileURLToPath(new URL("../../src/vectors/chromaChild.ts", import.meta.url)), alone)
      const { vectors } = yield* open({ folder, child: alone })
      yield* vectors.upsert("kept", rows(3))
      assert.strictEqual((yield* vectors.query("kept", vectorOf("r1"), 1))[0]!.id, "r1")
      assert.deepInclude(yield* vectors.status, { kind: "memory", state: "up", restarts: 0, pid: null })
      assert.strictEqual(warnings.length, 1)
      assert.match(warnings[0]!, /cannot run on this machine .*Cannot find module.*computed anew at each start/)
    }).pipe(Effect.provide([NodeServices.layer, Logger.layer([capture])]))
  })

  it.live("a folder that cannot be made is told, and tried again", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const file = `${yield* temporaryFolder}/file`
      yield* files.writeFileString(file, "")
      const { vectors } = yield* open({ folder: `${file}/chroma` })
      const down = yield* untilStatus(vectors, ({ restarts, state }) => restarts === 1 && state === "down")
      assert.match(down.detail, /could not be run: .*ENOTDIR/)
      yield* files.remove(file)
      yield* untilUp(vectors)
    }).pipe(Effect.provide([NodeServices.layer, Logger.layer([])]))
  )

  it.live("one that ends at once is tried again, ever more rarely, and its words are told", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const folder = yield* temporaryFolder
      const child = `${yield* temporaryFolder}/broken.mjs`
      yield* files.writeFileString(child, `console.error("Error: no room left"); process.exit(3)`)
      const { vectors } = yield* open({ folder, child })
      const down = yield* untilStatus(vectors, ({ restarts, state }) => restarts === 2 && state === "down")
      assert.match(down.detail, /ended with code 3: Error: no room left/)
      const error = yield* Effect.flip(vectors.count("kept"))
      assert.strictEqual(error.reason, "unreachable")
      assert.match(error.detail, /no room left/)
    }).pipe(Effect.provide([NodeServices.layer, Logger.layer([])]))
  )
})
