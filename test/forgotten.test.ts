/** What is deleted, and who is forgotten, leaves every store there is, down to the bytes of the files. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, type Layer, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Supervisor } from "../src/actors/Supervise.ts"
import { Broker } from "../src/broker/Broker.ts"
import { toDeadLetter } from "../src/broker/DeadLetter.ts"
import * as DeadLetters from "../src/broker/DeadLetters.ts"
import { record } from "../src/broker/Records.ts"
import { Chat } from "../src/chat/Chat.ts"
import * as Forgetting from "../src/chat/Forgetting.ts"
import * as LocalChat from "../src/chat/LocalChat.ts"
import { responseId } from "../src/domain/Answer.ts"
import type { ChatEvent } from "../src/domain/ChatMessage.ts"
import * as Topics from "../src/domain/Topics.ts"
import * as Feedback from "../src/knowledge/Feedback.ts"
import { Passages } from "../src/knowledge/Passages.ts"
import * as AnswerCache from "../src/model/AnswerCache.ts"
import { Happenings } from "../src/runtime/Happenings.ts"
import * as Ways from "../src/runtime/Ways.ts"
import { ada, answerTo, ask, general, inFolder, say, tom, until } from "./fixtures/Whole.ts"

const tempRoot = existsSync("/dev/shm") ? "/dev/shm" : tmpdir()

/** Everything that a store gives to whoever asks, by the store. */
const shown = Effect.gen(function* () {
  const [sql, broker, passages, chat, cache] = yield* Effect.all([
    SqlClient.SqlClient,
    Broker,
    Passages,
    LocalChat.LocalChat,
    AnswerCache.AnswerCache
  ])
  const ways = yield* Ways.Ways
  const tables = yield* sql<{ name: string }>`
    SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'passage_index%'`
  const rows = yield* Effect.forEach(tables, ({ name }) =>
    Effect.map(sql.unsafe(`SELECT * FROM "${name}"`), (found) => [`table ${name}`, found] as const)
  )
  const records = yield* Effect.forEach(yield* broker.list, ({ name }) =>
    Effect.map(
      Stream.runCollect(broker.read({ topic: name, from: "earliest" })),
      (found) => [`topic ${name}`, found.map(({ headers, value }) => [Buffer.from(value).toString(), headers])] as const
    )
  )
  const audience = yield* Chat.use((each) => each.audience(general))
  const messages = yield* chat.messages(general, { limit: 100 })
  return new Map<string, unknown>([
    ...rows,
    ...records,
    ["dead letters", (yield* DeadLetters.list({})).map(({ value }) => Buffer.from(value).toString())],
    ["text search", yield* passages.searchText({ terms: ["wombat", "quokka7391"], limit: 9, ...audience })],
    ["term", [...(yield* passages.documentFrequency(["quokka7391"])).frequency].filter(([, count]) => count > 0)],
    ["the page", messages],
    ["happenings", yield* toldSince],
    ["ways", messages.map(({ id }) => ways.of(id))],
    ["cached answers", yield* cache.find("which password?", audience)]
  ])
})

/** What somebody is told who was away from the start. */
const toldSince = Effect.gen(function* () {
  const happenings = yield* Happenings
  yield* happenings.tell({ type: "way.changed", id: "the end" })
  return yield* happenings.since(0).pipe(
    Stream.takeUntil(({ happening }) => happening.type === "way.changed" && happening.id === "the end"),
    Stream.runCollect
  )
})

const placesOf = (word: string, folder: string) =>
  Effect.gen(function* () {
    const stores = [...(yield* shown)].filter(([, found]) => JSON.stringify(found ?? "").includes(word))
    yield* SqlClient.SqlClient.use((sql) => sql`PRAGMA wal_checkpoint(TRUNCATE)`)
    const files = readdirSync(folder).filter((file) => readFileSync(join(folder, file)).includes(word))
    return [...stores.map(([name]) => name), ...files.map((file) => `bytes of ${file}`)].sort()
  })

/** The word gets into everything that could hold it. */
const spread = Effect.fnUntraced(function* (word: string) {
  const [broker, passages, cache, feedback] = yield* Effect.all([
    Broker,
    Passages,
    AnswerCache.AnswerCache,
    Feedback.Feedback
  ])
  yield* say("The ladder of the library stands in the attic.", tom)
  const message = yield* say(`The password of the wombat enclosure is ${word}.`)
  yield* until(
    "the message to be found",
    Effect.map(passages.counts, (counts) => counts.messages >= 2)
  )
  const asked = yield* ask("what is the password of the wombat enclosure?")
  const own = yield* ask(`what does ${word} mean?`, ada)
  const audience = yield* Chat.use((chat) => chat.audience(general))
  const answer = (yield* answerTo(asked.id))!
  assert.include(answer.text, word)
  yield* cache.keep("which password?", audience, { ...answer.answer!, mode: "model" })
  yield* feedback.record({ answerId: answer.id, by: ada.id, verdict: "unhelpful", reason: `No, ${word} is old.` })
  const records = yield* Stream.runCollect(broker.read({ topic: Topics.messages.name, from: "earliest" }))
  const failure = { reason: "exhausted", error: "no", actor: "indexer", attempts: 6, firstFailedAt: 1 } as const
  const draft = { type: "draft", number: 1, text: `It is ${word}` } as const
  yield* broker.publish([
    ...records.filter(({ value }) => Buffer.from(value).includes(word)).map((each) => toDeadLetter(each, failure)),
    record(Topics.responses, {
      ...draft,
      id: responseId(asked.id),
      questionId: asked.id,
      serverId: "local",
      channelId: general
    })
  ])
  return { message, own, asked }
})

/** The second look at the log, and what is done when nobody is at it. */
const settle = Effect.gen(function* () {
  yield* TestClock.adjust("2 minutes")
  const sql = yield* SqlClient.SqlClient
  yield* until(
    "what is gone to be erased once more",
    Effect.map(sql<{ n: number }>`SELECT count(*) AS n FROM losses`, ([row]) => row!.n === 0)
  )
  yield* Passages.use((passages) => passages.scrub)
})

const inWorld = <E>(body: (folder: string) => Effect.Effect<void, E, Layer.Success<ReturnType<typeof inFolder>>>) =>
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tempRoot, "rtfm-forgotten-"))),
      (made) => Effect.sync(() => rmSync(made, { recursive: true }))
    )
    yield* body(folder).pipe(Effect.provide(inFolder(folder)))
  }).pipe(Effect.scoped)

const word = "quokka7391"

describe("what is gone", () => {
  it.effect(
    "leaves every store with the message that said it",
    () =>
      inWorld(
        Effect.fnUntraced(function* (folder) {
          const { message, own } = yield* spread(word)
          const before = yield* placesOf(word, folder)
          for (const place of [
            "table passages",
            "table given_answers",
            "table cached_answers",
            `topic ${Topics.messages.name}`,
            `topic ${Topics.queries.name}`,
            `topic ${Topics.responses.name}`,
            `topic ${Topics.messages.name}.dlq`,
            "dead letters",
            "text search",
            "happenings",
            "bytes of broker.db-wal",
            "bytes of rtfm.db"
          ])
            assert.include(before, place)
          const chat = yield* LocalChat.LocalChat
          yield* chat.remove({ messageId: message.id, authorId: ada.id })
          yield* chat.remove({ messageId: own.id, authorId: ada.id })
          const actors = yield* Supervisor
          assert.deepStrictEqual(yield* actors.failing, [])
          const feedback = yield* Feedback.Feedback
          yield* feedback.forget(ada.id)
          yield* settle
          assert.deepStrictEqual(yield* placesOf(word, folder), [])
          const texts = (yield* chat.messages(general, { limit: 100 })).map(({ text }) => text)
          assert.isTrue(
            texts.some((text) => text.includes("deleted since")),
            texts.join("\n")
          )
        })
      ),
    60_000
  )

  it.effect(
    "leaves every store with the person who said it, and the receipt counts it",
    () =>
      inWorld(
        Effect.fnUntraced(function* (folder) {
          yield* spread(word)
          const broker = yield* Broker
          const read = (topic: string) =>
            broker
              .read({ topic, from: "earliest" })
              .pipe(Stream.map(({ timestamp, value }) => ({ value: Buffer.from(value).toString(), timestamp })))
          const publish = (events: ReadonlyArray<ChatEvent>) =>
            Effect.asVoid(broker.publish(events.map((event) => record(Topics.messages, event))))
          const forgetting = yield* Effect.forkChild(Forgetting.forget(ada.id, { publish, read, erases: true }))
          yield* until(
            "the receipt",
            Effect.sync(() => forgetting.pollUnsafe() !== undefined)
          )
          const receipt = yield* Fiber.join(forgetting)
          assert.deepInclude(receipt, {
            userId: ada.id,
            after: { messages: 0, shown: 0, files: 0, opinions: 0, records: 0 },
            stillIn: []
          })
          assert.deepInclude(receipt.before, { messages: 1, shown: 2, opinions: 1 })
          assert.isAtLeast(receipt.before.records, 5)
          yield* settle
          assert.deepStrictEqual(yield* placesOf(word, folder), [])
          assert.include(JSON.stringify([...(yield* shown)]), "stands in the attic")
        })
      ),
    60_000
  )
})
