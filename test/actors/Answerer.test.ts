/** Questions through the Answerer: numbered drafts before the answer, silence where nobody called, follow-ups, kept answers. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, Result, Stream } from "effect"
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
  readonly write?: (options: WriteOptions) => Effect.Effect<Written>
  readonly kept?: Written
}

/** The responses to one question, and what the parts were asked for. */
const answers = Effect.fnUntraced(function* (
  asked: BotQuery,
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
    Layer.mock(Writer, { write: (_, __, options = {}) => write(options) }),
    Layer.succeed(AnswerCache, {
      find: () => Effect.succeed(kept),
      keep: (question) => Effect.sync(() => void stored.push(question))
    })
  )
  const responses = yield* Effect.gen(function* () {
    const broker = yield* Broker
    yield* broker.publish([record(Topics.queries, asked)])
    const supervisor = yield* Supervise.Supervisor
    // Its lag is known only once it has joined its group, and what it handled is committed a little later.
    const handled = Effect.map(supervisor.actors, ([actor]) => actor!.handled)
    while ((yield* handled) === 0) yield* Effect.yieldNow
    while ((yield* broker.lag("answerer")).some(({ lag }) => lag > 0)) yield* Effect.yieldNow
    const records = yield* Stream.runCollect(broker.read({ topic: Topics.responses.name, from: "earliest" }))
    return records.map(({ value }) => Result.getOrThrow(Topics.responses.decode(value)))
  }).pipe(Effect.provide(Supervise.layer([Answerer.actor]).pipe(Layer.provideMerge(World))))
  return { responses, retrievals, typed, stored }
})

const kindOf = (response: BotResponse) => ("type" in response ? response.type : "answer")

describe("the Answerer", () => {
  it.live("publishes drafts in order, the first at once, before the answer they become", () =>
    Effect.gen(function* () {
      const { responses } = yield* answers(query(), {
        write: ({ onDraft }) =>
          Effect.as(Effect.forEach(["one", "one two", "one two three"], onDraft!, { discard: true }), written)
      })
      assert.deepStrictEqual(responses.map(kindOf), ["draft", "answer"])
      assert.deepInclude(responses[0], { id: "answer-q-1", questionId: "q-1", number: 1, text: "one" })
      assert.deepInclude(responses[1], { id: "answer-q-1", questionId: "q-1" })
    })
  )

  it.live("says nothing to a question that called nobody, unless it has an answer; and shows no draft of it", () =>
    Effect.gen(function* () {
      const drafts: Array<unknown> = []
      const write =
        (answer: Written) =>
        ({ onDraft }: WriteOptions) =>
          Effect.sync(() => (drafts.push(onDraft), answer))
      const silent = yield* answers(query({ automatic: true }), { write: write(refusal) })
      assert.deepStrictEqual([silent.responses, silent.typed], [[], []])
      const spoken = yield* answers(query({ automatic: true }), { write: write(written) })
      assert.deepStrictEqual(spoken.responses.map(kindOf), ["answer"])
      assert.deepStrictEqual(drafts, [undefined, undefined])
      const called = yield* answers(query(), { write: write(refusal) })
      assert.deepStrictEqual([called.responses.map(kindOf), called.typed], [["answer"], ["general"]])
      const inThread = yield* answers(query({ threadId: "thread" }), { write: write(refusal) })
      assert.deepStrictEqual(inThread.typed, ["thread"])
    })
  )

  it.live("looks for a follow-up with what it leaves out, and tells the writer what was said", () =>
    Effect.gen(function* () {
      const context = { before: [{ name: "Ada", bot: false, text: "How often should I descale the kettle?" }] }
      let told: WriteOptions = {}
      const { retrievals, stored } = yield* answers(query({ text: "And with what?", context }), {
        write: (options) => Effect.sync(() => ((told = options), written))
      })
      const whole = "How often should I descale the kettle?\nAnd with what?"
      assert.deepStrictEqual([retrievals, stored], [[whole], [whole]])
      assert.deepInclude(told, { context, askerId: "ada" })
    })
  )

  it.live("gives an answer that is kept without looking for anything", () =>
    Effect.gen(function* () {
      const { responses, retrievals, stored } = yield* answers(query(), {
        kept: { ...written, text: "Kept. [1]" },
        write: () => Effect.die("nothing is to be written")
      })
      assert.deepStrictEqual([retrievals, stored], [[], []])
      assert.strictEqual("answer" in responses[0]! ? responses[0].answer.text : "", "Kept. [1]")
    })
  )
})
