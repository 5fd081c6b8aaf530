/**
 * Chroma's server as a process of its own: `chromaChild --path FOLDER --port N`. It ends when its standard input closes,
 * so it never outlives the process that started it, and it holds a lock, so no two of them open one folder.
 *
 * Exit codes: 69 the server cannot be loaded on this machine, 75 the folder is in use.
 */
import { writeSync } from "node:fs"
import { createRequire } from "node:module"
import path from "node:path"
import { DatabaseSync } from "node:sqlite"
import { parseArgs } from "node:util"
import { isMainThread, Worker } from "node:worker_threads"

const bindings: Record<string, string> = {
  "linux-x64": "chromadb-js-bindings-linux-x64-gnu",
  "linux-arm64": "chromadb-js-bindings-linux-arm64-gnu",
  "darwin-x64": "chromadb-js-bindings-darwin-x64",
  "darwin-arm64": "chromadb-js-bindings-darwin-arm64",
  "win32-x64": "chromadb-js-bindings-win32-x64-msvc"
}

const end = (code: number, why: unknown): never => {
  writeSync(2, `${String(why).split("\n")[0]}\n`)
  process.exit(code)
}

/** A lock of the operating system, which lets go of it when this process ends, however it ends. */
const lock = (folder: string): DatabaseSync => {
  try {
    const database = new DatabaseSync(path.join(folder, "server.lock"))
    database.exec("PRAGMA busy_timeout = 1000; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE")
    return database
  } catch (cause) {
    return end(75, cause)
  }
}

/** `process.exit` would wait for the thread, which is busy with the server; a signal does not. */
const quit = (): void => {
  setTimeout(() => process.kill(process.pid, "SIGKILL"), 3_000)
  process.kill(process.pid, "SIGTERM")
}

const watch = (folder: string): void => {
  const held = lock(folder)
  process.stdin.on("close", quit).resume()
  const server = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) })
  server.on("error", (error) => end(1, error))
  server.on("exit", (code) => {
    held.close()
    process.exit(code)
  })
}

const serve = (): void => {
  const platform = `${process.platform}-${process.arch}`
  const binding = bindings[platform]
  if (binding === undefined) return end(69, `There is no Chroma server for ${platform}.`)
  let chroma: { readonly cli: (args: ReadonlyArray<string>) => void }
  try {
    chroma = createRequire(import.meta.url)(binding)
  } catch (cause) {
    return end(69, cause)
  }
  chroma.cli(["chroma", "run", "--host", "127.0.0.1", ...process.argv.slice(2)])
}

if (isMainThread) watch(parseArgs({ options: { path: { type: "string" }, port: { type: "string" } } }).values.path!)
else serve()
