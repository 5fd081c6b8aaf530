/** The way of a question through the process, outside the model: over HTTP, the log, retrieval and quoting, and back. */
import { NodeServices } from "@effect/platform-node"
import { ConfigProvider, Effect, Layer, Logger } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as SqliteBroker from "../src/broker/Sqlite.ts"
import { Broker } from "../src/broker/Broker.ts"
import * as Feedback from "../src/knowledge/Feedback.ts"
import * as LocalChat from "../src/chat/LocalChat.ts"
import * as Documents from "../src/docs/Documents.ts"
import * as Topics from "../src/domain/Topics.ts"
import { Passages } from "../src/knowledge/Passages.ts"
import * as PassagesSql from "../src/knowledge/PassagesSql.ts"
import * as Retriever from "../src/knowledge/RetrieverLive.ts"
import { Actors } from "../src/main.ts"
import * as QuotingWriter from "../src/model/QuotingWriter.ts"
import { Happenings } from "../src/runtime/Happenings.ts"
import * as Inventory from "../src/runtime/Inventory.ts"
import { Parts } from "../src/runtime/Parts.ts"
import * as Sqlite from "../src/state/Sqlite.ts"
import * as Chroma from "../src/vectors/Chroma.ts"
import * as Server from "../src/web/Server.ts"
import type { Figure } from "./broker.ts"
import * as Corpus from "./corpus.ts"
import { quantile } from "./numbers.ts"

const embedderId = "bench"

/** `main.ts` with an embedder that takes no time. */
const world = (texts: Iterable<string>) => {
  const Log = Layer.effectDiscard(Broker.use((broker) => broker.create(Topics.all))).pipe(
    Layer.provideMerge(SqliteBroker.layer)
  )
  const Stores = Layer.mergeAll(
    LocalChat.layer,
    Feedback.layer,
    PassagesSql.layer,
    Documents.layer,
    Chroma.layer,
    QuotingWriter.layer.pipe(Layer.provideMerge(Corpus.embedder(embedderId, texts)))
  )
  const Capabilities = Layer.mergeAll(Retriever.layer, Inventory.layer).pipe(
    Layer.provideMerge(Stores),
    Layer.provideMerge(Sqlite.layer),
    Layer.provideMerge(Log),
    Layer.provideMerge(Layer.mergeAll(Happenings.layer, Parts.layer, NodeServices.layer))
  )
  return Server.layer.pipe(Layer.provideMerge(Actors), Layer.provideMerge(Capabilities))
}

interface Timing {
  readonly queuedMs: number
  readonly retrieveMs: number
  readonly writeMs: number
}

const ask = async (url: string, text: string) => {
  const started = performance.now()
  const response = await fetch(`${url}/api/questions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text })
  })
  const { timing } = (await response.json()) as { readonly timing: Timing }
  return { whole: performance.now() - started, ...timing }
}

const measure = (sections: ReturnType<typeof Corpus.sections>, asked: number) =>
  Effect.gen(function* () {
    const passages = yield* Passages
    const url = yield* Server.url
    for (let i = 0; i < sections.length; i += 500) yield* passages.applyDocuments(sections.slice(i, i + 500))
    while ((yield* passages.countUnembedded(embedderId)) > 0) yield* Effect.sleep("100 millis")
    const [warm, measured] = [Corpus.questions(30, sections), Corpus.questions(asked + 30, sections).slice(30)]
    for (const text of warm) yield* Effect.promise(() => ask(url, text))
    const times = yield* Effect.forEach(measured, (text) => Effect.promise(() => ask(url, text)))
    const shown = (of: (time: (typeof times)[number]) => number) => {
      const all = times.map(of)
      return `p50 ${quantile(all, 0.5).toFixed(1)} ms, p99 ${quantile(all, 0.99).toFixed(1)} ms`
    }
    return [
      {
        name: `question: outside the model, ${sections.length.toLocaleString("en")} passages`,
        value: shown(({ whole }) => whole)
      },
      { name: "question: of which retrieval", value: shown(({ retrieveMs }) => retrieveMs) },
      { name: "question: of which choosing quotes", value: shown(({ writeMs }) => writeMs) }
    ] satisfies ReadonlyArray<Figure>
  })

export const run = async (quick: boolean): Promise<ReadonlyArray<Figure>> => {
  const folder = mkdtempSync(join(tmpdir(), "rtfm-bench-"))
  const sections = Corpus.sections(quick ? 3_000 : 10_000)
  const env = { DATA_DIR: folder, PORT: "0", INGEST_OWN_DOCS: "false" }
  const settings = ConfigProvider.layer(ConfigProvider.fromEnv({ env }))
  try {
    return await Effect.runPromise(
      measure(sections, quick ? 100 : 200).pipe(
        Effect.provide(world([]).pipe(Layer.provideMerge(Layer.merge(settings, Logger.layer([])))))
      )
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (import.meta.main) console.table(await run(process.argv.includes("--quick")))
