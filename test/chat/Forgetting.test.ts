import { assert, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Broker } from "../../src/broker/Broker.ts"
import { layerMemory } from "../../src/broker/Memory.ts"
import { record } from "../../src/broker/Records.ts"
import * as Forgetting from "../../src/chat/Forgetting.ts"
import * as Topics from "../../src/domain/Topics.ts"
import * as Migrations from "../../src/state/Migrations.ts"
import * as Sqlite from "../../src/state/Sqlite.ts"

const World = Layer.merge(layerMemory, Migrations.layer.pipe(Layer.provideMerge(Sqlite.layerClient(":memory:"))))

it.effect("where the log cannot be changed, the receipt says until when which topics have it", () =>
  Effect.gen(function* () {
    const broker = yield* Broker
    yield* broker.create(Topics.all)
    const author = { id: "ada", name: "Ada", bot: false }
    const place = { serverId: "s", channelId: "c" }
    const said = (id: string) => ({
      type: "created" as const,
      message: { id, ...place, author, text: "mine", mentionsBot: false, url: "/", createdAt: 1, editedAt: 1 }
    })
    yield* broker.publish([record(Topics.messages, said("1"))])
    yield* TestClock.adjust("1 day")
    yield* broker.publish([
      record(Topics.messages, said("2")),
      record(Topics.messages, { ...said("3"), message: { ...said("3").message, author: { ...author, id: "bob" } } }),
      record(Topics.queries, { id: "4", text: "mine?", ...place, author, askedAt: 1 })
    ])
    const published: Array<unknown> = []
    const read = (topic: string) =>
      broker
        .read({ topic, from: "earliest" })
        .pipe(Stream.map(({ timestamp, value }) => ({ value: Buffer.from(value).toString(), timestamp })))
    const forgetting = yield* Effect.forkChild(
      Forgetting.forget("ada", {
        publish: (events) => Effect.sync(() => void published.push(...events)),
        // What is gone is shown to nobody.
        read: (topic) => Stream.filter(read(topic), () => published.length === 0),
        erases: false
      })
    )
    while (forgetting.pollUnsafe() === undefined) {
      yield* Effect.promise(() => new Promise(setImmediate))
      yield* TestClock.adjust(Duration.millis(50))
    }
    const receipt = yield* Fiber.join(forgetting)
    assert.deepInclude(published[0], { type: "deleted", ...place, messageIds: ["1", "2", "4"] })
    assert.deepStrictEqual([receipt.before.records, receipt.after.records], [3, 0])
    const text = Forgetting.receiptText(receipt)
    assert.include(text, "Records of the log with words of yours: 3 before, 0 now.")
    assert.include(text, "discord-messages, 2 until 1970-01-09; bot-queries, 1 until 1970-01-03.")
  }).pipe(Effect.provide(World))
)
