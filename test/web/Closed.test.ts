/** What of the log callers are shown, by where it was said and who they are. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpServerRequest } from "effect/http"
import { Chat, ChatError } from "../../src/chat/Chat.ts"
import * as OwnerKey from "../../src/runtime/OwnerKey.ts"
import * as Closed from "../../src/web/Closed.ts"

const audience = {
  serverId: "local",
  channelIds: new Set(["local:general"]),
  also: [{ serverId: "100", channelIds: new Set(["open"]) }]
}

const asked = (headers: Readonly<Record<string, string>> = {}) =>
  Layer.succeed(
    HttpServerRequest.HttpServerRequest,
    HttpServerRequest.fromWeb(new Request("http://localhost/api/dead-letters", { headers }))
  )
const chatWith = (audienceOf: Chat["Service"]["audience"]) => Layer.mock(Chat, { audience: audienceOf })
const chat = chatWith(() => Effect.succeed(audience))

const keys = ["local:general", "open", "closed", null]

/** Keys whose words are shown, in a topic and in its dead letters. */
const shownIn = Effect.fnUntraced(function* (topic: string) {
  const { shown } = yield* Closed.make
  const show = yield* shown
  const valuesIn = (topic: string) =>
    keys
      .map((key) => show({ topic, key, value: "words", headers: { trace: "1" } }))
      .map(({ headers, key, value }) => {
        assert.deepStrictEqual([headers["trace"], Closed.hiddenHeader in headers], ["1", value === ""])
        return value === "" ? undefined : key
      })
      .filter((key) => key !== undefined)
  assert.deepStrictEqual(valuesIn(`${topic}.dlq`), valuesIn(topic))
  return valuesIn(topic)
})

describe("a caller of the API", () => {
  it.effect("reads of chat what everybody may, and of questions and answers those of the local chat", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* shownIn("discord-messages"), ["local:general", "open"])
      assert.deepStrictEqual(yield* shownIn("bot-queries"), ["local:general"])
      assert.deepStrictEqual(yield* shownIn("bot-responses"), ["local:general"])
      assert.deepStrictEqual(yield* shownIn("sipeat.machine.events"), keys)
    }).pipe(Effect.provide([chat, asked()]))
  )

  it.effect("reads everything as who owns DATA_DIR, and no more with a key that is not the process's", () =>
    Effect.gen(function* () {
      const key = yield* OwnerKey.OwnerKey
      const owner = shownIn("bot-queries").pipe(Effect.provide(asked({ [OwnerKey.header]: key })))
      assert.deepStrictEqual(yield* owner, keys)
      const other = shownIn("bot-queries").pipe(Effect.provide(asked({ [OwnerKey.header]: `${key}x` })))
      assert.deepStrictEqual(yield* other, ["local:general"])
    }).pipe(Effect.provide(chat))
  )

  it.effect("reads nothing of chat while nobody knows who may read what", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* shownIn("discord-messages"), [])
    }).pipe(
      Effect.provide([
        chatWith(() => Effect.fail(new ChatError({ reason: "unreachable", detail: "Discord is away" }))),
        asked()
      ])
    )
  )

  it.effect("is told what became of what they may read", () =>
    Effect.gen(function* () {
      const { mayFollow } = yield* Closed.make
      const at = (key: string) => ({ topic: "bot-queries", key })
      assert.isTrue(yield* mayFollow([at("local:general"), { topic: "document-chunks", key: "readme" }]))
      assert.isFalse(yield* mayFollow([at("local:general"), at("closed")]))
    }).pipe(Effect.provide([chat, asked()]))
  )
})
