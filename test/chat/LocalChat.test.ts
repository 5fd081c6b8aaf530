/** Threads and reactions of the local chat, over SQLite in memory. */
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Chat } from "../../src/chat/Chat.ts"
import * as Local from "../../src/chat/LocalChat.ts"
import { Happenings } from "../../src/runtime/Happenings.ts"
import * as Migrations from "../../src/state/Migrations.ts"
import * as Sqlite from "../../src/state/Sqlite.ts"

const layer = Local.layer.pipe(
  Layer.provideMerge(Happenings.layer),
  Layer.provide(Migrations.layer.pipe(Layer.provideMerge(Sqlite.layerClient(":memory:"))))
)
const general = "local:general"
const ada = { id: "ada", name: "Ada" }
const tom = { id: "tom", name: "Tom" }

const heard = Effect.gen(function* () {
  const chat = yield* Chat
  const batches = yield* chat.heard.pipe(Stream.take(1), Stream.runCollect)
  return batches.flatMap(({ heard }) => heard)
})

it.effect("a thread hangs from its message, once, and is named after it", () =>
  Effect.gen(function* () {
    const chat = yield* Local.LocalChat
    const root = yield* chat.post({ channelId: general, author: ada, text: `@rtfm ${"long ".repeat(30)}` })
    const thread = yield* chat.openThread(root.id)
    assert.deepStrictEqual(thread.thread, { parentId: general, messageId: root.id })
    assert.match(thread.name, /^long long .{0,60}…$/)
    assert.deepStrictEqual(yield* chat.openThread(root.id), thread)
    assert.strictEqual((yield* chat.channels).length, 2)
    const inside = yield* chat.post({ channelId: thread.id, author: tom, text: "inside" })
    assert.deepStrictEqual(
      (yield* chat.messages(thread.id, { limit: 10 })).map(({ text }) => text),
      ["inside"]
    )
    const error = yield* Effect.flip(chat.openThread(inside.id))
    assert.strictEqual(error.detail, "A thread has no threads of its own")
  }).pipe(Effect.provide(layer))
)

it.effect("what is said in a thread belongs to its channel, and is answered there", () =>
  Effect.gen(function* () {
    const local = yield* Local.LocalChat
    const chat = yield* Chat
    const root = yield* local.post({ channelId: general, author: ada, text: "a topic" })
    const thread = yield* local.openThread(root.id)
    yield* local.post({ channelId: thread.id, author: tom, text: "@rtfm how so?" })
    const { event, query } = (yield* heard).at(-1)!
    assert.ok(event?.type === "created")
    assert.strictEqual(event.message.channelId, general)
    assert.strictEqual(event.message.threadId, thread.id)
    assert.strictEqual(query!.threadId, thread.id)
    yield* chat.say({ id: "answer-1", channelId: general, threadId: thread.id, text: "so" })
    assert.strictEqual((yield* local.message("answer-1"))!.channelId, thread.id)
    assert.deepStrictEqual([...(yield* chat.audience(thread.id)).channelIds], [general])
  }).pipe(Effect.provide(layer))
)

it.effect("reactions are counted by person, and leave with them and with the message", () =>
  Effect.gen(function* () {
    const chat = yield* Local.LocalChat
    const { id } = yield* chat.post({ channelId: general, author: ada, text: "look" })
    const react = (by: typeof ada, emoji: string, on = true) => chat.react({ messageId: id, emoji, by, on })
    yield* react(ada, "👍")
    yield* TestClock.adjust(1)
    yield* react(tom, "👍🏽")
    yield* TestClock.adjust(1)
    assert.deepStrictEqual(yield* react(tom, "👍"), [
      { emoji: "👍", by: [ada, tom] },
      { emoji: "👍🏽", by: [tom] }
    ])
    yield* react(tom, "👍")
    yield* react(ada, "👍", false)
    const [message] = yield* chat.messages(general, { limit: 1 })
    assert.deepStrictEqual(
      message!.reactions?.map(({ emoji }) => emoji),
      ["👍🏽", "👍"]
    )
    const edited = yield* chat.edit({ messageId: id, authorId: "ada", text: "look here" })
    assert.strictEqual(edited.reactions?.length, 2)
    for (const wrong of ["x", "👍👍", "", "<b>"])
      assert.strictEqual((yield* Effect.flip(react(ada, wrong))).detail, "Expected one emoji")
    yield* chat.remove({ messageId: id, authorId: "ada" })
    assert.strictEqual((yield* Effect.flip(react(ada, "👍"))).reason, "invalid")
  }).pipe(Effect.provide(layer))
)

it.effect("bounds how many different reactions a message has", () =>
  Effect.gen(function* () {
    const chat = yield* Local.LocalChat
    const { id } = yield* chat.post({ channelId: general, author: ada, text: "look" })
    const emojis = Array.from({ length: 21 }, (_, n) => String.fromCodePoint(0x1f600 + n))
    for (const emoji of emojis.slice(0, 20)) yield* chat.react({ messageId: id, emoji, by: ada, on: true })
    const error = yield* Effect.flip(chat.react({ messageId: id, emoji: emojis[20]!, by: ada, on: true }))
    assert.strictEqual(error.detail, "A message has at most 20 different reactions")
    yield* chat.react({ messageId: id, emoji: emojis[3]!, by: tom, on: true })
  }).pipe(Effect.provide(layer))
)
