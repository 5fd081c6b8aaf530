/** The next index is built beside the one that answers, and takes its place in one step or not at all. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as Reindexer from "../../src/actors/Reindexer.ts"
import * as Vectorizer from "../../src/actors/Vectorizer.ts"
import { Indexes, OtherEmbedders } from "../../src/knowledge/Indexes.ts"
import { Passages } from "../../src/knowledge/Passages.ts"
import { Retriever } from "../../src/knowledge/Retriever.ts"
import { Embedder, EmbedderError } from "../../src/model/Embedder.ts"
import { VectorStore } from "../../src/vectors/VectorStore.ts"
import * as VectorsMemory from "../../src/vectors/Memory.ts"
import { vectorOf } from "../fixtures/FakeEmbedder.ts"
import * as Knowledge from "../fixtures/Knowledge.ts"

type Embed = (texts: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Float32Array>, EmbedderError>

const embedder = (id: string, embed: Embed, asked: Array<string> = []): Embedder["Service"] => ({
  id,
  dimensions: 64,
  embedPassages: embed,
  embedQueries: (texts) => {
    asked.push(id)
    return embed(texts)
  },
  status: Effect.succeed({ state: "loaded", detail: id })
})
const byWords: Embed = (texts) => Effect.succeed(texts.map(vectorOf))
/** Everything means the same to it. */
const byNothing: Embed = (texts) => Effect.succeed(texts.map(() => vectorOf("one")))

/** A world whose settings choose `chosen`, on vectors and a State that outlive it. */
const world = (
  chosen: Embedder["Service"],
  others: ReadonlyArray<Embedder["Service"]>,
  store: VectorStore["Service"],
  file: string
) =>
  Knowledge.layer(Layer.succeed(Embedder, chosen), Layer.succeed(VectorStore, store), file).pipe(
    Layer.provide(Layer.succeed(OtherEmbedders, others))
  )

const temporary = Effect.acquireRelease(
  Effect.promise(async () => {
    const { mkdtemp } = await import("node:fs/promises")
    return mkdtemp("/tmp/rtfm-indexes-")
  }),
  (folder) =>
    Effect.promise(async () => {
      const { rm } = await import("node:fs/promises")
      await rm(folder, { recursive: true, force: true })
    })
)

/** Questions are embedded, too. */
const isSection = (text: string) => text.includes("Words about")

const everybody = { serverId: "local", channelIds: new Set<string>() }
const ask = (question: string) => Retriever.use((retriever) => retriever.retrieve(question, everybody, { limit: 3 }))

const sections: ReadonlyArray<readonly [string, string]> = Array.from({ length: 40 }, (_, i) => [
  `Manual › Topic ${i} of part ${i % 7}`,
  `Words about subject${i} and how part${i % 7} is cleaned number${i}.`
])

/** Runs both actors until the index that is built has ended in one way or the other. */
const settled = Effect.gen(function* () {
  const indexes = yield* Indexes
  const reindexer = yield* Reindexer.actor
  const running = yield* Effect.forkChild(reindexer.run)
  while (true) {
    const next = yield* indexes.next
    if (next === undefined || next.verdict !== null || next.paused) break
    yield* TestClock.adjust("1 second")
  }
  yield* Fiber.interrupt(running)
})
const vectorized = Effect.gen(function* () {
  const passages = yield* Passages
  const { live } = yield* Indexes
  const vectorizer = yield* Vectorizer.actor
  const running = yield* Effect.forkChild(vectorizer.run)
  while ((yield* passages.countUnembedded((yield* live).name)) > 0) yield* TestClock.adjust("1 second")
  yield* Fiber.interrupt(running)
})

describe("Indexes", () => {
  it.effect(
    "resumes where a stop interrupted it, answers from the old one meanwhile, and rolls back",
    () =>
      Effect.gen(function* () {
        const store = yield* Effect.provide(VectorStore, VectorsMemory.layerMemory)
        const file = `${yield* temporary}/rtfm.db`
        const asked: Array<string> = []
        const old = embedder("old", byWords, asked)
        yield* Effect.gen(function* () {
          yield* Knowledge.tellSections("manual", sections)
          yield* vectorized
        }).pipe(Effect.provide(world(old, [], store, file), { local: true }))

        let batches = 0
        let embedded = 0
        /** Stops working at the third batch, as a kill would. */
        const dying = embedder(
          "new",
          (texts) => {
            if (++batches > 2) return Effect.never
            embedded += texts.filter(isSection).length
            return byWords(texts)
          },
          asked
        )
        yield* Effect.gen(function* () {
          const indexes = yield* Indexes
          assert.strictEqual((yield* indexes.live).name, "old")
          yield* indexes.begin(null)
          const reindexer = yield* Reindexer.actor
          const running = yield* Effect.forkChild(reindexer.run)
          while (batches < 3) yield* TestClock.adjust("1 second")
          asked.length = 0
          const { found, vector } = yield* ask("subject7")
          assert.isNotNull(vector)
          assert.include(found[0]!.chunk.text, "subject7")
          assert.deepStrictEqual(asked, ["old"])
          yield* Fiber.interrupt(running)
        }).pipe(Effect.provide(world(dying, [old], store, file), { local: true }))

        const fresh = embedder(
          "new",
          (texts) => {
            embedded += texts.filter(isSection).length
            return byWords(texts)
          },
          asked
        )
        yield* Effect.gen(function* () {
          const indexes = yield* Indexes
          const passages = yield* Passages
          assert.strictEqual((yield* indexes.live).name, "old")
          yield* settled
          assert.strictEqual((yield* indexes.live).name, "new")
          assert.strictEqual(yield* passages.countUnembedded("new"), 0)
          assert.strictEqual(embedded, sections.length, "nothing is made twice")
          assert.strictEqual(yield* store.count("documents-new"), sections.length)
          asked.length = 0
          yield* ask("subject7")
          assert.deepStrictEqual(asked, ["new"])

          assert.strictEqual((yield* indexes.rollback).name, "old")
          asked.length = 0
          yield* ask("subject9")
          assert.deepStrictEqual(asked, ["old"])
          assert.strictEqual(yield* store.count("documents-old"), sections.length)
        }).pipe(Effect.provide(world(fresh, [old], store, file), { local: true }))
      }).pipe(Effect.scoped),
    // Two worlds with files of their own, on a machine that may be busy.
    60_000
  )

  it("lets an index answer only if it finds no worse", () => {
    const of = (mrr: number, textAlone = 0) => ({ "mrr@10": mrr, "hit@5": mrr, textAlone })
    assert.isTrue(Reindexer.verdictOf(100, of(0.8), of(0.795)).promoted)
    assert.deepStrictEqual(Reindexer.verdictOf(100, of(0.8), of(0.78)), {
      promoted: false,
      why: "it finds worse: MRR@10 0.780 against 0.800 on 100 questions"
    })
    assert.isFalse(Reindexer.verdictOf(100, of(0.1), of(0.9, 6)).promoted)
    assert.isTrue(Reindexer.verdictOf(0, of(0), of(0)).promoted)
  })

  it.effect(
    "keeps the one that answers when what was built finds worse, until told otherwise",
    () =>
      Effect.gen(function* () {
        const store = yield* Effect.provide(VectorStore, VectorsMemory.layerMemory)
        const file = `${yield* temporary}/rtfm.db`
        const meaning: Embed = (texts) => byWords(texts.map((text) => text.replace(/wash/g, "cleaned")))
        const old = embedder("old", meaning)
        yield* Effect.gen(function* () {
          yield* Knowledge.tellSections("manual", sections)
          yield* vectorized
        }).pipe(Effect.provide(world(old, [], store, file), { local: true }))
        const failing = embedder("new", (texts) =>
          texts.length === 1
            ? Effect.fail(new EmbedderError({ reason: "failed", detail: "no questions today" }))
            : byNothing(texts)
        )
        yield* Effect.gen(function* () {
          const indexes = yield* Indexes
          yield* indexes.begin([{ question: "subject3", goldIds: ["manual#3"] }])
          yield* settled
          assert.strictEqual((yield* indexes.live).name, "old")
          const verdict = (yield* indexes.next)!.verdict!
          assert.isFalse(verdict.promoted)
          assert.match(verdict.why, /its embedder did not serve 1 of 1 questions/)
          assert.strictEqual((yield* indexes.promote).name, "new")
          const refused = yield* Effect.flip(indexes.begin(null))
          assert.strictEqual(refused.reason, "refused")
        }).pipe(Effect.provide(world(failing, [old], store, file), { local: true }))
      }).pipe(Effect.scoped),
    // Two worlds with files of their own, on a machine that may be busy.
    60_000
  )
})
