/** Answers with the real embedder on a manual of our own: what is found, what is refused, and how fast the first one is. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { existsSync } from "node:fs"
import { NodeServices } from "@effect/platform-node"
import * as Evaluation from "../../src/knowledge/Evaluation.ts"
import { filesIn, readQuestions, readSet } from "../../src/knowledge/EvaluationSet.ts"
import { Retriever } from "../../src/knowledge/Retriever.ts"
import { Embedder } from "../../src/model/Embedder.ts"
import * as LocalEmbedder from "../../src/model/LocalEmbedder.ts"
import * as QuotingWriter from "../../src/model/QuotingWriter.ts"
import { Writer } from "../../src/model/Writer.ts"
import * as coffee from "../fixtures/coffeeManual.ts"
import * as FakeEmbedder from "../fixtures/FakeEmbedder.ts"
import { audience, layer } from "../fixtures/Knowledge.ts"

const system = <E>(embedder: Layer.Layer<Embedder, E>) => QuotingWriter.layer.pipe(Layer.provideMerge(layer(embedder)))

describe("a manual", () => {
  it.live("is answered from in other words, and nothing else is", () =>
    Effect.gen(function* () {
      const report = yield* Evaluation.run({
        set: { kind: "document", chunks: coffee.chunks, questions: coffee.questions },
        offTopic: [{ name: "elsewhere", questions: coffee.elsewhere }]
      })
      assert.isAtLeast(report["hit@1"], 0.85)
      assert.isAtLeast(report["hit@3"], 0.95)
      assert.isAtLeast(report.answered, 0.85)
      assert.strictEqual(report.verifiedQuotes, 1)
      assert.isAtMost(report.offTopic[0]!.answered, 0.08)
    }).pipe(Effect.provide(system(LocalEmbedder.layer)))
  )

  it.live("is answered from in two seconds, with the embedder to load first", () =>
    Effect.gen(function* () {
      const embedder = yield* Embedder
      yield* Evaluation.run({ set: { kind: "document", chunks: coffee.chunks, questions: [] } })
      yield* Effect.sleep("300 millis").pipe(
        Effect.repeat({ until: () => Effect.map(embedder.status, ({ state }) => state === "idle") })
      )
      const start = performance.now()
      const retriever = yield* Retriever
      const writer = yield* Writer
      const question = "How do I wash the brew group?"
      const { citations } = yield* writer.write(question, yield* retriever.retrieve(question, audience()))
      assert.isBelow(performance.now() - start, 2_000)
      assert.match(citations.map(({ quote }) => quote).join(" "), /without soap/)
    }).pipe(Effect.provide(system(LocalEmbedder.layerWith({ idle: "100 millis" }))))
  )
})

/** Published questions that are not part of this repository. */
const data = new URL("../../../shared/data/", import.meta.url).pathname

describe("published questions", () => {
  it.live("text search alone is as good as it was when it was last measured", () =>
    Effect.gen(function* () {
      if (!existsSync(`${data}product-docs`)) {
        console.log(`skipped: the evaluation data is not at ${data}`)
        return
      }
      const files = yield* filesIn(`${data}product-docs`)
      const set = yield* readSet(files.chunks, files.questions)
      const chat = yield* readQuestions((yield* filesIn(`${data}chat`)).questions)
      const report = yield* Evaluation.run({ set, offTopic: [{ name: "chat", questions: chat }] })
      assert.isAtLeast(report["mrr@3"], 0.9)
      assert.isAtLeast(report["recall@3"], 0.68)
      assert.isAtLeast(report.answered, 0.9)
      assert.isAtMost(report.offTopic[0]!.answered, 0.05)
    }).pipe(Effect.provide(Layer.merge(system(FakeEmbedder.layerUnavailable), NodeServices.layer)))
  )
})
