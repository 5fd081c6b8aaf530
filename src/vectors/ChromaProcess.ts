/** One run of Chroma's own server as a child process, from a free port to its end. */
import { Effect, Fiber, Schedule, Stream } from "effect"
import { HttpClient } from "effect/http"
import { ChildProcess, type ChildProcessSpawner } from "effect/process"
import { mkdirSync } from "node:fs"
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

/**
 * Runs a server on the folder until it ends. Waits first for a server whose parent was killed to leave the folder.
 * Interruption ends the server, by SIGKILL when it takes longer than 3 s.
 */
export const run = Effect.fnUntraced(function* (options: {
  readonly folder: string
  readonly child: string
  /** Called when another server has the folder open. */
  readonly onWait: Effect.Effect<void>
  readonly onStart: Effect.Effect<void>
  readonly onUp: (server: { readonly url: string; readonly pid: number }) => Effect.Effect<void>
}) {
  const http = yield* HttpClient.HttpClient
  yield* waitForFolder(options.folder, options.onWait)
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
    Effect.andThen(options.onUp({ url, pid: handle.pid })),
    Effect.andThen(Effect.never),
    Effect.catchTag("TimeoutError", () =>
      Effect.succeed<Ending>({ detail: `did not answer within ${startLimit}`, unsupported: false })
    )
  )
  return yield* Effect.raceFirst(untilEnd(handle), serving)
}, Effect.scoped)

const waitForFolder = Effect.fnUntraced(function* (folder: string, onWait: Effect.Effect<void>) {
  mkdirSync(folder, { recursive: true })
  if (isFree(folder)) return
  yield* onWait
  while (!isFree(folder)) yield* Effect.sleep("100 millis")
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
