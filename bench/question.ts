/** The way of a question through the process, outside the model: over HTTP, the log, retrieval and quoting, and back. */
import { NodeServices } from "@effect/platform-node"
import { ConfigProvider, Duration, Effect, Layer, Logger } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import * as SqliteBroker from "../src/broker/Sqlite.ts"
import { Broker } from "../src/broker/Broker.ts"
import * as Feedback from "../src/knowledge/Feedback.ts"
import * as LocalChat from "../src/chat/LocalChat.ts"
import * as Documents from "../src/docs/Documents.ts"
import type { Audience } from "../src/domain/Audience.ts"
import { termsOf } from "../src/domain/Terms.ts"
import * as Topics from "../src/domain/Topics.ts"
import { collectionOf } from "../src/knowledge/Collections.ts"
import { Passages } from "../src/knowledge/Passages.ts"
import * as PassagesSql from "../src/knowledge/PassagesSql.ts"
import * as Retriever from "../src/knowledge/Retriever.ts"
import * as RetrieverLive from "../src/knowledge/RetrieverLive.ts"
import { Actors } from "../src/main.ts"
import { Embedder } from "../src/model/Embedder.ts"
import * as QuotingWriter from "../src/model/QuotingWriter.ts"
import { Writer } from "../src/model/Writer.ts"
import { Happenings } from "../src/runtime/Happenings.ts"
import * as Inventory from "../src/runtime/Inventory.ts"
import { Parts } from "../src/runtime/Parts.ts"
import * as Sqlite from "../src/state/Sqlite.ts"
import * as Chroma from "../src/vectors/Chroma.ts"
import { VectorStore } from "../src/vectors/VectorStore.ts"
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
  const Capabilities = Layer.mergeAll(RetrieverLive.layer, Inventory.layer).pipe(
    Layer.provideMerge(Stores),
    Layer.provideMerge(Sqlite.layer),
    Layer.provideMerge(Log),
    Layer.provideMerge(Layer.mergeAll(Happenings.layer, Parts.layer, NodeServices.layer))
  )
  return Server.layer.pipe(Layer.provideMerge(Actors), Layer.provideMerge(Capabilities))
}

const ask = async (url: string, text: string) => {
  const response = await fetch(`${url}/api/questions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text })
  })
  if (!response.ok) throw new Error(`A question was answered with ${response.status}`)
  await response.json()
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

/** Of each question, milliseconds by the clock and of this process's processor. */
interface Cost {
  readonly time: number
  readonly processor: number
}

const costOf = Effect.fnUntraced(function* <A, E, R>(work: Effect.Effect<A, E, R>) {
  const before = process.cpuUsage()
  const [took, result] = yield* Effect.timed(work)
  const { system, user } = process.cpuUsage(before)
  return [{ time: Duration.toMillis(took), processor: (system + user) / 1_000 } satisfies Cost, result] as const
})

/** The parts of the way, one after the other, each with the texts of its own questions. */
const partsOf = Effect.fnUntraced(function* (texts: ReadonlyArray<string>) {
  const passages = yield* Passages
  const vectors = yield* VectorStore
  const embedder = yield* Embedder
  const retriever = yield* Retriever.Retriever
  const writer = yield* Writer
  const audience: Audience = { serverId: "local", channelIds: new Set([LocalChat.defaultChannelId]) }
  const costs = { words: [], neighbours: [], chunks: [], retrieval: [], quotes: [] } as Record<Part, Array<Cost>>
  for (const text of texts) {
    const terms = termsOf(text)
    const place = { limit: 60, serverId: audience.serverId, channelIds: audience.channelIds }
    const { frequency, rows: all } = yield* passages.documentFrequency(terms.words)
    // As the retriever does in a large index.
    const rare = terms.words.filter((word) => frequency.get(word)! <= all / 4)
    const searched = rare.length === 0 ? terms.words : rare
    const [words, rows] = yield* costOf(passages.searchText({ terms: searched, ...place }))
    const [vector] = yield* embedder.embedQueries([text])
    const [neighbours] = yield* costOf(vectors.query(collectionOf(audience.serverId, embedderId), vector!, 200))
    const [chunks] = yield* costOf(passages.chunks([...new Set(rows.map(({ chunkId }) => chunkId))]))
    const [retrieval, found] = yield* costOf(retriever.retrieve(`${text} `, audience))
    const [quotes] = yield* costOf(writer.write(text, found))
    for (const [part, cost] of Object.entries({ words, neighbours, chunks, retrieval, quotes }))
      costs[part as Part].push(cost)
  }
  return costs
})
const parts = {
  retrieval: "retrieval, whole",
  words: "of which the text index",
  neighbours: "of which Chroma, 200 nearest, meanwhile",
  chunks: "of which reading 60 chunks",
  quotes: "choosing quotes"
} as const
type Part = keyof typeof parts

const shown = (costs: ReadonlyArray<Cost>) => {
  const of = (by: (cost: Cost) => number, q: number) => quantile(costs.map(by), q).toFixed(1)
  const [p50, p99] = [0.5, 0.99].map((q) => of(({ time }) => time, q))
  return `p50 ${p50}, p99 ${p99} ms; ${of(({ processor }) => processor, 0.5)} ms of processor`
}

const measure = (size: number, kind: Kind, asked: number) =>
  Effect.gen(function* () {
    const url = yield* Server.url
    const texts = yield* everything(size, kind)
    const [warm, measured] = [Corpus.questions(30, texts), Corpus.questions(asked + 30, texts).slice(30)]
    for (const text of warm) yield* Effect.promise(() => ask(url, text))
    const whole = yield* Effect.forEach(measured, (text) =>
      Effect.map(costOf(Effect.promise(() => ask(url, text))), ([cost]) => cost)
    )
    const costs = yield* partsOf(measured.slice(0, 100))
    const times = whole.map(({ time }) => time)
    return [
      {
        name: `question: outside the model, ${size.toLocaleString("en")} ${kind}`,
        value: shown(whole),
        goal: `p50 ${goals.p50} ms, p99 ${goals.p99} ms`,
        ok: quantile(times, 0.5) <= goals.p50 && quantile(times, 0.99) <= goals.p99
      },
      ...Object.entries(parts).map(([part, name]) => ({ name: `question: ${name}`, value: shown(costs[part as Part]) }))
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
