/** This bot's README and docs → document-chunks. At every start, so that a newcomer can ask the bot about itself. */
import { Config, Effect, FileSystem, Path } from "effect"
import * as DocSource from "../docs/DocSource.ts"
import type { Converter } from "../docs/formats/Converter.ts"
import { home } from "../runtime/Home.ts"
import * as Setting from "../runtime/Setting.ts"
import { Ingester } from "./Ingester.ts"
import * as Supervise from "./Supervise.ts"

export const ingestOwnDocs = Setting.withDefault("INGEST_OWN_DOCS", {
  description: "Whether the bot knows its own README and docs",
  expected: "true or false",
  config: Config.Boolean,
  fallback: "true",
  value: true
})

export const name = "own-docs"

const source = "rtfm-bot"

/** The document that is always among them. */
export const readme = DocSource.documentId(source, "README.md")

/** The README and what is below docs, as one source. */
const read = Effect.gen(function* () {
  const path = yield* Path.Path
  const fs = yield* FileSystem.FileSystem
  const readme = yield* DocSource.read(path.join(home, "README.md"))
  const folder = path.join(home, "docs")
  const docs = (yield* fs.exists(folder)) ? (yield* DocSource.read(folder)).files : []
  return [...readme.files, ...docs.map((file) => ({ ...file, path: `docs/${file.path}` }))]
})

export const actor = Effect.gen(function* () {
  const ingester = yield* Ingester
  const wanted = yield* ingestOwnDocs.config
  const files = yield* Effect.context<FileSystem.FileSystem | Path.Path | Converter>()
  const vitals = Supervise.vitals()

  const ingest = Effect.gen(function* () {
    const own = wanted ? yield* Effect.provide(read, files) : []
    const { added, changed } = yield* ingester.ingest({ source, files: own, removeMissing: true })
    vitals.handled += added + changed
  })

  return {
    name,
    route: "README, docs → document-chunks",
    group: null,
    vitals,
    run: ingest,
    drain: Effect.void
  } satisfies Supervise.Actor
})
