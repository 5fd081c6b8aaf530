/** How a command finds the process that has `DATA_DIR`: a file in it that says where its API is. */
import { Effect, Option, Schema } from "effect"
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { dataDir } from "../state/DataDir.ts"
import { OwnerKey } from "./OwnerKey.ts"
import * as Room from "./Room.ts"

export const Running = Schema.Struct({
  pid: Schema.Int,
  url: Schema.String,
  /** The process's `OwnerKey`. */
  key: Schema.String
})
export type Running = typeof Running.Type

const StoredRunning = Schema.fromJsonString(Running)
const file = Effect.map(dataDir.config, (folder) => join(folder, "running.json"))

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** The process of this `DATA_DIR`, if one runs; what a killed one left behind does not count. */
export const find = Effect.gen(function* () {
  const path = yield* file
  const text = yield* Effect.option(Effect.try(() => readFileSync(path, "utf8")))
  const running = yield* Option.match(text, {
    onNone: () => Effect.succeedNone,
    onSome: (text) => Effect.option(Schema.decodeEffect(StoredRunning)(text))
  })
  return Option.filter(running, ({ pid }) => isAlive(pid))
})

const cannotWrite = (path: string, cause: unknown) => {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined
  return code === "ENOSPC" || code === "EDQUOT"
    ? Room.noRoom(dirname(path))
    : new Room.RoomError({ detail: `${path} cannot be written: ${cause instanceof Error ? cause.message : cause}` })
}

/** Says where this process is for as long as the scope is open. */
export const announce = Effect.fnUntraced(function* (url: string) {
  const path = yield* file
  const text = yield* Effect.orDie(Schema.encodeEffect(StoredRunning)({ pid: process.pid, url, key: yield* OwnerKey }))
  yield* Effect.acquireRelease(
    Effect.try({
      try: () => {
        // Renamed into place, so that a reader never sees half of it.
        writeFileSync(`${path}.new`, text, { mode: 0o600 })
        renameSync(`${path}.new`, path)
      },
      catch: (cause) => cannotWrite(path, cause)
    }),
    () => Effect.sync(() => rmSync(path, { force: true }))
  )
})
