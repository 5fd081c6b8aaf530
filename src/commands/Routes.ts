/** `rtfm routes`: check the file of routes, and see what it makes of a record. */
import { Clock, Console, Effect, FileSystem, Option, Result } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { toText } from "../domain/Embed.ts"
import { notBefore, type Route, tellings } from "../domain/Route.ts"
import * as RoutesFile from "../notify/RoutesFile.ts"
import { CommandError } from "./CommandError.ts"
import { count } from "./Output.ts"

const file = Argument.String("file").pipe(
  Argument.withDescription("The file; that of ROUTES_FILE when absent"),
  Argument.optional
)

const read = Effect.fnUntraced(function* (given: Option.Option<string>) {
  const fs = yield* FileSystem.FileSystem
  const path = Option.getOrUndefined(given) ?? (yield* RoutesFile.routesFile.config)
  if (!(yield* fs.exists(path))) return yield* new CommandError({ detail: `There is no file ${path}.` })
  const routes = yield* RoutesFile.read(path).pipe(
    Effect.mapError(({ message }) => new CommandError({ detail: message }))
  )
  return { path, routes }
})

const describe = ({ name, to, topic, when }: Route): string => {
  const filter = when === undefined ? "" : `, when ${Object.keys(when).join(" and ")} fit`
  return `  ${name}: ${topic}${filter} → ${to ?? "DISCORD_WEBHOOK, else the bot's channel, else the page"}`
}

const check = Command.make(
  "check",
  { file },
  Effect.fn(function* ({ file }) {
    const { path, routes } = yield* read(file)
    yield* Console.log([`${path}: ${count(routes.length, "route")}, all right`, ...routes.map(describe)].join("\n"))
  })
).pipe(
  Command.withDescription("Name every mistake of the file by its line"),
  Command.withExamples([
    { command: "rtfm routes check examples/deploys.yaml", description: "Check one of the examples" }
  ])
)

const parse = (text: string): Result.Result<unknown, string> => {
  try {
    return Result.succeed(JSON.parse(text))
  } catch {
    return Result.fail("Expected --sample to be JSON, or a file with JSON.")
  }
}

/** JSON itself, or a file that holds it. */
const recordIn = Effect.fnUntraced(function* (sample: string) {
  const fs = yield* FileSystem.FileSystem
  const text = /^\s*[[{]/.test(sample) ? sample : yield* fs.readFileString(sample)
  return yield* Effect.mapError(Effect.fromResult(parse(text)), (detail) => new CommandError({ detail }))
})

const print = Effect.fnUntraced(function* (route: Route, record: unknown, now: number) {
  const told = tellings(route, record, now)
  if (told.length === 0) return yield* Console.log(`${route.name}: nothing`)
  const due = notBefore(route, now)
  const later = due > now ? `, told at ${new Date(due).toISOString()}` : ""
  for (const { embed, group } of told) {
    const together = group === undefined ? "" : `, grouped as "${group}"`
    yield* Console.log(`${route.name}${together}${later}:\n${toText(embed)}\n`)
  }
})

const attempt = Command.make(
  "try",
  {
    file,
    sample: Flag.String("sample").pipe(Flag.withDescription("A record as JSON, or a file that holds it")),
    topic: Flag.String("topic").pipe(Flag.withDescription("Only the routes of this topic"), Flag.optional)
  },
  Effect.fn(function* ({ file, sample, topic }) {
    const { routes } = yield* read(file)
    const record = yield* recordIn(sample)
    const now = yield* Clock.currentTimeMillis
    const chosen = Option.match(topic, {
      onNone: () => routes,
      onSome: (name) => routes.filter((route) => route.topic === name)
    })
    yield* Effect.forEach(chosen, (route) => print(route, record, now), { discard: true })
  })
).pipe(
  Command.withDescription("Show what the routes make of a record, without telling it"),
  Command.withExamples([
    {
      command: `rtfm routes try examples/deploys.yaml --sample '{"service":"web","status":"success","environment":"production"}'`,
      description: "A record of one's own"
    }
  ])
)

export const routes = Command.make("routes").pipe(
  Command.withDescription("Rules that tell the records of any topic"),
  Command.withSubcommands([check, attempt])
)
