/** What other programs write, from their topics through the Commander and the Speaker into the local chat. */
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Exit, Fiber, Layer, Logger, Schema, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Commander from "../../src/actors/Commander.ts"
import * as Speaker from "../../src/actors/Speaker.ts"
import * as Supervise from "../../src/actors/Supervise.ts"
import { Broker, type OutgoingRecord } from "../../src/broker/Broker.ts"
import * as DeadLetters from "../../src/broker/DeadLetters.ts"
import { layerMemory } from "../../src/broker/Memory.ts"
import { Chat } from "../../src/chat/Chat.ts"
import * as LocalChat from "../../src/chat/LocalChat.ts"
import { Answered } from "../../src/domain/Answer.ts"
import * as Topics from "../../src/domain/Topics.ts"
import { Happenings } from "../../src/runtime/Happenings.ts"
import * as Migrations from "../../src/state/Migrations.ts"
import * as Sqlite from "../../src/state/Sqlite.ts"
import { answer } from "../web/World.ts"

const State = Migrations.layer.pipe(Layer.provideMerge(Sqlite.layerClient(":memory:")))
const World = LocalChat.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(State, layerMemory, Happenings.layer)),
  Layer.provideMerge(Logger.layer([]))
)
const withSettings = (env: Record<string, string>) => ConfigProvider.layer(ConfigProvider.fromEnv({ env }))

const createTopics = Effect.gen(function* () {
  const broker = yield* Broker
  const { commands, responses } = yield* Commander.topics
  yield* broker.create(Topics.allWith([commands, responses]))
})

const start = (definitions: ReadonlyArray<Effect.Effect<Supervise.Actor, any, Broker | Chat | Happenings>>) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    yield* Layer.buildWithScope(Supervise.layer(definitions), scope)
    return scope
  })
const everyone = [Commander.commands, Commander.responses, Speaker.actor]

const bytes = new TextEncoder()
const toRecord = (topic: string, value: unknown, key: string | null = null): OutgoingRecord => ({
  topic,
  key,
  value: value instanceof Uint8Array ? value : bytes.encode(typeof value === "string" ? value : JSON.stringify(value))
})
const write = (topic: string, ...values: ReadonlyArray<unknown>) =>
  Broker.use((broker) => broker.publish(values.map((value) => toRecord(topic, value))))
const writeTo = (key: string, topic: string, value: unknown) =>
  Broker.use((broker) => broker.publish([toRecord(topic, value, key)]))

/** Waits until every group has finished its topics. */
const quiet = Effect.gen(function* () {
  const broker = yield* Broker
  yield* TestClock.adjust(0)
  while ((yield* broker.lag()).some(({ lag }) => lag > 0)) yield* TestClock.adjust(0)
})

const saidIn = (channelId: string) =>
  Effect.gen(function* () {
    yield* quiet
    const messages = yield* LocalChat.LocalChat.use((chat) => chat.messages(channelId, { limit: 100 }))
    assert.isTrue(messages.every(({ author }) => author.bot))
    return messages.map(({ text }) => text)
  })

const general = "local:general"
const commands = "discord-commands"
const responses = "discord_responses"

describe("Commander", () => {
  it.effect("echoes, announces on the page, and says responses where they belong", () =>
    Effect.gen(function* () {
      const chat = yield* LocalChat.LocalChat
      yield* createTopics
      yield* start(everyone)
      assert.deepStrictEqual(
        (yield* chat.channels).map(({ id }) => id),
        [general]
      )
      yield* write(commands, { type: "echo", channelId: general, text: "echo" })
      yield* write(responses, { channelId: general, text: "response", replyTo: "m-1" })
      yield* writeTo(general, responses, "plain")
      yield* writeTo("any", commands, { message: "hear, hear" })
      yield* writeTo("any", commands, "build 7 failed")
      assert.sameMembers(yield* saidIn(general), ["echo", "response", "plain"])
      assert.deepStrictEqual(yield* saidIn("local:announcements"), ["hear, hear", "```\nbuild 7 failed\n```"])
      const said = yield* chat.messages(general, { limit: 10 })
      assert.strictEqual(said.find(({ text }) => text === "response")!.replyTo, "m-1")
    }).pipe(Effect.provide(World))
  )

  it.effect("follows the settings: names of topics and the channel of announcements", () =>
    Effect.gen(function* () {
      yield* createTopics
      const names = (yield* Broker.use(({ list }) => list)).map(({ name }) => name)
      assert.includeMembers(names, ["orders", "orders.dlq", "replies", "replies.dlq"])
      assert.notInclude(names, commands)
      yield* start(everyone)
      yield* write("orders", "to all")
      yield* write("replies", { channelId: general, text: "to some" })
      assert.sameMembers(yield* saidIn(general), ["```\nto all\n```", "to some"])
    }).pipe(
      Effect.provide(
        Layer.mergeAll(
          World,
          withSettings({ COMMANDS_TOPIC: "orders", RESPONSES_TOPIC: "replies", ANNOUNCEMENT_CHANNEL_ID: general })
        )
      )
    )
  )

  it.effect("makes dead letters of what cannot be said, with the reason, and goes on", () =>
    Effect.gen(function* () {
      yield* createTopics
      yield* start(everyone)
      yield* write(commands, "", " ", new Uint8Array([0xff, 0xfe, 0x41]), { text: "x".repeat(10_001) })
      yield* write(commands, { type: "echo", channelId: "local:nowhere", text: "hi" })
      yield* write(responses, "nobody hears this", { channelId: 7, text: "secret" })
      yield* write(responses, { channelId: general, text: "still here" })
      assert.deepStrictEqual(yield* saidIn(general), ["still here"])
      const letters = yield* DeadLetters.list({})
      assert.sameMembers(
        letters.map(({ actor, error, reason }) => `${actor} ${reason}: ${error.slice(0, 50)}`),
        [
          "commander undecodable: The value is empty",
          "commander rejected: There is no text to say",
          "commander undecodable: The value is not UTF-8",
          "commander rejected: The text has 10001 characters, and five messages t",
          "commander rejected: There is no channel local:nowhere",
          "response-commander rejected: It names no channel: expected `channelId` in JSON,",
          'response-commander rejected: Expected string | null at ["channelId"]'
        ]
      )
      assert.isFalse(letters.some(({ error }) => error.includes("secret")))
    }).pipe(Effect.provide(World))
  )

  it.effect("says what has one id once, whoever repeats it, and everything else as often as it was written", () =>
    Effect.gen(function* () {
      yield* createTopics
      yield* start(everyone)
      const once = { channelId: general, text: "once", id: "order-7" }
      yield* write(responses, once, once, { channelId: general, text: "twice" }, { channelId: general, text: "twice" })
      yield* write(responses, once)
      assert.sameMembers(yield* saidIn(general), ["once", "twice", "twice"])
    }).pipe(Effect.provide(World))
  )

  it.effect("says it once across a crash between what was said and what was committed", () =>
    Effect.gen(function* () {
      yield* createTopics
      const chat = yield* Chat
      let crashing = true
      // Says it and never returns: the record is not committed, as when the process dies there.
      const dying = Chat.of({
        ...chat,
        say: (reply) => Effect.tap(chat.say(reply), () => (crashing ? Effect.never : Effect.void))
      })
      const first = yield* start(everyone).pipe(Effect.provideService(Chat, dying))
      yield* write(
        commands,
        { text: "a" },
        { text: "b" },
        { type: "echo", channelId: "local:announcements", text: "c" }
      )
      yield* TestClock.adjust(0)
      const stopping = yield* Effect.forkChild(Scope.close(first, Exit.void))
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(stopping)
      crashing = false
      yield* start(everyone)
      assert.sameMembers(yield* saidIn("local:announcements"), ["a", "b", "c"])
      const log = Broker.use((broker) =>
        Stream.runCollect(broker.read({ topic: Topics.responses.name, from: "earliest" }))
      )
      assert.lengthOf(yield* log, 3)
    }).pipe(Effect.provide(World))
  )

  it.effect("answers that were written before there was anything else are still said", () =>
    Effect.gen(function* () {
      const old: Answered = {
        id: "answer-m-1",
        questionId: "m-1",
        question: "why?",
        serverId: "local",
        channelId: general,
        answer,
        answeredAt: 1
      }
      yield* createTopics
      yield* start([Speaker.actor])
      yield* write(Topics.responses.name, yield* Schema.encodeEffect(Answered)(old))
      assert.deepStrictEqual(yield* saidIn(general), [answer.text])
      assert.isDefined(yield* LocalChat.LocalChat.use((chat) => chat.answerTo("m-1")))
    }).pipe(Effect.provide(World))
  )

  it.effect("reads no topic of the bot's own and no topic twice", () =>
    Effect.gen(function* () {
      const wrong = (env: Record<string, string>) =>
        Effect.flip(Effect.asVoid(Commander.topics).pipe(Effect.provide(withSettings(env))))
      for (const name of ["discord-messages", "bot-responses", "discord_responses", "a.dlq", "..", "a b"]) {
        yield* wrong({ COMMANDS_TOPIC: name })
      }
      yield* wrong({ RESPONSES_TOPIC: "discord-commands" })
      yield* wrong({ COMMANDS_TOPIC: "same", RESPONSES_TOPIC: "same" })
    })
  )
})
