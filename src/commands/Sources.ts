/** `rtfm sources`: where documents came from; read one again, or take it out. */
import { Clock, Console, Effect, Option } from "effect"
import { Argument, Command } from "effect/cli"
import type { IngestReport, SourceState } from "../web/Api.ts"
import { CommandError } from "./CommandError.ts"
import { ago, count, json, printJson, printRows, progress } from "./Output.ts"
import * as System from "./System.ts"

type State = typeof SourceState.Type
type Report = typeof IngestReport.Type

/** What a reading changed, with a line for each document that was left out. */
export const reportText = ({ added, changed, chunks, problems, removed, source, unchanged }: Report): string => {
  const work = [
    ...(added > 0 ? [`${added} added`] : []),
    ...(changed > 0 ? [`${changed} changed`] : []),
    ...(removed > 0 ? [`${removed} removed`] : []),
    ...(unchanged > 0 ? [`${unchanged} unchanged`] : [])
  ]
  const head = `${source}: ${work.length === 0 ? "no documents" : work.join(", ")}; ${count(chunks, "section")} to index.`
  return [head, ...problems.map(({ path, reason }) => `  left out: ${path} ${reason}`)].join("\n")
}

const stateOf = Effect.fnUntraced(function* (source: string) {
  const { api } = yield* System.Api
  const all = yield* api.knowledge.sources()
  return all.find((each) => each.source === source)
})

/** Shows how the reading goes until it has ended. */
export const follow = Effect.fnUntraced(function* (source: string, quiet: boolean) {
  const show = progress(`reading ${source}`)
  while (true) {
    const reading = (yield* stateOf(source))?.reading
    if (reading === undefined || reading === null) {
      return yield* new CommandError({ detail: `${source} is not read any more: the bot was started again meanwhile` })
    }
    if (reading.state === "failed")
      return yield* new CommandError({ detail: `${source} was not read: ${reading.error}` })
    if (reading.total > 0 && !quiet) yield* show(reading.done, reading.total)
    if (reading.state === "done" && reading.report !== null) return reading.report
    yield* Effect.sleep("200 millis")
  }
})

const readText = (now: number, { reading, refreshedAt }: State): string => {
  if (reading?.state === "reading") return `now: ${reading.done} of ${reading.total}`
  if (reading?.state === "waiting") return "soon"
  if (reading?.state === "failed") return `failed: ${reading.error}`
  return refreshedAt === null ? "never" : ago(refreshedAt, now)
}

const list = Command.make(
  "list",
  { json },
  Effect.fn(function* ({ json }) {
    const { api } = yield* System.Api
    const now = yield* Clock.currentTimeMillis
    yield* printRows(yield* api.knowledge.sources(), {
      json,
      none: "Nothing was ingested: rtfm ingest FOLDER, or rtfm ingest ADDRESS.",
      columns: [
        { title: "SOURCE", value: ({ source }) => source },
        { title: "DOCUMENTS", value: ({ documents }) => documents },
        { title: "LEFT OUT", value: ({ problems }) => problems.length },
        { title: "FROM", value: ({ origin }) => origin ?? "a program" },
        { title: "READ", value: (state) => readText(now, state) }
      ]
    })
  }, Effect.provide(System.layer))
).pipe(
  Command.withDescription("Every source with its documents, and when it was read"),
  Command.withExamples([{ command: "rtfm sources list", description: "What the bot has read" }])
)

const unknown = (source: string) =>
  new CommandError({ detail: `There is no source ${source}: rtfm sources list shows those there are` })

const refresh = Command.make(
  "refresh",
  {
    source: Argument.String("source").pipe(
      Argument.withDescription("Name of the source; all of them when absent"),
      Argument.optional
    ),
    json
  },
  Effect.fn(function* ({ json, source }) {
    const { api } = yield* System.Api
    const known = yield* api.knowledge.sources()
    const wanted = Option.isSome(source)
      ? known.filter((each) => each.source === source.value)
      : known.filter(({ kind }) => kind !== null)
    if (wanted.length === 0) {
      return yield* Option.isSome(source)
        ? unknown(source.value)
        : new CommandError({ detail: "There is no folder and no website to read again" })
    }
    yield* Effect.forEach(wanted, ({ source }) => api.knowledge.refreshSource({ params: { source } }))
    const results = yield* Effect.forEach(wanted, ({ source }) => Effect.result(follow(source, json)))
    const reports = results.flatMap((result) => (result._tag === "Success" ? [result.success] : []))
    const failures = results.flatMap((result) => (result._tag === "Failure" ? [result.failure] : []))
    yield* json ? printJson(reports) : Effect.forEach(reports, (report) => Console.log(reportText(report)))
    if (failures.length > 0) {
      return yield* new CommandError({ detail: failures.map(({ message }) => message).join("\n") })
    }
  }, Effect.provide(System.layer))
).pipe(
  Command.withDescription("Read a source again; what did not change does no work"),
  Command.withExamples([
    { command: "rtfm sources refresh", description: "All folders and websites" },
    { command: "rtfm sources refresh docs.example.com/guide", description: "One of them" }
  ])
)

const remove = Command.make(
  "remove",
  { source: Argument.String("source").pipe(Argument.withDescription("Name of the source")), json },
  Effect.fn(function* ({ json, source }) {
    const { api } = yield* System.Api
    const report = yield* api.knowledge
      .removeSource({ params: { source } })
      .pipe(Effect.catchTag("NotFound", () => Effect.fail(unknown(source))))
    yield* json ? printJson(report) : Console.log(reportText(report))
  }, Effect.provide(System.layer))
).pipe(
  Command.withDescription("Take all documents of a source out, whether its folder is still there or not"),
  Command.withExamples([{ command: "rtfm sources remove handbook", description: "The bot knows it no more" }])
)

export const sources = Command.make("sources").pipe(
  Command.withDescription("See, refresh and remove what was ingested"),
  Command.withSubcommands([list, refresh, remove])
)
