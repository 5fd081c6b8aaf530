/** `rtfm doctor`: whether everything this installation needs is there; one line each. */
import { Console, Effect, Option, Result } from "effect"
import { Command } from "effect/cli"
import { accessSync, constants, existsSync, mkdirSync, statfsSync } from "node:fs"
import { createServer } from "node:net"
import { resolve } from "node:path"
import * as FileSettings from "../files/FileSettings.ts"
import { Embedder } from "../model/Embedder.ts"
import * as LocalEmbedder from "../model/LocalEmbedder.ts"
import * as Running from "../runtime/Running.ts"
import * as Settings from "../settings.ts"
import { dataDir } from "../state/DataDir.ts"
import * as Chroma from "../vectors/Chroma.ts"
import { VectorStore } from "../vectors/VectorStore.ts"
import * as Guard from "../web/Guard.ts"
import { CommandError } from "./CommandError.ts"
import { json, printJson } from "./Output.ts"

interface Finding {
  readonly check: string
  readonly ok: boolean
  readonly detail: string
}

/** The oldest Node that has everything that is used, by the engines of the libraries. */
const oldestNode = "22.19.0"

/** Less than this and the embedded parts will soon stand still. */
const leastFree = 512 * 1024 * 1024

const isAtLeast = (version: string, least: string): boolean =>
  version.localeCompare(least, "en", { numeric: true }) >= 0

const finding = (check: string, result: Result.Result<string, string>): Finding => ({
  check,
  ok: Result.isSuccess(result),
  detail: Result.merge(result)
})

const checkNode = Effect.sync(() =>
  isAtLeast(process.versions.node, oldestNode)
    ? Result.succeed(process.versions.node)
    : Result.fail(`${process.versions.node} is too old: ${oldestNode} or newer is needed`)
)

const checkSettings = Settings.check.pipe(
  Effect.as(Result.succeed(`${Settings.all.length} known, none wrong`)),
  Effect.catch(({ problems }) =>
    Effect.succeed(Result.fail(problems.map(({ expected, name }) => `${name}: expected ${expected}`).join("; ")))
  )
)

const checkFolder = Effect.map(dataDir.config, (folder) => {
  const path = resolve(folder)
  try {
    mkdirSync(path, { recursive: true })
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
    const { bavail, bsize } = statfsSync(path)
    const free = bavail * bsize
    const room = `${(free / 1024 ** 3).toFixed(1)} GiB free`
    return free < leastFree
      ? Result.fail(`${path} has only ${room}`)
      : Result.succeed(`${path} can be written, ${room}`)
  } catch (error) {
    return Result.fail(`${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`)
  }
})

const portIsFree = (host: string, port: number) =>
  Effect.callback<boolean>((resume) => {
    const server = createServer()
    server.once("error", () => resume(Effect.succeed(false)))
    server.listen(port, host, () => server.close(() => resume(Effect.succeed(true))))
  })

const checkProcess = Effect.gen(function* () {
  const running = yield* Running.find
  if (Option.isSome(running)) return Result.succeed(`runs at ${running.value.url}, process ${running.value.pid}`)
  const host = yield* Guard.host.config
  const port = yield* Guard.port.config
  return (yield* portIsFree(host, port))
    ? Result.succeed(`does not run; port ${port} is free`)
    : Result.fail(`port ${port} on ${host} is used by another program: stop it, or set PORT to another`)
})

const checkVectors = Effect.gen(function* () {
  const vectors = yield* VectorStore
  yield* vectors.count("doctor")
  const { detail, kind } = yield* vectors.status
  return kind === "memory" ? Result.fail(detail) : Result.succeed(detail)
}).pipe(
  Effect.catch(({ detail }) => Effect.succeed(Result.fail(detail))),
  Effect.provide(Chroma.layer)
)

const checkEmbedder = Effect.gen(function* () {
  const embedder = yield* Embedder
  const [vector] = yield* embedder.embedQueries(["Is anybody there?"])
  return Result.succeed(`${embedder.id} loads, ${vector!.length} dimensions`)
}).pipe(
  Effect.catch(({ detail }) => Effect.succeed(Result.fail(detail))),
  Effect.provide(LocalEmbedder.layer)
)

/** A server of our own has the folder already; a second one would have to end it. */
const checkVectorsUnlessRunning = Effect.gen(function* () {
  const running = yield* Running.find
  const folder = yield* dataDir.config
  if (Option.isSome(running) && existsSync(folder)) return Result.succeed("in use by the running process")
  return yield* checkVectors
})

/** Discord's client is loaded only where there is a token to check. */
const checkDiscord = Effect.gen(function* () {
  const { checkup } = yield* Effect.promise(() => import("../chat/discord/Checkup.ts"))
  const { detail, ok } = yield* checkup
  return ok ? Result.succeed(detail) : Result.fail(detail)
})

/** The client of the store for files is loaded only where there is one. */
const checkFiles = Effect.gen(function* () {
  const address = yield* FileSettings.address
  if (address === undefined) return Result.succeed("MINIO_URL is not set: files of messages are left where they are")
  const { make } = yield* Effect.promise(() => import("../files/S3.ts"))
  const store = yield* make(address)
  return Result.succeed(yield* store.check)
}).pipe(Effect.scoped)

const checks = [
  ["node", checkNode],
  ["settings", checkSettings],
  ["data folder", checkFolder],
  ["process", checkProcess],
  ["discord", checkDiscord],
  ["files", checkFiles],
  ["vectors", checkVectorsUnlessRunning],
  ["embedder", checkEmbedder]
] as const

/** What is wrong with a setting is said once, by the check of the settings. */
const reasonOf = (error: { readonly _tag: string; readonly message: string }): string =>
  error._tag === "ConfigError" ? "waits for the settings above to be right" : error.message

const line = ({ check, detail, ok }: Finding): string => `${ok ? "✓" : "✗"} ${check.padEnd(12)} ${detail}`

export const doctor = Command.make(
  "doctor",
  { json },
  Effect.fn(function* ({ json }) {
    const findings: Array<Finding> = []
    for (const [check, run] of checks) {
      const found = finding(check, yield* Effect.catch(run, (error) => Effect.succeed(Result.fail(reasonOf(error)))))
      findings.push(found)
      if (!json) yield* Console.log(line(found))
    }
    if (json) yield* printJson(findings)
    const wrong = findings.filter(({ ok }) => !ok).length
    if (wrong > 0) {
      return yield* new CommandError({ detail: `${wrong} of ${findings.length} checks failed.`, shown: json })
    }
  })
).pipe(
  Command.withDescription("Check settings, disk, Node, Discord, the store for files, Chroma and the embedder"),
  Command.withExamples([{ command: "rtfm doctor", description: "One line for each thing that is needed" }])
)
