/** Limits and faults of the emulator, as Discord's own client meets them. */
import { HTTPError, RateLimitError } from "@discordjs/rest"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import * as Faults from "./Faults.ts"
import { post, setUp } from "./RealClient.ts"

describe("limits and faults", () => {
  it.live("429 of a route, of everything and without headers are waited for", () =>
    Effect.gen(function* () {
      const { bot, discord, general } = yield* setUp()
      for (const [fault, least] of [
        [Faults.limited("user", 0.3), 300],
        [Faults.limited("global", 0.4), 400],
        [Faults.limited("shared", 1, false), 1000]
      ] as const) {
        discord.faults.next("createMessage", fault)
        const before = discord.callsOf("createMessage").length
        const [took] = yield* Effect.timed(post(bot, general, { content: "patience" }))
        assert.isAtLeast(Duration.toMillis(took), least)
        assert.deepStrictEqual(
          discord
            .callsOf("createMessage")
            .slice(before)
            .map(({ status }) => status),
          [429, 200]
        )
      }
    })
  )

  it.live("a bucket that is used up is waited for before asking", () =>
    Effect.gen(function* () {
      const { bot, discord, general } = yield* setUp()
      yield* Effect.forEach(Array.from({ length: 7 }), () => post(bot, general, { content: "again" }))
      const calls = discord.callsOf("createMessage")
      assert.strictEqual(calls.length, 7)
      assert.isTrue(calls.every(({ status }) => status === 200))
      assert.isAtLeast(calls[6]!.at - calls[0]!.at, 4900)
    })
  )

  it.live("a client that is not to wait gets an error of its own", () =>
    Effect.gen(function* () {
      const { bot, discord, general } = yield* setUp({}, { rest: { rejectOnRateLimit: () => true } })
      discord.faults.next("createMessage", Faults.limited("user", 5))
      const error = yield* Effect.promise(() =>
        bot.api.channels.createMessage(general.id, { content: "now" }).catch((e: unknown) => e)
      )
      assert.instanceOf(error, RateLimitError)
    })
  )

  it.live("5xx and a page of the edge are tried again, and then told", () =>
    Effect.gen(function* () {
      const { bot, discord, general } = yield* setUp()
      discord.faults.next("createMessage", Faults.status(503))
      yield* post(bot, general, { content: "at last" })
      assert.strictEqual(discord.messagesIn(general).length, 1)
      discord.faults.next("createMessage", Faults.status(502), 9)
      const error = yield* Effect.promise(() =>
        bot.api.channels.createMessage(general.id, { content: "never" }).catch((e: unknown) => e)
      )
      assert.instanceOf(error, HTTPError)
      discord.faults.clear()
      discord.faults.next("createMessage", Faults.limited("cloudflare", 1))
      yield* post(bot, general, { content: "after the edge" })
      assert.strictEqual(discord.messagesIn(general).length, 2)
    })
  )

  it.live("a cut connection is an error, whether the message was stored or not", () =>
    Effect.gen(function* () {
      const { bot, discord, general } = yield* setUp()
      for (const [fault, stored] of [
        [Faults.cut, 0],
        [Faults.lost, 1]
      ] as const) {
        discord.faults.next("createMessage", fault)
        yield* Effect.promise(() =>
          bot.api.channels.createMessage(general.id, { content: "x" }).then(
            () => assert.fail("It came through"),
            () => undefined
          )
        )
        assert.strictEqual(discord.messagesIn(general).length, stored)
      }
    })
  )

  it.live("more than 50 a second are too many", () =>
    Effect.gen(function* () {
      const { bot, discord } = yield* setUp({}, { rest: { globalRequestsPerSecond: 1000 } })
      yield* Effect.forEach(Array.from({ length: 70 }), () => Effect.promise(() => bot.api.users.getCurrent()), {
        concurrency: 70
      })
      const refused = discord.callsOf("getUser").filter(({ status }) => status === 429)
      assert.isAbove(refused.length, 0)
    })
  )

  it.live("too many wrong requests ban the address", () =>
    Effect.gen(function* () {
      const { discord } = yield* setUp({ limits: { banAfter: 5 } })
      const ask = () =>
        fetch(`${discord.url}/v10/users/@me`, {
          headers: { "user-agent": "DiscordBot (x, 1)", authorization: "Bot wrong" }
        })
      const statuses: Array<number> = []
      for (let i = 0; i < 7; i++) statuses.push((yield* Effect.promise(ask)).status)
      assert.deepStrictEqual(statuses, [401, 401, 401, 401, 401, 429, 429])
      assert.match(yield* Effect.promise(async () => (await ask()).text()), /<html>/)
      discord.advance("61 minutes")
      assert.strictEqual((yield* Effect.promise(ask)).status, 401)
    })
  )
})
