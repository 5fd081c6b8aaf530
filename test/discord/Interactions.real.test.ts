/** Commands, buttons and forms of the emulator, answered by Discord's own clients in time and too late. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ButtonStyle, ComponentType, MessageFlags } from "discord-api-types/v10"
import type { Interaction } from "./Model.ts"
import { post, type RealClient, refusal, setUp } from "./RealClient.ts"

const commands = [
  {
    name: "ask",
    description: "Ask the manual",
    name_localizations: { de: "frage" },
    options: [
      { type: 3, name: "question", description: "What to ask", required: true },
      { type: 5, name: "private", description: "Only for you" }
    ]
  },
  {
    name: "rtfm",
    description: "About the bot",
    options: [
      { type: 1, name: "status", description: "How it is" },
      {
        type: 1,
        name: "channel",
        description: "A channel's switch",
        options: [{ type: 7, name: "to", description: "Which" }]
      }
    ]
  },
  { name: "settings", description: "For managers", default_member_permissions: "32" },
  { type: 3, name: "Ask rtfm" }
]

const withCommands = Effect.fnUntraced(function* () {
  const all = yield* setUp({ limits: { on: false } })
  yield* Effect.promise(() =>
    all.bot.api.applicationCommands.bulkOverwriteGlobalCommands(all.discord.bot.id, commands as never)
  )
  return all
})

const heard = (bot: RealClient, { id }: Interaction) => bot.of("INTERACTION_CREATE").find((one) => one.id === id)

describe("commands", () => {
  it.live("are registered as a whole, and offered as they are", () =>
    Effect.gen(function* () {
      const { alice, bot, discord, general, guild } = yield* withCommands()
      assert.deepStrictEqual(
        discord.commands().map(({ name }) => name),
        ["ask", "rtfm", "settings", "Ask rtfm"]
      )
      const ids = discord.commands().map(({ id }) => id)
      yield* Effect.promise(() =>
        bot.api.applicationCommands.bulkOverwriteGlobalCommands(discord.bot.id, commands as never)
      )
      assert.deepStrictEqual(
        discord.commands().map(({ id }) => id),
        ids
      )
      yield* Effect.promise(() =>
        bot.api.applicationCommands.bulkOverwriteGuildCommands(discord.bot.id, guild.id, [
          { name: "local", description: "x" }
        ])
      )
      const asked = alice.runs(general, "/rtfm channel", { to: general })
      const { data, member } = yield* discord.until(() => heard(bot, asked))
      assert.deepStrictEqual(data.options, [
        { name: "channel", type: 1, options: [{ name: "to", type: 7, value: general.id }] }
      ])
      assert.strictEqual(data.resolved.channels[general.id].name, "general")
      assert.strictEqual(member.user.id, alice.id)
      alice.runs(general, "/local")
      for (const [wrong, why] of [
        [() => alice.runs(general, "/nothing"), /no command nothing/],
        [() => alice.runs(general, "/ask"), /needs question/],
        [() => alice.runs(general, "/rtfm"), /goes on with one of status, channel/],
        [() => alice.runs(general, "/settings"), /may not use/]
      ] as const)
        assert.throws(wrong, why)
    })
  )

  it.live("are refused when they are not well formed", () =>
    Effect.gen(function* () {
      const { bot, discord } = yield* setUp({ limits: { on: false } })
      const register = (given: ReadonlyArray<unknown>) =>
        refusal(() => bot.api.applicationCommands.bulkOverwriteGlobalCommands(discord.bot.id, given as never))
      const option = { type: 3, name: "a", description: "a" }
      for (const wrong of [
        { name: "Ask", description: "capital" },
        { name: "ask", description: "" },
        { name: "ask", description: "x".repeat(101) },
        { name: "ask", description: "x", options: [option, { ...option, name: "b", required: true }] },
        {
          name: "ask",
          description: "x",
          options: Array.from({ length: 26 }, (_, i) => ({ ...option, name: `a${i}` }))
        },
        {
          name: "ask",
          description: "x",
          options: [{ ...option, choices: Array.from({ length: 26 }, (_, i) => ({ name: `${i}`, value: `${i}` })) }]
        },
        { type: 3, name: "menu", description: "none may be" }
      ])
        assert.deepStrictEqual(yield* register([wrong]), [400, 50035])
      const many = (from: number) => Array.from({ length: 100 }, (_, i) => ({ name: `c${from + i}`, description: "x" }))
      assert.deepStrictEqual(yield* register([...many(0), { name: "one-more", description: "x" }]), [400, 50035])
      for (const from of [0, 100])
        yield* Effect.promise(() => bot.api.applicationCommands.bulkOverwriteGlobalCommands(discord.bot.id, many(from)))
      assert.deepStrictEqual(yield* register(many(200)), [400, 30034])
    })
  )
})

describe("an interaction", () => {
  it.live("is deferred, answered, changed and followed", () =>
    Effect.gen(function* () {
      const { alice, bot, discord, general } = yield* withCommands()
      const asked = alice.runs(general, "/ask", { question: "how?", private: false })
      const { id, token } = yield* discord.until(() => heard(bot, asked))
      yield* Effect.promise(() => bot.api.interactions.defer(id, token))
      assert.isTrue(asked.thinking)
      assert.isBelow(asked.acknowledgedAfter!, 3000)
      yield* Effect.promise(() => bot.api.interactions.editReply(discord.bot.id, token, { content: "first" }))
      assert.isFalse(asked.thinking)
      yield* Effect.promise(() => bot.api.interactions.editReply(discord.bot.id, token, { content: "second" }))
      yield* Effect.promise(() => bot.api.interactions.followUp(discord.bot.id, token, { content: "and more" }))
      assert.deepStrictEqual(
        discord.messagesIn(general).map(({ content }) => content),
        ["second", "and more"]
      )
      assert.deepStrictEqual(asked.reply?.versions, ["", "first", "second"])
      assert.deepStrictEqual(
        discord.calls.slice(-4).map(({ route }) => route),
        ["respond", "editReply", "editReply", "followUp"]
      )
      const created = bot.of("MESSAGE_CREATE")[0]
      assert.strictEqual(created.interaction_metadata.name, "ask")
    })
  )

  it.live("is seen by one person alone when that was asked for", () =>
    Effect.gen(function* () {
      const { alice, bot, discord, general } = yield* withCommands()
      const asked = alice.runs(general, "/ask", { question: "how?", private: true })
      yield* Effect.promise(() => bot.api.interactions.defer(asked.id, asked.token, { flags: MessageFlags.Ephemeral }))
      yield* Effect.promise(() => bot.api.interactions.editReply(discord.bot.id, asked.token, { content: "psst" }))
      assert.strictEqual(asked.reply?.content, "psst")
      assert.strictEqual(asked.reply?.ephemeralFor, alice.id)
      assert.deepStrictEqual(discord.messagesIn(general), [])
      assert.deepStrictEqual(bot.of("MESSAGE_CREATE"), [])
    })
  )

  it.live("is acknowledged once, in three seconds, and answered in fifteen minutes", () =>
    Effect.gen(function* () {
      const { alice, bot, discord, general } = yield* withCommands()
      const once = alice.runs(general, "/rtfm status")
      const { defer, editReply } = {
        defer: () => bot.api.interactions.defer(once.id, once.token),
        editReply: () => bot.api.interactions.editReply(discord.bot.id, once.token, { content: "x" })
      }
      assert.deepStrictEqual(yield* refusal(editReply), [404, 10015])
      yield* Effect.promise(defer)
      assert.deepStrictEqual(yield* refusal(defer), [400, 40060])
      discord.advance("14 minutes")
      yield* Effect.promise(editReply)
      discord.advance("2 minutes")
      assert.deepStrictEqual(yield* refusal(editReply), [401, 50027])
      const late = alice.runs(general, "/rtfm status")
      assert.isFalse(discord.failed(late))
      discord.advance("3.1 seconds")
      assert.isTrue(discord.failed(late))
      assert.deepStrictEqual(yield* refusal(() => bot.api.interactions.defer(late.id, late.token)), [404, 10062])
    })
  )

  it.live("comes from a button, and changes the message it is on", () =>
    Effect.gen(function* () {
      const { alice, bot, discord, general } = yield* withCommands()
      const button = {
        type: ComponentType.Button,
        style: ButtonStyle.Secondary,
        label: "Sources",
        custom_id: "sources:1"
      }
      const answer = yield* post(bot, general, {
        content: "an answer",
        components: [{ type: 1, components: [button] }]
      })
      assert.throws(() => alice.clicks(answer, "Nothing"), /no button/)
      const clicked = alice.clicks(answer, "Sources")
      const { data, message } = yield* discord.until(() => heard(bot, clicked))
      assert.strictEqual(data.custom_id, "sources:1")
      assert.strictEqual(message.id, answer.id)
      yield* Effect.promise(() =>
        bot.api.interactions.updateMessage(clicked.id, clicked.token, { content: "changed", components: [] })
      )
      assert.deepStrictEqual(
        discord.messagesIn(general).map(({ content }) => content),
        ["changed"]
      )
      const deferred = alice.usesOnMessage(answer, "Ask rtfm")
      const menu = yield* discord.until(() => heard(bot, deferred))
      assert.strictEqual(menu.data.resolved.messages[menu.data.target_id].content, "changed")
    })
  )

  it.live("asks for a form, which is another interaction", () =>
    Effect.gen(function* () {
      const { alice, bot, discord, general } = yield* withCommands()
      const asked = alice.runs(general, "/rtfm status")
      const input = { type: ComponentType.TextInput, custom_id: "why", style: 1, label: "Why" }
      const form = { title: "Reason", custom_id: "reason", components: [{ type: 1, components: [input] }] }
      yield* Effect.promise(() => bot.api.interactions.createModal(asked.id, asked.token, form as never))
      const sent = alice.submits(asked, { why: "it is wrong" })
      const { data, type } = yield* discord.until(() => heard(bot, sent))
      assert.strictEqual(type, 5)
      assert.strictEqual(data.components[0].components[0].value, "it is wrong")
      yield* Effect.promise(() =>
        bot.api.interactions.reply(sent.id, sent.token, { content: "thanks", flags: MessageFlags.Ephemeral })
      )
      assert.strictEqual(sent.reply?.content, "thanks")
    })
  )
})
