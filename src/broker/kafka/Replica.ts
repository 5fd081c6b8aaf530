/** A name for this process that the next start of it has again, and no other process on the folder at the same time. */
import { Effect } from "effect"
import { randomBytes } from "node:crypto"
import { mkdirSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { dataDir } from "../../state/DataDir.ts"
import { BrokerError } from "../Broker.ts"

/** Processes that may share a folder. */
const slots = 64

/** SQLite's code for a file that another process has locked. */
const busy = 5

interface Slot {
  readonly id: string
  readonly release: () => void
}

const newId = () =>
  `${hostname()
    .replaceAll(/[^a-zA-Z0-9.-]/g, "-")
    .slice(0, 40)}-${randomBytes(4).toString("hex")}`

/** The operating system gives the lock back with the end of the process, however that comes. */
const hold = (file: string): Slot | undefined => {
  const db = new DatabaseSync(file)
  try {
    db.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS replica (id TEXT NOT NULL)")
    const known = db.prepare("SELECT id FROM replica").get()
    const id = known === undefined ? newId() : String(known["id"])
    if (known === undefined) db.prepare("INSERT INTO replica VALUES (?)").run(id)
    db.exec("COMMIT")
    return { id, release: () => db.close() }
  } catch (cause) {
    db.close()
    if (cause instanceof Error && "errcode" in cause && cause.errcode === busy) return undefined
    throw cause
  }
}

const holdAny = (folder: string): Slot => {
  mkdirSync(folder, { recursive: true })
  for (let i = 1; i <= slots; i++) {
    const slot = hold(join(folder, `replica-${i}.db`))
    if (slot !== undefined) return slot
  }
  throw new Error(`all ${slots} names are taken`)
}

/** The first name of `folder` that no living process has; given back with the scope. */
export const replicaIdIn = (folder: string) =>
  Effect.acquireRelease(
    Effect.try({
      try: () => holdAny(folder),
      catch: (cause) =>
        new BrokerError({
          reason: "unauthorized",
          detail: `No name for this process could be kept in ${folder}: ${cause instanceof Error ? cause.message : cause}.`
        })
    }),
    ({ release }) => Effect.sync(release)
  ).pipe(Effect.map(({ id }) => id))

export const replicaId = Effect.flatMap(dataDir.config, replicaIdIn)
