/** Answers that were given change with what they quote: messages, channels and pages. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { Ingester } from "../src/actors/Ingester.ts"
import { Broker } from "../src/broker/Broker.ts"
import { record } from "../src/broker/Records.ts"
import * as LocalChat from "../src/chat/LocalChat.ts"
import { notes, retracted } from "../src/domain/Revision.ts"
import * as Topics from "../src/domain/Topics.ts"
import { Passages } from "../src/knowledge/Passages.ts"
import { ada, answerTo, ask, general, inMemory, say, until } from "./fixtures/Whole.ts"

/** What the answer says, now and later. */
const asked = Effect.fnUntraced(function* (text: string) {
  const question = yield* ask(text)
  const reads = Effect.map(answerTo(question.id), (answer) => answer!.text)
  return {
    reads,
    becomes: (text: string) =>
      until(
        text,
        Effect.map(reads, (now) => now.includes(text))
      )
  }
})

const known = (messages: number) =>
  until(
    `${messages} messages`,
    Passages.use((passages) => Effect.map(passages.counts, (counts) => counts.messages === messages))
  )

const edit = (messageId: string, text: string) =>
  LocalChat.LocalChat.use((chat) => chat.edit({ messageId, authorId: ada.id, text }))

const ingest = (text: string | undefined) =>
  Effect.gen(function* () {
    const ingester = yield* Ingester
    const files = text === undefined ? [] : [{ path: "kettle.md", text }]
    yield* ingester.ingest({ source: "manual", files, removeMissing: true })
  })

describe("living answers", () => {
  it.effect("an answer keeps a message that is edited and still says so, and loses one that does not", () =>
    Effect.gen(function* () {
      const key = yield* say("The spare key of the archive hangs behind the green door.")
      yield* say("The ladder of the library stands in the cellar.")
      yield* known(2)
      const answer = yield* asked("where hangs the spare key of the archive?")
      const before = yield* answer.reads
      assert.include(before, "green door")
      yield* edit(key.id, "The spare key of the archive hangs behind the green door. Ask Tom.")
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(yield* answer.reads, before)
      yield* edit(key.id, "The spare key of the archive is in the drawer.")
      yield* answer.becomes(notes.changed)
      assert.notInclude(yield* answer.reads, "green door")
      assert.include(yield* answer.reads, "ladder")
    }).pipe(Effect.provide(inMemory))
  )

  it.effect("an answer of several sources keeps the others when a channel goes", () =>
    Effect.gen(function* () {
      const broker = yield* Broker
      const message = (id: string, channelId: string, text: string) =>
        record(Topics.messages, {
          type: "created",
          message: {
            id,
            serverId: "local",
            channelId,
            author: { ...ada, bot: false },
            text,
            mentionsBot: false,
            url: `/#/channels/${encodeURIComponent(channelId)}/${id}`,
            createdAt: 1,
            editedAt: 1
          }
        })
      yield* LocalChat.LocalChat.use((chat) => chat.createChannel("other"))
      yield* broker.publish([
        message("m-1", general, "The wombat enclosure opens at nine in summer."),
        message("m-2", "local:other", "Tickets for the wombats are sold next to the fountain, from ten.")
      ])
      yield* known(2)
      const answer = yield* asked("when does the wombat enclosure open and where are tickets for the wombats sold?")
      assert.include(yield* answer.reads, "at nine")
      assert.include(yield* answer.reads, "fountain")
      yield* broker.publish([
        record(Topics.messages, { type: "removed", serverId: "local", channelId: "local:other", at: 2 })
      ])
      yield* answer.becomes(notes.deleted)
      assert.include(yield* answer.reads, "at nine")
      assert.notInclude(yield* answer.reads, "fountain")
    }).pipe(Effect.provide(inMemory))
  )

  it.effect("an answer follows its page: kept when words move, taken back when they change or go", () =>
    Effect.gen(function* () {
      const words = "Descale the kettle every three months with citric acid."
      yield* ingest(`# Kettle\n\n## Descaling\n\n${words}\n\n## Filling\n\nFill it to the upper mark.`)
      yield* until(
        "the page",
        Passages.use((passages) => Effect.map(passages.counts, ({ documents }) => documents === 1))
      )
      const answer = yield* asked("how often to descale the kettle?")
      const before = yield* answer.reads
      assert.include(before, "citric acid")
      yield* ingest(`# Kettle\n\n## Filling\n\nFill it to the upper mark.\n\n## Care\n\nNow and then: ${words}`)
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* answer.reads, before)
      yield* ingest("# Kettle\n\n## Filling\n\nFill it to the upper mark.\n\n## Care\n\nDescale it with vinegar.")
      yield* answer.becomes("changed since and no longer says so")
      assert.notInclude(yield* answer.reads, "citric acid")
      const other = yield* asked("how far to fill the kettle?")
      assert.include(yield* other.reads, "upper mark")
      yield* ingest(undefined)
      yield* other.becomes(retracted.deleted)
      yield* answer.becomes("since")
    }).pipe(Effect.provide(inMemory))
  )
})
