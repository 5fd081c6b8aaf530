/** Commands, buttons and forms in a Discord of our own: acknowledged at once, and answered where they were given. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { SqlClient } from "effect/sql"
import { Discord, type Options } from "../../discord/Discord.ts"
import * as Faults from "../../discord/Faults.ts"
import * as Bot from "./Bot.ts"

const world = <A, E>(
  body: (discord: Discord) => Effect.Effect<A, E, Scope.Scope | SqlClient.SqlClient>,
  options: Options = {}
) => Discord.start(options).pipe(Effect.flatMap(body), Effect.provide(Bot.State), Effect.scoped)

const scene = Effect.fnUntraced(function* (discord: Discord, env: Readonly<Record<string, string>> = {}) {
  const [ada, boss] = [discord.user("ada"), discord.user("boss")]
  const guild = discord.guild({ members: [ada], owner: boss })
  const general = guild.channel("general")
  const bot = yield* Bot.listening(discord, { env })
  yield* discord.until(() => discord.commands().length > 0)
  return { ada, boss, guild, general, bot }
})

const answerTo = (id: string, channelId: string, text = "Every three months [1].") => ({
  id: `answer-${id}`,
  channelId,
  replyTo: id,
  questionId: id,
  text,
  answer: {
    text,
    refused: false,
    mode: "closest" as const,
    citations: [{ n: 1, quote: "q", title: "Kettle", url: "https://d.example/k", passageId: "p", passage: "q" }],
    timing: { queuedMs: 0, retrieveMs: 0, writeMs: 0 }
  }
})

describe("commands", () => {
  it.live("are registered in one request, with their default under its own language, and again only when changed", () =>
    world((discord) =>
      Effect.gen(function* () {
        const { bot } = yield* scene(discord)
        assert.deepStrictEqual(
          discord.commands().map(({ name }) => name),
          ["ask", "echo", "rtfm", "Ask rtfm"]
        )
        const ask = discord.commands().find(({ name }) => name === "ask")!
        assert.deepInclude(ask["name_localizations"], { "en-US": "ask", de: "fragen" })
        const puts = () => discord.calls.filter(({ method }) => method === "PUT").length
        assert.strictEqual(puts(), 1)
        yield* bot.stop
        const second = yield* Bot.listening(discord)
        const general = discord.guild({ members: [] })
        assert.exists(general)
        assert.exists(second)
        assert.strictEqual(puts(), 1)
      })
    )
  )

  it.live("/ask is deferred at once, and its answer takes the place of the deferral, once", () =>
    world((discord) =>
      Effect.gen(function* () {
        const { ada, bot, general } = yield* scene(discord)
        const asked = ada.runs(general, "/ask", { question: "How often?" })
        yield* discord.until(() => asked.thinking && bot.queries().length === 1)
        assert.isBelow(asked.acknowledgedAfter!, 1000)
        const [query] = bot.queries()
        assert.deepInclude(query, { text: "How often?", channelId: general.id, replyTo: null })
        discord.faults.next("editReply", Faults.lost)
        yield* bot.chat.say(answerTo(query!.id, general.id))
        yield* bot.chat.say(answerTo(query!.id, general.id))
        assert.isFalse(asked.thinking)
        assert.include(asked.reply!.content, "Every three months")
        assert.lengthOf(discord.saidBy(discord.bot, general), 1)
      })
    )
  )

  it.live("a private /ask is seen by whoever asked, and draws on what they may see", () =>
    world((discord) =>
      Effect.gen(function* () {
        const { ada, boss, bot, general, guild } = yield* scene(discord)
        const secret = guild.channel("secret", { private: [ada] })
        const asked = ada.runs(general, "/ask", { question: "How often?", private: true })
        yield* discord.until(() => bot.queries().length === 1)
        yield* bot.chat.say(answerTo(bot.queries()[0]!.id, general.id))
        assert.strictEqual(asked.reply!.ephemeralFor, ada.id)
        const channels = (askerId?: string) =>
          Effect.map(bot.chat.audience(general.id, askerId), (it) => [...it.channelIds])
        assert.sameMembers(yield* channels(), [general.id])
        assert.sameMembers(yield* channels(ada.id), [general.id, secret.id])
        assert.sameMembers(yield* channels(boss.id), [general.id, secret.id])
        // A change counts for the next question.
        secret.deny(ada, "ViewChannel")
        yield* discord.until(() => bot.heard.length > 0)
        ada.says(general, "anything")
        yield* discord.until(() => bot.events().length > 0)
        assert.sameMembers(yield* channels(ada.id), [general.id])
      })
    )
  )

  it.live("are acknowledged in under a second while everything else is limited", () =>
    world((discord) =>
      Effect.gen(function* () {
        const { ada, bot, general } = yield* scene(discord)
        discord.faults.often("createMessage", Faults.limited("global", 2), 1)
        for (let n = 0; n < 20; n++)
          yield* Effect.forkChild(Effect.exit(bot.chat.say({ id: `n${n}`, channelId: general.id, text: `note ${n}` })))
        const asked = Array.from({ length: 20 }, (_, n) => ada.runs(general, "/ask", { question: `Number ${n}?` }))
        yield* discord.until(() => asked.every(({ acknowledgedAfter }) => acknowledgedAfter !== null))
        assert.isBelow(Math.max(...asked.map(({ acknowledgedAfter }) => acknowledgedAfter!)), 1000)
        discord.faults.clear()
      })
    )
  )

  it.live("an answer that comes after a command's time is over is said in the channel", () =>
    world((discord) =>
      Effect.gen(function* () {
        const { ada, bot, general } = yield* scene(discord)
        ada.runs(general, "/ask", { question: "How often?" })
        yield* discord.until(() => bot.queries().length === 1)
        discord.advance("16 minutes")
        yield* bot.chat.say(answerTo(bot.queries()[0]!.id, general.id))
        assert.include(discord.saidBy(discord.bot, general).at(-1)!.content, "Every three months")
      })
    )
  )

  it.live("/echo goes through the log, /rtfm channel needs Manage Server, the others tell about the bot", () =>
    world((discord) =>
      Effect.gen(function* () {
        const { ada, boss, bot, general } = yield* scene(discord)
        ada.runs(general, "/echo", { text: "Hear, hear" })
        yield* discord.until(() => bot.heard.some(({ echo }) => echo?.text === "Hear, hear"))
        const refused = ada.runs(general, "/rtfm channel", { mode: "off" })
        yield* discord.until(() => refused.reply)
        assert.include(refused.reply!.content, "manage the server")
        const off = boss.runs(general, "/rtfm channel", { mode: "off" })
        yield* discord.until(() => off.reply)
        ada.says(general, `${discord.bot} are you there?`)
        const automatic = boss.runs(general, "/rtfm channel", { mode: "automatic" })
        yield* discord.until(() => automatic.reply)
        ada.says(general, "how does one open the window?")
        yield* discord.until(() => bot.queries().length > 0)
        assert.deepStrictEqual(
          bot.queries().map(({ automatic, text }) => [text, automatic]),
          [["how does one open the window?", true]]
        )
        for (const name of ["status", "sources", "privacy"]) {
          const told = ada.runs(general, `/rtfm ${name}`)
          const reply = yield* discord.until(() => told.reply)
          assert.strictEqual(reply.ephemeralFor, ada.id)
          assert.isAbove(reply.content.length, 10)
        }
      })
    )
  )

  it.live("the context menu asks what a message asks", () =>
    world((discord) =>
      Effect.gen(function* () {
        const { ada, bot, general } = yield* scene(discord)
        const message = ada.says(general, "how does one open the window?")
        ada.usesOnMessage(message, "Ask rtfm")
        yield* discord.until(() => bot.queries().length === 1)
        assert.strictEqual(bot.queries()[0]!.text, "how does one open the window?")
      })
    )
  )

  it.live("buttons keep what people think, with a reason, and ask again; a human is called once", () =>
    world((discord) =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const role = "123456789012345678"
        const { ada, bot, general } = yield* scene(discord, { HUMAN_ROLE_ID: role })
        const question = ada.says(general, "!rtfm how often?")
        yield* discord.until(() => bot.queries().length === 1)
        yield* bot.chat.say(answerTo(question.id, general.id))
        const answer = discord.saidBy(discord.bot, general)[0]!
        const up = ada.clicks(answer, "👍")
        yield* discord.until(() => up.reply)
        const down = ada.clicks(answer, "👎")
        yield* discord.until(() => down.modal)
        const form = ada.submits(down, { reason: 'It is "wrong"' })
        yield* discord.until(() => form.reply)
        const rows = yield* sql`SELECT answer_id, given_by, verdict, reason FROM feedback`
        assert.deepStrictEqual(
          rows.map((row) => ({ ...row })),
          [{ answer_id: `answer-${question.id}`, given_by: ada.id, verdict: "unhelpful", reason: 'It is "wrong"' }]
        )
        const sources = ada.clicks(answer, "Sources")
        const reply = yield* discord.until(() => sources.reply)
        assert.include(reply.content, "https://d.example/k")
        const again = ada.clicks(answer, "Ask again")
        yield* discord.until(() => bot.queries().length === 2)
        assert.deepInclude(bot.queries()[1], { text: "how often?", id: again.id })
        for (let n = 0; n < 2; n++) {
          const call = ada.clicks(answer, "Ask a human")
          yield* discord.until(() => call.reply)
        }
        assert.lengthOf(
          discord.saidBy(discord.bot, general).filter(({ content }) => content.includes(role)),
          1
        )
      })
    )
  )
})
