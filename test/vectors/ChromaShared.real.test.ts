/** Processes that share a folder of vectors: one has the server, and when it dies the other takes over. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Schedule } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { layerFolder } from "../../src/vectors/Chroma.ts"
import { VectorStore } from "../../src/vectors/VectorStore.ts"
import { serversOn } from "./serversOn.ts"
import { vectorOf } from "./vectorOf.ts"

const program = fileURLToPath(new URL("upsertingParent.ts", import.meta.url))

const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "rtfm-shared-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
)

/** A process that has the server and keeps writing, once it has written something. */
const owner = (folder: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const child = spawn(process.execPath, [program, folder, "first"], { stdio: ["ignore", "pipe", "inherit"] })
      const acknowledged: Array<string> = []
      const lines = createInterface(child.stdout)
      lines.on("line", (id) => acknowledged.push(id))
      await once(lines, "line")
      return { child, acknowledged }
    }),
    ({ child }) => Effect.sync(() => child.kill("SIGKILL"))
  )

const untilDetail = (vectors: VectorStore["Service"], expected: RegExp) =>
  vectors.status.pipe(
    Effect.repeat({ schedule: Schedule.spaced("20 millis"), until: ({ detail }) => expected.test(detail) }),
    Effect.timeout("60 seconds")
  )

describe("A folder of vectors that several processes share", () => {
  it.live(
    "is served by the process that came first, and by another once that was killed, with all that was acknowledged",
    () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const { acknowledged, child } = yield* owner(folder)
        const vectors = Context.get(yield* Layer.build(layerFolder({ folder })), VectorStore)
        yield* untilDetail(vectors, /of another process answers/)
        assert.lengthOf(serversOn(folder), 1)
        assert.isAbove(yield* vectors.count("kept"), 0)
        yield* vectors.upsert("kept", [{ id: "guest", vector: vectorOf("guest"), metadata: {} }])

        const ended = once(child, "exit")
        child.kill("SIGKILL")
        yield* Effect.promise(() => ended)
        yield* untilDetail(vectors, /Our own Chroma server answers/)
        assert.lengthOf(serversOn(folder), 1)
        const lost = yield* Effect.filter([...acknowledged, "guest"], (id) =>
          Effect.map(vectors.query("kept", vectorOf(id), 1), ([hit]) => hit?.id !== id)
        )
        assert.deepStrictEqual(lost, [])
        yield* Effect.log(`${acknowledged.length} vectors acknowledged before the kill, none lost`)
      }),
    120_000
  )
})
