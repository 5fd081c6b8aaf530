/** What is heard in a Discord of our own: what is kept, what is a question, and what is missed while nobody listens. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import type { SqlClient } from "effect/sql"
import { Discord, type Options } from "../../discord/Discord.ts"
import { Solutions, layer as layerSolutions } from "../../../src/knowledge/Solutions.ts"
import * as Bot from "./Bot.ts"

const world = <A, E>(
  body: (discord: Discord) => Effect.Effect<A, E, Scope.Scope | SqlClient.SqlClient>,
  options: Options = {}
) => Discord.start(options).pipe(Effect.flatMap(body), Effect.provide(Bot.State), Effect.scoped)

const said = (bot: Bot.Bot) => bot.events().flatMap((event) => (event.type === "created" ? [event.message.text] : []))
const asked = (bot: Bot.Bot) => bot.queries().map(({ text }) => text)

const answer = (id: string, channelId: string, replyTo: string, text = "It hangs behind the door.") => ({
  id,
  channelId,
  replyTo,
  text
})

describe("hearing", () => {
  it.live("keeps what people say, with names for tokens, threads, and a link", () =>
    world((discord) =>
      Effect.gen(function* () {
        const [ada, bob] = [discord.user("ada"), discord.user("bob")]
        const guild = discord.guild({ members: [ada, bob] })
        const general = guild.channel("general")
        const bot = yield* Bot.listening(discord)
        const first = ada.says(general, `Ask ${bob} about the kettle.`)
        const reply = bob.says(general, "It stands in the kitchen.", { replyTo: first })
        const thread = ada.opensThread(general, "kettle", { from: first })
        ada.says(thread, "Which kitchen?")
        yield* discord.until(() => said(bot).includes("Which kitchen?"))
        assert.deepStrictEqual(said(bot), ["Ask @bob about the kettle.", "It stands in the kitchen.", "Which kitchen?"])
        const [, second, third] = bot.events().flatMap((event) => ("message" in event ? [event.message] : []))
        assert.strictEqual(second!.replyTo, first.id)
        assert.strictEqual(second!.url, `https://discord.com/channels/${guild.id}/${general.id}/${reply.id}`)
        assert.deepInclude(third!, { channelId: general.id, threadId: thread.id, serverId: guild.id })
      })
    )
  )

  it.live("takes for questions what calls it, and nothing else", () =>
    world((discord) =>
      Effect.gen(function* () {
        const ada = discord.user("ada")
        const other = discord.user("helper", { bot: true })
        const guild = discord.guild({ members: [ada, other] })
        const general = guild.channel("general")
        const me = discord.bot
        const bot = yield* Bot.listening(discord)
        ada.says(general, `${me} where is the key?`)
        ada.says(general, "!rtfm where is the kettle?")
        ada.whispers("where is the ladder?")
        ada.says(general, "@everyone where is lunch?")
        ada.says(general, `\`${me}\` is how one calls it`)
        other.says(general, `${me} where am I?`)
        const question = bot.queries
        yield* discord.until(() => question().length === 3 && said(bot).length === 5)
        const said_ = yield* bot.chat.say(answer("answer-1", general.id, "1"))
        const note = yield* bot.chat.say(answer("note-1", general.id, "1", "Only a note."))
        ada.says(general, "and the second one?", { replyTo: said_ })
        other.says(general, "thanks", { replyTo: said_ })
        yield* discord.until(() => question().length === 4)
        const message = ada.says(general, "how do I open the window?")
        ada.reacts(message, "❓")
        yield* discord.until(() => question().length === 5)
        ada.says(general, `${me}`, { replyTo: message })
        yield* discord.until(() => question().length === 6)
        assert.deepStrictEqual(asked(bot), [
          "where is the key?",
          "where is the kettle?",
          "where is the ladder?",
          "and the second one?",
          "how do I open the window?",
          "how do I open the window?"
        ])
        const direct = question()[2]!
        assert.isTrue(direct.private)
        assert.isFalse(said(bot).includes("where is the ladder?"))
        assert.deepInclude(question()[3]!.context!.before.at(-1), { bot: true, text: "It hangs behind the door." })
        assert.strictEqual(question()[4]!.id, message.id)
        assert.exists(note)
      })
    )
  )

  it.live("takes a message for a solution while who opened the thread, or somebody trusted, says so", () =>
    world((discord) =>
      Effect.gen(function* () {
        const [ada, bob, maintainer] = [discord.user("ada"), discord.user("bob"), discord.user("maintainer")]
        const guild = discord.guild({ members: [ada, bob, maintainer] })
        const general = guild.channel("general")
        const bot = yield* Bot.listening(discord, { env: { TRUSTED_AUTHOR_IDS: maintainer.id } })
        const question = ada.says(general, "How do I descale the kettle?")
        const thread = ada.opensThread(general, "kettle", { from: question })
        const [vinegar, acid] = [bob.says(thread, "With vinegar."), bob.says(thread, "With citric acid.")]
        const plain = bob.says(general, "With vinegar, as always.")
        const { among } = yield* Solutions
        /** What is said afterwards is heard afterwards. */
        const solutions = Effect.gen(function* () {
          const next = `that was it ${said(bot).length}`
          bob.says(general, next)
          yield* discord.until(() => said(bot).includes(next))
          return [...(yield* among([vinegar.id, acid.id, plain.id]))].sort()
        })
        bob.reacts(vinegar, "✅")
        ada.reacts(vinegar, "🎉")
        ada.reacts(plain, "✅")
        assert.deepStrictEqual(yield* solutions, [])
        ada.reacts(acid, "✅")
        maintainer.reacts(plain, "✅")
        assert.deepStrictEqual(yield* solutions, [acid.id, plain.id].sort())
        bob.takesBack(vinegar, "✅")
        ada.takesBack(acid, "✅")
        assert.deepStrictEqual(yield* solutions, [plain.id])
      }).pipe(Effect.provide(layerSolutions))
    )
  )

  it.live("tells of edits, deletions, and what goes with a thread, a channel or a server", () =>
    world((discord) =>
      Effect.gen(function* () {
        const ada = discord.user("ada")
        const guild = discord.guild({ members: [ada], owner: ada })
        const general = guild.channel("general")
        const old = guild.channel("old")
        const before = ada.says(general, "said before anybody listened")
        const bot = yield* Bot.listening(discord)
        const message = ada.says(general, "The code is 4711.")
        ada.edits(message, "The code is 1234.")
        ada.deletes(message)
        ada.deletes(before)
        const two = [ada.says(general, "one"), ada.says(general, "two")]
        ada.purges(general, two)
        const open = ada.opensThread(general, "open")
        discord.place(open).remove()
        old.remove()
        guild.removeBot()
        const removed = () => bot.events().flatMap((event) => (event.type === "removed" ? [event] : []))
        yield* discord.until(() => removed().some(({ channelId, threadId }) => channelId === general.id && !threadId))
        const kinds = bot.events().map((event) => ("messageIds" in event ? event.messageIds : event.type))
        assert.deepStrictEqual(kinds.slice(0, 7), [
          "created",
          "edited",
          [message.id],
          [before.id],
          "created",
          "created",
          two.map(({ id }) => id)
        ])
        const places = removed().map(({ channelId, threadId }) => threadId ?? channelId)
        assert.deepStrictEqual(places.slice(0, 2), [open.id, old.id])
        assert.include(places, general.id)
      })
    )
  )

  it.live("goes on where the log ends after a restart, without a second identification", () =>
    world((discord) =>
      Effect.gen(function* () {
        const ada = discord.user("ada")
        const general = discord.guild({ members: [ada] }).channel("general")
        const first = yield* Bot.listening(discord)
        ada.says(general, "one")
        yield* discord.until(() => said(first).length === 1)
        yield* first.stop
        const two = ada.says(general, "two")
        ada.says(general, "three")
        ada.deletes(two)
        const second = yield* Bot.listening(discord)
        yield* discord.until(() => second.events().length === 3)
        assert.deepStrictEqual(
          second.events().map(({ type }) => type),
          ["created", "created", "deleted"]
        )
        assert.strictEqual(discord.gateway.identifies, 1)
      })
    )
  )

  it.live("hears again what was not in the log", () =>
    world((discord) =>
      Effect.gen(function* () {
        const ada = discord.user("ada")
        const general = discord.guild({ members: [ada] }).channel("general")
        const zero = yield* Bot.listening(discord)
        ada.says(general, "zero")
        yield* discord.until(() => said(zero).length === 1)
        yield* zero.stop
        const first = yield* Bot.listening(discord, { confirms: false })
        ada.says(general, "one")
        yield* discord.until(() => said(first).includes("one"))
        yield* first.stop
        const second = yield* Bot.listening(discord)
        yield* discord.until(() => said(second).includes("one"))
      })
    )
  )

  it.live("reads what it missed when its session is gone: channels, threads, archived ones, posts of forums", () =>
    world((discord) =>
      Effect.gen(function* () {
        const ada = discord.user("ada")
        const guild = discord.guild({ members: [ada] })
        const [general, quiet, forum] = [guild.channel("general"), guild.channel("quiet"), guild.forum("help")]
        const first = yield* Bot.listening(discord)
        ada.says(general, "before")
        yield* discord.until(() => said(first).length === 1)
        yield* first.stop
        discord.gateway.forgetSessions()
        discord.advance("10 minutes")
        for (let n = 0; n < 250; n++) ada.says(general, `missed ${n}`)
        ada.says(general, `${discord.bot} did I miss something?`)
        const thread = ada.opensThread(quiet, "a thread")
        ada.says(thread, "in a thread")
        discord.place(thread).archive()
        ada.posts(forum, "It leaks", "from the left")
        const late = guild.channel("new")
        ada.says(late, "in a new channel")
        const second = yield* Bot.listening(discord)
        yield* discord.until(() => said(second).includes("in a new channel") && asked(second).length === 1)
        yield* discord.until(() => said(second).includes("in a thread") && said(second).includes("from the left"))
        const missed = said(second).filter((text) => text.startsWith("missed "))
        assert.strictEqual(new Set(missed).size, 250)
        assert.lengthOf(missed, 250)
        assert.notInclude(said(second), "before")
        assert.strictEqual(discord.gateway.identifies, 2)
        // Caught up, the new session is one to resume.
        ada.says(general, "after")
        yield* discord.until(() => said(second).includes("after"))
        yield* second.stop
        ada.says(general, "much later")
        const third = yield* Bot.listening(discord)
        yield* discord.until(() => said(third).includes("much later"))
        assert.strictEqual(discord.gateway.identifies, 2)
      })
    )
  )

  it.live("loses nothing that is said while it connects for the first time, and is then killed", () =>
    world(
      (discord) =>
        Effect.gen(function* () {
          const ada = discord.user("ada")
          const general = discord.guild({ members: [ada] }).channel("general")
          const first = yield* Bot.listening(discord, { confirms: false })
          ada.says(general, "welcome")
          yield* discord.until(() => said(first).includes("welcome"))
          yield* first.stop
          discord.gateway.forgetSessions()
          const second = yield* Bot.listening(discord)
          yield* discord.until(() => said(second).includes("welcome"), "what was said at the start")
        }),
      { gateway: { identifyInterval: 0 } }
    )
  )

  it.live("skips what makes no sense and goes on", () =>
    world((discord) =>
      Effect.gen(function* () {
        const ada = discord.user("ada")
        const guild = discord.guild({ members: [ada] })
        const general = guild.channel("general")
        const bot = yield* Bot.listening(discord)
        discord.gateway.dispatch("MESSAGE_CREATE", null as never)
        discord.gateway.dispatch("MESSAGE_CREATE", {
          id: "1",
          channel_id: general.id,
          guild_id: guild.id,
          author: null
        })
        discord.gateway.dispatch("GUILD_CREATE", { id: guild.id, channels: null, roles: null })
        discord.gateway.dispatch("THREAD_LIST_SYNC", {})
        discord.gateway.dispatch("NEVER_SEEN_BEFORE", { a: 1 })
        discord.gateway.sendRaw("not JSON")
        ada.says(general, "still here")
        yield* discord.until(() => said(bot).includes("still here"))
        assert.isUndefined(bot.failure())
      })
    )
  )

  it.live("listens only where it is told to", () =>
    world((discord) =>
      Effect.gen(function* () {
        const ada = discord.user("ada")
        const guild = discord.guild({ members: [ada] })
        const [general, other] = [guild.channel("general"), guild.channel("other")]
        const bot = yield* Bot.listening(discord, { env: { LISTEN_CHANNEL_IDS: general.id } })
        ada.says(other, `${discord.bot} anybody here?`)
        ada.says(ada.opensThread(general, "thread"), "in the thread")
        yield* discord.until(() => said(bot).includes("in the thread"))
        assert.deepStrictEqual(said(bot), ["in the thread"])
        assert.deepStrictEqual(asked(bot), [])
      })
    )
  )

  it.live("ends with one sentence when Discord refuses the token, at the start and in between", () =>
    world((discord) =>
      Effect.gen(function* () {
        const wrong = discord.token.replace(/.$/, "y")
        const bot = yield* Bot.start(discord, { env: { DISCORD_TOKEN: wrong } })
        yield* discord.until(() => bot.failure())
        assert.include(String(bot.failure()), "does not accept DISCORD_TOKEN")
        const second = yield* Bot.listening(discord)
        discord.gateway.close(4004)
        yield* discord.until(() => second.failure())
        assert.include(String(second.failure()), "does not accept DISCORD_TOKEN")
      })
    )
  )

  it.live("without the message content intent it answers what is meant for it", () =>
    world(
      (discord) =>
        Effect.gen(function* () {
          const ada = discord.user("ada")
          const general = discord.guild({ members: [ada] }).channel("general")
          const bot = yield* Bot.listening(discord)
          const message = ada.says(general, "not for it")
          ada.edits(message, "still not")
          ada.says(general, `${discord.bot} for it?`)
          ada.whispers("and this?")
          yield* discord.until(() => bot.queries().length === 2)
          assert.deepStrictEqual(asked(bot), ["for it?", "and this?"])
          assert.isUndefined(bot.failure())
        }),
      { messageContent: false }
    )
  )
})
