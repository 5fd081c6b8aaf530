/** The evaluation, on a corpus small enough to know its figures. */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Evaluation from "../../src/knowledge/Evaluation.ts"
import { type EvaluationQuestion, filesIn, readQuestions, readSet } from "../../src/knowledge/EvaluationSet.ts"
import * as QuotingWriter from "../../src/model/QuotingWriter.ts"
import * as FakeEmbedder from "../fixtures/FakeEmbedder.ts"
import * as Knowledge from "../fixtures/Knowledge.ts"

const question = (id: string, question: string, gold: string, answer?: string): EvaluationQuestion => ({
  id,
  question,
  gold_ids: [gold],
  ...(answer !== undefined && { answer })
})

const system = Layer.fresh(QuotingWriter.layer.pipe(Layer.provideMerge(Knowledge.layer(FakeEmbedder.layer))))
const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "rtfm-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

describe("run", () => {
  it.effect("measures documents, quotes and refusals", () =>
    Effect.gen(function* () {
      const steps: Array<string> = []
      const report = yield* Evaluation.run({
        set: {
          kind: "document",
          chunks: [
            { id: "boil", title: "Boiling", text: "Press the red button to boil water in the kettle." },
            { id: "scale", title: "Descaling", text: "Pour vinegar into the kettle every month." },
            { id: "parts", text: "Broken parts are replaced for two years." }
          ],
          questions: [
            {
              ...question(
                "1",
                "Which button boils water in the kettle?",
                "boil",
                "Press the red button to boil water in the kettle."
              ),
              spans: ["the red button", "nowhere to be found"]
            },
            question("2", "How often is vinegar poured into the kettle?", "scale"),
            question("3", "Which broken parts are replaced for two years?", "scale")
          ]
        },
        offTopic: [{ name: "opera", questions: [question("4", "Which opera did Verdi write?", "none")] }],
        progress: (step, done, total) => Effect.sync(() => void steps.push(`${step} ${done}/${total}`))
      })
      assert.deepInclude(report, {
        chunks: 3,
        passages: 3,
        questions: 3,
        answered: 1,
        refusals: 0,
        textAlone: 0,
        verifiedQuotes: 1
      })
      assert.strictEqual(report.tokenF1, 1)
      assert.approximately(report["hit@1"], 2 / 3, 1e-9)
      assert.strictEqual(report["hit@3"], 1)
      assert.isAbove(report["mrr@3"], report["hit@1"])
      assert.deepStrictEqual(report.offTopic, [{ name: "opera", questions: 1, answered: 0, refusals: 1, auroc: 1 }])
      // However many questions of others are asked, too.
      assert.deepStrictEqual([report.risk.half, report.risk.all], [0, 0])
      assert.deepStrictEqual([report.byModel, report.judged], [null, null])
      assert.strictEqual(report.spanQuoted, 1)
      assert.isAbove(report.unanswerable.auroc ?? 0, 0.5)
      assert.isBelow(report.unanswerable.answered, 1)
      assert.deepStrictEqual(steps, ["reading 3/3", "embedding 3/3", ...[1, 2, 3, 4].map((n) => `asking ${n}/4`)])
    }).pipe(Effect.provide(system))
  )

  it.effect("asks a follow-up with what was asked before it, and tells of each group", () =>
    Effect.gen(function* () {
      const chunks = [
        { id: "boil", title: "Boiling", text: "Press the red button to boil water in the kettle." },
        { id: "scale", title: "Descaling", text: "Pour vinegar into the kettle every month. It is rinsed twice." },
        { id: "parts", text: "Broken parts are replaced for two years." }
      ]
      const followUp = { ...question("1", "And how often?", "scale"), group: "follow-up" }
      const asked = (before: ReadonlyArray<string>) =>
        Evaluation.run({ set: { kind: "document", chunks, questions: [{ ...followUp, before }] } }).pipe(
          Effect.provide(Layer.fresh(system))
        )
      const report = yield* asked(["When do I pour vinegar into the kettle?"])
      assert.deepInclude(report, {
        "mrr@10:follow-up": 1,
        "recall@5:follow-up": 1,
        "answered:follow-up": 1
      })
      assert.strictEqual((yield* asked([]))["answered:follow-up"], 0)
    })
  )

  it.effect("reckons the risk of answering by the questions of the set, those without an answer included", () =>
    Effect.gen(function* () {
      const opera = { ...question("2", "Which opera did Verdi write?", ""), gold_ids: [] }
      const { risk } = yield* Evaluation.run({
        set: {
          kind: "document",
          chunks: [{ id: "boil", title: "Boiling", text: "Press the red button to boil water in the kettle." }],
          questions: [question("1", "Which button boils water in the kettle?", "boil"), opera]
        },
        offTopic: [{ name: "opera", questions: [opera, opera, opera] }]
      })
      assert.deepStrictEqual([risk.half, risk.all], [0, 1 / 2])
    }).pipe(Effect.provide(system))
  )

  it.effect("measures chat by its windows", () =>
    Effect.gen(function* () {
      const report = yield* Evaluation.run({
        set: {
          kind: "chat",
          chunks: [
            { id: "w0", text: "morning\nthe printer is out of toner\nthere is more in the cupboard" },
            { id: "w1", text: "lunch?\nyes, pizza" }
          ],
          questions: [question("1", "where is toner for the printer", "w0")]
        }
      })
      assert.deepInclude(report, { chunks: 2, passages: 5, "hit@1": 1, "mrr@10": 1, tokenF1: null })
    }).pipe(Effect.provide(system))
  )
})

describe("files", () => {
  const chunk = JSON.stringify({ id: "a", title: "T", text: "x", group: "extra" })
  const asked = JSON.stringify({ id: "1", question: "q?", gold_ids: ["a"] })

  it.effect("a folder holds documents, or windows of chat", () =>
    Effect.gen(function* () {
      const path = yield* folder
      writeFileSync(join(path, "windows.jsonl"), `${chunk}\n`)
      writeFileSync(join(path, "questions-windows.jsonl"), `${asked}\n\n${asked}\n`)
      const chat = yield* filesIn(path)
      const set = yield* readSet(chat.chunks, chat.questions)
      assert.deepStrictEqual([set.kind, set.chunks.length, set.questions.length], ["chat", 1, 2])
      writeFileSync(join(path, "chunks.jsonl"), chunk)
      writeFileSync(join(path, "questions.jsonl"), asked)
      const documents = yield* filesIn(path)
      assert.strictEqual((yield* readSet(documents.chunks, documents.questions)).kind, "document")
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("a folder without questions is named", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const error = yield* Effect.flip(filesIn(path))
      assert.strictEqual(error.reason, "missing")
      assert.include(error.detail, path)
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("a line that is wrong is named by its number", () =>
    Effect.gen(function* () {
      const file = join(yield* folder, "questions.jsonl")
      writeFileSync(file, `${asked}\n${JSON.stringify({ id: "2", question: "", gold_ids: [] })}\n`)
      const error = yield* Effect.flip(readQuestions(file))
      assert.strictEqual(error.reason, "invalid")
      assert.match(error.detail, /questions\.jsonl, line 2: .*question/s)
    }).pipe(Effect.provide(NodeServices.layer))
  )
})
