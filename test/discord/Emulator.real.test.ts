/** What Discord's own clients do with messages of Discord, they do with those of the emulator. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Faults from "./Faults.ts"
import * as Media from "./Media.ts"
import { post, type RealClient, refusal, setUp } from "./RealClient.ts"

const texts = (messages: ReadonlyArray<{ readonly content: string }>) => messages.map(({ content }) => content)

describe("messages", () => {
  it.live("are heard, answered, edited, read back and deleted", () =>
    Effect.gen(function* () {
      const { alice, bot, discord, general } = yield* setUp()
      alice.says(general, "hello")
      const heard = yield* discord.until(() => bot.of("MESSAGE_CREATE")[0])
      assert.strictEqual(heard.content, "hello")
      assert.strictEqual(heard.member.user, undefined)
      const sent = yield* post(bot, general, {
        content: "world",
        embeds: [{ title: "Manual", description: "page 1" }],
        message_reference: { message_id: heard.id }
      })
      assert.strictEqual(sent.referenced_message?.id, heard.id)
      yield* Effect.promise(() => bot.api.channels.editMessage(general.id, sent.id, { content: "world!" }))
      const edited = yield* discord.until(() => bot.of("MESSAGE_UPDATE")[0])
      assert.strictEqual(edited.content, "world!")
      assert.isString(edited.edited_timestamp)
      assert.strictEqual(edited.embeds[0].title, "Manual")
      const page = yield* Effect.promise(() => bot.api.channels.getMessages(general.id, { after: heard.id }))
      assert.deepStrictEqual(texts(page), ["world!"])
      yield* Effect.promise(() => bot.api.channels.deleteMessage(general.id, sent.id))
      const gone = yield* discord.until(() => bot.of("MESSAGE_DELETE")[0])
      assert.deepStrictEqual(Object.keys(gone).sort(), ["channel_id", "guild_id", "id"])
      assert.deepStrictEqual(yield* refusal(() => bot.api.channels.getMessage(general.id, sent.id)), [404, 10008])
    })
  )

  it.live("that were never heard are deleted, one and many", () =>
    Effect.gen(function* () {
      const { alice, bot, discord, general, guild } = yield* setUp()
      discord.gateway.goDown()
      const messages = ["a", "b", "c"].map((text) => alice.says(general, text))
      guild.permit({ id: guild.id }, ["ViewChannel", "SendMessages", "ReadMessageHistory", "ManageMessages"])
      discord.gateway.forgetSessions()
      discord.gateway.goUp()
      yield* discord.until(() => bot.of("READY").length === 2)
      alice.deletes(messages[0]!)
      alice.purges(general, messages.slice(1))
      const [one, many] = yield* discord.until(() => {
        const found = [bot.of("MESSAGE_DELETE")[0], bot.of("MESSAGE_DELETE_BULK")[0]]
        return found.every((each) => each !== undefined) && found
      })
      assert.strictEqual(one.id, messages[0]!.id)
      assert.deepStrictEqual(
        many.ids,
        messages.slice(1).map(({ id }) => id)
      )
    })
  )

  it.live("are paged by a hundred, before, after and around", () =>
    Effect.gen(function* () {
      const { alice, bot, general } = yield* setUp()
      const said = Array.from({ length: 250 }, (_, i) => alice.says(general, `${i}`))
      const page = (query: Record<string, unknown>) =>
        Effect.promise(() => bot.api.channels.getMessages(general.id, query))
      const numbers = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, i) => `${from - i}`)
      assert.deepStrictEqual(texts(yield* page({ limit: 100 })), numbers(249, 150))
      assert.deepStrictEqual(texts(yield* page({ before: said[150]!.id, limit: 100 })), numbers(149, 50))
      assert.deepStrictEqual(texts(yield* page({ after: said[20]!.id, limit: 100 })), numbers(120, 21))
      assert.deepStrictEqual(texts(yield* page({ after: "0", limit: 3 })), ["2", "1", "0"])
      assert.deepStrictEqual(texts(yield* page({ around: said[10]!.id, limit: 5 })), numbers(12, 8))
      assert.deepStrictEqual(
        yield* refusal(() => bot.api.channels.getMessages(general.id, { limit: 101 })),
        [400, 50035]
      )
    })
  )

  it.live("carry files both ways, under links that expire", () =>
    Effect.gen(function* () {
      const { alice, bot, discord, general } = yield* setUp()
      const sent = yield* post(bot, general, {
        content: "",
        files: [{ name: "a.txt", data: Buffer.from("from the bot") }]
      })
      const link = sent.attachments[0]!.url
      const text = (url: string) =>
        Effect.promise(async () => {
          const answer = await fetch(url)
          return answer.ok ? answer.text() : answer.status
        })
      assert.strictEqual(yield* text(link), "from the bot")
      discord.advance("25 hours")
      assert.strictEqual(yield* text(link), 404)
      assert.strictEqual(yield* text(link.replace(/ex=\w+/, "ex=ffffffff")), 404)
      alice.says(general, "see", { files: [Media.hugeFile("big.bin", 1_000_003)] })
      const heard = yield* discord.until(() => bot.of("MESSAGE_CREATE").find(({ content }) => content === "see"))
      const bytes = yield* Effect.promise(
        async () => new Uint8Array(await (await fetch(heard.attachments[0].url)).arrayBuffer())
      )
      assert.strictEqual(bytes.length, 1_000_003)
      assert.isTrue(bytes.every((byte, i) => byte === i % 251))
    })
  )

  it.live("reach a person directly, but no other bot", () =>
    Effect.gen(function* () {
      const { alice, bot, discord } = yield* setUp()
      const other = discord.user("other", { bot: true })
      const direct = yield* Effect.promise(() => bot.api.users.createDM(alice.id))
      yield* post(bot, direct, { content: "psst" })
      alice.whispers("yes?")
      const heard = yield* discord.until(() => bot.of("MESSAGE_CREATE").find(({ content }) => content === "yes?"))
      assert.strictEqual(heard.guild_id, undefined)
      assert.strictEqual(heard.channel_id, direct.id)
      assert.deepStrictEqual(yield* refusal(() => bot.api.users.createDM(other.id)), [403, 50007])
    })
  )

  it.live("are reacted to and typed", () =>
    Effect.gen(function* () {
      const { alice, bot, discord, general } = yield* setUp()
      const message = alice.says(general, "hello")
      yield* Effect.promise(() => bot.api.channels.showTyping(general.id))
      yield* Effect.promise(() => bot.api.channels.addMessageReaction(general.id, message.id, "👀"))
      alice.reacts(message, "❓")
      const heard = yield* discord.until(() =>
        bot.of("MESSAGE_REACTION_ADD").find(({ user_id }) => user_id === alice.id)
      )
      assert.strictEqual(heard.emoji.name, "❓")
      yield* Effect.promise(() => bot.api.channels.deleteOwnMessageReaction(general.id, message.id, "👀"))
      assert.deepStrictEqual([...message.reactions.keys()], ["❓"])
      const refused = yield* refusal(() => bot.api.channels.addMessageReaction(general.id, message.id, "nonsense"))
      assert.deepStrictEqual(refused, [400, 10014])
    })
  )
})

describe("what is sent twice", () => {
  const send = (bot: RealClient, general: { readonly id: string }, nonce: string) =>
    post(bot, general, { content: "once", nonce, enforce_nonce: true })

  it.live("is stored once under a nonce that is enforced, for a few minutes", () =>
    Effect.gen(function* () {
      const { bot, discord, general } = yield* setUp()
      const first = yield* send(bot, general, "n")
      const second = yield* send(bot, general, "n")
      assert.strictEqual(first.id, second.id)
      yield* post(bot, general, { content: "unenforced", nonce: "n" })
      assert.deepStrictEqual(texts(discord.messagesIn(general)), ["once", "unenforced"])
      discord.advance("3 minutes")
      assert.notStrictEqual((yield* send(bot, general, "n")).id, first.id)
    })
  )

  it.live("is refused when the first was deleted meanwhile", () =>
    Effect.gen(function* () {
      const { bot, general } = yield* setUp()
      const { id } = yield* send(bot, general, "n")
      yield* Effect.promise(() => bot.api.channels.deleteMessage(general.id, id))
      const again = () =>
        bot.api.channels.createMessage(general.id, { content: "once", nonce: "n", enforce_nonce: true } as never)
      assert.deepStrictEqual(yield* refusal(again), [404, 10008])
    })
  )

  it.live("without a nonce is there as often as it was stored", () =>
    Effect.gen(function* () {
      const { bot, discord, general } = yield* setUp()
      discord.faults.next("createMessage", Faults.lostBehind502, 2)
      yield* post(bot, general, { content: "thrice" })
      assert.strictEqual(discord.messagesIn(general).length, 3)
      discord.faults.next("createMessage", Faults.lostBehind502, 2)
      yield* send(bot, general, "n")
      assert.strictEqual(discord.messagesIn(general).length, 4)
    })
  )

  it.live("after an answer that never came is one message with a nonce and two without", () =>
    Effect.gen(function* () {
      const { bot, discord, general } = yield* setUp({}, { rest: { timeout: 300 } })
      discord.faults.next("createMessage", Faults.hangAfter)
      yield* post(bot, general, { content: "twice" })
      assert.strictEqual(discord.messagesIn(general).length, 2)
      discord.faults.next("createMessage", Faults.hangAfter)
      yield* send(bot, general, "n")
      assert.strictEqual(discord.messagesIn(general).length, 3)
    })
  )
})
