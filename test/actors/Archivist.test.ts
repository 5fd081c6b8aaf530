/** Files of messages from the log into the store: which, under which names, for whom they are found, and when they go. */
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Logger, Option, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { createHash } from "node:crypto"
import * as Archivist from "../../src/actors/Archivist.ts"
import * as Indexer from "../../src/actors/Indexer.ts"
import * as Supervise from "../../src/actors/Supervise.ts"
import { Broker } from "../../src/broker/Broker.ts"
import * as DeadLetters from "../../src/broker/DeadLetters.ts"
import { layerMemory } from "../../src/broker/Memory.ts"
import { record } from "../../src/broker/Records.ts"
import { Attachments } from "../../src/chat/Attachments.ts"
import { ChatError } from "../../src/chat/Chat.ts"
import type { ChatEvent, ChatMessage } from "../../src/domain/ChatMessage.ts"
import * as Topics from "../../src/domain/Topics.ts"
import { FileStore, layerMemory as layerFiles } from "../../src/files/FileStore.ts"
import { Kept } from "../../src/files/Kept.ts"
import { Passages } from "../../src/knowledge/Passages.ts"
import * as PassagesSql from "../../src/knowledge/PassagesSql.ts"
import { Happenings } from "../../src/runtime/Happenings.ts"
import * as Migrations from "../../src/state/Migrations.ts"
import * as Sqlite from "../../src/state/Sqlite.ts"

const State = Migrations.layer.pipe(Layer.provideMerge(Sqlite.layerClient(":memory:")))

/** Content by id of the file; what has none is gone, and what is an error cannot be read as often as it says. */
type Platform = Map<string, { bytes: Uint8Array; opened: number; failures: number }>

const platform = (files: Platform) =>
  Layer.succeed(
    Attachments,
    Attachments.of({
      open: ({ fileId }) =>
        Effect.suspend(() => {
          const file = files.get(fileId)
          if (file === undefined) return Effect.undefined
          file.opened++
          if (file.opened <= file.failures)
            return Effect.fail(new ChatError({ reason: "unreachable", detail: "The files cannot be read" }))
          return Effect.succeed(Stream.make(file.bytes.subarray(0, 10), file.bytes.subarray(10)))
        })
    })
  )

const text = new TextEncoder()
const png = Uint8Array.from([137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, ...Array(40).fill(1)])
const program = Uint8Array.from([77, 90, 144, 0, ...Array(200).fill(0)])

interface Scene {
  readonly store: FileStore["Service"]
  readonly kept: Kept["Service"]
  readonly passages: Passages["Service"]
  readonly files: Platform
  /** A file that the platform has; with `failures`, only after so many tries. */
  readonly has: (id: string, content: string | Uint8Array, failures?: number) => void
  readonly happen: (...events: ReadonlyArray<ChatEvent>) => Effect.Effect<void, unknown>
  readonly quiet: Effect.Effect<void, unknown>
  readonly keys: Effect.Effect<ReadonlyArray<string>, unknown>
  /** What is found of a term by who reads these channels. */
  readonly found: (term: string, ...channelIds: ReadonlyArray<string>) => Effect.Effect<number, unknown>
}

const scene = (
  body: (scene: Scene) => Effect.Effect<void, unknown, Broker | Scope.Scope>,
  env: Readonly<Record<string, string>> = {}
) =>
  Effect.gen(function* () {
    const files: Platform = new Map()
    const services = yield* Layer.build(
      Layer.mergeAll(platform(files), layerFiles, Kept.layer, PassagesSql.layer).pipe(Layer.provideMerge(State))
    )
    yield* Effect.gen(function* () {
      const broker = yield* Broker
      yield* broker.create(Topics.all)
      yield* Layer.build(Supervise.layer([Archivist.actor, Indexer.documents, Indexer.chat]))
      const [store, kept, passages] = [yield* FileStore, yield* Kept, yield* Passages]
      const quiet = Effect.gen(function* () {
        yield* TestClock.adjust(0)
        while ((yield* broker.lag()).some(({ lag }) => lag > 0)) yield* TestClock.adjust("1 second")
      })
      yield* body({
        store,
        kept,
        passages,
        files,
        has: (id, content, failures = 0) =>
          void files.set(id, {
            bytes: typeof content === "string" ? text.encode(content) : content,
            opened: 0,
            failures
          }),
        happen: (...events) =>
          Effect.andThen(broker.publish(events.map((event) => record(Topics.messages, event))), quiet),
        quiet,
        keys: store.list(""),
        found: (term, ...channelIds) =>
          Effect.map(
            passages.searchText({ terms: [term], limit: 10, serverId: "s1", channelIds: new Set(channelIds) }),
            (hits) => hits.length
          )
      })
    }).pipe(Effect.provide(services))
  }).pipe(
    Effect.scoped,
    Effect.provide(
      Layer.mergeAll(
        layerMemory,
        Happenings.layer,
        Logger.layer([]),
        ConfigProvider.layer(ConfigProvider.fromUnknown(env))
      )
    )
  )

const message = (id: string, files: ChatMessage["files"], more: Partial<ChatMessage> = {}): ChatMessage => ({
  id,
  serverId: "s1",
  channelId: "general",
  author: { id: "ada", name: "Ada", bot: false },
  text: "Look at this.",
  mentionsBot: false,
  ...(files !== undefined && { files }),
  url: `https://chat/${id}`,
  createdAt: 1000,
  editedAt: 1000,
  ...more
})
const created = (...given: Parameters<typeof message>): ChatEvent => ({ type: "created", message: message(...given) })
const edited = (...given: Parameters<typeof message>): ChatEvent => ({ type: "edited", message: message(...given) })
const deleted = (...messageIds: ReadonlyArray<string>): ChatEvent => ({
  type: "deleted",
  serverId: "s1",
  channelId: "general",
  messageIds,
  at: 5000
})
const manual = "# Descaling\n\nDescale the boiler with citric acid every three months.\n"
const file = (id: string, name: string, content: string | Uint8Array) => ({
  id,
  name,
  size: typeof content === "string" ? text.encode(content).length : content.length
})

describe("Archivist", () => {
  it.effect("keeps files under server, channel, message and a safe name, with their checksum and link", () =>
    scene(({ happen, has, kept, keys, store }) =>
      Effect.gen(function* () {
        has("f1", manual)
        has("f2", png)
        has("f3", png)
        yield* happen(
          created("m1", [
            file("f1", "../../etc/der Ärger?.md", manual),
            file("f2", "a.png", png),
            file("f3", "a.png", png)
          ])
        )
        assert.deepStrictEqual(yield* keys, [
          "s1/general/m1/a.png",
          "s1/general/m1/etc_der_Ärger_.md",
          "s1/general/m1/f3-a.png"
        ])
        const first = (yield* kept.ofMessages(["m1"])).find(({ fileId }) => fileId === "f1")
        assert.deepStrictEqual(first, {
          messageId: "m1",
          fileId: "f1",
          serverId: "s1",
          channelId: "general",
          threadId: null,
          authorId: "ada",
          name: "../../etc/der Ärger?.md",
          key: "s1/general/m1/etc_der_Ärger_.md",
          url: store.urlOf("s1/general/m1/etc_der_Ärger_.md"),
          type: "text/plain",
          size: text.encode(manual).length,
          sha256: createHash("sha256").update(manual).digest("hex")
        })
      })
    )
  )

  it.effect("takes texts for documents, which only readers of their channel find", () =>
    scene(({ found, happen, has }) =>
      Effect.gen(function* () {
        has("f1", manual)
        has("f2", "The vault opens with the word xylophone.")
        yield* happen(
          created("m1", [file("f1", "manual.md", manual)]),
          created("m2", [file("f2", "vault", "The vault opens with the word xylophone.")], { channelId: "board" })
        )
        assert.strictEqual(yield* found("citric", "general", "random"), 1)
        assert.strictEqual(yield* found("citric", "random"), 0)
        assert.strictEqual(yield* found("xylophone", "general", "random"), 0)
        assert.strictEqual(yield* found("xylophone", "board"), 1)
      })
    )
  )

  it.effect("looks at what is in a file, not at its name, and at its size before it is fetched", () =>
    scene(
      ({ files, happen, has, keys }) =>
        Effect.gen(function* () {
          has("f1", program)
          has("f2", png)
          has("f3", "x")
          yield* happen(
            created("m1", [
              file("f1", "harmless.txt", program),
              file("f2", "picture.exe", png),
              { id: "f3", name: "huge.txt", size: 1_000_001 },
              { id: "gone", name: "gone.txt", size: 3 }
            ])
          )
          assert.deepStrictEqual(yield* keys, ["s1/general/m1/picture.exe"])
          assert.strictEqual(files.get("f3")!.opened, 0)
        }),
      { FILE_MAX_MB: "1" }
    )
  )

  it.effect("keeps nothing of programs, and of a file that came torn", () =>
    scene(({ happen, has, keys, quiet }) =>
      Effect.gen(function* () {
        has("f1", manual)
        has("f2", manual)
        yield* happen(
          created("m1", [file("f1", "a.md", manual)], { author: { id: "b", name: "B", bot: true } }),
          created("m2", [{ id: "f2", name: "a.md", size: 10_000 }])
        )
        yield* quiet
        assert.deepStrictEqual(yield* keys, [])
        const [letter] = yield* DeadLetters.list({})
        assert.strictEqual(letter?.actor, "archivist")
        assert.include(letter?.error, "A file has 10000 bytes")
      })
    )
  )

  it.effect("tries again, then puts the record aside; sent back, it does the rest and nothing twice", () =>
    scene(({ files, found, happen, has, keys, quiet }) =>
      Effect.gen(function* () {
        has("f1", manual, 3)
        has("f2", png, 20)
        yield* happen(created("m1", [file("f1", "a.md", manual), file("f2", "b.png", png)]))
        assert.strictEqual(files.get("f1")!.opened, 4)
        assert.deepStrictEqual(yield* keys, ["s1/general/m1/a.md"])
        assert.strictEqual(yield* found("look", "general"), 1)
        const [letter] = yield* DeadLetters.list({})
        assert.deepInclude(letter, { actor: "archivist", reason: "exhausted", error: "The files cannot be read" })
        has("f2", png)
        yield* DeadLetters.redrive({ topic: Topics.messages.name })
        yield* quiet
        assert.deepStrictEqual(yield* keys, ["s1/general/m1/a.md", "s1/general/m1/b.png"])
        assert.strictEqual(files.get("f1")!.opened, 4)
        assert.strictEqual(yield* found("citric", "general"), 1)
      })
    )
  )

  it.effect("lets files and their documents go with their message, one by one, together, or with its channel", () =>
    scene(({ found, happen, has, kept, keys }) =>
      Effect.gen(function* () {
        for (const id of ["f1", "f2", "f3", "f4", "f5"]) has(id, manual)
        const one = (id: string) => [file(id, "manual.md", manual)]
        yield* happen(
          created("m1", one("f1")),
          created("m2", one("f2")),
          created("m3", one("f3")),
          created("m4", one("f4"), { threadId: "t1" }),
          created("m5", one("f5"), { channelId: "other" })
        )
        assert.lengthOf(yield* keys, 5)
        yield* happen(deleted("m1", "m2"))
        assert.deepStrictEqual(yield* keys, [
          "s1/general/m3/manual.md",
          "s1/general/m4/manual.md",
          "s1/other/m5/manual.md"
        ])
        yield* happen({ type: "removed", serverId: "s1", channelId: "general", threadId: "t1", at: 6000 })
        assert.lengthOf(yield* keys, 2)
        assert.strictEqual(yield* found("citric", "general"), 1)
        yield* happen({ type: "removed", serverId: "s1", channelId: "general", at: 7000 })
        assert.deepStrictEqual(yield* keys, ["s1/other/m5/manual.md"])
        assert.strictEqual(yield* found("citric", "general"), 0)
        assert.strictEqual(yield* found("citric", "other"), 1)
        assert.deepStrictEqual(yield* kept.ofMessages(["m1", "m2", "m3", "m4"]), [])
      })
    )
  )

  it.effect("lets a file go that an edit took off, and fetches none again", () =>
    scene(({ files, found, happen, has, keys }) =>
      Effect.gen(function* () {
        has("f1", manual)
        has("f2", png)
        const [first, second] = [file("f1", "a.md", manual), file("f2", "b.png", png)]
        yield* happen(created("m1", [first, second]), edited("m1", [first, second], { editedAt: 2000 }))
        yield* happen(edited("m1", [second], { editedAt: 3000 }))
        assert.deepStrictEqual(yield* keys, ["s1/general/m1/b.png"])
        assert.strictEqual(yield* found("citric", "general"), 0)
        assert.strictEqual(files.get("f2")!.opened, 1)
      })
    )
  )

  it.effect("is not there without a store", () =>
    Effect.gen(function* () {
      assert.isUndefined(yield* Archivist.actor)
      assert.isTrue(Option.isNone(yield* Effect.serviceOption(FileStore)))
    }).pipe(Effect.provide(Layer.mergeAll(layerMemory, Happenings.layer, Kept.layer.pipe(Layer.provide(State)))))
  )
})
