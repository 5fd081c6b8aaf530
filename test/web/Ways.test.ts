/** Feedback, reactions, threads and ways through the typed client, without a socket. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, Option, Stream } from "effect"
import { HttpServer } from "effect/http"
import { HttpApiTest } from "effect/http-api"
import { Broker } from "../../src/broker/Broker.ts"
import { record } from "../../src/broker/Records.ts"
import { responseId } from "../../src/domain/Answer.ts"
import * as Topics from "../../src/domain/Topics.ts"
import { Happenings } from "../../src/runtime/Happenings.ts"
import { Ways as Recorder } from "../../src/runtime/Ways.ts"
import { Api } from "../../src/web/Api.ts"
import * as Chat from "../../src/web/Chat.ts"
import { Draining } from "../../src/web/Draining.ts"
import * as Feedback from "../../src/web/Feedback.ts"
import { Guard, layerAuthorization } from "../../src/web/Guard.ts"
import { layerProblems } from "../../src/web/Requests.ts"
import * as Ways from "../../src/web/Ways.ts"
import * as World from "./World.ts"

const place = { host: "127.0.0.1", port: 0, token: Option.none(), publicUrl: Option.none() }

const layer = Layer.mergeAll(Ways.layer, Feedback.layer, Chat.layer).pipe(
  Layer.provideMerge(
    Layer.mergeAll(
      layerProblems,
      layerAuthorization.pipe(Layer.provide(Guard.layerOf(place))),
      Draining.layer,
      World.layer,
      HttpServer.layerServices,
      Logger.layer([])
    )
  )
)

const channelId = "local:general"
const ada = { id: "ada", name: "Ada" }
const tom = { id: "tom", name: "Tom" }

const client = Effect.gen(function* () {
  yield* Broker.use((broker) => broker.create(Topics.all))
  return yield* HttpApiTest.groups(Api, ["ways", "feedback", "chat"])
})

const asked = Effect.gen(function* () {
  const { chat } = yield* client
  const payload = { text: "@rtfm how?", author: ada }
  return yield* chat.post({ params: { channelId }, headers: {}, payload })
})

describe("feedback", () => {
  it.effect("is kept with the answer, told to watchers and listed with the messages", () =>
    Effect.gen(function* () {
      const { chat, feedback } = yield* client
      const question = yield* asked
      yield* (yield* World.World).answer(question.id)
      const answerId = responseId(question.id)
      yield* feedback.give({ payload: { answerId, author: ada, verdict: "helpful" } })
      yield* feedback.give({ payload: { answerId, author: tom, verdict: "unhelpful", reason: "too old" } })
      const opinions = [
        { by: "ada", verdict: "helpful" },
        { by: "tom", verdict: "unhelpful" }
      ] as const
      const [told] = yield* (yield* Happenings).since(0).pipe(
        Stream.filter(({ happening }) => happening.type === "message.judged"),
        Stream.drop(1),
        Stream.take(1),
        Stream.runCollect
      )
      assert.deepStrictEqual(told!.happening, { type: "message.judged", channelId, messageId: answerId, opinions })
      const listed = yield* chat.messages({ params: { channelId }, query: {} })
      assert.deepStrictEqual(listed.at(-1)!.opinions, opinions)
      assert.strictEqual((yield* feedback.opinions({ params: { answerId } }))[1]!.reason, "too old")
      yield* feedback.give({ payload: { answerId, author: ada, verdict: null } })
      assert.strictEqual((yield* feedback.opinions({ params: { answerId } })).length, 1)
    }).pipe(Effect.provide(layer))
  )

  it.effect("is refused for what is no answer, and for a reason that is too long", () =>
    Effect.gen(function* () {
      const { feedback } = yield* client
      const { id } = yield* asked
      const give = (answerId: string, reason: string) =>
        Effect.flip(feedback.give({ payload: { answerId, author: ada, verdict: "unhelpful", reason } }))
      assert.strictEqual((yield* give(id, "no"))._tag, "NotFound")
      assert.include(String((yield* give(responseId(id), "x".repeat(501))).message), "Expected at most 500 characters")
    }).pipe(Effect.provide(layer))
  )
})

describe("ways", () => {
  it.effect("shows what was seen here, and from then on tells of changes", () =>
    Effect.gen(function* () {
      const { ways } = yield* client
      const question = yield* asked
      const recorder = yield* Recorder
      const query = { topic: Topics.queries.name, partition: 1, offset: 5, key: channelId, timestamp: 3 }
      const visit = recorder.taken("answerer", query, question.id, 4)
      const way = yield* ways.way({ params: { id: question.id } })
      assert.deepStrictEqual(way.said, { at: question.createdAt, by: "Ada" })
      assert.deepStrictEqual(
        way.visits.map(({ actor, offset, takenAt, topic }) => [actor, topic, offset, takenAt]),
        [["answerer", "bot-queries", 5, 4]]
      )
      yield* recorder.changed([visit])
      const [told] = yield* (yield* Happenings).since(0).pipe(
        Stream.filter(({ happening }) => happening.type === "way.changed"),
        Stream.take(1),
        Stream.runCollect
      )
      assert.deepStrictEqual(told!.happening, { type: "way.changed", id: question.id })
      assert.strictEqual((yield* ways.way({ params: { id: "bot-queries/1/5" } })).id, question.id)
    }).pipe(Effect.provide(layer))
  )

  it.effect("reads from the log what was seen by nobody here", () =>
    Effect.gen(function* () {
      const { ways } = yield* client
      const broker = yield* Broker
      const question = yield* asked
      const message = { ...question, serverId: "local", mentionsBot: true, url: "" }
      const query = { id: question.id, text: "how?", serverId: "local", channelId, author: message.author, askedAt: 0 }
      yield* broker.publish([
        record(Topics.messages, { type: "created", message }),
        record(Topics.messages, { type: "created", message: { ...message, id: "another" } }),
        record(Topics.queries, query)
      ])
      const { visits } = yield* ways.way({ params: { id: question.id } })
      assert.deepStrictEqual(
        visits.map(({ actor, key, takenAt, topic }) => [topic, key, actor, takenAt]),
        [
          ["discord-messages", channelId, null, null],
          ["bot-queries", channelId, null, null]
        ]
      )
    }).pipe(Effect.provide(layer))
  )

  it.effect("says when there is nothing with this id", () =>
    Effect.gen(function* () {
      const { ways } = yield* client
      assert.strictEqual((yield* Effect.flip(ways.way({ params: { id: "nobody" } })))._tag, "NotFound")
    }).pipe(Effect.provide(layer))
  )
})

it.effect("reactions and threads are only there for messages of the channel", () =>
  Effect.gen(function* () {
    const { chat } = yield* client
    const { id } = yield* asked
    const payload = { emoji: "🎉", author: tom, on: true }
    const params = { channelId, messageId: id }
    assert.deepStrictEqual(yield* chat.react({ params, payload }), [{ emoji: "🎉", by: [tom] }])
    assert.deepStrictEqual((yield* chat.openThread({ params })).thread, { parentId: channelId, messageId: id })
    const elsewhere = { channelId: "local:help", messageId: id }
    assert.strictEqual((yield* Effect.flip(chat.react({ params: elsewhere, payload })))._tag, "NotFound")
    assert.strictEqual((yield* Effect.flip(chat.openThread({ params: elsewhere })))._tag, "NotFound")
  }).pipe(Effect.provide(layer))
)
