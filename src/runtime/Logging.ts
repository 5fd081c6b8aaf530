/** Log lines: one format for people, two for programs, a level for all and one per actor where wanted. */
import { Cause, Config, Effect, Layer, Logger, LogLevel, References, Result, Schema } from "effect"
import { Complaints } from "./Complaints.ts"
import * as Setting from "./Setting.ts"

const levels = { trace: "Trace", debug: "Debug", info: "Info", warn: "Warn", error: "Error", none: "None" } as const
type Name = keyof typeof levels

export interface Levels {
  readonly level: LogLevel.LogLevel
  readonly perActor: ReadonlyMap<string, LogLevel.LogLevel>
}

const isName = (text: string): text is Name => Object.hasOwn(levels, text)

/** `info,speaker=debug,indexer=warn`: the level of all, then of some. */
export const parseLevels = (text: string): Result.Result<Levels, string> => {
  let level: LogLevel.LogLevel = "Info"
  const perActor = new Map<string, LogLevel.LogLevel>()
  for (const part of text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")) {
    const [left, right] = part.split("=").map((side) => side.trim().toLowerCase())
    const name = right ?? left!
    if (!isName(name)) return Result.fail(`"${part}" names no level`)
    if (right === undefined) level = levels[name]
    else perActor.set(left!, levels[name])
  }
  return Result.succeed({ level, perActor })
}

export const logLevel = Setting.withDefault("LOG_LEVEL", {
  description: 'What is logged, also per actor: "info,speaker=debug"',
  expected: "trace, debug, info, warn, error or none, and actor=level after a comma",
  config: (name) =>
    Config.schema(Schema.String.check(Schema.makeFilter((text) => Result.isSuccess(parseLevels(text)))), name).pipe(
      Config.map((text) => Result.getOrThrow(parseLevels(text)))
    ),
  fallback: "info",
  value: { level: "Info", perActor: new Map() } as Levels
})

export const logFormat = Setting.withDefault("LOG_FORMAT", {
  description: "How log lines look: pretty for people, logfmt or json for programs",
  expected: "pretty, logfmt or json",
  config: (name) => Config.Literals(["pretty", "logfmt", "json"], name),
  fallback: "pretty",
  value: "pretty" as const
})

const loggers = { pretty: Logger.consolePretty(), logfmt: Logger.consoleLogFmt, json: Logger.consoleJson }

const actorOf = (options: Logger.Options<unknown>): string | undefined => {
  const actor = options.fiber.getRef(References.CurrentLogAnnotations)["actor"]
  return typeof actor === "string" ? actor : undefined
}

/** Drops lines below the level of their actor; a line without an actor follows the level of all. */
const byActor = ({ level, perActor }: Levels, logger: Logger.Logger<unknown, void>) =>
  Logger.make<unknown, void>((options) => {
    const wanted = perActor.get(actorOf(options) ?? "") ?? level
    if (LogLevel.isGreaterThanOrEqualTo(options.logLevel, wanted)) logger.log(options)
  })

/** Keeps warnings and errors for whoever asks later what went wrong. */
const keeping = Logger.make<unknown, void>((options) => {
  if (LogLevel.isLessThan(options.logLevel, "Warn")) return
  const parts = Array.isArray(options.message) ? options.message : [options.message]
  options.fiber.getRef(Complaints).add({
    at: options.date.getTime(),
    level: LogLevel.isLessThan(options.logLevel, "Error") ? "warning" : "error",
    actor: actorOf(options) ?? null,
    text: [...parts.map(String), ...Cause.prettyErrors(options.cause).map(({ message }) => message)].join(": ")
  })
})

/** The loggers and the lowest level anybody wants. */
export const layer = Layer.unwrap(
  Effect.gen(function* () {
    const chosen = yield* logLevel.config
    const format = yield* logFormat.config
    const lowest = [chosen.level, ...chosen.perActor.values()].reduce((a, b) => (LogLevel.isLessThan(a, b) ? a : b))
    return Layer.mergeAll(
      Logger.layer([byActor(chosen, loggers[format]), keeping]),
      Layer.succeed(References.MinimumLogLevel, lowest)
    )
  })
)
