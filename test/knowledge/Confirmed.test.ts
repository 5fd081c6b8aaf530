/** What may have changed while nobody listened is left out, and what is known besides takes its place. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Chat, type Window } from "../../src/chat/Chat.ts"
import * as Confirmed from "../../src/knowledge/Confirmed.ts"
import type { Chunk } from "../../src/knowledge/Passages.ts"
import { type Found, Retriever } from "../../src/knowledge/Retriever.ts"
import { audience } from "../fixtures/Knowledge.ts"

const chunkOf = (id: string, messageIds: ReadonlyArray<string>): Chunk => ({
  id,
  kind: messageIds.length === 0 ? "document" : "chat",
  title: id,
  text: id,
  url: "https://example.com",
  serverId: messageIds.length === 0 ? null : "server",
  channelId: messageIds.length === 0 ? null : "general",
  threadId: null,
  documentId: null,
  editedAt: 0,
  passages: (messageIds.length === 0 ? [null] : messageIds).map((messageId, ordinal) => ({
    id: `${id}-${ordinal}`,
    chunkId: id,
    ordinal,
    text: `text of ${messageId}`,
    messageId,
    authorId: null,
    authorName: null,
    url: "https://example.com"
  }))
})

const known = [
  chunkOf("first", ["1", "2"]),
  chunkOf("manual", []),
  chunkOf("second", ["3"]),
  chunkOf("third", ["4"]),
  chunkOf("fourth", ["5"])
]

/** Of what is known the first two, or always the same two, and a chat that says so of some messages. */
const world = (isOutdated: (id: string) => boolean, asked: Array<ReadonlyArray<Window>> = [], alwaysSame = false) =>
  Confirmed.layer.pipe(
    Layer.provide(
      Layer.mergeAll(
        Layer.mock(Retriever, {
          retrieve: (_question, _audience, { without } = {}) =>
            Effect.succeed({
              found: known
                .filter(({ id }) => alwaysSame || without?.has(id) !== true)
                .slice(0, 2)
                .map((chunk) => ({ chunk, score: 1 }) as Found),
              grounds: { enough: true } as never,
              vector: null
            })
        }),
        Layer.mock(Chat, {
          outdated: (windows) => {
            asked.push(windows)
            const ids = windows.flatMap(({ messages }) => messages.map(({ id }) => id))
            return Effect.succeed(new Set(ids.filter(isOutdated)))
          }
        })
      )
    )
  )

const retrieved = Effect.gen(function* () {
  const { retrieve } = yield* Retriever
  return yield* retrieve("question", audience("server", "general"))
})
const found = Effect.map(retrieved, ({ found }) => found.map(({ chunk }) => chunk.id))

describe("retrieval that is confirmed", () => {
  it.effect("is as it was where nothing changed, and asks for messages only", () => {
    const asked: Array<ReadonlyArray<Window>> = []
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* found, ["first", "manual"])
      const messages = ["1", "2"].map((id) => ({ id, text: `text of ${id}` }))
      assert.deepStrictEqual(asked, [[{ serverId: "server", channelId: "general", messages }]])
    }).pipe(Effect.provide(world(() => false, asked)))
  })

  it.effect("has others in the place of what changed", () =>
    found.pipe(
      Effect.map((ids) => assert.deepStrictEqual(ids, ["manual", "third"])),
      Effect.provide(world((id) => id === "2" || id === "3"))
    )
  )

  it.effect("is no reason to answer without its best", () =>
    retrieved.pipe(
      Effect.map(({ found, grounds }) => {
        assert.deepStrictEqual(
          found.map(({ chunk }) => chunk.id),
          ["manual"]
        )
        assert.isFalse(grounds.enough)
      }),
      Effect.provide(world(() => true, [], true))
    )
  )

  it.effect("never has what changed, and ends", () => {
    const asked: Array<ReadonlyArray<Window>> = []
    return found.pipe(
      Effect.map((ids) => {
        assert.deepStrictEqual(ids, ["manual"])
        assert.isAtMost(asked.length, 5)
      }),
      Effect.provide(world(() => true, asked))
    )
  })
})
