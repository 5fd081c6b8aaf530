/** One run of Chroma's own server as a child process, from a free port to its end. */
import { Effect, Fiber, Schedule, Stream } from "effect"
import { HttpClient } from "effect/http"
import { ChildProcess, type ChildProcessSpawner } from "effect/process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { createServer, type AddressInfo } from "node:net"
import path from "node:path"
import { DatabaseSync } from "node:sqlite"
import { fileURLToPath } from "node:url"

/** A server that does not answer by then is ended. */
const startLimit = "60 seconds"

/** Exit code of `chromaChild` where the server cannot be loaded. */
const unsupportedCode = 69

/** How a run ended. */
export interface Ending {
  /** What happened to the server, as the end of "the server …". */
  readonly detail: string
  /** It will never run on this machine. */
  readonly unsupported: boolean
}

/** Beside this file: `.ts` from source, `.mjs` when bundled. */
export const childFile = () => fileURLToPath(new URL(`./chromaChild${path.extname(import.meta.url)}`, import.meta.url))

export const answers = (http: HttpClient.HttpClient, url: string): Effect.Effect<boolean> =>
  http.get(`${url}/api/v2/heartbeat`).pipe(
    Effect.flatMap((response) => Effect.as(response.text, response.status === 200)),
    Effect.timeout("1 second"),
    Effect.orElseSucceed(() => false)
  )

export interface Server {
  readonly url: string
  readonly pid: number
}

/** Where the server of a folder says where it is, for other processes that share the folder. */
const serverFile = (folder: string) => path.join(folder, "server.json")

const readServer = (folder: string): Server | undefined => {
  try {
    const { pid, url } = JSON.parse(readFileSync(serverFile(folder), "utf8"))
    return typeof url === "string" && typeof pid === "number" ? { url, pid } : undefined
  } catch {
    return undefined
  }
}

/**
 * Runs a server on the folder until it ends. Waits first for the one that has the folder to leave it: another process's,
 * which serves both meanwhile, or one whose parent was killed.
 * Interruption ends the server, by SIGKILL when it takes longer than 3 s.
 */
export const run = Effect.fnUntraced(function* (options: {
  readonly folder: string
  readonly child: string
  /** Called when another server has the folder open, and again when it is another one; with it as soon as it is known. */
  readonly onWait: (server: Server | undefined) => Effect.Effect<void>
  readonly onStart: Effect.Effect<void>
  readonly onUp: (server: Server) => Effect.Effect<void>
}) {
  const http = yield* HttpClient.HttpClient
  yield* waitForFolder(options.folder, http, options.onWait)
  yield* options.onStart
  const port = yield* freePort
  const handle = yield* ChildProcess.make(
    process.execPath,
    [options.child, "--path", options.folder, "--port", String(port)],
    // An empty environment: our own holds secrets that are none of its business.
    { env: {}, stdin: "pipe", stdout: "ignore", stderr: "pipe", forceKillAfter: "3 seconds" }
  )
  const url = `http://127.0.0.1:${port}`
  const serving = untilAnswers(http, url).pipe(
    Effect.andThen(
      Effect.sync(() => writeFileSync(serverFile(options.folder), JSON.stringify({ url, pid: handle.pid })))
    ),
    Effect.andThen(options.onUp({ url, pid: handle.pid })),
    Effect.andThen(Effect.never),
    Effect.catchTag("TimeoutError", () =>
      Effect.succeed<Ending>({ detail: `did not answer within ${startLimit}`, unsupported: false })
    )
  )
  return yield* Effect.raceFirst(untilEnd(handle), serving)
}, Effect.scoped)

const waitForFolder = Effect.fnUntraced(function* (
  folder: string,
  http: HttpClient.HttpClient,
  onWait: (server: Server | undefined) => Effect.Effect<void>
) {
  mkdirSync(folder, { recursive: true })
  if (isFree(folder)) return
  let known: Server | undefined
  yield* onWait(known)
  while (!isFree(folder)) {
    const server = readServer(folder)
    if (server !== undefined && server.url !== known?.url && (yield* answers(http, server.url))) {
      known = server
      yield* onWait(server)
    }
    yield* Effect.sleep(known === undefined ? "100 millis" : "500 millis")
  }
})

const sqliteBusy = 5

/** Whether no server holds the lock of the folder. */
const isFree = (folder: string): boolean => {
  const database = new DatabaseSync(path.join(folder, "server.lock"))
  try {
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE")
    return true
  } catch (cause) {
    if ((cause as { readonly errcode?: number }).errcode === sqliteBusy) return false
    throw cause
  } finally {
    database.close()
  }
}

/** A port that was free a moment ago; a server that finds it taken ends. */
const freePort = Effect.callback<number>((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as AddressInfo
    server.close(() => resume(Effect.succeed(port)))
  })
})

const untilAnswers = (http: HttpClient.HttpClient, url: string) =>
  answers(http, url).pipe(
    Effect.repeat({ schedule: Schedule.spaced("25 millis"), until: (up) => up }),
    Effect.timeout(startLimit)
  )

const untilEnd = Effect.fnUntraced(function* (handle: ChildProcessSpawner.ChildProcessHandle) {
  const lines: Array<string> = []
  const reading = yield* handle.stderr.pipe(
    Stream.decodeText,
    Stream.splitLines,
    Stream.runForEach((line) => Effect.sync(() => void (lines.push(line.trim()) > 20 && lines.shift()))),
    Effect.ignore,
    Effect.forkScoped
  )
  const exit = yield* Effect.result(handle.exitCode)
  yield* Effect.timeoutOption(Fiber.await(reading), "1 second")
  const how =
    exit._tag === "Success" ? `ended with code ${exit.success}` : `was ended${signal(String(exit.failure.cause))}`
  const words = telling(lines)
  return {
    detail: words === undefined ? how : `${how}: ${words}`,
    unsupported: exit._tag === "Success" && exit.success === unsupportedCode
  } satisfies Ending
})

const signal = (text: string): string => {
  const name = /SIG[A-Z0-9]+/.exec(text)?.[0]
  return name === undefined ? "" : ` by ${name}`
}

/** The line of its last words that says most; about telemetry it always says something. */
const telling = (lines: ReadonlyArray<string>): string | undefined => {
  const words = lines.filter((line) => line !== "" && !line.startsWith("OpenTelemetry"))
  return words.find((line) => /error|panic/i.test(line)) ?? words.at(-1)
}
