/** `rtfm ingest`: a folder, a file or a website of documentation becomes something the bot knows. */
import { Console, Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import * as DocSource from "../docs/DocSource.ts"
import * as Converter from "../docs/formats/Converter.ts"
import * as Website from "../docs/site/Website.ts"
import { CommandError } from "./CommandError.ts"
import { json, printJson, progress } from "./Output.ts"
import { follow, reportText } from "./Sources.ts"
import * as System from "./System.ts"

/** Text sent at once, in bytes; well under what the API accepts. */
const batchBytes = 4 * 1024 * 1024

interface Report {
  readonly source: string
  readonly added: number
  readonly changed: number
  readonly removed: number
  readonly unchanged: number
  readonly chunks: number
  readonly problems: ReadonlyArray<DocSource.DocProblem>
}

const batches = (files: ReadonlyArray<DocSource.DocFile>): ReadonlyArray<ReadonlyArray<DocSource.DocFile>> => {
  const all: Array<Array<DocSource.DocFile>> = [[]]
  let bytes = 0
  for (const file of files) {
    bytes += Buffer.byteLength(file.text)
    if (bytes > batchBytes && all.at(-1)!.length > 0) {
      all.push([])
      bytes = Buffer.byteLength(file.text)
    }
    all.at(-1)!.push(file)
  }
  return all
}

const sum = (a: Report, b: Report): Report => ({
  source: a.source,
  added: a.added + b.added,
  changed: a.changed + b.changed,
  removed: a.removed + b.removed,
  unchanged: a.unchanged + b.unchanged,
  chunks: a.chunks + b.chunks,
  problems: [...a.problems, ...b.problems]
})

/** A website is read by the process itself, which reads it again when its time has come. */
const ingestSite = Effect.fnUntraced(function* (address: string, name: Option.Option<string>, quiet: boolean) {
  const { api } = yield* System.Api
  const { source } = yield* api.knowledge.addSource({
    payload: { address, ...(Option.isSome(name) && { name: name.value }) }
  })
  return yield* follow(source, quiet)
})

/** Read here and sent in parts. */
const ingestFolder = Effect.fnUntraced(function* (
  place: string,
  name: Option.Option<string>,
  baseUrl: Option.Option<string>,
  quiet: boolean
) {
  const { complete, files, origin, problems, source } = yield* DocSource.read(
    place,
    Option.match(name, { onNone: () => ({}), onSome: (name) => ({ name }) })
  ).pipe(Effect.flatMap(Option.isNone(baseUrl) ? DocSource.linked : Effect.succeed))
  const [problem] = problems
  if (!complete && files.length === 0 && problem !== undefined) {
    return yield* new CommandError({ detail: `${place} ${problem.reason}` })
  }
  const { api } = yield* System.Api
  const show = progress(`ingesting ${source}`)
  const all = batches(files)
  const present = [...files.map(({ path }) => path), ...problems.map(({ path }) => path)]
  let report: Report = { source, added: 0, changed: 0, removed: 0, unchanged: 0, chunks: 0, problems }
  let done = 0
  for (const documents of all) {
    const last = documents === all.at(-1)
    const part = yield* api.knowledge.ingest({
      payload: {
        source,
        origin,
        kind: complete ? "folder" : "files",
        documents,
        // What is gone can be told only once everything that is there is known.
        removeMissing: complete && last,
        ...(last && { present, problems }),
        ...(Option.isSome(baseUrl) && { baseUrl: baseUrl.value })
      }
    })
    report = sum(report, part)
    done += documents.length
    if (!quiet) yield* show(done, files.length)
  }
  return report
}, Effect.provide(Converter.layer))

/** What else looks like an address would be taken for a folder, or for none. */
const checked = (place: string, baseUrl: Option.Option<string>) => {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(place) && !Website.isPlace(place)) {
    const expected = "a folder, a file, or an address that begins with https://"
    return Effect.fail(new CommandError({ detail: `${place} is none of what can be read: ${expected}` }))
  }
  if (Option.isSome(baseUrl) && !/^https?:$/.test(URL.parse(baseUrl.value)?.protocol ?? "")) {
    const expected = "--base-url takes one such as https://docs.example.com"
    return Effect.fail(new CommandError({ detail: `${baseUrl.value} is no address of the web: ${expected}` }))
  }
  return Effect.void
}

export const ingest = Command.make(
  "ingest",
  {
    place: Argument.String("place").pipe(
      Argument.withDescription("Folder or file of Markdown, text, HTML, PDF or OpenAPI, or the address of a website")
    ),
    name: Flag.String("name").pipe(
      Flag.withDescription("Name of the source; the folder's own name, or the site's address, when absent"),
      Flag.optional
    ),
    baseUrl: Flag.String("base-url").pipe(
      Flag.withDescription("Where readers find these documents; links go there instead of to the bot's page"),
      Flag.optional
    ),
    json
  },
  Effect.fn(function* ({ baseUrl, json, name, place }) {
    yield* checked(place, baseUrl)
    const report = yield* Website.isPlace(place)
      ? ingestSite(place, name, json)
      : ingestFolder(place, name, baseUrl, json)
    yield* json ? printJson(report) : Console.log(reportText(report))
  }, Effect.provide(System.layer))
).pipe(
  Command.withDescription("Teach the bot a folder, a file or a website; again for what changed"),
  Command.withExamples([
    { command: "rtfm ingest docs/", description: "A folder, with everything below it" },
    {
      command: "rtfm ingest docs/ --name handbook --base-url https://docs.example.com",
      description: "Links go to the published pages"
    },
    {
      command: "rtfm ingest https://docs.example.com/guide/",
      description: "The pages of a website below an address, as its sitemap lists them"
    }
  ])
)
