/** The Vectorizer against a bare client that upserts the same vectors in batches into the same Chroma server. */
import { Duration, Effect, Layer } from "effect"
import * as Indexes from "../src/knowledge/Indexes.ts"
import type { Unembedded } from "../src/knowledge/Passages.ts"
import type { Figure } from "./broker.ts"
import * as Corpus from "./corpus.ts"
import { medianOf, rate } from "./numbers.ts"
import { bareLoop, inTurns, inWorld, passagesOf, textOf, vectorizing } from "./vectors.ts"

const batch = 256
const goal = 0.9

const secondsOf = <A, E, R>(work: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.timed(work), ([took]) => Duration.toSeconds(took))

const bare = (name: string, all: ReadonlyArray<Unembedded>, vectors: ReadonlyArray<Float32Array>) => {
  const vectorsOf = async (rows: ReadonlyArray<Unembedded>, from: number) =>
    vectors.slice(from, from + rows.length).map((vector) => Array.from(vector))
  return Effect.flatMap(bareLoop({ name, all, batch, vectorsOf }), secondsOf)
}

const vectorizer = (id: string, texts: ReadonlyArray<string>) =>
  Effect.flatMap(vectorizing(texts.length), secondsOf).pipe(
    Effect.scoped,
    Effect.provide(Indexes.layer.pipe(Layer.provideMerge(Corpus.embedder(id, texts))))
  )

const measure = (count: number, rounds: number) =>
  Effect.gen(function* () {
    const all = yield* passagesOf(count)
    const texts = all.map(textOf)
    const vectors = yield* Corpus.embedderOf("none", texts).embedPassages(texts)
    const times = yield* inTurns(
      rounds,
      (round) => bare(`bare-${round}`, all, vectors),
      (round) => vectorizer(`round-${round}`, texts)
    )
    const ratio = medianOf(times, ({ bare, ours }) => bare / ours)
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
          medianOf(times, ({ ours }) => ours)
        )} vectors/s`
      },
      {
        name: "vectorizer: the same by a bare client",
        value: `${rate(
          all.length,
          medianOf(times, ({ bare }) => bare)
        )} vectors/s`
      }
    ] satisfies ReadonlyArray<Figure>
  })

export const run = (quick: boolean): Promise<ReadonlyArray<Figure>> => inWorld(measure(5_120, quick ? 3 : 5))

if (import.meta.main) console.table(await run(process.argv.includes("--quick")))
