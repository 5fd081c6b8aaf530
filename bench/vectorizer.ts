/** The Vectorizer against a bare client that upserts the same vectors in batches into the same Chroma server. */
import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { ChromaClient } from "chromadb"
import { Duration, Effect, Layer, Logger } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Vectorizer from "../src/actors/Vectorizer.ts"
import { metadataOf } from "../src/knowledge/Collections.ts"
import * as Indexes from "../src/knowledge/Indexes.ts"
import { Passages, type Unembedded } from "../src/knowledge/Passages.ts"
import * as PassagesSql from "../src/knowledge/PassagesSql.ts"
import { textToEmbed } from "../src/domain/Retrieval.ts"
import * as Migrations from "../src/state/Migrations.ts"
import * as Sqlite from "../src/state/Sqlite.ts"
import * as Chroma from "../src/vectors/Chroma.ts"
import { ChromaServer, layerEmbedded } from "../src/vectors/ChromaServer.ts"
import type { Figure } from "./broker.ts"
import * as Corpus from "./corpus.ts"
import { medianOf, rate } from "./numbers.ts"

const batch = 256
const goal = 0.9

const bare = Effect.fnUntraced(function* (
  name: string,
  all: ReadonlyArray<Unembedded>,
  vectors: ReadonlyArray<Float32Array>
) {
  const { hostname, port } = new URL(yield* (yield* ChromaServer).url)
  const client = new ChromaClient({ host: hostname, port: Number(port) })
  const [took] = yield* Effect.timed(
    Effect.promise(async () => {
      const configuration = { hnsw: { space: "cosine" as const, ef_search: 300 } }
      const collection = await client.createCollection({ name, configuration, embeddingFunction: null })
      for (let i = 0; i < all.length; i += batch) {
        const rows = all.slice(i, i + batch)
        await collection.upsert({
          ids: rows.map(({ passage }) => passage.id),
          embeddings: vectors.slice(i, i + batch).map((vector) => Array.from(vector)),
          metadatas: rows.map(metadataOf)
        })
      }
    })
  )
  return Duration.toSeconds(took)
})

/** From its start to the last passage marked as embedded. */
const vectorizer = (id: string, texts: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const actor = yield* Vectorizer.actor
    const [took] = yield* Effect.timed(
      Effect.gen(function* () {
        yield* Effect.forkScoped(actor.run)
        while (actor.vitals.handled < texts.length) yield* Effect.sleep("2 millis")
      })
    )
    return Duration.toSeconds(took)
  }).pipe(Effect.scoped, Effect.provide(Indexes.layer.pipe(Layer.provideMerge(Corpus.embedder(id, texts)))))

const measure = (count: number, rounds: number) =>
  Effect.gen(function* () {
    const passages = yield* Passages
    const sections = Corpus.sections(count)
    for (let i = 0; i < count; i += 500) yield* passages.applyDocuments(sections.slice(i, i + 500))
    const all = yield* passages.unembedded("none", count)
    const texts = all.map(({ kind, passage, title }) => textToEmbed({ kind, title, text: passage.text }))
    const vectors = yield* Corpus.embedderOf("none", texts).embedPassages(texts)
    const times: Array<{ readonly bare: number; readonly vectorizer: number }> = []
    for (let round = 0; round < rounds; round++) {
      const alone = bare(`bare-${round}`, all, vectors)
      const ours = vectorizer(`round-${round}`, texts)
      // Who goes first changes, so that neither profits from it.
      times.push(
        round % 2 === 0
          ? { bare: yield* alone, vectorizer: yield* ours }
          : yield* Effect.map(Effect.all([ours, alone]), ([vectorizer, bare]) => ({ vectorizer, bare }))
      )
    }
    const ratio = medianOf(times, ({ bare, vectorizer }) => bare / vectorizer)
    return [
      {
        name: `vectorizer: throughput against bare upserts by ${batch}`,
        value: ratio.toFixed(2),
        goal: `≥ ${goal}`,
        ok: ratio >= goal
      },
      {
        name: "vectorizer: vectors of 384 dimensions",
        value: `${rate(
          all.length,
          medianOf(times, (t) => t.vectorizer)
        )} vectors/s`
      },
      {
        name: "vectorizer: the same by a bare client",
        value: `${rate(
          all.length,
          medianOf(times, (t) => t.bare)
        )} vectors/s`
      }
    ] satisfies ReadonlyArray<Figure>
  })

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
    return await Effect.runPromise(measure(5_120, quick ? 3 : 5).pipe(Effect.provide(world)))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (import.meta.main) console.table(await run(process.argv.includes("--quick")))
