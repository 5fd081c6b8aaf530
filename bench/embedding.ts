/** Gemini's test server at 20 ms a call: passages to vectors in Chroma, against a bare loop that embeds and upserts the same. */
import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { GoogleGenAI } from "@google/genai"
import { ChromaClient } from "chromadb"
import { ConfigProvider, Duration, Effect, Layer, Logger, Redacted } from "effect"
import { fork } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Vectorizer from "../src/actors/Vectorizer.ts"
import { textToEmbed } from "../src/domain/Retrieval.ts"
import { metadataOf } from "../src/knowledge/Collections.ts"
import * as Indexes from "../src/knowledge/Indexes.ts"
import { Passages, type Unembedded } from "../src/knowledge/Passages.ts"
import * as PassagesSql from "../src/knowledge/PassagesSql.ts"
import * as Allowance from "../src/model/Allowance.ts"
import * as Gemini from "../src/model/gemini/Gemini.ts"
import * as QuotingWriter from "../src/model/QuotingWriter.ts"
import * as Migrations from "../src/state/Migrations.ts"
import * as Sqlite from "../src/state/Sqlite.ts"
import * as Chroma from "../src/vectors/Chroma.ts"
import { ChromaServer, layerEmbedded } from "../src/vectors/ChromaServer.ts"
import * as GeminiServer from "../test/fixtures/gemini/GeminiServer.ts"
import type { Figure } from "./broker.ts"
import * as Corpus from "./corpus.ts"
import { medianOf, rate } from "./numbers.ts"

/** Milliseconds that a call takes. */
const latency = 20
/** Texts of one call of Gemini's, at most. */
const batch = 100
const dimensions = 768
const goals = { share: 0.9, callsShare: 1 / 50 }

/** Seconds by the clock, and of this process's processor, which other work on the machine disturbs less. */
interface Cost {
  readonly time: number
  readonly processor: number
}

const costOf = Effect.fnUntraced(function* <A, E, R>(work: Effect.Effect<A, E, R>) {
  const before = process.cpuUsage()
  const [took] = yield* Effect.timed(work)
  const { system, user } = process.cpuUsage(before)
  return { time: Duration.toSeconds(took), processor: (system + user) / 1e6 } satisfies Cost
})

interface Server {
  readonly url: string
  /** Calls that embedded so far. */
  readonly calls: Effect.Effect<number>
}

/** In a process of its own, so that what it does takes no time of those who call it. */
const server = Effect.gen(function* () {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => fork(import.meta.filename, ["--server"])),
    (child) => Effect.sync(() => void child.kill())
  )
  const told = Effect.map(
    Effect.promise(() => once(child, "message")),
    ([message]) => message
  )
  const url: string = yield* told
  const calls = Effect.suspend(() => {
    child.send("calls")
    return told
  })
  return { url, calls } satisfies Server
})

const serve = Effect.gen(function* () {
  const gemini = yield* GeminiServer.listen({ latency: { embed: latency } })
  process.on("message", () => process.send!(gemini.calls.length))
  process.send!(gemini.url)
  return yield* Effect.never
}).pipe(Effect.scoped)

const bare = Effect.fnUntraced(function* (name: string, { url }: Server, all: ReadonlyArray<Unembedded>) {
  const { hostname, port } = new URL(yield* (yield* ChromaServer).url)
  const chroma = new ChromaClient({ host: hostname, port: Number(port) })
  const gemini = new GoogleGenAI({ apiKey: "bench", httpOptions: { baseUrl: url } })
  const loop = async () => {
    const configuration = { hnsw: { space: "cosine" as const, ef_search: 300 } }
    const collection = await chroma.createCollection({ name, configuration, embeddingFunction: null })
    for (let i = 0; i < all.length; i += batch) {
      const rows = all.slice(i, i + batch)
      const { embeddings } = await gemini.models.embedContent({
        model: "bare",
        contents: rows.map(textOf),
        config: { outputDimensionality: dimensions, taskType: "RETRIEVAL_DOCUMENT" }
      })
      await collection.upsert({
        ids: rows.map(({ passage }) => passage.id),
        embeddings: embeddings!.map(({ values }) => values!),
        metadatas: rows.map(metadataOf)
      })
    }
  }
  return yield* costOf(Effect.promise(loop))
})

const textOf = ({ kind, passage, title }: Unembedded): string => textToEmbed({ kind, title, text: passage.text })

/** Another embedder for each round, so that every passage waits for its vector. */
const embedder = (model: string, { url }: Server) => {
  const env = { GEMINI_BASE_URL: url, GEMINI_EMBEDDING_MODEL: model }
  return Gemini.layer(Redacted.make("bench"), QuotingWriter.layer).pipe(
    Layer.provide(Allowance.layerUnlimited),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
  )
}

/** From its start to the last passage marked as embedded. */
const ours = (model: string, server: Server, count: number) =>
  Effect.gen(function* () {
    const actor = yield* Vectorizer.actor
    const callsBefore = yield* server.calls
    const cost = yield* costOf(
      Effect.gen(function* () {
        yield* Effect.forkScoped(actor.run)
        while (actor.vitals.handled < count) yield* Effect.sleep("2 millis")
      })
    )
    return { ...cost, calls: (yield* server.calls) - callsBefore }
  }).pipe(Effect.scoped, Effect.provide(Indexes.layer.pipe(Layer.provideMerge(embedder(model, server)))))

const measure = (count: number, rounds: number) =>
  Effect.gen(function* () {
    const passages = yield* Passages
    const running = yield* server
    const sections = Corpus.sections(count)
    for (let i = 0; i < count; i += 500) yield* passages.applyDocuments(sections.slice(i, i + 500))
    const all = yield* passages.unembedded("none", count)
    const times: Array<{ readonly bare: Cost; readonly ours: Cost & { readonly calls: number } }> = []
    // The first finds code that is cold.
    for (let round = 0; round <= rounds; round++) {
      const alone = bare(`bare-${round}`, running, all)
      const vectorizer = ours(`round-${round}`, running, count)
      // Who goes first changes, so that neither profits from it.
      times.push(
        round % 2 === 0
          ? { bare: yield* alone, ours: yield* vectorizer }
          : yield* Effect.map(Effect.all([vectorizer, alone]), ([ours, bare]) => ({ ours, bare }))
      )
    }
    const warm = times.slice(1)
    const ratio = medianOf(warm, ({ bare, ours }) => bare.time / ours.time)
    const calls = medianOf(warm, ({ ours }) => ours.calls)
    const shown = (of: (time: (typeof warm)[number]) => Cost) => {
      const [time, processor] = [medianOf(warm, (t) => of(t).time), medianOf(warm, (t) => of(t).processor)]
      return `${rate(count, time)} passages/s, ${((processor / count) * 1_000).toFixed(2)} ms of processor each`
    }
    return [
      {
        name: `embedding: against a bare loop by ${batch}, calls of ${latency} ms`,
        value: ratio.toFixed(2),
        goal: `≥ ${goals.share}`,
        ok: ratio >= goals.share
      },
      {
        name: "embedding: calls of Gemini",
        value: `1 for ${(count / calls).toFixed(0)} passages`,
        goal: `1 for ${1 / goals.callsShare} or more`,
        ok: calls / count <= goals.callsShare
      },
      { name: "embedding: passages to vectors", value: shown(({ ours }) => ours) },
      { name: "embedding: the same by a bare loop", value: shown(({ bare }) => bare) }
    ] satisfies ReadonlyArray<Figure>
  }).pipe(Effect.scoped)

export const run = async (quick: boolean): Promise<ReadonlyArray<Figure>> => {
  const folder = mkdtempSync(join(tmpdir(), "rtfm-bench-"))
  const world = PassagesSql.layer.pipe(
    Layer.provideMerge(Migrations.layer),
    Layer.provideMerge(Sqlite.layerClient(join(folder, "rtfm.db"))),
    Layer.provideMerge(Chroma.layerNoDeps),
    Layer.provideMerge(layerEmbedded({ folder: join(folder, "chroma") })),
    Layer.provide([NodeHttpClient.layerNodeHttpOptions({ keepAlive: true }), NodeServices.layer]),
    Layer.provideMerge(Logger.layer([]))
  )
  try {
    return await Effect.runPromise(measure(quick ? 2_000 : 5_000, quick ? 2 : 5).pipe(Effect.provide(world)))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (import.meta.main) {
  if (process.argv.includes("--server")) await Effect.runPromise(serve)
  else console.table(await run(process.argv.includes("--quick")))
}
