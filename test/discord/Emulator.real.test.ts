/** The emulator against Discord's own clients: what they do with Discord, they do with it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Discord, type Options } from "./Discord.ts"
import * as RealClient from "./RealClient.ts"

/** A server with a channel, Alice in it, and a connected client. */
const setUp = Effect.fnUntraced(function* (options: Options = {}, client: RealClient.Options = {}) {
  const discord = yield* Discord.start(options)
  const alice = discord.user("alice")
  const guild = discord.guild({ name: "Brew", members: [alice] })
  const general = guild.channel("general")
  const bot = yield* RealClient.connect(discord, client)
  yield* discord.until(() => bot.of("GUILD_CREATE").length === 1)
  return { discord, alice, guild, general, bot }
})

const post = (bot: RealClient.RealClient, channel: { readonly id: string }, body: Record<string, unknown>) =>
  Effect.promise(() => bot.api.channels.createMessage(channel.id, body as never))

describe("messages", () => {
  it.live("are heard, sent, edited, deleted and read back", () =>
    Effect.gen(function* () {
      const { alice, bot, discord, general } = yield* setUp()
      alice.says(general, "hello")
      const heard = yield* discord.until(() => bot.of("MESSAGE_CREATE")[0])
      assert.strictEqual(heard.content, "hello")
      const sent = yield* post(bot, general, {
        content: "world",
        nonce: "n1",
        enforce_nonce: true,
        message_reference: { message_id: heard.id }
      })
      assert.strictEqual(sent.type, 19)
      yield* Effect.promise(() => bot.api.channels.editMessage(general.id, sent.id, { content: "world!" }))
      assert.deepStrictEqual(
        discord.messagesIn(general).map(({ content }) => content),
        ["hello", "world!"]
      )
      const page = yield* Effect.promise(() =>
        bot.api.channels.getMessages(general.id, { after: heard.id, limit: 100 })
      )
      assert.deepStrictEqual(
        page.map(({ content }) => content),
        ["world!"]
      )
      yield* Effect.promise(() => bot.api.channels.deleteMessage(general.id, sent.id))
      assert.strictEqual(discord.messagesIn(general).length, 1)
    })
  )
})
