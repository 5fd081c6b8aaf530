/** Passages over SQLite in memory. */
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { ChatEvent } from "../../src/domain/ChatMessage.ts"
import { Passages } from "../../src/knowledge/Passages.ts"
import * as PassagesSql from "../../src/knowledge/PassagesSql.ts"
import * as Migrations from "../../src/state/Migrations.ts"
import * as Sqlite from "../../src/state/Sqlite.ts"
import { suite } from "../contract/Passages.ts"

const state = Migrations.layer.pipe(Layer.provideMerge(Sqlite.layerClient(":memory:")))
const passagesAndState = PassagesSql.layer.pipe(Layer.provideMerge(state))

suite("SQLite", PassagesSql.layer.pipe(Layer.provide(state)))

const batch = (from: number): ReadonlyArray<ChatEvent> =>
  Array.from({ length: 200 }, (_, i) => ({
    type: "created",
    message: {
      id: `m${from + i}`,
      serverId: "s1",
      channelId: "general",
      author: { id: "u1", name: "Ada", bot: false },
      text: `number ${from + i} ${"lorem ipsum ".repeat(20)}`,
      mentionsBot: false,
      url: "",
      createdAt: 0,
      editedAt: 0
    }
  }))

it.effect("a full disk is said, applies nothing by halves, and passes", () =>
  Effect.gen(function* () {
    const passages = yield* Passages
    const sql = yield* SqlClient.SqlClient
    yield* passages.applyChat(batch(0))
    const [pages] = yield* sql<{ page_count: number }>`PRAGMA page_count`
    yield* sql.unsafe(`PRAGMA max_page_count = ${pages!.page_count + 4}`)
    const before = yield* passages.counts

    const error = yield* Effect.flip(passages.applyChat(batch(200)))
    assert.strictEqual(error.reason, "full")
    assert.strictEqual(error.detail, "The passages could not take 200 chat events: database or disk is full")
    assert.deepStrictEqual(yield* passages.counts, before)

    yield* sql.unsafe(`PRAGMA max_page_count = 1000000`)
    yield* passages.applyChat(batch(200))
    assert.strictEqual((yield* passages.counts).messages, 400)
    assert.strictEqual((yield* passages.documentFrequency(["lorem"])).frequency.get("lorem"), 50)
  }).pipe(Effect.provide(passagesAndState))
)

it.effect("a state without tables is an error with a sentence", () =>
  Effect.gen(function* () {
    const passages = yield* Passages
    const error = yield* Effect.flip(passages.counts)
    assert.strictEqual(error.reason, "failed")
    assert.strictEqual(error.message, "The passages could not be counted: no such table: chunks")
  }).pipe(Effect.provide(PassagesSql.layer.pipe(Layer.provide(Sqlite.layerClient(":memory:")))))
)

it.effect("the text index agrees with the tables after any history", () =>
  Effect.gen(function* () {
    const passages = yield* Passages
    const sql = yield* SqlClient.SqlClient
    yield* passages.applyChat(batch(0))
    yield* passages.applyChat([
      {
        type: "deleted",
        serverId: "s1",
        channelId: "general",
        messageIds: [
          "m3",
          ...batch(8)
            .slice(0, 8)
            .map((_, i) => `m${8 + i}`)
        ],
        at: 1
      }
    ])
    const chunk = (ordinal: number, total: number, version: string, text: string) =>
      ({
        type: "chunk",
        documentId: "d",
        source: "s",
        version,
        total,
        chunk: { id: `d#${ordinal}`, ordinal, title: "T", text, url: "" }
      }) as const
    yield* passages.applyDocuments([chunk(0, 2, "v1", "one two"), chunk(1, 2, "v1", "three four")])
    yield* passages.applyDocuments([chunk(0, 1, "v2", "three four")])
    const rows = yield* sql<{ id: number }>`SELECT id FROM passage_index_docsize ORDER BY id`
    const expected = yield* sql<{ id: number }>`
      SELECT 2 * seq + 1 AS id FROM chunks WHERE kind = 'chat'
      UNION ALL SELECT 2 * seq FROM passages WHERE message_id IS NULL ORDER BY 1`
    assert.deepStrictEqual(
      rows.map((row) => row.id),
      expected.map((row) => row.id)
    )
    yield* sql`INSERT INTO passage_index (passage_index) VALUES ('integrity-check')`
  }).pipe(Effect.provide(passagesAndState))
)
