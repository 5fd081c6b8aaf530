/** What the bot says in a Discord of our own: once, whole, calling nobody, whatever goes wrong on the way. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import type { SqlClient } from "effect/sql"
import type { Reply } from "../../../src/chat/Chat.ts"
import { Discord, type Options } from "../../discord/Discord.ts"
import * as Faults from "../../discord/Faults.ts"
import * as Bot from "./Bot.ts"

const world = <A, E>(
  body: (discord: Discord) => Effect.Effect<A, E, Scope.Scope | SqlClient.SqlClient>,
  options: Options = {}
) => Discord.start(options).pipe(Effect.flatMap(body), Effect.provide(Bot.State), Effect.scoped)

const scene = Effect.fnUntraced(function* (discord: Discord) {
  const ada = discord.user("ada")
  const guild = discord.guild({ members: [ada] })
  const general = guild.channel("general")
  const bot = yield* Bot.listening(discord)
  const question = ada.says(general, "!rtfm how?")
  yield* discord.until(() => bot.queries().length === 1)
  return { ada, guild, general, bot, question }
})

const answered = (questionId: string, channelId: string, text: string): Reply => ({
  id: `answer-${questionId}`,
  channelId,
  replyTo: questionId,
  questionId,
  text,
  answer: {
    text,
    refused: false,
    mode: "closest",
    citations: [
      {
        n: 1,
        quote: "every three months",
        title: "Kettle › Descaling",
        url: "https://docs.example.com/kettle",
        passageId: "p",
        passage: "Descale it every three months."
      }
    ],
    timing: { queuedMs: 1, retrieveMs: 1, writeMs: 1 }
  }
})

const faults = {
  "the answer is lost after it was stored": Faults.lost,
  "the edge says 502 after it was stored": Faults.lostBehind502,
  "the connection is cut before": Faults.cut,
  "the API is in trouble": Faults.status(503),
  "the channel is limited": Faults.limited("user", 0.3),
  "the bot is limited everywhere": Faults.limited("global", 0.3),
  "the limit is shared": Faults.limited("shared", 0.3),
  "no header says how long": Faults.limited("user", 0.3, false),
  "the edge answers with a page": Faults.limited("cloudflare", 0.3)
}

describe("saying", () => {
  it.live("replies to the question, with numbered links and sources", () =>
    world((discord) =>
      Effect.gen(function* () {
        const { bot, general, question } = yield* scene(discord)
        yield* bot.chat.say(answered(question.id, general.id, "Descale it every three months [1]. `a[1]`"))
        const [message] = discord.saidBy(discord.bot, general)
        assert.strictEqual(message!.reference?.messageId, question.id)
        assert.include(message!.content, "[\\[1\\]](<https://docs.example.com/kettle>)")
        assert.include(message!.content, "`a[1]`")
        assert.include(message!.content, "-# [1] [Kettle › Descaling](<https://docs.example.com/kettle>)")
        assert.isAbove(message!.components.length, 0)
      })
    )
  )

  it.live("puts a new form of an answer in its place, as often as it is told, and nothing where it is gone", () =>
    world((discord) =>
      Effect.gen(function* () {
        const { bot, general, question } = yield* scene(discord)
        const long = Array.from({ length: 120 }, (_, i) => `Sentence ${i} about the kettle, which is red.`).join("\n")
        yield* bot.chat.say(answered(question.id, general.id, long))
        const parts = discord.saidBy(discord.bot, general)
        assert.isAbove(parts.length, 1)
        const shorter = answered(question.id, general.id, "Descale it every three months [1].")
        yield* bot.chat.revise(shorter)
        yield* bot.chat.revise(shorter)
        const [left, ...others] = discord.saidBy(discord.bot, general)
        assert.deepStrictEqual(others, [])
        assert.strictEqual(left!.id, parts[0]!.id)
        assert.include(left!.content, "Descale it every three months")
        assert.notInclude(left!.content, "Sentence")
        assert.isAbove(left!.components.length, 0)
        discord.bot.deletes(left!)
        yield* bot.chat.revise(shorter)
        assert.deepStrictEqual(discord.saidBy(discord.bot, general), [])
      })
    )
  )

  for (const [name, fault] of Object.entries(faults))
    it.live(`says it once when ${name}`, () =>
      world((discord) =>
        Effect.gen(function* () {
          const { bot, general, question } = yield* scene(discord)
          discord.faults.next("createMessage", fault, 2)
          const said = yield* Effect.retry(bot.chat.say(answered(question.id, general.id, "Three months [1].")), {
            times: 3
          })
          const again = yield* bot.chat.say(answered(question.id, general.id, "Three months [1]."))
          assert.strictEqual(again.id, said.id)
          assert.lengthOf(discord.saidBy(discord.bot, general), 1)
        })
      )
    )

  it.live("finds what was stored when the process died before it knew, even after the nonce is worth nothing", () =>
    world((discord) =>
      Effect.gen(function* () {
        const { ada, bot, general, question } = yield* scene(discord)
        const reply = answered(question.id, general.id, "Three months [1].")
        discord.faults.next("createMessage", Faults.lost, 4)
        yield* Effect.flip(bot.chat.say(reply))
        yield* bot.stop
        discord.advance("30 minutes")
        ada.says(general, "is it slow today?")
        const second = yield* Bot.listening(discord)
        yield* second.chat.say(reply)
        assert.lengthOf(discord.saidBy(discord.bot, general), 1)
      })
    )
  )

  it.live("brings a long answer whole, in order, and once although a part is lost", () =>
    world((discord) =>
      Effect.gen(function* () {
        const { bot, general, question } = yield* scene(discord)
        const code = Array.from({ length: 150 }, (_, i) => `const value${i} = await compute(${i})`)
        const text = ["So:", "", "```ts", ...code, "```", "", "That is all [1]."].join("\n")
        discord.faults.next("createMessage", Faults.lost, 5)
        yield* Effect.retry(bot.chat.say(answered(question.id, general.id, text)), { times: 4 })
        const parts = discord.saidBy(discord.bot, general).map(({ content }) => content)
        const lines = parts.flatMap((part) => part.split("\n")).filter((line) => line.startsWith("const"))
        assert.deepStrictEqual(lines, code)
        for (const part of parts) assert.strictEqual((part.match(/```/g) ?? []).length % 2, 0)
      })
    )
  )

  it.live("calls nobody, neither when it sends nor when it edits", () =>
    world((discord) =>
      Effect.gen(function* () {
        const { ada, bot, general, guild, question } = yield* scene(discord)
        const role = guild.role("staff", { mentionable: true, of: [ada] })
        const text = `@everyone @here <@&${role.id}> <@${ada.id}> look [1]`
        const reply = answered(question.id, general.id, text)
        yield* bot.chat.draft({ ...reply, text: "@everyone" })
        yield* bot.chat.say(reply)
        const [message] = discord.saidBy(discord.bot, general)
        assert.deepStrictEqual(message!.pings, { everyone: false, roles: [], users: [] })
        for (const { body } of [...discord.callsOf("createMessage"), ...discord.callsOf("editMessage")])
          assert.deepStrictEqual(body["allowed_mentions"]["parse"], [])
      })
    )
  )

  it.live("answers although the question was deleted meanwhile", () =>
    world((discord) =>
      Effect.gen(function* () {
        const { ada, bot, general, question } = yield* scene(discord)
        ada.deletes(question)
        yield* bot.chat.say(answered(question.id, general.id, "Three months [1]."))
        assert.lengthOf(discord.saidBy(discord.bot, general), 1)
      })
    )
  )

  it.live("shows drafts in one message, once a second at most, and the answer always takes their place", () =>
    world((discord) =>
      Effect.gen(function* () {
        const { bot, general, question } = yield* scene(discord)
        const reply = answered(question.id, general.id, "Descale it every three months [1].")
        for (const text of ["Descale", "Descale it", "Descale it every"]) yield* bot.chat.draft({ ...reply, text })
        assert.lengthOf(discord.callsOf("editMessage"), 0)
        discord.faults.next("editMessage", Faults.limited("user", 0.4))
        yield* bot.chat.say(reply)
        yield* bot.chat.draft({ ...reply, text: "Descale it late" })
        const said = discord.saidBy(discord.bot, general)
        assert.lengthOf(said, 1)
        assert.include(said[0]!.content, "every three months")
        assert.notInclude(said[0]!.content, "▌")
        assert.lengthOf(said[0]!.versions, 2)
      })
    )
  )

  it.live("says plainly that a channel is gone or closed", () =>
    world((discord) =>
      Effect.gen(function* () {
        const { bot, general, guild } = yield* scene(discord)
        general.deny(guild, "SendMessages")
        const closed = yield* Effect.flip(bot.chat.say({ id: "n1", channelId: general.id, text: "hello" }))
        assert.strictEqual(closed.reason, "forbidden")
        const gone = yield* Effect.flip(bot.chat.say({ id: "n2", channelId: "123456789012345678", text: "hello" }))
        assert.strictEqual(gone.reason, "unknown-channel")
        const unseen = yield* Effect.flip(bot.chat.audience("123456789012345678"))
        assert.strictEqual(unseen.reason, "unknown-channel")
      })
    )
  )
})
