import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { Broker } from "../../src/broker/Broker.ts"
import { isErased } from "../../src/broker/Erased.ts"
import { layerMemory } from "../../src/broker/Memory.ts"
import { record } from "../../src/broker/Records.ts"
import type { ChatEvent } from "../../src/domain/ChatMessage.ts"
import * as Topics from "../../src/domain/Topics.ts"
import * as Hidden from "../../src/knowledge/Hidden.ts"
import { Passages } from "../../src/knowledge/Passages.ts"
import * as PassagesSql from "../../src/knowledge/PassagesSql.ts"
import * as Migrations from "../../src/state/Migrations.ts"
import * as Sqlite from "../../src/state/Sqlite.ts"

const World = Hidden.layerAlways.pipe(
  Layer.provideMerge(PassagesSql.layer),
  Layer.provideMerge(
    Layer.mergeAll(layerMemory, Migrations.layer.pipe(Layer.provideMerge(Sqlite.layerClient(":memory:"))))
  )
)

const author = { id: "ada", name: "Ada", bot: false }
const created = (id: string, text: string): ChatEvent => ({
  type: "created",
  message: { id, serverId: "s", channelId: "c", author, text, mentionsBot: false, url: "/", createdAt: 1, editedAt: 1 }
})
const citation = (n: number, id: string, quote: string) => ({
  n,
  quote,
  title: "Ada",
  url: "/",
  passageId: `${id}~${"a".repeat(22)}`,
  passage: quote
})

describe("Hidden", () => {
  it.effect("shows nothing of what is gone in a log that keeps it", () =>
    Effect.gen(function* () {
      const broker = yield* Broker
      const passages = yield* Passages
      yield* broker.create(Topics.all)
      const gone: ChatEvent = { type: "deleted", serverId: "s", channelId: "c", messageIds: ["1", "3"], at: 2 }
      const events = [created("1", "the secret key"), created("2", "the plain ladder"), gone]
      yield* passages.applyChat(events)
      const place = { serverId: "s", channelId: "c" }
      yield* broker.publish([
        ...events.map((event) => record(Topics.messages, event)),
        record(Topics.queries, { id: "3", text: "where is the secret key?", ...place, author, askedAt: 1 }),
        record(Topics.queries, {
          id: "4",
          text: "where is it?",
          ...place,
          author,
          context: { before: [{ id: "1", name: "Ada", bot: false, text: "the secret key" }] },
          askedAt: 1
        }),
        record(Topics.responses, {
          id: "answer-4",
          questionId: "4",
          question: "where is it?",
          ...place,
          answer: {
            text: "> the secret key [1]\n\n> the plain ladder [2]",
            refused: false,
            mode: "closest",
            citations: [citation(1, "1", "the secret key"), citation(2, "2", "the plain ladder")],
            timing: { queuedMs: 0, retrieveMs: 0, writeMs: 0 }
          },
          answeredAt: 2
        })
      ])
      const read = (topic: string) => Stream.runCollect(broker.read({ topic, from: "earliest" }))
      const messages = yield* read(Topics.messages.name)
      assert.deepStrictEqual(messages.map(isErased), [true, false, false])
      const queries = yield* read(Topics.queries.name)
      assert.deepStrictEqual(queries.map(isErased), [true, false])
      const [response] = yield* read(Topics.responses.name)
      const all = Buffer.concat([...messages, ...queries, response!].map(({ value }) => value)).toString()
      assert.notInclude(all, "secret")
      assert.include(all, "plain ladder [2]")
      assert.include(all, "where is it?")
    }).pipe(Effect.provide(World))
  )
})
