/** What is found, by whom, and what still works when vectors do not. */
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Fiber, Layer, Schema } from "effect"
import { TestClock } from "effect/testing"
import { maySee } from "../../src/domain/Audience.ts"
import { collectionOf, metadataOf, placedBy } from "../../src/knowledge/Collections.ts"
import { Passages } from "../../src/knowledge/Passages.ts"
import { Retriever } from "../../src/knowledge/Retriever.ts"
import { Solutions } from "../../src/knowledge/Solutions.ts"
import * as VectorsMemory from "../../src/vectors/Memory.ts"
import { VectorStore, VectorStoreError } from "../../src/vectors/VectorStore.ts"
import * as FakeEmbedder from "../fixtures/FakeEmbedder.ts"
import { audience, embedAll, layer, tellMessages, tellSections } from "../fixtures/Knowledge.ts"

const manual = [
  ["Kettle", "Fill the kettle with water and press the red button. It boils in three minutes."],
  ["Descaling", "Pour vinegar into the kettle once a month. Rinse it twice."],
  ["Warranty", "Broken parts are replaced for two years from the day of purchase."]
] as const

const ids = (question: string, who = audience()) =>
  Retriever.use((retriever) => retriever.retrieve(question, who)).pipe(
    Effect.map(({ found }) => found.map(({ chunk }) => chunk.id))
  )

const vectors = (change: (store: VectorStore["Service"]) => Partial<VectorStore["Service"]>) =>
  Layer.effect(
    VectorStore,
    Effect.map(VectorsMemory.make, (store) => VectorStore.of({ ...store, ...change(store) }))
  )

describe("retrieve", () => {
  it.effect("finds the section by its words and its vector", () =>
    Effect.gen(function* () {
      yield* tellSections("manual", manual)
      yield* embedAll
      const retriever = yield* Retriever
      const { found, grounds, vector } = yield* retriever.retrieve(
        "How do I descale the kettle with vinegar?",
        audience()
      )
      assert.strictEqual(found[0]!.chunk.id, "manual#1")
      assert.isAbove(found[0]!.signals.cosine, 0)
      assert.strictEqual(found[0]!.bestPassageId, found[0]!.chunk.passages[0]!.id)
      assert.isTrue(grounds.enough)
      assert.strictEqual(vector!.length, 64)
    }).pipe(Effect.provide(layer(FakeEmbedder.layer)))
  )

  it.effect("finds what shares no word with the question but has a near vector", () =>
    Effect.gen(function* () {
      yield* tellSections("manual", manual)
      yield* embedAll
      assert.strictEqual((yield* ids("guarantee"))[0], "manual#2")
    }).pipe(Effect.provide(layer(FakeEmbedder.layerWith((text) => text.replace(/guarantee/, "warranty")))))
  )

  it.effect("gives no more than asked for, best first", () =>
    Effect.gen(function* () {
      yield* tellSections("manual", manual)
      yield* embedAll
      const retriever = yield* Retriever
      const { found } = yield* retriever.retrieve("kettle", audience(), { limit: 2 })
      assert.strictEqual(found.length, 2)
      assert.isAtLeast(found[0]!.score, found[1]!.score)
    }).pipe(Effect.provide(layer(FakeEmbedder.layer)))
  )

  it.effect("refuses what nothing is said about, and anything while nothing is known", () =>
    Effect.gen(function* () {
      const retriever = yield* Retriever
      const empty = yield* retriever.retrieve("kettle", audience())
      assert.deepStrictEqual([empty.found, empty.grounds.enough], [[], false])
      yield* tellSections("manual", manual)
      yield* embedAll
      const { grounds } = yield* retriever.retrieve("Which opera did Verdi write last?", audience())
      assert.isFalse(grounds.enough)
    }).pipe(Effect.provide(layer(FakeEmbedder.layer)))
  )

  it.effect("finds once what several documents say alike", () =>
    Effect.gen(function* () {
      yield* tellSections("manual", manual)
      yield* tellSections("copy", manual)
      yield* embedAll
      const found = yield* ids("How do I descale the kettle with vinegar?")
      assert.strictEqual(found.length, manual.length)
      assert.match(found[0]!, /^(manual|copy)#1$/)
    }).pipe(Effect.provide(layer(FakeEmbedder.layer)))
  )

  it.effect("prefers the newer of messages that fit alike, and whom the operator trusts", () =>
    Effect.gen(function* () {
      const passages = yield* Passages
      const days = (count: number) => count * 86_400_000
      yield* TestClock.setTime(days(1_000))
      const said = (channelId: string, author: string, day: number, text: string) => ({
        type: "created" as const,
        message: {
          id: `m${channelId}`,
          serverId: "server",
          channelId,
          author: { id: author, name: author, bot: false },
          text,
          mentionsBot: false,
          url: `/${channelId}`,
          createdAt: days(day),
          editedAt: days(day)
        }
      })
      yield* passages.applyChat([
        said("old", "ann", 10, "The kettle boils in three minutes"),
        said("new", "ann", 990, "The kettle boils in two minutes"),
        said("trusted", "maintainer", 10, "The kettle boils in four minutes")
      ])
      yield* embedAll
      const { found } = yield* Retriever.use((retriever) =>
        retriever.retrieve("When does the kettle boil?", audience("server", "old", "new", "trusted"))
      )
      const order = found.map(({ chunk }) => chunk.channelId)
      assert.deepStrictEqual(order, ["new", "trusted", "old"])
    }).pipe(
      Effect.provide(
        layer(FakeEmbedder.layer).pipe(
          Layer.provide(
            ConfigProvider.layer(
              ConfigProvider.fromEnv({ env: { CHAT_HALF_LIFE: "30 days", TRUSTED_AUTHOR_IDS: "maintainer, x" } })
            )
          )
        )
      )
    )
  )

  it.effect("prefers what solved the question to what fits alike, for as long as that is said of it", () =>
    Effect.gen(function* () {
      yield* tellMessages("server", "a", ["The kettle boils in three minutes"])
      yield* tellMessages("server", "b", ["The kettle boils in two minutes"])
      yield* embedAll
      const { accept, withdraw } = yield* Solutions
      const order = Retriever.use((retriever) =>
        retriever.retrieve("When does the kettle boil?", audience("server", "a", "b"))
      ).pipe(Effect.map(({ found }) => found.map(({ chunk }) => chunk.channelId!)))
      const [first, second] = yield* order
      const message = `server-${second}-0`
      yield* accept(message)
      assert.deepStrictEqual(yield* order, [second, first])
      yield* accept(message)
      yield* withdraw(message)
      assert.deepStrictEqual(yield* order, [first, second])
    }).pipe(Effect.provide(layer(FakeEmbedder.layer)))
  )

  it.effect("takes any text for a question", () =>
    Effect.gen(function* () {
      yield* tellSections("manual", manual)
      yield* embedAll
      for (const question of ["", "?!", '"', "NEAR(a b) OR *", "kettle\0", "\ud800", "a".repeat(4_000)]) {
        yield* ids(question)
      }
    }).pipe(Effect.provide(layer(FakeEmbedder.layer)))
  )
})

describe("audience", () => {
  const places = Schema.Struct({
    server: Schema.Literals(["a", "b"]),
    channel: Schema.Literals(["1", "2", "3"]),
    text: Schema.Literals(["the kettle boils", "the kettle leaks", "vinegar in the kettle"])
  })

  it.effect.prop(
    "sees documents and its own channels, and nothing else, by either search",
    [
      Schema.Array(places).check(Schema.isMaxLength(12)),
      Schema.Literals(["a", "b"]),
      Schema.Array(Schema.Literals(["1", "2", "3"]))
    ],
    ([said, server, channels]) =>
      Effect.gen(function* () {
        yield* tellSections("manual", manual)
        for (const [i, { channel, server, text }] of said.entries()) {
          yield* tellMessages(server, `${server}${channel}`, [`${text} ${i}`])
        }
        yield* embedAll
        const who = audience(server, ...channels.map((channel) => `${server}${channel}`))
        const retriever = yield* Retriever
        const { found } = yield* retriever.retrieve("What about the kettle and vinegar?", who, { limit: 100 })
        assert.isTrue(found.every(({ chunk }) => maySee(who, chunk)))
        const expected = said.filter(
          ({ channel, server }) => who.serverId === server && who.channelIds.has(`${server}${channel}`)
        )
        const seen = new Set(found.flatMap(({ chunk }) => (chunk.kind === "chat" ? [chunk.channelId] : [])))
        assert.strictEqual(seen.size, new Set(expected.map(({ channel }) => channel)).size)
      }).pipe(Effect.provide(Layer.fresh(layer(FakeEmbedder.layer)))),
    { arbitrary: { runs: 25 } }
  )

  it.effect("finds its few passages behind many nearer ones that it may not see", () =>
    Effect.gen(function* () {
      for (let i = 0; i < 30; i++) {
        yield* tellMessages(
          "server",
          `secret${i}`,
          Array.from({ length: 8 }, () => "kettle water")
        )
      }
      yield* tellMessages("server", "open", ["a pot somewhere"])
      yield* embedAll
      const retriever = yield* Retriever
      const { found } = yield* retriever.retrieve("kettle water", audience("server", "open"))
      assert.deepStrictEqual(
        found.map(({ chunk }) => chunk.channelId),
        ["open"]
      )
    }).pipe(Effect.provide(layer(FakeEmbedder.layerWith((text) => text.replace("pot", "kettle")))))
  )

  it.effect("is not told by the grounds that others know more", () =>
    Effect.gen(function* () {
      yield* tellMessages("server", "secret", ["a pot and its lid"])
      yield* tellMessages("server", "open", ["nothing of interest"])
      yield* embedAll
      const retriever = yield* Retriever
      const { found, grounds } = yield* retriever.retrieve("kettle lid", audience("server", "open"))
      assert.deepStrictEqual(
        found.map(({ chunk }) => chunk.channelId),
        ["open"]
      )
      assert.isFalse(grounds.enough)
      assert.strictEqual(found[0]!.signals.cosine, 0)
    }).pipe(Effect.provide(layer(FakeEmbedder.layerWith((text) => text.replace("pot", "kettle")))))
  )

  it.effect("is checked against the passage itself, not only what is kept beside its vector", () =>
    Effect.gen(function* () {
      yield* tellMessages("server", "secret", ["the kettle water"])
      yield* embedAll
      assert.deepStrictEqual(yield* ids("kettle water", audience("server", "open")), [])
    }).pipe(
      Effect.provide(
        layer(
          FakeEmbedder.layer,
          vectors(({ query }) => ({
            query: (collection, vector, k) =>
              Effect.map(query(collection, vector, k), (hits) =>
                hits.map((hit) => ({ ...hit, metadata: { ...hit.metadata, channelId: "open" } }))
              )
          }))
        )
      )
    )
  )

  it("is told by what is kept beside a vector", () => {
    const message = { serverId: "s", channelId: "c" }
    assert.deepStrictEqual(placedBy(metadataOf(message)), message)
    assert.deepStrictEqual(placedBy(metadataOf({ serverId: null, channelId: null })), {
      serverId: null,
      channelId: null
    })
    assert.notStrictEqual(collectionOf("s", "e"), collectionOf("t", "e"))
    assert.notStrictEqual(collectionOf(null, "e"), collectionOf("documents", "e"))
  })
})

describe("without vectors", () => {
  const answers = Effect.gen(function* () {
    const retriever = yield* Retriever
    const { found, grounds, vector } = yield* retriever.retrieve("How do I descale with vinegar?", audience())
    assert.strictEqual(found[0]?.chunk.id, "manual#1")
    assert.isTrue(grounds.enough)
    return vector
  })

  it.effect("text answers while passages wait for theirs", () =>
    Effect.gen(function* () {
      yield* tellSections("manual", manual)
      yield* answers
    }).pipe(Effect.provide(layer(FakeEmbedder.layer)))
  )

  it.effect("text answers when the embedder cannot be loaded", () =>
    Effect.gen(function* () {
      yield* tellSections("manual", manual)
      assert.isNull(yield* answers)
    }).pipe(Effect.provide(layer(FakeEmbedder.layerUnavailable)))
  )

  it.effect("text answers after 1.2 s when the embedder hangs", () =>
    Effect.gen(function* () {
      yield* tellSections("manual", manual)
      const fiber = yield* Effect.forkChild(answers)
      yield* TestClock.adjust("1199 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.isNull(yield* Fiber.join(fiber))
    }).pipe(Effect.provide(layer(FakeEmbedder.layerHanging)))
  )

  const question = "Am I covered?"
  it.effect("a vector that is late is waited for where words alone are no reason to answer, by who is patient", () =>
    Effect.gen(function* () {
      yield* tellSections("manual", manual)
      yield* embedAll
      const retriever = yield* Retriever
      const impatient = yield* Effect.forkChild(retriever.retrieve(question, audience()))
      const patient = yield* Effect.forkChild(retriever.retrieve(question, audience(), { patient: true }))
      yield* TestClock.adjust("1200 millis")
      assert.isFalse((yield* Fiber.join(impatient)).grounds.enough)
      assert.isUndefined(patient.pollUnsafe())
      yield* TestClock.adjust("800 millis")
      const { found, grounds } = yield* Fiber.join(patient)
      assert.strictEqual(found[0]!.chunk.id, "manual#2")
      assert.isTrue(grounds.enough)
    }).pipe(
      Effect.provide(
        layer(
          FakeEmbedder.layerSlow("2 seconds", (text) => text.replace(question, "Warranty. Broken parts are replaced"))
        )
      )
    )
  )

  it.effect("text answers when the vector store is down", () =>
    Effect.gen(function* () {
      yield* tellSections("manual", manual)
      assert.isNull(yield* answers)
    }).pipe(
      Effect.provide(
        layer(
          FakeEmbedder.layer,
          vectors(() => ({
            query: () => Effect.fail(new VectorStoreError({ reason: "unreachable", detail: "No answer" }))
          }))
        )
      )
    )
  )

  it.effect("text answers after a second when the vector store hangs", () =>
    Effect.gen(function* () {
      yield* tellSections("manual", manual)
      const fiber = yield* Effect.forkChild(answers)
      yield* TestClock.adjust("1 second")
      assert.isNull(yield* Fiber.join(fiber))
    }).pipe(
      Effect.provide(
        layer(
          FakeEmbedder.layer,
          vectors(() => ({ query: () => Effect.never }))
        )
      )
    )
  )
})
