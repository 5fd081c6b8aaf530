/** What the emulator refuses and leaves out, as Discord does: permissions, lengths, mentions; threads, forums, webhooks. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ThreadAutoArchiveDuration } from "discord-api-types/v10"
import { post, type RealClient, refusal, setUp } from "./RealClient.ts"
import type { HasId } from "./Model.ts"

const sending = (bot: RealClient, channel: HasId, body: Record<string, unknown>) =>
  refusal(() => bot.api.channels.createMessage(channel.id, body as never))

const unlimited = { limits: { on: false } }

describe("a message is refused", () => {
  const field = { name: "a", value: "b" }
  for (const [name, body, expected] of [
    ["with more than 2000 characters", { content: "é".repeat(2001) }, 50035],
    ["with nothing in it", { content: "  \n " }, 50006],
    ["with a nonce of 26 characters", { content: "x", nonce: "x".repeat(26) }, 50035],
    ["with a title of 257", { embeds: [{ title: "x".repeat(257) }] }, 50035],
    ["with a description of 4097", { embeds: [{ description: "x".repeat(4097) }] }, 50035],
    ["with 26 fields", { embeds: [{ fields: Array.from({ length: 26 }, () => field) }] }, 50035],
    ["with a field's name of 257", { embeds: [{ fields: [{ ...field, name: "x".repeat(257) }] }] }, 50035],
    ["with a field's value of 1025", { embeds: [{ fields: [{ ...field, value: "x".repeat(1025) }] }] }, 50035],
    ["with an empty field", { embeds: [{ fields: [{ ...field, value: "" }] }] }, 50035],
    ["with a footer of 2049", { embeds: [{ footer: { text: "x".repeat(2049) } }] }, 50035],
    ["with an author of 257", { embeds: [{ author: { name: "x".repeat(257) } }] }, 50035],
    ["with embeds of 6001", { embeds: [{ description: "x".repeat(3000) }, { description: "x".repeat(3001) }] }, 50035],
    ["with eleven embeds", { embeds: Array.from({ length: 11 }, () => ({ title: "x" })) }, 50035],
    [
      "with six buttons in a row",
      {
        content: "x",
        components: [
          {
            type: 1,
            components: Array.from({ length: 6 }, (_, i) => ({ type: 2, style: 1, label: "x", custom_id: `${i}` }))
          }
        ]
      },
      50035
    ],
    [
      "with a custom id of 101",
      {
        content: "x",
        components: [{ type: 1, components: [{ type: 2, style: 1, label: "x", custom_id: "x".repeat(101) }] }]
      },
      50035
    ],
    [
      "with a custom id twice",
      {
        content: "x",
        components: [{ type: 1, components: ["a", "b"].map((label) => ({ type: 2, style: 1, label, custom_id: "x" })) }]
      },
      50035
    ],
    ["with mentions allowed twice over", { content: "x", allowed_mentions: { parse: ["users"], users: ["1"] } }, 50035],
    [
      "in answer to a message that is not there",
      { content: "x", message_reference: { message_id: "123456789012345678" } },
      50035
    ]
  ] as const)
    it.live(name, () =>
      Effect.gen(function* () {
        const { bot, discord, general } = yield* setUp(unlimited)
        assert.deepStrictEqual(yield* sending(bot, general, body), [400, expected])
        assert.deepStrictEqual(discord.messagesIn(general), [])
      })
    )

  it.live("but not with what is just within the limits", () =>
    Effect.gen(function* () {
      const { bot, discord, general } = yield* setUp(unlimited)
      yield* post(bot, general, { content: "𝄞".repeat(2000) })
      yield* post(bot, general, { embeds: [{ description: "x".repeat(4096) }, { description: "y".repeat(1904) }] })
      yield* post(bot, general, { content: "x", nonce: "n".repeat(25) })
      yield* post(bot, general, {
        content: "x",
        message_reference: { message_id: "123456789012345678", fail_if_not_exists: false }
      })
      assert.strictEqual(discord.messagesIn(general).length, 4)
    })
  )
})

describe("permissions", () => {
  it.live("to see and to speak are needed", () =>
    Effect.gen(function* () {
      const { alice, bot, discord, general, guild } = yield* setUp(unlimited)
      const secret = guild.channel("secret", { private: [alice], hiddenFromBot: true })
      const quiet = guild.channel("quiet")
      quiet.deny(discord.bot, "SendMessages")
      assert.deepStrictEqual(yield* sending(bot, secret, { content: "x" }), [403, 50001])
      assert.deepStrictEqual(yield* refusal(() => bot.api.channels.getMessages(secret.id)), [403, 50001])
      assert.deepStrictEqual(yield* sending(bot, quiet, { content: "x" }), [403, 50013])
      const role = guild.role("speakers", { of: [discord.bot] })
      quiet.allow(role, "SendMessages")
      assert.deepStrictEqual(yield* sending(bot, quiet, { content: "x" }), [403, 50013])
      assert.throws(() => discord.user("stranger").says(general, "x"), /no ViewChannel/)
      const message = alice.says(general, "mine")
      assert.deepStrictEqual(yield* refusal(() => bot.api.channels.deleteMessage(general.id, message.id)), [403, 50013])
      assert.deepStrictEqual(
        yield* refusal(() => bot.api.channels.editMessage(general.id, message.id, { content: "x" })),
        [403, 50005]
      )
      assert.deepStrictEqual(
        yield* refusal(() => bot.api.channels.bulkDeleteMessages(general.id, [message.id, message.id])),
        [403, 50013]
      )
    })
  )

  it.live("of roles, everyone and people are weighed as Discord does", () =>
    Effect.gen(function* () {
      const { alice, discord, guild } = yield* setUp()
      const channel = guild.channel("weighed")
      const sees = () => discord.world.sees(channel.channel, alice)
      const [red, blue] = ["red", "blue"].map((name) => guild.role(name, { of: [alice] }))
      channel.hide({ id: guild.id })
      assert.isFalse(sees())
      channel.hide(red!)
      channel.allow(blue!, "ViewChannel")
      assert.isTrue(sees(), "a role that allows beats a role that denies")
      channel.hide(alice)
      assert.isFalse(sees(), "what is said of the person beats roles")
      guild.give(alice, guild.role("admins", { permissions: ["Administrator"] }))
      assert.isTrue(sees(), "administrators see everything")
    })
  )
})

describe("mentions", () => {
  it.live("notify whom they may, and nobody when that was asked for", () =>
    Effect.gen(function* () {
      const { alice, bot, discord, general, guild } = yield* setUp(unlimited)
      const team = guild.role("team", { mentionable: true })
      const closed = guild.role("closed")
      const content = `@everyone ${alice} <@&${team.id}> <@&${closed.id}> \`${alice}\``
      const pings = () => discord.messagesIn(general).at(-1)!.pings
      yield* post(bot, general, { content })
      assert.deepStrictEqual(pings(), { everyone: false, users: [alice.id], roles: [team.id] })
      guild.permit({ id: guild.id }, ["ViewChannel", "SendMessages", "ReadMessageHistory", "MentionEveryone"])
      yield* post(bot, general, { content })
      assert.deepStrictEqual(pings(), { everyone: true, users: [alice.id], roles: [team.id, closed.id] })
      const question = alice.says(general, "?")
      yield* post(bot, general, {
        content,
        message_reference: { message_id: question.id },
        allowed_mentions: { parse: [] }
      })
      assert.deepStrictEqual(pings(), { everyone: false, users: [], roles: [] })
      yield* post(bot, general, { content, allowed_mentions: { roles: [team.id] } })
      assert.deepStrictEqual(pings(), { everyone: false, users: [], roles: [team.id] })
      yield* post(bot, general, { content: "yes", message_reference: { message_id: question.id } })
      assert.deepStrictEqual(pings().users, [alice.id])
    })
  )
})

describe("threads", () => {
  it.live("start at a message, sleep, wake by a message, and stay locked", () =>
    Effect.gen(function* () {
      const { alice, bot, discord, general } = yield* setUp(unlimited)
      const message = alice.says(general, "how?")
      const make = () =>
        bot.api.channels.createThread(
          general.id,
          { name: "answers", auto_archive_duration: ThreadAutoArchiveDuration.OneHour },
          message.id
        )
      const thread = yield* Effect.promise(make)
      assert.strictEqual(thread.id, message.id)
      assert.deepStrictEqual(yield* refusal(make), [400, 160_004])
      const said = yield* post(bot, thread, { content: "so" })
      const place = discord.place(thread)
      place.archive()
      assert.deepStrictEqual(
        yield* refusal(() => bot.api.channels.editMessage(thread.id, said.id, { content: "x" })),
        [400, 50083]
      )
      const listed = yield* Effect.promise(() => bot.api.channels.getArchivedThreads(general.id, "public", {}))
      assert.deepStrictEqual(
        listed.threads.map(({ id }) => id),
        [thread.id]
      )
      yield* post(bot, thread, { content: "awake" })
      assert.isFalse(place.channel.thread!.archived)
      place.lock()
      assert.deepStrictEqual(yield* sending(bot, thread, { content: "x" }), [400, 160_005])
      place.remove()
      const gone = yield* discord.until(() => bot.of("THREAD_DELETE")[0])
      assert.strictEqual(gone.parent_id, general.id)
      assert.deepStrictEqual(yield* sending(bot, thread, { content: "x" }), [404, 10003])
    })
  )

  it.live("of forums are posts, with tags where they are required", () =>
    Effect.gen(function* () {
      const { alice, bot, discord, guild } = yield* setUp(unlimited)
      const forum = guild.forum("help", { tags: ["bug"], requireTag: true })
      const opened = alice.posts(forum, "It leaks", "From the left.", ["bug"])
      const heard = yield* discord.until(() => bot.of("MESSAGE_CREATE")[0])
      assert.deepStrictEqual([heard.id, heard.channel_id], [opened.id, opened.id])
      assert.strictEqual(bot.of("THREAD_CREATE")[0].newly_created, true)
      const body = { name: "From the bot", message: { content: "hello" } }
      assert.deepStrictEqual(yield* refusal(() => bot.api.channels.createForumThread(forum.id, body)), [400, 40067])
      assert.deepStrictEqual(yield* sending(bot, forum, { content: "x" }), [400, 50008])
      const tags = [forum.channel.tags[0]!.id]
      const made = yield* Effect.promise(() =>
        bot.api.channels.createForumThread(forum.id, { ...body, applied_tags: tags })
      )
      assert.deepStrictEqual(
        discord.messagesIn(made).map(({ content }) => content),
        ["hello"]
      )
      const active = yield* Effect.promise(() => bot.api.guilds.getActiveThreads(guild.id))
      assert.deepStrictEqual(
        active.threads.map(({ id }) => id),
        [opened.id, made.id]
      )
    })
  )
})

describe("webhooks", () => {
  it.live("say, edit and delete, without any token of the bot, and know no nonce", () =>
    Effect.gen(function* () {
      const { alice, bot, discord, general } = yield* setUp()
      const { id, token } = general.webhook("alerts", alice)
      const body = { content: "@everyone fire", username: "Alarm", nonce: "n", enforce_nonce: true } as never
      const sent = yield* Effect.promise(() =>
        bot.api.webhooks.execute(id, token, { ...(body as object), wait: true } as never)
      )
      yield* Effect.promise(() => bot.api.webhooks.execute(id, token, { ...(body as object), wait: true } as never))
      assert.strictEqual(discord.messagesIn(general).length, 2)
      assert.strictEqual(discord.callsOf("executeWebhook")[0]?.headers["authorization"], undefined)
      assert.isFalse(discord.messagesIn(general)[0]!.pings.everyone)
      const messageId = (sent as unknown as HasId).id
      yield* Effect.promise(() => bot.api.webhooks.editMessage(id, token, messageId, { content: "out" }))
      yield* Effect.promise(() => bot.api.webhooks.deleteMessage(id, token, messageId))
      assert.deepStrictEqual(
        discord.messagesIn(general).map(({ content }) => content),
        ["@everyone fire"]
      )
      assert.deepStrictEqual(
        yield* refusal(() => bot.api.webhooks.execute("123456789012345678", token, { content: "x" })),
        [404, 10015]
      )
      assert.deepStrictEqual(
        yield* refusal(() => bot.api.webhooks.execute(id, "wrong", { content: "x" })),
        [401, 50027]
      )
      assert.deepStrictEqual(
        yield* refusal(() => bot.api.webhooks.execute(id, token, { content: "x", username: "Discord" })),
        [400, 50035]
      )
    })
  )

  it.live("of a forum need a thread", () =>
    Effect.gen(function* () {
      const { alice, bot, discord, guild } = yield* setUp()
      const forum = guild.forum("help")
      const { id, token } = forum.webhook("alerts", alice)
      assert.deepStrictEqual(
        yield* refusal(() => bot.api.webhooks.execute(id, token, { content: "x" })),
        [400, 220_001]
      )
      yield* Effect.promise(() => bot.api.webhooks.execute(id, token, { content: "x", thread_name: "fire" }))
      assert.deepStrictEqual(
        discord.threadsOf(forum).map(({ name }) => name),
        ["fire"]
      )
    })
  )
})
