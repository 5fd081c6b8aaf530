/** What every chat must do, whatever platform it is. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, type Scope, Stream } from "effect"
import type { Chat, ChatError, Heard } from "../../src/chat/Chat.ts"

/** One place of a platform, and a person in it. */
export interface Scene {
  readonly channelId: string
  /** Says something as that person and gives back the message's id. */
  readonly says: (text: string) => Effect.Effect<string, ChatError>
  readonly deletes: (messageId: string) => Effect.Effect<void, ChatError>
  /** Another start over the same state, as after a restart; the one before must no longer listen. */
  readonly start: Effect.Effect<Chat["Service"], unknown, Scope.Scope>
}

/** Listens until what was heard satisfies `enough`, confirming each batch or none. */
const hear = (chat: Chat["Service"], enough: (heard: ReadonlyArray<Heard>) => boolean, confirms = true) =>
  Effect.gen(function* () {
    const heard: Array<Heard> = []
    yield* chat.heard.pipe(
      Stream.tap((batch) => {
        heard.push(...batch.heard)
        return confirms ? batch.confirm : Effect.void
      }),
      Stream.takeUntil(() => enough(heard)),
      Stream.runDrain
    )
    return heard
  })

const texts = (heard: ReadonlyArray<Heard>) =>
  heard.flatMap(({ event }) => (event?.type === "created" && !event.message.author.bot ? [event.message.text] : []))
const says = (text: string) => (heard: ReadonlyArray<Heard>) => texts(heard).includes(text)

export const suite = (name: string, scene: Effect.Effect<Scene, unknown, Scope.Scope>) =>
  describe(`the contract of Chat: ${name}`, () => {
    const check = (what: string, body: (scene: Scene) => Effect.Effect<unknown, unknown, Scope.Scope>) =>
      it.live(what, () => Effect.scoped(Effect.flatMap(scene, body)), 120_000)

    check("tells what was not confirmed again after a restart, and what was confirmed no more", (scene) =>
      Effect.gen(function* () {
        const { says: say } = scene
        const first = yield* Effect.forkChild(
          Effect.scoped(Effect.flatMap(scene.start, (chat) => hear(chat, says("one"))))
        )
        yield* say("one")
        assert.deepStrictEqual(texts(yield* Fiber.join(first)), ["one"])
        yield* say("two")
        yield* Effect.scoped(Effect.flatMap(scene.start, (chat) => hear(chat, says("two"), false)))
        yield* say("three")
        const heard = yield* Effect.scoped(Effect.flatMap(scene.start, (chat) => hear(chat, says("three"))))
        assert.deepStrictEqual(texts(heard), ["two", "three"])
      })
    )

    check("tells of a question with its event, and of a deletion after what it deletes", (scene) =>
      Effect.gen(function* () {
        const chat = yield* scene.start
        const listening = yield* Effect.forkChild(
          hear(chat, (heard) => heard.some(({ event }) => event?.type === "deleted"))
        )
        const id = yield* scene.says("!rtfm where is the kettle?")
        yield* scene.deletes(id)
        const heard = yield* Fiber.join(listening)
        assert.deepInclude(heard.find(({ query }) => query !== undefined)?.query, { id, text: "where is the kettle?" })
        assert.deepStrictEqual(
          heard.flatMap(({ event }) => event?.type ?? []),
          ["created", "deleted"]
        )
      })
    )

    check("says an id once, and gives back what was said", (scene) =>
      Effect.gen(function* () {
        const chat = yield* scene.start
        const reply = { id: "said-1", channelId: scene.channelId, text: "Tea is ready." }
        const first = yield* chat.say(reply)
        const second = yield* chat.say({ ...reply, text: "Tea is cold." })
        assert.strictEqual(second.id, first.id)
        assert.strictEqual(first.text, "Tea is ready.")
        assert.isTrue(first.author.bot)
      })
    )

    check("knows who reads a channel, and refuses one that is not there for good", (scene) =>
      Effect.gen(function* () {
        const chat = yield* scene.start
        assert.isTrue((yield* chat.audience(scene.channelId)).channelIds.has(scene.channelId))
        const nowhere = scene.channelId.replace(/.$/, (last) => (last === "9" ? "8" : "9"))
        const unknown = yield* Effect.flip(chat.audience(nowhere))
        assert.deepStrictEqual([unknown.reason, unknown.retryable], ["unknown-channel", false])
        const unsaid = yield* Effect.flip(chat.say({ id: "n", channelId: nowhere, text: "hello" }))
        assert.strictEqual(unsaid.retryable, false)
      })
    )
  })
