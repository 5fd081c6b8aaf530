/** Questions through the Listener: into the log, while their vectors are made already. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer, Result, Stream } from "effect"
import * as Listener from "../../src/actors/Listener.ts"
import * as Supervise from "../../src/actors/Supervise.ts"
import { Broker } from "../../src/broker/Broker.ts"
import { layerMemory } from "../../src/broker/Memory.ts"
import { Chat } from "../../src/chat/Chat.ts"
import type { BotQuery } from "../../src/domain/Question.ts"
import * as Topics from "../../src/domain/Topics.ts"
import { Embedder, EmbedderError } from "../../src/model/Embedder.ts"
import { Happenings } from "../../src/runtime/Happenings.ts"

const query: BotQuery = {
  id: "q-1",
  text: "And how often?",
  serverId: "server",
  channelId: "general",
  author: { id: "ada", name: "Ada", bot: false },
  context: { before: [{ name: "Ada", bot: false, text: "How do I descale the kettle?" }] },
  askedAt: 0
}

/** What the log has of a question, and what the embedder was asked for. */
const listen = Effect.fnUntraced(function* (embed: Effect.Effect<never, EmbedderError>) {
  const embedded: Array<string> = []
  const confirmed = yield* Deferred.make<void>()
  const asked = yield* Deferred.make<void>()
  const World = Layer.mergeAll(
    Layer.effectDiscard(Broker.use((broker) => broker.create(Topics.all))).pipe(Layer.provideMerge(layerMemory)),
    Happenings.layer,
    Layer.mock(Chat, {
      heard: Stream.concat(
        Stream.make({ heard: [{ query }], confirm: Effect.asVoid(Deferred.succeed(confirmed, undefined)) }),
        Stream.never
      )
    }),
    Layer.mock(Embedder, {
      id: "fake",
      dimensions: 3,
      embedQueries: Effect.fnUntraced(function* (texts) {
        embedded.push(...texts)
        yield* Deferred.succeed(asked, undefined)
        return yield* embed
      })
    })
  )
  const questions = yield* Effect.gen(function* () {
    const broker = yield* Broker
    yield* Deferred.await(confirmed)
    yield* Deferred.await(asked)
    const records = yield* Stream.runCollect(broker.read({ topic: Topics.queries.name, from: "earliest" }))
    return records.map(({ value }) => Result.getOrThrow(Topics.queries.decode(value)))
  }).pipe(Effect.provide(Supervise.layer([Listener.actor]).pipe(Layer.provideMerge(World))))
  return { embedded, questions }
})

describe("the Listener", () => {
  it.effect("has the vector of a question made, as it stands alone, and does not wait for it", () =>
    Effect.gen(function* () {
      const { embedded, questions } = yield* listen(Effect.never)
      assert.deepStrictEqual(embedded, ["How do I descale the kettle?\nAnd how often?"])
      assert.deepStrictEqual(questions, [query])
    })
  )

  it.effect("goes on when there is no vector", () =>
    Effect.gen(function* () {
      const { questions } = yield* listen(new EmbedderError({ reason: "unavailable", detail: "No model answers." }))
      assert.deepStrictEqual(questions, [query])
    })
  )
})
