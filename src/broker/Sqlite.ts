/** The embedded broker: one file, for one process at a time. */
import { type Duration, Effect, Layer } from "effect"
import { accessSync, constants, existsSync, mkdirSync } from "node:fs"
import { dirname, join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { dataDir } from "../state/DataDir.ts"
import { Broker, BrokerError } from "./Broker.ts"
import { make } from "./embedded/Embedded.ts"
import { attempt } from "./embedded/Transactions.ts"
import * as SqliteLog from "./SqliteLog.ts"

/**
 * What is acknowledged survives the end of the process, however it ends. A power cut may take the last transactions,
 * those the operating system has not yet written out (Linux: up to about 30 s); the rest is whole. To flush each
 * transaction (`synchronous = FULL`) would spare that, but measured 0.2 ms each on a quiet disk and 3 ms on a busy one,
 * for which the whole process stands still, against 0.02 ms without.
 *
 * The exclusive lock is the operating system's, on the file: it goes with the process, however that ends. For that,
 * nothing else in the process may open `path`, not even to read it: closing it again would give up the lock.
 *
 * The file does not shrink; room that retention frees is used again, and holds nothing until then (`secure_delete`).
 * Beside it, at rest, are at most 16 MiB of log.
 */
const settings = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA secure_delete = ON;
  PRAGMA journal_size_limit = 16777216;
`

/** Level by level: a recursive `mkdir` of Node tells ENOENT for a read-only disk, and never returns below `/proc`. */
const makeFolder = (folder: string): void => {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  try {
    mkdirSync(folder)
  } catch (cause) {
    if (!existsSync(folder)) throw cause
  }
}

const open = (path: string): DatabaseSync => {
  makeFolder(dirname(path))
  accessSync(dirname(path), constants.R_OK | constants.W_OK | constants.X_OK)
  const db = new DatabaseSync(path)
  try {
    db.exec(settings)
    db.exec("BEGIN IMMEDIATE; COMMIT")
    checkLayout(path, Number(db.prepare("PRAGMA user_version").get()!["user_version"]))
    return db
  } catch (cause) {
    db.close()
    throw cause
  }
}

const checkLayout = (path: string, layout: number) => {
  if (layout <= SqliteLog.layout) return
  const detail = `${path} was written by a newer rtfm (layout ${layout}; this one knows ${SqliteLog.layout}).`
  throw new BrokerError({ reason: "invalid", detail })
}

interface Sentence {
  readonly reason: BrokerError["reason"]
  readonly detail: (path: string, message: string) => string
}

const locked: Sentence = {
  reason: "locked",
  detail: (path) => `Another rtfm has ${path} open: stop it, or choose another DATA_DIR.`
}
const full: Sentence = { reason: "full", detail: (path) => `There is no room left on the disk of ${path}.` }
const forbidden: Sentence = {
  reason: "unauthorized",
  detail: (path, message) =>
    `${path} cannot be written (${message}): let this user write there, or choose another DATA_DIR.`
}
const damaged: Sentence = {
  reason: "invalid",
  detail: (path, message) => `${path} is damaged or not a broker's file (${message}): move it away, or restore it.`
}
const other: Sentence = { reason: "failed", detail: (path, message) => `${path} cannot be used: ${message}.` }

/** By SQLite's primary result codes and the operating system's names. */
const sentences: Readonly<Record<string, Sentence>> = {
  5: locked,
  6: locked,
  8: forbidden,
  11: damaged,
  13: full,
  14: forbidden,
  26: damaged,
  EACCES: forbidden,
  EPERM: forbidden,
  EROFS: forbidden,
  ENOENT: forbidden,
  ENOTDIR: forbidden,
  ENOSPC: full,
  EDQUOT: full
}

/** `undefined` when `cause` comes neither from SQLite nor from the operating system. */
const failureOf =
  (path: string) =>
  (cause: unknown): BrokerError | undefined => {
    if (cause instanceof BrokerError) return cause
    if (!(cause instanceof Error && "code" in cause)) return undefined
    const code = "errcode" in cause ? Number(cause.errcode) & 0xff : String(cause.code)
    const { reason, detail } = sentences[code] ?? other
    return new BrokerError({ reason, detail: detail(path, cause.message), cause })
  }

/** The broker of the file `path`, which is made when missing, its folder too. */
export const layerFile = (path: string, options?: { readonly expireEvery?: Duration.Input }) =>
  Layer.effect(
    Broker,
    Effect.gen(function* () {
      const failure = failureOf(path)
      const db = yield* Effect.acquireRelease(
        attempt({ failure }, () => open(path)),
        (db) => Effect.sync(() => db.close())
      )
      const log = yield* attempt({ failure }, () => SqliteLog.make(db, failure))
      return yield* make(log, options?.expireEvery ?? "1 minute")
    })
  )

/** The file `broker.db` in `DATA_DIR`. */
export const layer = Layer.unwrap(Effect.map(dataDir.config, (folder) => layerFile(join(folder, "broker.db"))))
