/** Questions through the Answerer: numbered drafts before the answer, silence where nobody called, follow-ups, kept answers. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer, Logger, Result, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Answerer from "../../src/actors/Answerer.ts"
import * as Supervise from "../../src/actors/Supervise.ts"
import { Broker } from "../../src/broker/Broker.ts"
import { layerMemory } from "../../src/broker/Memory.ts"
import { record } from "../../src/broker/Records.ts"
import { Chat } from "../../src/chat/Chat.ts"
import type { BotResponse } from "../../src/domain/Answer.ts"
import type { BotQuery } from "../../src/domain/Question.ts"
import * as Topics from "../../src/domain/Topics.ts"
import { Retriever } from "../../src/knowledge/Retriever.ts"
import { AnswerCache } from "../../src/model/AnswerCache.ts"
import { Writer, type WriteOptions, type Written } from "../../src/model/Writer.ts"
import { Happenings } from "../../src/runtime/Happenings.ts"
import { retrieved } from "../fixtures/gemini/Writing.ts"

const written: Written = { text: "Every three months. [1]", refused: false, mode: "model", citations: [] }
const refusal: Written = { ...written, text: "I don't know.", refused: true }

const query = (over: Partial<BotQuery> = {}): BotQuery => ({
  id: "q-1",
  text: "How often should I descale the kettle?",
  serverId: "server",
  channelId: "general",
  author: { id: "ada", name: "Ada", bot: false },
  askedAt: 0,
  ...over
})

interface Parts {
  readonly write?: (options: WriteOptions, question: string) => Effect.Effect<Written>
  readonly kept?: Written
}

/** The responses to questions, and what the parts were asked for. */
const answers = Effect.fnUntraced(function* (
  asked: ReadonlyArray<BotQuery>,
  { kept, write = () => Effect.succeed(written) }: Parts = {}
) {
  const retrievals: Array<string> = []
  const typed: Array<string> = []
  const stored: Array<string> = []
  const Log = Layer.effectDiscard(Broker.use((broker) => broker.create(Topics.all))).pipe(
    Layer.provideMerge(layerMemory)
  )
  const World = Layer.mergeAll(
    Log,
    Happenings.layer,
    Logger.layer([]),
    Layer.mock(Chat, {
      typing: (channelId) => Effect.sync(() => void typed.push(channelId)),
      audience: () => Effect.succeed({ serverId: "server", channelIds: new Set(["general"]) })
    }),
    Layer.mock(Retriever, {
      retrieve: (question) => Effect.sync(() => (retrievals.push(question), retrieved()))
    }),
    Layer.mock(Writer, { write: (question, _, options = {}) => write(options, question) }),
    Layer.succeed(AnswerCache, {
      find: () => Effect.succeed(kept),
      keep: (question) => Effect.sync(() => void stored.push(question))
    })
  )
  const responses = yield* Effect.gen(function* () {
    const broker = yield* Broker
    yield* broker.publish(asked.map((query) => record(Topics.queries, query)))
    const supervisor = yield* Supervise.Supervisor
    // Its lag is known only once it has joined its group, and what it handled is committed a little later.
    const handled = Effect.map(supervisor.actors, ([actor]) => actor!.handled)
    while ((yield* handled) < asked.length) yield* TestClock.adjust("100 millis")
    while ((yield* broker.lag("answerer")).some(({ lag }) => lag > 0)) yield* TestClock.adjust("100 millis")
    const records = yield* Stream.runCollect(broker.read({ topic: Topics.responses.name, from: "earliest" }))
    return records.map(({ value }) => Result.getOrThrow(Topics.responses.decode(value)))
  }).pipe(Effect.provide(Supervise.layer([Answerer.actor]).pipe(Layer.provideMerge(World))))
  return { responses, retrievals, typed, stored }
})

const kindOf = (response: BotResponse) => ("type" in response ? response.type : "answer")

describe("the Answerer", () => {
  it.effect(
    "publishes drafts while an answer is written, a moment after its first sentence, and the answer after them",
    () =>
      Effect.gen(function* () {
        const { responses } = yield* answers([query()], {
          write: Effect.fnUntraced(function* ({ onDraft }) {
            yield* onDraft!("one")
            yield* onDraft!("one two")
            yield* Effect.sleep("30 millis")
            yield* onDraft!("one two three")
            yield* Effect.sleep("600 millis")
            yield* onDraft!("one two three four")
            yield* Effect.sleep("150 millis")
            return written
          })
        })
        assert.deepStrictEqual(responses.map(kindOf), ["draft", "draft", "answer"])
        assert.deepInclude(responses[0], { id: "answer-q-1", questionId: "q-1", number: 1, text: "one two" })
        assert.deepInclude(responses[1], { id: "answer-q-1", number: 2, text: "one two three four" })
        assert.deepInclude(responses[2], { id: "answer-q-1", questionId: "q-1" })
      })
  )

  it.effect("publishes no draft of an answer that is whole at once", () =>
    Effect.gen(function* () {
      const { responses } = yield* answers([query()], {
        write: ({ onDraft }) => onDraft!("one").pipe(Effect.andThen(Effect.sleep("20 millis")), Effect.as(written))
      })
      assert.deepStrictEqual(responses.map(kindOf), ["answer"])
    })
  )

  it.effect(
    "answers several questions of a channel at once and in their order, and shows nothing of one before its turn",
    () =>
      Effect.gen(function* () {
        const slow = query({ id: "slow", text: "slow" })
        const began = yield* Clock.currentTimeMillis
        const { responses } = yield* answers([slow, query({ id: "fast", text: "fast" })], {
          write: Effect.fnUntraced(function* ({ onDraft }, question) {
            yield* onDraft!(question)
            yield* Effect.sleep(question === "slow" ? "300 millis" : "200 millis")
            return { ...written, text: question }
          })
        })
        assert.deepStrictEqual(
          responses.map((response) => [kindOf(response), response.id]),
          [
            ["draft", "answer-slow"],
            ["answer", "answer-slow"],
            ["answer", "answer-fast"]
          ]
        )
        assert.isBelow((yield* Clock.currentTimeMillis) - began, 500, "they were written at the same time")
      })
  )

  it.effect("says nothing to a question that called nobody, unless it has an answer; and shows no draft of it", () =>
    Effect.gen(function* () {
      const drafts: Array<unknown> = []
      const write =
        (answer: Written) =>
        ({ onDraft }: WriteOptions) =>
          Effect.delay(
            Effect.sync(() => (drafts.push(onDraft), answer)),
            "1 second"
          )
      const silent = yield* answers([query({ automatic: true })], { write: write(refusal) })
      assert.deepStrictEqual([silent.responses, silent.typed], [[], []])
      const spoken = yield* answers([query({ automatic: true })], { write: write(written) })
      assert.deepStrictEqual(spoken.responses.map(kindOf), ["answer"])
      assert.deepStrictEqual(drafts, [undefined, undefined])
      const called = yield* answers([query()], { write: write(refusal) })
      assert.deepStrictEqual([called.responses.map(kindOf), called.typed], [["answer"], ["general"]])
      const inThread = yield* answers([query({ threadId: "thread" })], { write: write(refusal) })
      assert.deepStrictEqual(inThread.typed, ["thread"])
    })
  )

  it.effect(
    "shows once in a while that it is at work where several questions wait, and not for an answer that is quick",
    () =>
      Effect.gen(function* () {
        const some = Array.from({ length: 3 }, (_, n) => query({ id: `q-${n}` }))
        const after = (millis: number) => () => Effect.delay(Effect.succeed(written), millis)
        assert.deepStrictEqual((yield* answers(some, { write: after(400) })).typed, [])
        assert.deepStrictEqual((yield* answers(some, { write: after(900) })).typed, ["general"])
      })
  )

  it.effect("looks for a follow-up with what it leaves out, and tells the writer what was said", () =>
    Effect.gen(function* () {
      const context = { before: [{ name: "Ada", bot: false, text: "How often should I descale the kettle?" }] }
      let told: WriteOptions = {}
      const { retrievals, stored } = yield* answers([query({ text: "And with what?", context })], {
        write: (options) => Effect.sync(() => ((told = options), written))
      })
      const whole = "How often should I descale the kettle?\nAnd with what?"
      assert.deepStrictEqual([retrievals, stored], [[whole], [whole]])
      assert.deepInclude(told, { context, askerId: "ada" })
    })
  )

  it.effect("gives an answer that is kept without looking for anything", () =>
    Effect.gen(function* () {
      const { responses, retrievals, stored } = yield* answers([query()], {
        kept: { ...written, text: "Kept. [1]" },
        write: () => Effect.die("nothing is to be written")
      })
      assert.deepStrictEqual([retrievals, stored], [[], []])
      assert.strictEqual("answer" in responses[0]! ? responses[0].answer.text : "", "Kept. [1]")
    })
  )
})
