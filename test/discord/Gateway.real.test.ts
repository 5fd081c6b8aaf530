/** Sessions of Discord's own gateway client with the emulator: begun, resumed, refused. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { GatewayIntentBits as I } from "discord-api-types/v10"
import { WebSocket } from "ws"
import { Discord, type Options } from "./Discord.ts"
import * as RealClient from "./RealClient.ts"
import { intents, setUp } from "./RealClient.ts"

const texts = (bot: RealClient.RealClient) => bot.of("MESSAGE_CREATE").map(({ content }) => content)

describe("a session", () => {
  it.live("begins with READY and every server, bot among its members", () =>
    Effect.gen(function* () {
      const { bot, discord, general, guild } = yield* setUp()
      const ready = bot.of("READY")[0]
      assert.strictEqual(ready.user.id, discord.bot.id)
      assert.deepStrictEqual(ready.guilds, [{ id: guild.id, unavailable: true }])
      const created = bot.of("GUILD_CREATE")[0]
      assert.deepStrictEqual(
        created.channels.map(({ id }: { id: string }) => id),
        [general.id]
      )
      assert.deepStrictEqual(
        created.members.map(({ user }: { user: { id: string } }) => user.id),
        [discord.bot.id]
      )
      assert.deepStrictEqual(
        bot.events.map(({ s }) => s),
        [1, 2]
      )
      assert.deepStrictEqual(
        discord.calls.map(({ route }) => route),
        ["gatewayBot"]
      )
    })
  )

  for (const [name, lose] of [
    ["a cut connection", (discord: Discord) => discord.gateway.drop()],
    ["close code 4000", (discord: Discord) => discord.gateway.close(4000)],
    ["a request to reconnect", (discord: Discord) => discord.gateway.reconnect()],
    ["an invalid session that can be resumed", (discord: Discord) => discord.gateway.invalidate(true)]
  ] as const)
    it.live(`is resumed after ${name}, and nothing is missing or twice`, () =>
      Effect.gen(function* () {
        const { alice, bot, discord, general } = yield* setUp()
        alice.says(general, "before")
        yield* discord.until(() => texts(bot).length === 1)
        lose(discord)
        alice.says(general, "meanwhile")
        yield* discord.until(() => bot.resumed() === 1)
        alice.says(general, "after")
        yield* discord.until(() => texts(bot).includes("after"))
        assert.deepStrictEqual(texts(bot), ["before", "meanwhile", "after"])
        assert.strictEqual(discord.gateway.identifies, 1)
      })
    )

  for (const [name, lose] of [
    ["it was declared invalid", (discord: Discord) => discord.gateway.invalidate(false)],
    ["it was forgotten", (discord: Discord) => discord.gateway.forgetSessions()]
  ] as const)
    it.live(`begins anew after ${name}`, () =>
      Effect.gen(function* () {
        const { alice, bot, discord, general } = yield* setUp()
        lose(discord)
        yield* discord.until(() => discord.gateway.identifies === 2 && bot.of("GUILD_CREATE").length === 2)
        alice.says(general, "after")
        yield* discord.until(() => texts(bot).includes("after"))
      })
    )

  it.live("goes on in another process that knows its id and number", () =>
    Effect.gen(function* () {
      const { alice, bot, discord, general } = yield* setUp()
      const kept = new Map(bot.sessions)
      yield* Effect.promise(async () => bot.ws.destroy({ code: 4200 }))
      const message = alice.says(general, "while nobody listened")
      alice.deletes(message)
      const next = yield* RealClient.connect(discord, { sessions: kept })
      yield* discord.until(() => next.resumed() === 1)
      assert.deepStrictEqual(
        next.events.map(({ t }) => t),
        ["MESSAGE_CREATE", "MESSAGE_DELETE", "RESUMED"]
      )
      assert.strictEqual(discord.gateway.identifies, 1)
    })
  )

  it.live("is noticed to be a zombie when heartbeats are not answered", () =>
    Effect.gen(function* () {
      const { bot, discord } = yield* setUp({ gateway: { heartbeatInterval: 200 } })
      discord.gateway.acknowledges = false
      yield* discord.until(() => bot.resumed() >= 1)
      assert.strictEqual(discord.gateway.identifies, 1)
    })
  )

  it.live("begins anew after it was lost for too long", () =>
    Effect.gen(function* () {
      const { bot, discord } = yield* setUp()
      discord.gateway.drop()
      yield* discord.until(() => discord.gateway.connections === 0)
      discord.advance("10 minutes")
      yield* discord.until(() => discord.gateway.identifies === 2 && bot.of("GUILD_CREATE").length === 2)
    })
  )

  it.live("begins anew after the gateway was down", () =>
    Effect.gen(function* () {
      const { bot, discord } = yield* setUp()
      discord.gateway.goDown()
      yield* discord.until(() => discord.gateway.refused >= 2)
      discord.gateway.goUp()
      yield* discord.until(() => bot.of("READY").length === 2)
    })
  )

  it.live("of two shards has the servers of its own", () =>
    Effect.gen(function* () {
      const discord = yield* Discord.start({ gateway: { identifyInterval: 0 } })
      for (let i = 0; i < 40; i++) discord.guild({ name: `${i}` })
      const bot = yield* RealClient.connect(discord, { ws: { shardCount: 2 } })
      yield* discord.until(() => bot.of("GUILD_CREATE").length === 40)
      const [a, b] = bot.of("READY").map(({ guilds }) => guilds.length)
      assert.strictEqual(a! + b!, 40)
      assert.isAbove(Math.min(a!, b!), 10)
    })
  )
})

/** How the gateway closes a connection that says this after HELLO, or that it is ready or has to begin anew. */
const talk = (discord: Discord, say: ReadonlyArray<unknown>, version = "10") =>
  Effect.callback<number | string>((resume) => {
    const socket = new WebSocket(`${discord.gateway.url}/?v=${version}&encoding=json`)
    socket.once("message", () => {
      for (const one of say) socket.send(typeof one === "string" ? one : JSON.stringify(one))
    })
    socket.on("message", (data) => {
      const { op, t } = JSON.parse(String(data))
      if (op === 9) resume(Effect.succeed("op 9"))
      if (t === "READY" && say.length === 1) resume(Effect.succeed("READY"))
    })
    socket.on("close", (code) => resume(Effect.succeed(code)))
    return Effect.sync(() => socket.terminate())
  })

describe("a connection is refused", () => {
  const identify = (discord: Discord, d: Record<string, unknown> = {}) => ({
    op: 2,
    d: { token: discord.token, intents, properties: {}, ...d }
  })

  const refused = (
    name: string,
    say: (discord: Discord) => ReadonlyArray<unknown>,
    expected: number | string,
    options: Options = {}
  ) =>
    it.live(name, () =>
      Effect.gen(function* () {
        const discord = yield* Discord.start(options)
        assert.strictEqual(yield* talk(discord, say(discord)), expected)
      })
    )

  refused("with a wrong token", (discord) => [identify(discord, { token: "wrong" })], 4004)
  refused("with intents that do not exist", (discord) => [identify(discord, { intents: 1 << 30 })], 4013)
  refused("with an intent that is not enabled", (discord) => [identify(discord)], 4014, { messageContent: false })
  refused("with a shard that cannot be", (discord) => [identify(discord, { shard: [2, 2] })], 4010)
  refused("twice authenticated", (discord) => [identify(discord), identify(discord)], 4005)
  refused("without authentication", () => [{ op: 3, d: {} }], 4003)
  refused("with an unknown opcode", (discord) => [identify(discord), { op: 99 }], 4001)
  refused("with what is not JSON", () => ["nonsense"], 4002)
  refused("with more than 4096 bytes", () => [{ op: 1, d: "x".repeat(4096) }], 4002)
  refused("with too many payloads", () => Array.from({ length: 130 }, () => ({ op: 1, d: null })), 4008)
  refused(
    "with a session that is not known",
    (discord) => [{ op: 6, d: { token: discord.token, session_id: "x", seq: 1 } }],
    "op 9"
  )
  refused("with no session start left", (discord) => [identify(discord)], 4004, { gateway: { sessionStarts: 0 } })

  it.live("too soon after another", () =>
    Effect.gen(function* () {
      const discord = yield* Discord.start()
      assert.strictEqual(yield* talk(discord, [identify(discord)]), "READY")
      assert.strictEqual(yield* talk(discord, [identify(discord)]), "op 9")
      discord.advance("5 seconds")
      assert.strictEqual(yield* talk(discord, [identify(discord)]), "READY")
    })
  )

  it.live("in another version", () =>
    Effect.gen(function* () {
      const discord = yield* Discord.start()
      assert.strictEqual(yield* talk(discord, [], "9"), 4012)
    })
  )

  it.live("by the client, too, when no session start is left", () =>
    Effect.gen(function* () {
      const discord = yield* Discord.start({ gateway: { sessionStarts: 0 } })
      const client = RealClient.make(discord)
      const error = yield* Effect.promise(() => client.ws.connect().then(() => undefined, String))
      assert.match(String(error), /Not enough sessions remaining/)
    })
  )
})

describe("what a session hears", () => {
  it.live("is without content where the intent is missing, save what is meant for the bot", () =>
    Effect.gen(function* () {
      const { alice, bot, discord, general } = yield* setUp(
        { messageContent: false },
        { intents: intents & ~I.MessageContent }
      )
      alice.says(general, "secret")
      alice.says(general, `hey ${discord.bot}`)
      alice.whispers("direct")
      yield* discord.until(() => bot.of("MESSAGE_CREATE").length === 3)
      assert.deepStrictEqual(texts(bot), ["", `hey ${discord.bot}`, "direct"])
      const read = yield* Effect.promise(() => bot.api.channels.getMessages(general.id))
      assert.deepStrictEqual(
        read.map(({ content }) => content),
        [`hey ${discord.bot}`, ""]
      )
    })
  )

  it.live("is nothing of what it did not ask for or cannot see", () =>
    Effect.gen(function* () {
      const { alice, bot, discord, general, guild } = yield* setUp(
        {},
        { intents: I.Guilds | I.GuildMessages | I.MessageContent }
      )
      const secret = guild.channel("secret", { private: [alice], hiddenFromBot: true })
      const whispering = alice.opensThread(general, "whispering", { private: true })
      alice.says(secret, "hidden")
      alice.says(whispering, "hidden, too")
      alice.whispers("unheard")
      alice.reacts(alice.says(general, "heard"), "❓")
      alice.types(general)
      alice.says(general, "last")
      yield* discord.until(() => texts(bot).includes("last"))
      assert.deepStrictEqual(texts(bot), ["heard", "last"])
      assert.deepStrictEqual(bot.of("MESSAGE_REACTION_ADD").length + bot.of("TYPING_START").length, 0)
      secret.allow(discord.bot, "ViewChannel")
      alice.says(secret, "now seen")
      yield* discord.until(() => texts(bot).includes("now seen"))
    })
  )

  it.live("are servers that go: removed or only unavailable", () =>
    Effect.gen(function* () {
      const { bot, discord, general, guild } = yield* setUp()
      guild.outage()
      guild.outage(true)
      general.remove()
      guild.removeBot()
      yield* discord.until(() => bot.of("GUILD_DELETE").length === 2)
      assert.deepStrictEqual(
        bot.of("GUILD_DELETE").map(({ unavailable }) => unavailable),
        [true, undefined]
      )
      assert.strictEqual(bot.of("CHANNEL_DELETE")[0].id, general.id)
      assert.deepStrictEqual(yield* RealClient.refusal(() => bot.api.channels.get(general.id)), [404, 10003])
    })
  )

  it.live("is 2,000 servers of 25 channels at once", () =>
    Effect.gen(function* () {
      const discord = yield* Discord.start({ gateway: { identifyInterval: 0 } })
      const owner = discord.user("owner")
      for (let i = 0; i < 2000; i++) {
        const guild = discord.guild({ name: `server ${i}`, owner })
        for (let j = 0; j < 25; j++) guild.channel(`channel-${j}`)
      }
      const bot = yield* RealClient.connect(discord)
      yield* discord.until(() => bot.of("GUILD_CREATE").length === 2000)
      assert.strictEqual(
        bot.of("GUILD_CREATE").reduce((sum, { channels }) => sum + channels.length, 0),
        50_000
      )
    })
  )
})
