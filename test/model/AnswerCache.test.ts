/** Answers that are given again: the same question, the same audience, and sources that still say it. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, ConfigProvider, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Confirmed } from "../../src/knowledge/Confirmed.ts"
import { Passages } from "../../src/knowledge/Passages.ts"
import * as PassagesSql from "../../src/knowledge/PassagesSql.ts"
import { AnswerCache, layer, normalised } from "../../src/model/AnswerCache.ts"
import type { Written } from "../../src/model/Writer.ts"
import * as Migrations from "../../src/state/Migrations.ts"
import * as Sqlite from "../../src/state/Sqlite.ts"
import { SqlClient } from "effect/sql"
import { audience, tellMessages, tellSections } from "../fixtures/Knowledge.ts"

const world = (settings: Record<string, string> = {}) =>
  layer.pipe(
    Layer.provideMerge(PassagesSql.layer),
    Layer.provideMerge(Migrations.layer),
    Layer.provideMerge(Sqlite.layerClient(":memory:")),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(settings)))
  )

const here = audience("server", "general", "kitchen")
const question = "How often should I descale the kettle?"

/** An answer that cites the first passages of these chunks. */
const answerFrom = Effect.fnUntraced(function* (...chunkIds: ReadonlyArray<string>) {
  const passages = yield* Passages
  const chunks = yield* passages.chunks(chunkIds)
  const written: Written = {
    text: "Every three months. [1]",
    refused: false,
    mode: "model",
    citations: chunks.map(({ passages: [passage], title, url }, i) => ({
      n: i + 1,
      quote: passage!.text,
      title,
      url,
      passageId: passage!.id,
      passage: passage!.text
    }))
  }
  return written
})

const tellKettle = (text = "Descale the kettle every three months.") => tellSections("manual", [["Kettle", text]])

const rows = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [{ n }] = (yield* sql`SELECT count(*) AS n FROM cached_answers`) as unknown as [{ n: number }]
  return n
})

describe("an answer that is kept", () => {
  it.effect("is given to the same question, however it is typed, from the same audience", () =>
    Effect.gen(function* () {
      const cache = yield* AnswerCache
      yield* tellKettle()
      const written = yield* answerFrom("manual#0")
      yield* cache.keep(question, here, written)
      assert.deepStrictEqual(yield* cache.find("how OFTEN  should i descale the kettle", here), written)
      assert.isUndefined(yield* cache.find("How often should I descale the urn?", here))
      assert.isUndefined(yield* cache.find(question, audience("server", "general")))
      assert.isUndefined(yield* cache.find(question, audience("other", "general", "kitchen")))
    }).pipe(Effect.provide(world()))
  )

  it.effect(
    "is not given once more people say that it does not help than that it does, but what is written then is",
    () =>
      Effect.gen(function* () {
        const cache = yield* AnswerCache
        const sql = yield* SqlClient.SqlClient
        yield* tellKettle()
        const written = yield* answerFrom("manual#0")
        const keep = Effect.andThen(TestClock.adjust("1 second"), cache.keep(question, here, written))
        const judge = Effect.fnUntraced(function* (by: string, verdict: string, text = question) {
          const at = yield* Clock.currentTimeMillis
          const answer = { answer_id: `answer-${text}`, question_id: text, question: text, asked_at: at }
          yield* sql`INSERT INTO asked_questions ${sql.insert(answer)} ON CONFLICT DO NOTHING`
          const row = { answer_id: answer.answer_id, given_by: by, verdict, given_at: at }
          yield* sql`INSERT INTO feedback ${sql.insert(row)}`
        })
        yield* keep
        const followUp = `What did Ada say?\n${question}`
        yield* cache.keep(followUp, here, written)
        assert.isDefined(yield* cache.find(followUp, here))
        yield* judge("ada", "unhelpful", "How often should I descale the urn?")
        assert.isDefined(yield* cache.find(question, here))
        yield* judge("ada", "unhelpful")
        assert.isUndefined(yield* cache.find(question, here))
        assert.isUndefined(yield* cache.find(followUp, here))
        yield* judge("tom", "helpful")
        assert.isDefined(yield* cache.find(question, here))
        yield* judge("eve", "unhelpful")
        assert.isUndefined(yield* cache.find(question, here))
        yield* keep
        assert.isDefined(yield* cache.find(question, here))
      }).pipe(Effect.provide(world()))
  )

  it.effect("is not given once a section that it cites says something else, or went", () =>
    Effect.gen(function* () {
      const cache = yield* AnswerCache
      for (const change of [
        tellKettle("Descale the kettle every six months."),
        tellSections("manual", [["Urn", "Empty."]])
      ]) {
        yield* tellKettle()
        yield* cache.keep(question, here, yield* answerFrom("manual#0"))
        assert.isDefined(yield* cache.find(question, here))
        yield* change
        assert.isUndefined(yield* cache.find(question, here))
      }
    }).pipe(Effect.provide(world()))
  )

  it.effect("leaves the disk soon after a message that it cites was deleted", () =>
    Effect.gen(function* () {
      const cache = yield* AnswerCache
      const passages = yield* Passages
      yield* tellMessages("server", "general", ["Descale it every three months, says Ada."])
      const { chunkId } = (yield* passages.unembedded("fake", 1))[0]!.passage
      yield* cache.keep(question, here, yield* answerFrom(chunkId))
      assert.strictEqual(yield* rows, 1)
      yield* passages.applyChat([
        { type: "deleted", serverId: "server", channelId: "general", messageIds: ["server-general-0"], at: 9 }
      ])
      while ((yield* rows) > 0) yield* TestClock.adjust("1 second")
      assert.isUndefined(yield* cache.find(question, here))
    }).pipe(Effect.provide(world()))
  )

  it.effect("is not given while what it cites may have changed unheard", () => {
    const outdated = new Set<string>()
    return Effect.gen(function* () {
      const cache = yield* AnswerCache
      yield* tellMessages("server", "general", ["Descale it every three months, says Ada."])
      const { chunkId } = (yield* (yield* Passages).unembedded("fake", 1))[0]!.passage
      yield* cache.keep(question, here, yield* answerFrom(chunkId))
      assert.isDefined(yield* cache.find(question, here))
      outdated.add(chunkId)
      assert.isUndefined(yield* cache.find(question, here))
    }).pipe(Effect.provide(world().pipe(Layer.provide(Layer.succeed(Confirmed, () => Effect.succeed(outdated))))))
  })

  it.effect("is made anew after its time", () =>
    Effect.gen(function* () {
      const cache = yield* AnswerCache
      yield* tellKettle()
      yield* cache.keep(question, here, yield* answerFrom("manual#0"))
      yield* TestClock.adjust("6 hours")
      assert.isDefined(yield* cache.find(question, here))
      yield* TestClock.adjust("1 minute")
      assert.isUndefined(yield* cache.find(question, here))
    }).pipe(Effect.provide(world({ ANSWER_CACHE: "6 hours" })))
  )
})

describe("nothing is kept", () => {
  it.effect("of refusals, quotes, and sources that changed meanwhile", () =>
    Effect.gen(function* () {
      const cache = yield* AnswerCache
      yield* tellKettle()
      const written = yield* answerFrom("manual#0")
      yield* cache.keep(question, here, { ...written, refused: true })
      yield* cache.keep(question, here, { ...written, mode: "quoted" })
      yield* tellKettle("Descale the kettle never.")
      yield* cache.keep(question, here, written)
      assert.strictEqual(yield* rows, 0)
    }).pipe(Effect.provide(world()))
  )

  it.effect("when it is off", () =>
    Effect.gen(function* () {
      const cache = yield* AnswerCache
      yield* tellKettle()
      yield* cache.keep(question, here, yield* answerFrom("manual#0"))
      assert.isUndefined(yield* cache.find(question, here))
      assert.strictEqual(yield* rows, 0)
    }).pipe(Effect.provide(world({ ANSWER_CACHE: "off" })))
  )
})

it("marks that make another question stay", () => {
  assert.strictEqual(normalised(" What IS\nC++ ? "), "what is c++")
  assert.notStrictEqual(normalised("What is C++?"), normalised("What is C#?"))
})
