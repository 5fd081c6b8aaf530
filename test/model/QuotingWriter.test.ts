/** What an answer without a model says: quotes that hold, in Markdown that reads well, or a plain refusal. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { referredTo, verify } from "../../src/domain/Citations.ts"
import { passagesOf } from "../../src/domain/Chunking.ts"
import type { Chunk } from "../../src/knowledge/Passages.ts"
import type { Found, Retrieval } from "../../src/knowledge/Retriever.ts"
import * as QuotingWriter from "../../src/model/QuotingWriter.ts"
import { Writer } from "../../src/model/Writer.ts"
import * as FakeEmbedder from "../fixtures/FakeEmbedder.ts"

const section = (title: string, text: string): Chunk => ({
  id: title,
  kind: "document",
  title,
  text,
  url: `/docs#${title}`,
  serverId: null,
  channelId: null,
  threadId: null,
  documentId: "manual",
  editedAt: 0,
  passages: passagesOf(text).map((cut, ordinal) => ({
    id: `${title}.${ordinal}`,
    chunkId: title,
    ordinal,
    text: cut.text,
    messageId: null,
    authorId: null,
    authorName: null,
    url: `/docs#${title}`
  }))
})

const conversation = (...messages: ReadonlyArray<readonly [author: string, text: string]>): Chunk => ({
  ...section("Ada, Bob", ""),
  id: "window",
  kind: "chat",
  text: messages.map(([, text]) => text).join("\n"),
  serverId: "s",
  channelId: "c",
  documentId: null,
  passages: messages.map(([author, text], ordinal) => ({
    id: `m${ordinal}`,
    chunkId: "window",
    ordinal,
    text,
    messageId: `m${ordinal}`,
    authorId: author,
    authorName: author,
    url: `/c/m${ordinal}`
  }))
})

const found = (...chunks: ReadonlyArray<Chunk>): ReadonlyArray<Found> =>
  chunks.map((chunk, i) => ({
    chunk,
    score: 2 - i * 0.2,
    signals: { text: 1, cosine: 0.5, coverage: 1, bigrams: 0, title: 0 },
    bestPassageId: chunk.passages[0]!.id
  }))

const retrieval = (chunks: ReadonlyArray<Chunk>, enough = true): Retrieval => ({
  found: found(...chunks),
  grounds: { score: enough ? 9 : 1, threshold: 4, enough },
  vector: null
})

/** As retrieval hands it over when the embedder served. */
const write = (question: string, from: Retrieval) =>
  Writer.use((writer) => writer.write(question, { ...from, vector: FakeEmbedder.vectorOf(question) }))
const layer = QuotingWriter.layer.pipe(Layer.provide(FakeEmbedder.layer))

const retention = section(
  "Topics › Retention",
  "Topics keep their records for a while.\n\nRecords of messages are kept for seven days. Dead letters stay for fourteen days."
)

describe("an answer", () => {
  it.effect("is numbered quotes that occur in their sources, and never claims to be more", () =>
    Effect.gen(function* () {
      const { citations, mode, refused, text } = yield* write("How long are records kept?", retrieval([retention]))
      assert.isFalse(refused)
      assert.strictEqual(mode, "closest")
      assert.match(text, /^The closest passages? I found:\n\n> .*seven days\..* \[1\]/)
      assert.isNotEmpty(citations)
      assert.isTrue(citations.every(verify))
      assert.deepStrictEqual(
        referredTo(text),
        citations.map(({ n }) => n)
      )
      assert.deepInclude(citations[0], { n: 1, title: "Topics › Retention", url: "/docs#Topics › Retention" })
    }).pipe(Effect.provide(layer))
  )

  it.effect("cites the passage that holds the quote, or the section when it is longer than any", () =>
    Effect.gen(function* () {
      const far = `${"Nothing here matters at all. ".repeat(40)}Zebras cross at the lights.`
      const [late] = (yield* write("Where do zebras cross?", retrieval([section("Road", far)]))).citations
      assert.strictEqual(late!.passageId, `Road.${section("Road", far).passages.length - 1}`)
      const [first, second] = [80, 80].map((n, i) => Array.from({ length: n }, (_, w) => `w${i}x${w}`).join(" "))
      const across = `${first}. Zebras ${second}.`
      const [long] = (yield* write("What of zebras?", retrieval([section("Long", across)]))).citations
      assert.strictEqual(long!.passage, across)
    }).pipe(Effect.provide(layer))
  )

  it.effect("names the author of a message and links to the message", () =>
    Effect.gen(function* () {
      const chat = conversation(["Ada", "is the coffee machine broken?"], ["Bob", "the coffee machine needs new beans"])
      const { citations } = yield* write("What does the coffee machine need?", retrieval([chat]))
      assert.deepInclude(citations[0], { title: "Bob", url: "/c/m1", passageId: "m1" })
    }).pipe(Effect.provide(layer))
  )

  it.effect("shows code as code and rows as their cells, and cites them as they are", () =>
    Effect.gen(function* () {
      const code = section("Install", "```sh\nnpm ci\nnpm start\n```")
      const shell = yield* write("npm start", retrieval([code]))
      assert.include(shell.text, "> ```\n> npm ci\n> npm start\n> ```\n> [1]")
      assert.strictEqual(shell.citations[0]!.quote, "npm ci\nnpm start")
      const rows = section("Settings", "| Name | Meaning |\n|---|---|\n| `PORT` | Where the page listens |")
      const table = yield* write("Where does the page listen?", retrieval([rows]))
      assert.include(table.text, "> `PORT` · Where the page listens [1]")
      assert.strictEqual(table.citations[0]!.quote, "| `PORT` | Where the page listens |")
    }).pipe(Effect.provide(layer))
  )

  it.effect("shows a wrapped sentence on one line", () =>
    Effect.gen(function* () {
      const wrapped = section(
        "Log",
        "Everything that is said in a channel of the server is kept\nas a record in the log."
      )
      const { citations, text } = yield* write("What is kept as a record?", retrieval([wrapped]))
      assert.include(text, "> Everything that is said in a channel of the server is kept as a record in the log. [1]")
      assert.include(citations[0]!.quote, "kept\nas")
    }).pipe(Effect.provide(layer))
  )

  it.effect("leads nowhere and calls nobody, whatever it quotes, which is cited as it is", () =>
    Effect.gen(function* () {
      const said =
        "The kettle is descaled with [citric acid](https://evil.example/nitro) says @everyone <@123> at evil.example/x"
      const chat = yield* write("With what is the kettle descaled?", retrieval([conversation(["Mallory", said])]))
      assert.include(chat.text, "> The kettle is descaled with citric acid says everyone someone at (a link) [1]")
      assert.strictEqual(chat.citations[0]!.quote, said)
      const manual = section(
        "Kettle",
        "The kettle is descaled as [the guide](guide.md) says, or ||as|| https://docs.example/kettle tells."
      )
      const { text } = yield* write("How is the kettle descaled?", retrieval([manual]))
      assert.include(text, "> The kettle is descaled as the guide says, or as `https://docs.example/kettle` tells. [1]")
    }).pipe(Effect.provide(layer))
  )

  it.effect("is chosen by words when the embedder does not serve in time", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(write("How long are records kept?", retrieval([retention])))
      yield* TestClock.adjust("800 millis")
      assert.include((yield* Fiber.join(fiber)).text, "seven days")
    }).pipe(Effect.provide(QuotingWriter.layer.pipe(Layer.provide(FakeEmbedder.layerHanging))))
  )

  it.effect("waits for no embedder that was too slow for the question", () =>
    Effect.gen(function* () {
      const writer = yield* Writer
      const fiber = yield* Effect.forkChild(writer.write("How long are records kept?", retrieval([retention])))
      yield* TestClock.adjust("50 millis")
      assert.include((yield* Fiber.join(fiber)).text, "seven days")
    }).pipe(Effect.provide(QuotingWriter.layer.pipe(Layer.provide(FakeEmbedder.layerHanging))))
  )

  it.effect("is chosen by words when the embedder cannot be loaded", () =>
    Effect.gen(function* () {
      const { text } = yield* write("How long are records kept?", retrieval([retention]))
      assert.include(text, "seven days")
    }).pipe(Effect.provide(QuotingWriter.layer.pipe(Layer.provide(FakeEmbedder.layerUnavailable))))
  )
})

describe("a refusal", () => {
  it.effect("says so, names the nearest sections and cites nothing", () =>
    Effect.gen(function* () {
      const others = ["B", "C", "D"].map((title) => section(title, "Text of a section."))
      const { citations, refused, text } = yield* write("Who won?", retrieval([retention, ...others], false))
      assert.isTrue(refused)
      assert.deepStrictEqual(citations, [])
      assert.strictEqual(
        text,
        "I don't know: I found nothing that answers this. The nearest I have is “Topics › Retention”, “B”, “C”."
      )
    }).pipe(Effect.provide(layer))
  )

  it.effect("does not repeat what people said elsewhere", () =>
    Effect.gen(function* () {
      const { text } = yield* write("Who won?", retrieval([conversation(["Ada", "a remark"])], false))
      assert.strictEqual(text, "I don't know: I found nothing that answers this.")
    }).pipe(Effect.provide(layer))
  )

  it.effect("follows when there are grounds but nothing to quote", () =>
    Effect.gen(function* () {
      const { refused } = yield* write("Retention", retrieval([section("Retention", "Retention")]))
      assert.isTrue(refused)
    }).pipe(Effect.provide(layer))
  )
})
