/** The file of routes: where it is, what is in it, and whether it has changed. */
import { Config, Effect, FileSystem, Option, Schema } from "effect"
import * as Setting from "../runtime/Setting.ts"

export const routesFile = Setting.withDefault("ROUTES_FILE", {
  description: "File with routes: which records of which topics are told where, and how",
  expected: "a path; without the file there are no routes",
  config: Config.NonEmptyString,
  fallback: "routes.yaml",
  value: "routes.yaml"
})

export class RoutesError extends Schema.TaggedError<RoutesError>()("RoutesError", {
  file: Schema.String,
  mistakes: Schema.Array(Schema.Struct({ line: Schema.Int, message: Schema.String }))
}) {
  override get message() {
    const lines = this.mistakes.map(({ line, message }) => `  ${this.file}:${line}: ${message}`)
    return `${lines.length === 1 ? "A route is" : `${lines.length} things about the routes are`} wrong:\n${lines.join("\n")}`
  }
}

/** What is there; without a file no routes. */
export const read = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  const unreadable = () => new RoutesError({ file, mistakes: [{ line: 1, message: "The file could not be read" }] })
  const text = yield* fs.readFileString(file).pipe(
    Effect.asSome,
    Effect.catchIf(
      ({ reason }) => reason._tag === "NotFound",
      () => Effect.succeed(Option.none<string>())
    ),
    Effect.mapError(unreadable)
  )
  if (Option.isNone(text)) return []
  // What reads YAML is loaded where there is some.
  const { parse } = yield* Effect.promise(() => import("./RoutesText.ts"))
  return yield* Effect.fromResult(parse(file, text.value))
})

/** Changes when the file does. */
export const stamp = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  const info = yield* Effect.option(fs.stat(file))
  return Option.match(info, {
    onNone: () => "none",
    onSome: ({ mtime, size }) => `${Option.getOrUndefined(mtime)?.getTime()} ${size}`
  })
})
