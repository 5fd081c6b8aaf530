/** Documents of every kind to Markdown, in a process of its own with bounded time and memory. */
import { Context, Duration, Effect, Layer, Schema, Semaphore } from "effect"
import { type ChildProcess, fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as OpenApi from "./OpenApi.ts"
import type { Converted, Original, Refused } from "./Reader.ts"
import * as Reader from "./Reader.ts"

export class ConverterError extends Schema.TaggedError<ConverterError>()("ConverterError", {
  /** `foreign`: JSON or YAML that is no documentation; `refused`: it cannot be read. */
  reason: Schema.Literals(["foreign", "refused"]),
  /** The end of a sentence that begins with the document's name. */
  detail: Schema.String
}) {
  override get message() {
    return this.detail
  }
}

export class Converter extends Context.Service<
  Converter,
  {
    /** One document after the other. */
    convert(original: Original): Effect.Effect<Converted, ConverterError>
  }
>()("rtfm/docs/formats/Converter") {}

export interface Limits {
  /** For one document. */
  readonly time: Duration.Input
  /** Of the whole process, in bytes; an empty one has about 60 MiB. */
  readonly memory: number
  /** How long the process waits for the next document. */
  readonly idle: Duration.Input
}

const mebibyte = 1024 * 1024
const usual: Limits = { time: "15 seconds", memory: 768 * mebibyte, idle: "20 seconds" }

/** Beside this file: `.ts` from source, `.mjs` when bundled. */
const child = fileURLToPath(
  new URL(`./converterChild${import.meta.url.slice(import.meta.url.lastIndexOf("."))}`, import.meta.url)
)

const resultOf = (result: Converted | Refused) =>
  "text" in result
    ? Effect.succeed(result)
    : Effect.fail(new ConverterError({ reason: result.foreign ? "foreign" : "refused", detail: result.refused }))

const start = ({ memory }: Limits): ChildProcess => {
  const started = fork(child, [String(memory)], {
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    execArgv: ["--max-old-space-size=512"],
    // Our own environment holds secrets that are none of its business.
    env: {}
  })
  started.unref()
  started.channel?.unref()
  return started
}

/** Markdown, text, and data that is no documentation take no time worth a process. */
const isPlain = ({ bytes, kind }: Original): boolean =>
  kind === "markdown" || kind === "text" || (kind === "data" && !OpenApi.maybe(new TextDecoder().decode(bytes)))

export const layerWith = (limits: Limits) =>
  Layer.effect(
    Converter,
    Effect.gen(function* () {
      const oneAtATime = yield* Semaphore.make(1)
      let running: ChildProcess | undefined
      let idle: NodeJS.Timeout | undefined

      const end = () => {
        clearTimeout(idle)
        running?.kill("SIGKILL")
        running = undefined
      }
      yield* Effect.addFinalizer(() => Effect.sync(end))

      const ask = (original: Original) =>
        Effect.callback<Converted | Refused>((resume) => {
          clearTimeout(idle)
          const asked = (running ??= start(limits))
          asked.ref()
          const onMessage = (result: unknown) => done(result as Converted | Refused)
          const onEnd = () => {
            running = undefined
            done({ refused: `needs more than ${limits.memory / mebibyte} MiB of memory to be read` })
          }
          const forget = () => {
            asked.off("message", onMessage).off("exit", onEnd).off("error", onEnd)
            asked.unref()
          }
          const done = (result: Converted | Refused) => {
            forget()
            idle = setTimeout(end, Duration.toMillis(Duration.fromInputUnsafe(limits.idle))).unref()
            resume(Effect.succeed(result))
          }
          asked.once("message", onMessage).once("exit", onEnd).once("error", onEnd)
          asked.send(original, (error) => error !== null && onEnd())
          return Effect.sync(() => {
            forget()
            end()
          })
        })

      const apart = (original: Original) =>
        ask(original).pipe(
          Effect.timeoutOrElse({
            duration: limits.time,
            orElse: () =>
              Effect.succeed<Refused>({
                refused: `takes longer than ${Duration.format(Duration.fromInputUnsafe(limits.time))} to be read`
              })
          }),
          Semaphore.withPermit(oneAtATime)
        )

      return Converter.of({
        convert: (original) =>
          Effect.flatMap(isPlain(original) ? Effect.promise(() => Reader.read(original)) : apart(original), resultOf)
      })
    })
  )

export const layer = layerWith(usual)

/** In this process, without limits, for what is trusted. */
export const layerHere = Layer.succeed(
  Converter,
  Converter.of({
    convert: (original) =>
      Effect.flatMap(
        Effect.promise(() => Reader.read(original)),
        resultOf
      )
  })
)
