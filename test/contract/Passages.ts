/** What every store of passages promises; run on each of them. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, type Layer, Stream } from "effect"
import type { ChatEvent, ChatMessage } from "../../src/domain/ChatMessage.ts"
import type { DocumentRecord } from "../../src/domain/Document.ts"
import { Passages } from "../../src/knowledge/Passages.ts"

const message = (id: string, text: string, more: Partial<ChatMessage> = {}): ChatMessage => ({
  id,
  serverId: "s1",
  channelId: "general",
  author: { id: "u1", name: "Ada", bot: false },
  text,
  mentionsBot: false,
  url: `https://chat/${id}`,
  createdAt: 1000,
  editedAt: 1000,
  ...more
})

const created = (id: string, text: string, more: Partial<ChatMessage> = {}): ChatEvent => ({
  type: "created",
  message: message(id, text, more)
})
const edited = (id: string, text: string, editedAt: number): ChatEvent => ({
  type: "edited",
  message: message(id, text, { editedAt })
})
const deleted = (...messageIds: ReadonlyArray<string>): ChatEvent => ({
  type: "deleted",
  serverId: "s1",
  channelId: "general",
  messageIds,
  at: 5000
})

/** All chunks of one version, each a title and a text. */
const version = (
  documentId: string,
  version: string,
  ...sections: ReadonlyArray<readonly [title: string, text: string]>
): ReadonlyArray<DocumentRecord> =>
  sections.map(([title, text], ordinal) => ({
    type: "chunk",
    documentId,
    source: "docs",
    version,
    total: sections.length,
    chunk: { id: `${documentId}#${ordinal}`, ordinal, title, text, url: `https://docs/${documentId}#${ordinal}` }
  }))

const words = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`).join(" ")

export const suite = <E>(name: string, store: Layer.Layer<Passages, E>) =>
  describe(`Passages: ${name}`, () => {
    const test = (title: string, body: (passages: Passages["Service"]) => Effect.Effect<void, unknown>) =>
      it.effect(title, () => Passages.use(body).pipe(Effect.provide(store)))

    const search = (passages: Passages["Service"], ...terms: ReadonlyArray<string>) =>
      passages.searchText({ terms, limit: 10, serverId: "s1", channelIds: new Set(["general", "random"]) })
    const texts = (passages: Passages["Service"], ...terms: ReadonlyArray<string>) =>
      Effect.map(search(passages, ...terms), (hits) => hits.map((hit) => hit.text))
    const waiting = (passages: Passages["Service"], embedder = "e1") =>
      Effect.map(passages.unembedded(embedder, 100), (all) => all.map((one) => one.passage.text))
    const embedAll = Effect.fnUntraced(function* (passages: Passages["Service"], embedder = "e1") {
      const all = yield* passages.unembedded(embedder, 1000)
      yield* passages.markEmbedded(
        embedder,
        all.map((one) => one.passage.id)
      )
      return all.map((one) => one.passage.id)
    })
    const orphanIds = (passages: Passages["Service"]) =>
      Effect.map(passages.orphans(100), (all) => all.map((one) => one.passageId))

    describe("chat", () => {
      test("eight messages are one chunk, each of them a passage", (passages) =>
        Effect.gen(function* () {
          yield* passages.applyChat(Array.from({ length: 9 }, (_, i) => created(`m${i}`, `word${i} hello`)))
          const hits = yield* search(passages, "word0", "word8")
          assert.deepStrictEqual(hits.map((hit) => hit.text.split("\n").length).sort(), [1, 8])
          const [window] = yield* passages.chunks(
            hits.filter((hit) => hit.text.includes("word0")).map((hit) => hit.chunkId)
          )
          assert.deepInclude(window, {
            kind: "chat",
            serverId: "s1",
            channelId: "general",
            threadId: null,
            documentId: null,
            url: "https://chat/m0",
            title: "Ada",
            editedAt: 1000,
            text: Array.from({ length: 8 }, (_, i) => `word${i} hello`).join("\n")
          })
          assert.strictEqual(window!.passages.length, 8)
          assert.deepInclude(window!.passages[3], {
            chunkId: window!.id,
            ordinal: 3,
            text: "word3 hello",
            messageId: "m3",
            authorId: "u1",
            authorName: "Ada",
            url: "https://chat/m3"
          })
        }))

      test("threads and channels have windows of their own", (passages) =>
        Effect.gen(function* () {
          yield* passages.applyChat([
            created("a", "apple one"),
            created("b", "apple two", { threadId: "t1" }),
            created("c", "apple three", { channelId: "random" }),
            created("d", "apple four")
          ])
          assert.sameMembers(yield* texts(passages, "apple"), ["apple one\napple four", "apple two", "apple three"])
        }))

      test("a log that repeats itself changes nothing", (passages) =>
        Effect.gen(function* () {
          const log = [
            ...Array.from({ length: 10 }, (_, i) => created(`m${i}`, `text number${i}`)),
            edited("m3", "text changed", 2000),
            deleted("m5")
          ]
          yield* passages.applyChat(log)
          const before = [yield* texts(passages, "text"), yield* passages.counts, yield* waiting(passages)]
          yield* passages.applyChat(log)
          yield* passages.applyChat(log.slice(2, 9))
          assert.deepStrictEqual(
            [yield* texts(passages, "text"), yield* passages.counts, yield* waiting(passages)],
            before
          )
        }))

      test("an edit changes the text, the index and the passage at once; an older one never wins", (passages) =>
        Effect.gen(function* () {
          yield* passages.applyChat([created("m1", "the old secret"), created("m2", "something else")])
          yield* embedAll(passages)
          const [old] = yield* passages.unembedded("other", 1)
          yield* passages.applyChat([edited("m1", "the new wording", 3000)])
          assert.deepStrictEqual(yield* texts(passages, "secret"), [])
          assert.deepStrictEqual(yield* texts(passages, "wording"), ["the new wording\nsomething else"])
          assert.deepStrictEqual(yield* waiting(passages), ["the new wording"])
          assert.deepStrictEqual(yield* orphanIds(passages), [old!.passage.id])
          assert.deepStrictEqual(yield* passages.chunksOfPassages([old!.passage.id]), [])

          yield* passages.applyChat([edited("m1", "an earlier wording", 2000), created("m1", "the old secret")])
          assert.deepStrictEqual(yield* texts(passages, "wording"), ["the new wording\nsomething else"])
        }))

      test("an edit without new words keeps the vector", (passages) =>
        Effect.gen(function* () {
          yield* passages.applyChat([created("m1", "same words")])
          yield* embedAll(passages)
          yield* passages.applyChat([edited("m1", "same words", 2000)])
          assert.deepStrictEqual([yield* waiting(passages), yield* orphanIds(passages)], [[], []])
        }))

      test("an edit of a message not seen before adds it", (passages) =>
        Effect.gen(function* () {
          yield* passages.applyChat([edited("m1", "late but here", 2000)])
          assert.deepStrictEqual(yield* texts(passages, "late"), ["late but here"])
        }))

      test("a deleted message leaves everything at once and never comes back", (passages) =>
        Effect.gen(function* () {
          yield* passages.applyChat([created("m1", "forget me"), created("m2", "keep me")])
          const ids = yield* embedAll(passages)
          yield* passages.applyChat([deleted("m1", "never-seen")])
          assert.deepStrictEqual(yield* texts(passages, "forget"), [])
          assert.deepStrictEqual(yield* texts(passages, "keep"), ["keep me"])
          assert.deepStrictEqual(yield* passages.orphans(10), [{ passageId: ids[0]!, serverId: "s1" }])

          yield* passages.applyChat([created("m1", "forget me"), edited("m1", "forget me not", 9000)])
          yield* passages.applyChat([created("never-seen", "forget this too", { editedAt: 9000 })])
          assert.deepStrictEqual(yield* texts(passages, "forget"), [])
          assert.strictEqual((yield* passages.counts).messages, 1)
        }))

      test("a channel that is removed takes its threads with it, a thread only itself, and nothing comes back", (passages) =>
        Effect.gen(function* () {
          const inThread = { channelId: "c1", threadId: "t1" }
          const found = passages
            .searchText({ terms: ["cherry"], limit: 9, serverId: "s1", channelIds: new Set(["c1", "c10"]) })
            .pipe(Effect.map((hits) => hits.map((hit) => hit.text).toSorted()))
          const said = [
            created("m1", "cherry in the channel", { channelId: "c1" }),
            created("m2", "cherry in a thread", inThread),
            created("m3", "cherry in another thread", { channelId: "c1", threadId: "t10" }),
            created("m4", "cherry in another channel", { channelId: "c10" })
          ]
          yield* passages.applyChat(said)
          yield* passages.applyChat([{ type: "removed", serverId: "s1", ...inThread, at: 5000 }])
          assert.deepStrictEqual(yield* found, [
            "cherry in another channel",
            "cherry in another thread",
            "cherry in the channel"
          ])

          const late = created("m5", "cherry in the same batch", { channelId: "c1" })
          yield* passages.applyChat([late, { type: "removed", serverId: "s1", channelId: "c1", at: 6000 }])
          yield* passages.applyChat([...said, late])
          assert.deepStrictEqual(yield* found, ["cherry in another channel"])
        }))

      test("a window whose messages are all deleted goes, and does not move the next", (passages) =>
        Effect.gen(function* () {
          yield* passages.applyChat(Array.from({ length: 9 }, (_, i) => created(`m${i}`, `pear number${i}`)))
          yield* passages.applyChat([deleted(...Array.from({ length: 8 }, (_, i) => `m${i}`))])
          yield* passages.applyChat([created("m9", "pear number9")])
          assert.deepStrictEqual(yield* texts(passages, "pear"), ["pear number8\npear number9"])
          assert.deepStrictEqual(yield* passages.counts, { documents: 0, chunks: 1, passages: 2, messages: 2 })
        }))

      test("programs, questions to the bot and empty messages are left out", (passages) =>
        Effect.gen(function* () {
          yield* passages.applyChat([
            created("m1", "plum by a program", { author: { id: "b", name: "bot", bot: true } }),
            created("m2", "!rtfm where is the plum?"),
            created("m3", "<@42> where is the plum?", { mentionsBot: true }),
            created("m4", "   "),
            created("m5", "a plum"),
            { type: "edited", message: message("m1", "plum", { author: { id: "b", name: "bot", bot: true } }) }
          ])
          assert.deepStrictEqual(yield* texts(passages, "plum"), ["a plum"])
          yield* passages.applyChat([edited("m5", "", 2000)])
          assert.deepStrictEqual(yield* passages.counts, { documents: 0, chunks: 0, passages: 0, messages: 0 })
          yield* passages.applyChat([edited("m5", "a plum again", 3000)])
          assert.deepStrictEqual(yield* texts(passages, "plum"), ["a plum again"])
        }))
    })

    describe("documents", () => {
      test("a section is a chunk with overlapping passages", (passages) =>
        Effect.gen(function* () {
          yield* passages.applyDocuments(version("d1", "v1", ["Guide › Start", words("w", 150)]))
          const [chunk] = yield* passages.chunks(["d1#0"])
          assert.deepInclude(chunk, {
            kind: "document",
            title: "Guide › Start",
            url: "https://docs/d1#0",
            serverId: null,
            channelId: null,
            documentId: "d1"
          })
          assert.deepStrictEqual(
            chunk!.passages.map((passage) => [passage.ordinal, passage.text.split(" ").length, passage.messageId]),
            [
              [0, 110, null],
              [1, 60, null]
            ]
          )
          assert.deepStrictEqual(
            (yield* search(passages, "w149")).map((hit) => [hit.chunkId, hit.text]),
            [["d1#0", chunk!.passages[1]!.text]]
          )
        }))

      test("titles are searched and weigh more", (passages) =>
        Effect.gen(function* () {
          yield* passages.applyDocuments([
            ...version("d1", "v", ["Other", "install is mentioned here"]),
            ...version("d2", "v", ["Install", "nothing is mentioned here"])
          ])
          assert.deepStrictEqual(
            (yield* search(passages, "installing")).map((hit) => hit.chunkId),
            ["d2#0", "d1#0"]
          )
        }))

      test("a new version replaces the old one when its last chunk is in; what did not change keeps its vector", (passages) =>
        Effect.gen(function* () {
          const [a, b, c] = [
            ["A", "about apples"],
            ["B", "about berries"],
            ["C", "about cherries"]
          ] as const
          yield* passages.applyDocuments(version("d1", "v1", a, b, c))
          yield* embedAll(passages)
          const next = version("d1", "v2", ["New", "about nothing"], a, ["B", "about other berries"])
          // Record by record, as they may come in different batches.
          for (const record of next) yield* passages.applyDocuments([record])
          assert.sameMembers(yield* waiting(passages), ["about nothing", "about other berries"])
          assert.deepStrictEqual((yield* orphanIds(passages)).length, 2)
          assert.sameMembers(yield* texts(passages, "about"), ["about nothing", "about apples", "about other berries"])

          yield* passages.applyDocuments(version("d1", "v3", a))
          assert.deepStrictEqual(yield* texts(passages, "about"), ["about apples"])
          assert.deepStrictEqual(yield* waiting(passages), [])
          assert.deepStrictEqual(yield* passages.counts, { documents: 1, chunks: 1, passages: 1, messages: 0 })
        }))

      test("a version given up half-way leaves nothing behind", (passages) =>
        Effect.gen(function* () {
          const first = version("d1", "v1", ["A", "about apples"], ["B", "about berries"])
          yield* passages.applyDocuments(first)
          yield* passages.applyDocuments(version("d1", "v2", ["B", "about berries"], ["A", "about apples"]).slice(0, 1))
          yield* passages.applyDocuments(first)
          assert.deepStrictEqual((yield* search(passages, "about")).map((hit) => [hit.chunkId, hit.text]).sort(), [
            ["d1#0", "about apples"],
            ["d1#1", "about berries"]
          ])
        }))

      test("a new title is searched and embedded at once", (passages) =>
        Effect.gen(function* () {
          yield* passages.applyDocuments(version("d1", "v1", ["Oldname", "the same text"]))
          yield* embedAll(passages)
          yield* passages.applyDocuments(version("d1", "v2", ["Newname", "the same text"]))
          assert.deepStrictEqual(yield* texts(passages, "oldname"), [])
          assert.deepStrictEqual(yield* texts(passages, "newname"), ["the same text"])
          assert.deepStrictEqual(yield* waiting(passages), ["the same text"])
        }))

      test("records that come again change nothing", (passages) =>
        Effect.gen(function* () {
          const records = version("d1", "v1", ["A", words("a", 300)], ["B", "about berries"], ["B", "about berries"])
          yield* passages.applyDocuments(records)
          yield* embedAll(passages)
          const before = [yield* passages.counts, yield* passages.chunks(["d1#0", "d1#1", "d1#2"])]
          yield* passages.applyDocuments(records)
          assert.deepStrictEqual([yield* passages.counts, yield* passages.chunks(["d1#0", "d1#1", "d1#2"])], before)
          assert.deepStrictEqual([yield* waiting(passages), yield* orphanIds(passages)], [[], []])
        }))

      test("a removed document is gone with everything of it", (passages) =>
        Effect.gen(function* () {
          yield* passages.applyDocuments([
            ...version("d1", "v1", ["A", "about apples"], ["B", "about berries"]),
            ...version("d2", "v1", ["A", "about apples"])
          ])
          yield* passages.applyDocuments([{ type: "removed", documentId: "d1", source: "docs" }])
          assert.deepStrictEqual(
            (yield* search(passages, "about")).map((hit) => hit.chunkId),
            ["d2#0"]
          )
          assert.deepStrictEqual(yield* passages.counts, { documents: 1, chunks: 1, passages: 1, messages: 0 })
          assert.deepStrictEqual(
            (yield* passages.orphans(10)).map((orphan) => orphan.serverId),
            [null, null]
          )
        }))
    })

    describe("search", () => {
      test("shows documents and the given channels of the given server only, before counting to the limit", (passages) =>
        Effect.gen(function* () {
          yield* passages.applyChat([
            ...Array.from({ length: 20 }, (_, i) => created(`x${i}`, "grape grape grape", { channelId: `secret${i}` })),
            created("m1", "a grape among many other words that make it rank low"),
            created("m2", "grape elsewhere", { serverId: "s2", channelId: "general" })
          ])
          yield* passages.applyDocuments(version("d1", "v", ["Fruit", "a documented grape among many other words"]))
          const at = (serverId: string, ...channels: ReadonlyArray<string>) =>
            Effect.map(
              passages.searchText({ terms: ["grape"], limit: 2, serverId, channelIds: new Set(channels) }),
              (hits) => hits.map((hit) => hit.text.split(" ")[1]).sort()
            )
          assert.deepStrictEqual(yield* at("s1", "general"), ["documented", "grape"])
          assert.deepStrictEqual(yield* at("s1"), ["documented"])
          assert.deepStrictEqual(yield* at("s2", "general"), ["documented", "elsewhere"])
        }))

      test("any text is a term, best first, scores above 0", (passages) =>
        Effect.gen(function* () {
          yield* passages.applyChat([
            created("m1", 'don\'t say Café OR "quoted" NEAR(x) * -- ; DROP TABLE'),
            created("m2", "cafe cafe", { channelId: "random" })
          ])
          const odd = ['"', "''", 'a"b', "NEAR(", "*", "^x", "col:term", "\0", "\ud800", "OR", "-", "", "don't"]
          assert.strictEqual((yield* search(passages, ...odd)).length, 1)
          const hits = yield* search(passages, "CAFE", "cafe", "missing")
          assert.deepStrictEqual(hits.map((hit) => hit.text)[0], "cafe cafe")
          assert.isTrue(hits.length === 2 && hits[0]!.score > hits[1]!.score && hits[1]!.score > 0)
          assert.deepStrictEqual(yield* search(passages), [])
          assert.strictEqual((yield* search(passages, ...words("w", 4000).split(" "), "cafe")).length, 2)
        }))

      test("counts rows by stem", (passages) =>
        Effect.gen(function* () {
          yield* passages.applyDocuments([
            ...version("d1", "v", ["Running", "a dog"]),
            ...version("d2", "v", ["Walks", "the dogs ran and run"]),
            ...version("d3", "v", ["Cats", "gone soon"])
          ])
          yield* passages.applyDocuments([{ type: "removed", documentId: "d3", source: "docs" }])
          const { frequency, rows } = yield* passages.documentFrequency(["runs", "dog", "DOGS", "cat", "?"])
          assert.strictEqual(rows, 2)
          assert.deepStrictEqual(
            [...frequency],
            [
              ["runs", 2],
              ["dog", 2],
              ["DOGS", 2],
              ["cat", 0],
              ["?", 0]
            ]
          )
        }))

      test("gives chunks in the order asked for, each once", (passages) =>
        Effect.gen(function* () {
          yield* passages.applyDocuments(version("d1", "v", ["A", words("a", 150)], ["B", "b"], ["C", "c"]))
          const chunks = yield* passages.chunks(["d1#2", "unknown", "d1#0", "d1#2"])
          assert.deepStrictEqual(
            chunks.map((chunk) => chunk.id),
            ["d1#2", "d1#0"]
          )
          const ids = chunks.flatMap((chunk) => chunk.passages.map((passage) => passage.id))
          const holders = yield* passages.chunksOfPassages([ids[2]!, ids[0]!, "unknown", ids[1]!])
          assert.deepStrictEqual(holders, chunks.toReversed())
        }))
    })

    describe("vectors", () => {
      test("passages wait oldest first until they are marked", (passages) =>
        Effect.gen(function* () {
          yield* passages.applyDocuments(version("d1", "v", ["Guide", "first text"]))
          yield* passages.applyChat([created("m1", "second text"), created("m2", "third text")])
          const [first, second] = yield* passages.unembedded("e1", 2)
          assert.deepInclude(first, { title: "Guide", kind: "document", serverId: null, channelId: null })
          assert.deepInclude(second, { title: "", kind: "chat", serverId: "s1", channelId: "general" })
          assert.deepStrictEqual([first!.passage.text, second!.passage.text], ["first text", "second text"])
          assert.strictEqual(yield* passages.countUnembedded("e1"), 3)
          yield* passages.markEmbedded("e1", [first!.passage.id, second!.passage.id])
          assert.deepStrictEqual(yield* waiting(passages), ["third text"])
          assert.strictEqual(yield* passages.countUnembedded("e1"), 1)
        }))

      test("two indexes are kept apart, a third takes the place of the older, and looking alone changes nothing", (passages) =>
        Effect.gen(function* () {
          yield* passages.applyChat([created("m1", "one"), created("m2", "two")])
          const ids = yield* embedAll(passages, "e1")
          assert.strictEqual(yield* passages.countUnembedded("e2"), 2)
          assert.deepStrictEqual([yield* waiting(passages, "e2"), yield* waiting(passages, "e1")], [["one", "two"], []])
          yield* passages.forgetVectors("e2")
          assert.deepStrictEqual(yield* waiting(passages, "e1"), [])
          yield* passages.markEmbedded("e2", ids.slice(0, 1))
          assert.deepStrictEqual([yield* waiting(passages, "e2"), yield* waiting(passages, "e1")], [["two"], []])
          yield* passages.applyChat([created("m3", "three")])
          assert.deepStrictEqual(
            [yield* waiting(passages, "e2"), yield* waiting(passages, "e1")],
            [["two", "three"], ["three"]]
          )
          yield* passages.forgetVectors("e1")
          assert.deepStrictEqual(
            [yield* waiting(passages, "e2"), yield* waiting(passages, "e1")],
            [
              ["two", "three"],
              ["one", "two", "three"]
            ]
          )
          yield* embedAll(passages, "e1")
          yield* passages.markEmbedded("e3", ids.slice(1))
          assert.deepStrictEqual(
            [yield* waiting(passages, "e1"), yield* waiting(passages, "e2"), yield* waiting(passages, "e3")],
            [[], ["one", "two", "three"], ["one", "three"]]
          )
        }))

      test("a passage that comes back keeps the vectors it has, of each index", (passages) =>
        Effect.gen(function* () {
          const records = version("d1", "v", ["A", "one"])
          yield* passages.applyDocuments(records)
          yield* embedAll(passages, "e1")
          yield* passages.applyDocuments([{ type: "removed", documentId: "d1", source: "docs" }])
          yield* passages.applyDocuments(records)
          assert.deepStrictEqual([yield* waiting(passages, "e1"), yield* waiting(passages, "e2")], [[], ["one"]])
        }))

      test("forgotten vectors are all made again", (passages) =>
        Effect.gen(function* () {
          yield* passages.applyChat([created("m1", "one"), created("m2", "two")])
          yield* embedAll(passages)
          yield* passages.forgetVectors("e1")
          assert.deepStrictEqual(yield* waiting(passages), ["one", "two"])
        }))

      test("a passage that goes while its vector is made leaves an orphan, also when that comes after the cleaning", (passages) =>
        Effect.gen(function* () {
          yield* passages.applyChat([created("m1", "one")])
          yield* passages.applyDocuments(version("d1", "v", ["A", "two"]))
          const inHand = yield* passages.unembedded("e1", 10)
          const ids = inHand.map((one) => one.passage.id)
          yield* passages.applyChat([deleted("m1")])
          yield* passages.applyDocuments([{ type: "removed", documentId: "d1", source: "docs" }])
          yield* passages.forgetOrphans(yield* orphanIds(passages))
          yield* passages.markEmbedded("e1", ids)
          assert.deepStrictEqual(yield* passages.orphans(10), [
            { passageId: ids[0]!, serverId: "s1" },
            { passageId: ids[1]!, serverId: null }
          ])
          yield* passages.forgetOrphans(ids)
          assert.deepStrictEqual(yield* passages.orphans(10), [])
        }))

      test("a document that was said somewhere is found there alone, and its vectors go from its server's", (passages) =>
        Effect.gen(function* () {
          const said = version("files/1", "v", ["Note", "The vault opens on Mondays"]).map((record) => ({
            ...record,
            place: { serverId: "s1", channelId: "random", messageId: "m9" }
          }))
          yield* passages.applyDocuments(said)
          const hits = (serverId: string, ...channelIds: ReadonlyArray<string>) =>
            passages.searchText({ terms: ["vault"], limit: 10, serverId, channelIds: new Set(channelIds) })
          assert.lengthOf(yield* hits("s1", "random"), 1)
          assert.deepStrictEqual(
            [yield* hits("s1", "general"), yield* hits("s2", "random"), yield* hits("s1")],
            [[], [], []]
          )
          const [waits] = yield* passages.unembedded("e1", 10)
          assert.deepInclude(waits, { kind: "document", serverId: "s1", channelId: "random" })
          assert.isTrue(waits!.passage.id.startsWith("m9~"))
          const ids = yield* embedAll(passages)
          yield* passages.applyDocuments([{ type: "removed", documentId: "files/1", source: "docs" }])
          assert.deepStrictEqual(yield* hits("s1", "random"), [])
          assert.deepStrictEqual(yield* passages.orphans(10), [{ passageId: ids[0]!, serverId: "s1" }])
        }))

      test("a passage that comes back while its vector is deleted waits for a new one", (passages) =>
        Effect.gen(function* () {
          const records = version("d1", "v", ["A", "one"])
          yield* passages.applyDocuments(records)
          const ids = yield* embedAll(passages)
          yield* passages.applyDocuments([{ type: "removed", documentId: "d1", source: "docs" }])
          yield* passages.applyDocuments(records)
          assert.deepStrictEqual([yield* waiting(passages), yield* orphanIds(passages)], [[], []])
          yield* passages.forgetOrphans(ids)
          assert.deepStrictEqual(yield* waiting(passages), ["one"])
        }))
    })

    test("changes tick, also for what happened just before", (passages) =>
      Effect.gen(function* () {
        yield* passages.applyChat([created("m1", "one")])
        yield* passages.applyChat([created("m2", "two")])
        assert.strictEqual((yield* passages.changes.pipe(Stream.take(1), Stream.runCollect)).length, 1)
        const ticks = yield* Effect.forkChild(passages.changes.pipe(Stream.take(2), Stream.runCollect), {
          startImmediately: true
        })
        yield* passages.applyDocuments(version("d1", "v", ["A", "one"]))
        assert.strictEqual((yield* Fiber.join(ticks)).length, 2)
      }))
  })
