import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Feedback from "../../src/knowledge/Feedback.ts"
import * as GivenAnswers from "../../src/knowledge/GivenAnswers.ts"
import * as JudgedAnswers from "../../src/knowledge/JudgedAnswers.ts"
import { Passages } from "../../src/knowledge/Passages.ts"
import * as PassagesSql from "../../src/knowledge/PassagesSql.ts"
import * as Migrations from "../../src/state/Migrations.ts"
import * as Sqlite from "../../src/state/Sqlite.ts"

const World = Layer.mergeAll(Feedback.layer, GivenAnswers.layer, PassagesSql.layer).pipe(
  Layer.provideMerge(Migrations.layer.pipe(Layer.provideMerge(Sqlite.layerClient(":memory:"))))
)

it.effect("what people think of answers becomes cases: what helped is found again, what did not is refused", () =>
  Effect.gen(function* () {
    const [answers, feedback, passages] = yield* Effect.all([GivenAnswers.GivenAnswers, Feedback.Feedback, Passages])
    yield* passages.applyDocuments([
      {
        type: "chunk",
        documentId: "manual/kettle.md",
        version: "1",
        total: 1,
        chunk: {
          id: "manual/kettle.md#descaling",
          ordinal: 0,
          title: "Kettle › Descaling",
          url: "/kettle",
          text: "Descale the kettle every three months."
        }
      } as never
    ])
    const [chunk] = yield* passages.chunks(["manual/kettle.md#descaling"])
    const given = (id: string, question: string, cites: boolean) =>
      answers.keep({
        id: `answer-${id}`,
        questionId: id,
        serverId: "s",
        channelId: "c",
        question,
        askerId: "ada",
        answer: {
          text: "Every three months. [1]",
          refused: !cites,
          mode: "model",
          citations: cites
            ? [
                {
                  n: 1,
                  quote: "every three months",
                  title: "Kettle",
                  url: "/kettle",
                  passageId: chunk!.passages[0]!.id,
                  passage: chunk!.text
                }
              ]
            : [],
          timing: { queuedMs: 0, retrieveMs: 0, writeMs: 0 }
        }
      })
    yield* given("1", "how often to descale?", true)
    yield* given("2", "who descales it?", true)
    yield* given("3", "how to descale a fish?", false)
    yield* given("4", "nobody says anything about this", true)
    const judge = (id: string, by: string, verdict: "helpful" | "unhelpful", reason?: string) =>
      feedback.record({ answerId: `answer-${id}`, by, verdict, ...(reason !== undefined && { reason }) })
    yield* judge("1", "ada", "helpful")
    yield* judge("1", "bob", "helpful", "Exactly.")
    yield* judge("1", "eve", "unhelpful")
    yield* judge("2", "ada", "unhelpful", "Not this.")
    yield* judge("3", "ada", "helpful")
    yield* judge("3", "bob", "unhelpful")
    assert.deepStrictEqual(yield* JudgedAnswers.cases, [
      {
        id: "answer-1",
        question: "how often to descale?",
        reasons: ["Exactly."],
        gold_ids: ["manual/kettle.md#descaling"],
        spans: ["every three months"]
      },
      {
        id: "answer-2",
        question: "who descales it?",
        reasons: ["Not this."],
        gold_ids: [],
        group: JudgedAnswers.unhelpfulGroup
      }
    ])
  }).pipe(Effect.provide(World))
)
