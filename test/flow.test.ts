/** The actors of `main.ts` over a broker, a state and vectors of the test's own: what is said and asked goes all the way. */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Logger, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Ingester } from "../src/actors/Ingester.ts"
import { Supervisor } from "../src/actors/Supervise.ts"
import { Broker } from "../src/broker/Broker.ts"
import * as DeadLetters from "../src/broker/DeadLetters.ts"
import { layerMemory as memoryBroker } from "../src/broker/Memory.ts"
import * as LocalChat from "../src/chat/LocalChat.ts"
import * as Documents from "../src/docs/Documents.ts"
import * as Topics from "../src/domain/Topics.ts"
import { Passages, PassagesError } from "../src/knowledge/Passages.ts"
import * as PassagesSql from "../src/knowledge/PassagesSql.ts"
import * as Retriever from "../src/knowledge/RetrieverLive.ts"
import { Actors } from "../src/main.ts"
import { Embedder } from "../src/model/Embedder.ts"
import * as QuotingWriter from "../src/model/QuotingWriter.ts"
import { Happenings } from "../src/runtime/Happenings.ts"
import * as Migrations from "../src/state/Migrations.ts"
import * as Sqlite from "../src/state/Sqlite.ts"
import { layerMemory as memoryVectors } from "../src/vectors/Memory.ts"
import { VectorStore } from "../src/vectors/VectorStore.ts"
import * as FakeEmbedder from "./fixtures/FakeEmbedder.ts"

const State = Migrations.layer.pipe(Layer.provideMerge(Sqlite.layerClient(":memory:")))
const Log = Layer.effectDiscard(Broker.use((broker) => broker.create(Topics.all))).pipe(
  Layer.provideMerge(memoryBroker)
)
const NoOwnDocs = ConfigProvider.layer(ConfigProvider.fromUnknown({ INGEST_OWN_DOCS: "false" }))

/** `passages` stands between the actors and what is known. */
const world = (passages: Layer.Layer<Passages, never, Passages>) =>
  Actors.pipe(
    Layer.provideMerge(Layer.mergeAll(Retriever.layer, QuotingWriter.layer)),
    Layer.provideMerge(passages),
    Layer.provideMerge(
      Layer.mergeAll(LocalChat.layer, PassagesSql.layer, Documents.layer, memoryVectors, FakeEmbedder.layer)
    ),
    Layer.provideMerge(Layer.mergeAll(State, Log)),
    Layer.provideMerge(Happenings.layer),
    Layer.provide(Layer.mergeAll(NodeServices.layer, NoOwnDocs)),
    Layer.provideMerge(Logger.layer([]))
  )
const untouched = Layer.effect(Passages, Passages)

const general = "local:general"
const ada = { id: "ada", name: "Ada" }
const say = (text: string) => LocalChat.LocalChat.use((chat) => chat.post({ channelId: general, author: ada, text }))

const ask = Effect.fnUntraced(function* (text: string) {
  const happenings = yield* Happenings
  const question = yield* say(text)
  const answers = happenings.since(0).pipe(
    Stream.map(({ happening }) => (happening.type === "message.created" ? happening.message : undefined)),
    Stream.filter((message) => message?.replyTo === question.id),
    Stream.take(1),
    Stream.runCollect
  )
  return (yield* answers)[0]!
})

/** Waits until a group has finished its topic. */
const caughtUp = Effect.fnUntraced(function* (group: string) {
  const broker = yield* Broker
  while ((yield* broker.lag(group)).some(({ lag }) => lag > 0)) yield* Effect.yieldNow
})

const vectorized = Effect.gen(function* () {
  const passages = yield* Passages
  const embedder = yield* Embedder
  while ((yield* passages.countUnembedded(embedder.id)) > 0) yield* Effect.yieldNow
})

const manual = [
  {
    path: "kettle.md",
    text: "# Kettle\n\n## Descaling\n\nDescale the kettle every three months with citric acid.\n\n## Filling\n\nFill it to the upper mark."
  }
]
const ingest = (files: typeof manual) =>
  Effect.gen(function* () {
    const ingester = yield* Ingester
    const report = yield* ingester.ingest({ source: "manual", files, removeMissing: true })
    yield* caughtUp("document-indexer")
    return report
  })

describe("flow", () => {
  it.live("a question about a document is answered with a quote that is in it, and a link", () =>
    Effect.gen(function* () {
      yield* ingest(manual)
      yield* vectorized
      const { answer, author } = yield* ask("!rtfm how often should I descale the kettle?")
      assert.isTrue(author.bot)
      assert.isFalse(answer!.refused)
      assert.strictEqual(answer!.mode, "closest")
      const [citation] = answer!.citations
      assert.strictEqual(citation!.quote, "Descale the kettle every three months with citric acid.")
      assert.include(citation!.passage, citation!.quote)
      assert.strictEqual(citation!.url, "/#/documents/manual%2Fkettle.md/descaling")
    }).pipe(Effect.provide(world(untouched)))
  )

  it.live("what was said in the chat is evidence; what the bot said and what it was asked are not", () =>
    Effect.gen(function* () {
      const said = yield* say("The spare key of the archive hangs behind the green door.")
      yield* caughtUp("indexer")
      const first = yield* ask("@rtfm where hangs the spare key of the archive?")
      assert.strictEqual(first.answer!.citations[0]!.quote, said.text)
      assert.include(first.answer!.citations[0]!.url, said.id)
      const second = yield* ask("@rtfm where hangs the spare key of the archive?")
      assert.strictEqual(new Set(second.answer!.citations.map(({ passageId }) => passageId)).size, 1)
      assert.strictEqual(second.answer!.citations[0]!.quote, said.text)
    }).pipe(Effect.provide(world(untouched)))
  )

  it.effect("vectors that were lost are made again", () =>
    Effect.gen(function* () {
      const vectors = yield* VectorStore
      yield* ingest(manual)
      yield* vectorized
      const before = yield* vectors.count("documents-fake")
      yield* vectors.dropCollection("documents-fake")
      yield* TestClock.adjust("10 minutes")
      while ((yield* vectors.count("documents-fake")) < before) yield* TestClock.adjust("1 second")
      assert.isAbove(before, 0)
    }).pipe(Effect.provide(world(untouched)))
  )

  it.live("off topic it says that it does not know", () =>
    Effect.gen(function* () {
      yield* ingest(manual)
      yield* vectorized
      const { answer } = yield* ask("!rtfm who won the chess championship of 1972?")
      assert.isTrue(answer!.refused)
      assert.deepStrictEqual(answer!.citations, [])
    }).pipe(Effect.provide(world(untouched)))
  )

  it.live("edited and deleted messages change and leave what is known", () =>
    Effect.gen(function* () {
      const chat = yield* LocalChat.LocalChat
      const message = yield* say("The door code is 4711.")
      yield* caughtUp("indexer")
      yield* chat.edit({ messageId: message.id, authorId: ada.id, text: "The door code is 1234." })
      yield* caughtUp("indexer")
      const edited = yield* ask("!rtfm what is the door code?")
      assert.strictEqual(edited.answer!.citations[0]!.quote, "The door code is 1234.")
      yield* chat.remove({ messageId: message.id, authorId: ada.id })
      yield* caughtUp("listener")
      const passages = yield* Passages
      while ((yield* passages.counts).messages > 0) yield* Effect.yieldNow
      const gone = yield* ask("!rtfm what is the door code?")
      assert.isTrue(gone.answer!.refused)
      assert.notInclude(JSON.stringify(gone), "1234")
    }).pipe(Effect.provide(world(untouched)))
  )

  it.live("a second ingest of unchanged files does no work; changed and removed ones change and leave", () =>
    Effect.gen(function* () {
      const broker = yield* Broker
      const passages = yield* Passages
      const vectors = yield* VectorStore
      const records = Effect.map(broker.list, (topics) =>
        topics
          .find(({ name }) => name === Topics.documentChunks.name)!
          .partitions.reduce((sum, { end }) => sum + end, 0)
      )
      const first = yield* ingest(manual)
      assert.deepStrictEqual([first.added, first.chunks], [1, 2])
      yield* vectorized
      const before = yield* records
      const again = yield* ingest(manual)
      assert.deepStrictEqual([again.unchanged, again.chunks], [1, 0])
      assert.strictEqual(yield* records, before)

      const changed = yield* ingest([{ ...manual[0]!, text: manual[0]!.text.replace("three", "six") }])
      assert.strictEqual(changed.changed, 1)
      yield* vectorized
      const answer = yield* ask("!rtfm how often should I descale the kettle?")
      assert.include(answer.text, "six months")

      yield* ingest([])
      while ((yield* vectors.count("documents-fake")) > 0) yield* Effect.yieldNow
      assert.strictEqual((yield* passages.counts).documents, 0)
    }).pipe(Effect.provide(world(untouched)))
  )

  it.effect(
    "poison becomes dead letters with their context, holds up nothing, and goes through once the cause is gone",
    () => {
      let broken = true
      const failing = Layer.effect(
        Passages,
        Effect.map(Passages, (passages) =>
          Passages.of({
            ...passages,
            applyChat: (events) =>
              broken && JSON.stringify(events).includes("unlucky")
                ? Effect.fail(new PassagesError({ reason: "failed", detail: "the disk says no" }))
                : passages.applyChat(events)
          })
        )
      )
      return Effect.gen(function* () {
        const broker = yield* Broker
        const bytes = new TextEncoder()
        const topic = Topics.messages.name
        yield* broker.publish([
          { topic, key: general, value: bytes.encode("{not json") },
          { topic, key: general, value: bytes.encode(`{"type":"created"}`) }
        ])
        yield* say("An unlucky message about the archive in the cellar.")
        yield* LocalChat.LocalChat.use((chat) => chat.createChannel("other"))
        yield* LocalChat.LocalChat.use((chat) =>
          chat.post({ channelId: "local:other", author: ada, text: "The ladder stands in the shed." })
        )
        // The other channel is not held up by the key that waits.
        const passages = yield* Passages
        while ((yield* passages.counts).messages < 1) yield* Effect.yieldNow
        const supervisor = yield* Supervisor
        const indexer = Effect.map(supervisor.actors, (actors) => actors.find(({ name }) => name === "indexer")!)
        assert.isBelow((yield* indexer).deadLetters, 3)
        while ((yield* indexer).deadLetters < 3) yield* TestClock.adjust("1 second")
        yield* caughtUp("indexer")

        const letters = yield* DeadLetters.list({})
        assert.deepStrictEqual(
          letters.map(({ actor, origin, reason }) => `${actor} ${origin.topic} ${reason}`).toSorted(),
          [
            "indexer discord-messages exhausted",
            "indexer discord-messages undecodable",
            "indexer discord-messages undecodable"
          ]
        )
        const exhausted = letters.find(({ reason }) => reason === "exhausted")!
        assert.deepStrictEqual([exhausted.error, exhausted.attempts, exhausted.key], ["the disk says no", 6, general])

        broken = false
        assert.lengthOf((yield* DeadLetters.redrive({ topic, positions: [exhausted] })).sent, 1)
        while ((yield* passages.counts).messages < 2) yield* Effect.yieldNow
        const { answer } = yield* ask("!rtfm where is the archive?")
        assert.include(answer!.text, "archive in the cellar")
        assert.strictEqual((yield* DeadLetters.list({})).length, 2)
      }).pipe(Effect.provide(world(failing)))
    }
  )
})
