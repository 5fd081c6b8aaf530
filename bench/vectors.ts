/** What the benchmarks of vectors share: passages and a Chroma server of their own, the Vectorizer, and a bare loop. */
import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { ChromaClient } from "chromadb"
import { Effect, Layer, Logger } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Vectorizer from "../src/actors/Vectorizer.ts"
import { textToEmbed } from "../src/domain/Retrieval.ts"
import { metadataOf } from "../src/knowledge/Collections.ts"
import { Passages, type Unembedded } from "../src/knowledge/Passages.ts"
import * as PassagesSql from "../src/knowledge/PassagesSql.ts"
import * as Migrations from "../src/state/Migrations.ts"
import * as Sqlite from "../src/state/Sqlite.ts"
import * as Chroma from "../src/vectors/Chroma.ts"
import { ChromaServer, layerEmbedded } from "../src/vectors/ChromaServer.ts"
import * as Corpus from "./corpus.ts"

const worldIn = (folder: string) =>
  PassagesSql.layer.pipe(
    Layer.provideMerge(Migrations.layer),
    Layer.provideMerge(Sqlite.layerClient(join(folder, "rtfm.db"))),
    Layer.provideMerge(Chroma.layerNoDeps),
    Layer.provideMerge(layerEmbedded({ folder: join(folder, "chroma") })),
    Layer.provide([NodeHttpClient.layerNodeHttpOptions({ keepAlive: true }), NodeServices.layer]),
    Layer.provideMerge(Logger.layer([]))
  )

/** In a folder that is gone afterwards. */
export const inWorld = async <A, E>(
  measure: Effect.Effect<A, E, Layer.Success<ReturnType<typeof worldIn>>>
): Promise<A> => {
  const folder = mkdtempSync(join(tmpdir(), "rtfm-bench-"))
  try {
    return await Effect.runPromise(Effect.provide(measure, worldIn(folder)))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** So many passages that wait for vectors. */
export const passagesOf = Effect.fnUntraced(function* (count: number) {
  const passages = yield* Passages
  const sections = Corpus.sections(count)
  for (let i = 0; i < count; i += 500) yield* passages.applyDocuments(sections.slice(i, i + 500))
  return yield* passages.unembedded("none", count)
})

export const textOf = ({ kind, passage, title }: Unembedded): string => textToEmbed({ kind, title, text: passage.text })

/** Upserts all in batches into a new collection, with the vectors of the batch that begins at a place. */
export const bareLoop = Effect.fnUntraced(function* (options: {
  readonly name: string
  readonly all: ReadonlyArray<Unembedded>
  readonly batch: number
  readonly vectorsOf: (batch: ReadonlyArray<Unembedded>, from: number) => Promise<Array<Array<number>>>
}) {
  const { all, batch, name, vectorsOf } = options
  const { hostname, port } = new URL(yield* (yield* ChromaServer).url)
  const client = new ChromaClient({ host: hostname, port: Number(port) })
  return Effect.promise(async () => {
    const configuration = { hnsw: { space: "cosine" as const, ef_search: 300 } }
    const collection = await client.createCollection({ name, configuration, embeddingFunction: null })
    for (let i = 0; i < all.length; i += batch) {
      const rows = all.slice(i, i + batch)
      const ids = rows.map(({ passage }) => passage.id)
      await collection.upsert({ ids, embeddings: await vectorsOf(rows, i), metadatas: rows.map(metadataOf) })
    }
  })
})

/** The Vectorizer, from its start to the last of so many passages marked as embedded. */
export const vectorizing = (count: number) =>
  Effect.map(Vectorizer.actor, ({ run, vitals }) =>
    Effect.gen(function* () {
      yield* Effect.forkScoped(run)
      while (vitals.handled < count) yield* Effect.sleep("2 millis")
    })
  )

/** Each time both, one after the other; who goes first changes, so that neither profits from it. */
export const inTurns = <A, B, E1, R1, E2, R2>(
  rounds: number,
  bare: (round: number) => Effect.Effect<A, E1, R1>,
  ours: (round: number) => Effect.Effect<B, E2, R2>
) =>
  Effect.forEach(Array.from({ length: rounds }).keys().toArray(), (round) =>
    round % 2 === 0
      ? Effect.all({ bare: bare(round), ours: ours(round) })
      : Effect.all({ ours: ours(round), bare: bare(round) })
  )
