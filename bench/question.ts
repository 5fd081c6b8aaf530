/** The way of a question through the process, outside the model: over HTTP, the log, retrieval and quoting, and back. */
import { NodeServices } from "@effect/platform-node"
import { ConfigProvider, Effect, Layer, Logger } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
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
type Kind = "sections" | "messages"

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

/** Goals of the time outside the model. */
const goals = { p50: 30, p99: 120 }

const everything = Effect.fnUntraced(function* (size: number, kind: Kind) {
  const passages = yield* Passages
  const sections = kind === "sections" ? Corpus.sections(size) : []
  for (let i = 0; i < sections.length; i += 500) yield* passages.applyDocuments(sections.slice(i, i + 500))
  const messages = kind === "messages" ? Corpus.messages(size, LocalChat.defaultChannelId) : []
  for (let i = 0; i < messages.length; i += 500) yield* passages.applyChat(messages.slice(i, i + 500))
  while ((yield* passages.countUnembedded(embedderId)) > 0) yield* Effect.sleep("100 millis")
  return [...sections.map(({ chunk }) => chunk.text), ...messages.map(({ message }) => message.text)]
})

const measure = (size: number, kind: Kind, asked: number) =>
  Effect.gen(function* () {
    const url = yield* Server.url
    const texts = yield* everything(size, kind)
    const [warm, measured] = [Corpus.questions(30, texts), Corpus.questions(asked + 30, texts).slice(30)]
    for (const text of warm) yield* Effect.promise(() => ask(url, text))
    const times = yield* Effect.forEach(measured, (text) => Effect.promise(() => ask(url, text)))
    const shown = (of: (time: (typeof times)[number]) => number) => {
      const all = times.map(of)
      return `p50 ${quantile(all, 0.5).toFixed(1)} ms, p99 ${quantile(all, 0.99).toFixed(1)} ms`
    }
    const whole = times.map(({ whole }) => whole)
    return [
      {
        name: `question: outside the model, ${size.toLocaleString("en")} ${kind}`,
        value: shown(({ whole }) => whole),
        goal: `p50 ${goals.p50} ms, p99 ${goals.p99} ms`,
        ok: quantile(whole, 0.5) <= goals.p50 && quantile(whole, 0.99) <= goals.p99
      },
      { name: "question: of which retrieval", value: shown(({ retrieveMs }) => retrieveMs) },
      { name: "question: of which choosing quotes", value: shown(({ writeMs }) => writeMs) }
    ] satisfies ReadonlyArray<Figure>
  })

const ofCorpus = async (size: number, kind: Kind, asked: number): Promise<ReadonlyArray<Figure>> => {
  const folder = mkdtempSync(join(tmpdir(), "rtfm-bench-"))
  const env = { DATA_DIR: folder, PORT: "0", INGEST_OWN_DOCS: "false" }
  const settings = ConfigProvider.layer(ConfigProvider.fromEnv({ env }))
  try {
    return await Effect.runPromise(
      measure(size, kind, asked).pipe(
        Effect.provide(world([]).pipe(Layer.provideMerge(Layer.merge(settings, Logger.layer([])))))
      )
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export const run = (quick: boolean): Promise<ReadonlyArray<Figure>> =>
  ofCorpus(quick ? 3_000 : 10_000, "sections", quick ? 100 : 200)

/** `node bench/question.ts --messages 100000`: over so many messages. */
const main = () => {
  const { values } = parseArgs({
    options: { quick: { type: "boolean", default: false }, messages: { type: "string" } }
  })
  return values.messages === undefined ? run(values.quick) : ofCorpus(Number(values.messages), "messages", 300)
}

if (import.meta.main) console.table(await main())
