/** Webhooks: every status means what it should, limits are obeyed, and no address is ever shown. */
import { assert, describe, it } from "@effect/vitest"
import { Cause, ConfigProvider, Effect, Exit, Layer, Logger, Option, Redacted } from "effect"
import { TestClock } from "effect/testing"
import type { Embed } from "../../src/domain/Embed.ts"
import * as DiscordWebhook from "../../src/notify/DiscordWebhook.ts"
import type { Notifier } from "../../src/notify/Notifier.ts"
import { backoff, exhaustedFor, type Response, verdict } from "../../src/notify/Retrying.ts"
import { FakeDiscord, layer, url } from "./FakeDiscord.ts"

const embed: Embed = { title: "Title", color: 1, fields: [{ name: "A", value: "1" }], footer: "End #abc", at: 0 }
const World = Layer.mergeAll(layer, Logger.layer([]))

const make = (names: ReadonlyArray<string> = ["DISCORD_WEBHOOK"], botToken?: string) =>
  DiscordWebhook.make({
    webhooks: new Map(names.map((name) => [name, Redacted.make(url(name))])),
    ...(botToken !== undefined && { botToken: Redacted.make(botToken) })
  })
const failure = (notifier: Notifier["Service"], destination = "DISCORD_WEBHOOK") =>
  Effect.flip(notifier.send(destination, [embed]))

const response = (status: number, body: unknown = "", headers: Response["headers"] = {}): Response => ({
  status,
  headers,
  body: typeof body === "string" ? body : JSON.stringify(body)
})

describe("an answer of Discord", () => {
  it("means one thing for each status", () => {
    const expected: Record<string, ReadonlyArray<number>> = {
      gone: [401, 403, 404],
      limited: [429],
      unknown: [408, 500, 502, 503, 504, 520, 599],
      refused: [400, 405, 413, 415, 422]
    }
    for (const [type, statuses] of Object.entries(expected)) {
      for (const status of statuses) assert.strictEqual(verdict(response(status)).type, type, String(status))
    }
    assert.deepStrictEqual(verdict(response(200, { id: "5" })), { type: "sent", id: "5" })
    assert.deepStrictEqual(verdict(response(204)), { type: "sent", id: "" })
    assert.strictEqual(verdict(response(200, "<html>")).type, "unknown")
  })

  it("limits for the longest that header or body say, and for a minute when a page says nothing", () => {
    const ms = (...args: Parameters<typeof response>) => {
      const said = verdict(response(...args))
      return said.type === "limited" ? said.ms : undefined
    }
    assert.strictEqual(ms(429, { retry_after: 0.25 }), 350)
    assert.strictEqual(ms(429, "", { "retry-after": "7" }), 7100)
    assert.strictEqual(ms(429, { retry_after: 41.5, global: true }, { "retry-after": "7" }), 41_600)
    assert.strictEqual(ms(429, "", { "x-ratelimit-reset-after": "1.5", "retry-after": "1" }), 1600)
    assert.strictEqual(ms(429, "<html>Cloudflare</html>"), 60_100)
    assert.strictEqual(ms(429, "{", { "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" }), 60_100)
    assert.strictEqual(ms(429, { retry_after: -3 }), 60_100)
    assert.strictEqual(ms(429, { retry_after: 1e9 }), 3_600_000)
    assert.deepInclude(verdict(response(429, { retry_after: 1, global: true })), { everywhere: true })
    assert.strictEqual(
      exhaustedFor(response(200, "", { "x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "2" })),
      2000
    )
    assert.strictEqual(
      exhaustedFor(response(200, "", { "x-ratelimit-remaining": "3", "x-ratelimit-reset-after": "2" })),
      0
    )
  })

  it("is waited for with growing patience", () => {
    assert.deepStrictEqual([1, 2, 3, 20].map(backoff), [500, 1000, 2000, 30_000])
  })
})

describe("a webhook", () => {
  it.effect("is told with wait, nobody is pinged, and the message's id comes back", () =>
    Effect.gen(function* () {
      const discord = yield* FakeDiscord
      const notifier = yield* make()
      assert.strictEqual(yield* notifier.send("DISCORD_WEBHOOK", [embed]), "1")
      assert.include(discord.requests[0]!.url, "wait=true")
      assert.isUndefined(discord.requests[0]!.authorization)
      assert.deepInclude(discord.messages[0]!.embeds[0]!, { title: "Title", footer: { text: "End #abc" } })
    }).pipe(Effect.provide(World))
  )

  it.effect("that limits is left alone for as long as it says; a limit of all holds for all", () =>
    Effect.gen(function* () {
      const discord = yield* FakeDiscord
      const notifier = yield* make(["DISCORD_WEBHOOK", "DISCORD_WEBHOOK_OTHER"])
      discord.fault = (nth) => (nth === 1 ? { status: 429, body: `{"retry_after":40,"global":true}` } : undefined)
      assert.strictEqual((yield* failure(notifier)).retryAfter, 40_100)
      for (const destination of ["DISCORD_WEBHOOK", "DISCORD_WEBHOOK_OTHER"]) {
        yield* TestClock.adjust("10 seconds")
        const { reason } = yield* failure(notifier, destination)
        assert.strictEqual(reason, "limited")
      }
      assert.strictEqual(discord.requests.length, 1)
      yield* TestClock.adjust("21 seconds")
      yield* notifier.send("DISCORD_WEBHOOK_OTHER", [embed])
    }).pipe(Effect.provide(World))
  )

  it.effect("is never sent more than its channel takes", () =>
    Effect.gen(function* () {
      const discord = yield* FakeDiscord
      const notifier = yield* make()
      for (let i = 0; i < 80; i++) {
        const exit = yield* Effect.exit(notifier.send("DISCORD_WEBHOOK", [embed]))
        if (Exit.isFailure(exit)) {
          const error = Option.getOrThrow(Cause.findErrorOption(exit.cause))
          yield* TestClock.adjust(error.retryAfter!)
        }
      }
      assert.strictEqual(discord.limited, 0)
      assert.isAbove(discord.messages.length, 35)
    }).pipe(Effect.provide(World))
  )

  it.effect("that does not answer is asked again later and later", () =>
    Effect.gen(function* () {
      const discord = yield* FakeDiscord
      const notifier = yield* make()
      discord.fault = (nth) => (nth === 2 ? { status: 503 } : nth < 4 ? "lost before" : undefined)
      const waits: Array<number> = []
      for (let i = 0; i < 3; i++) {
        const { reason, retryAfter } = yield* failure(notifier)
        assert.strictEqual(reason, "unreachable")
        waits.push(retryAfter!)
        yield* TestClock.adjust(retryAfter!)
      }
      assert.deepStrictEqual(waits, [500, 1000, 2000])
      yield* notifier.send("DISCORD_WEBHOOK", [embed])
    }).pipe(Effect.provide(World))
  )

  it.effect("that is gone is not called again, and others are", () =>
    Effect.gen(function* () {
      const discord = yield* FakeDiscord
      const notifier = yield* make(["DISCORD_WEBHOOK", "DISCORD_WEBHOOK_OTHER"])
      discord.fault = (_, webhook) => (webhook.endsWith("OTHER") ? undefined : { status: 404 })
      assert.strictEqual((yield* failure(notifier)).reason, "gone")
      assert.isTrue(notifier.isGone("DISCORD_WEBHOOK"))
      assert.strictEqual((yield* failure(notifier)).reason, "gone")
      yield* notifier.send("DISCORD_WEBHOOK_OTHER", [embed])
      assert.strictEqual(discord.requests.length, 2)
    }).pipe(Effect.provide(World))
  )

  it.effect("that refuses a message says why", () =>
    Effect.gen(function* () {
      const discord = yield* FakeDiscord
      const notifier = yield* make()
      discord.fault = () => ({ status: 400, body: `{"message":"Invalid Form Body"}` })
      const error = yield* failure(notifier)
      assert.isFalse(error.retryable)
      assert.include(error.detail, "DISCORD_WEBHOOK with status 400: Invalid Form Body")
    }).pipe(Effect.provide(World))
  )

  it.effect("is read by the bot to see what is there", () =>
    Effect.gen(function* () {
      const discord = yield* FakeDiscord
      const blind = yield* make()
      assert.isUndefined(yield* blind.find("DISCORD_WEBHOOK", ["#abc"]))
      const notifier = yield* make(["DISCORD_WEBHOOK"], "bot-token")
      yield* notifier.send("DISCORD_WEBHOOK", [embed])
      assert.deepStrictEqual([...(yield* notifier.find("DISCORD_WEBHOOK", ["#abc", "#def"]))!], ["#abc"])
      assert.strictEqual(discord.requests.at(-1)!.authorization, "Bot bot-token")
      assert.include(discord.requests.at(-1)!.url, "https://discord.test/api/channels/77/messages?limit=100")
    }).pipe(Effect.provide(World))
  )

  it.effect("never shows its address, whatever goes wrong", () =>
    Effect.gen(function* () {
      const shown: Array<string> = []
      const Spy = Logger.layer([
        Logger.make(({ cause, message }) => void shown.push(`${message} ${Cause.pretty(cause)}`))
      ])
      const discord = yield* FakeDiscord
      const faults = [
        "lost before",
        { status: 503 },
        { status: 429, body: "" },
        { status: 400 },
        { status: 404 }
      ] as const
      for (const fault of faults) {
        discord.fault = () => fault
        const notifier = yield* make()
        const exit = yield* Effect.exit(notifier.send("DISCORD_WEBHOOK", [embed])).pipe(Effect.provide(Spy))
        assert.isTrue(Exit.isFailure(exit))
        if (Exit.isFailure(exit)) shown.push(Cause.pretty(exit.cause), JSON.stringify(exit))
      }
      assert.isAbove(shown.length, 9)
      for (const text of shown) {
        assert.notInclude(text, "secret-")
        assert.notInclude(text, "discord.test")
      }
    }).pipe(Effect.provide(World))
  )
})

describe("settings of webhooks", () => {
  const read = (value: string) =>
    Effect.exit(DiscordWebhook.settings[0]!.config).pipe(
      Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: { DISCORD_WEBHOOK: value } })))
    )

  it.effect("are addresses of webhooks and nothing else", () =>
    Effect.gen(function* () {
      for (const good of [
        "https://discord.com/api/webhooks/123/abc-_D",
        "http://127.0.0.1:1/api/v10/webhooks/1/a?thread_id=5"
      ]) {
        assert.isTrue(Exit.isSuccess(yield* read(good)), good)
      }
      for (const bad of [
        "https://discord.com/api/webhooks/123",
        "discord.com/api/webhooks/1/a",
        "https://example.org/hook"
      ]) {
        const exit = yield* read(bad)
        assert.isTrue(Exit.isFailure(exit), bad)
      }
      const good = yield* read("https://discord.com/api/webhooks/123/abc")
      assert.notInclude(JSON.stringify(good) + String(good), "123/abc")
    })
  )
})
