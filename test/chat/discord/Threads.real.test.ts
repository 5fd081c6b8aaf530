/** Long answers that go on in a thread of a Discord of our own: opened once, said once, and in the channel where none can be. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import type { SqlClient } from "effect/sql"
import type { Reply } from "../../../src/chat/Chat.ts"
import { Discord, type Options } from "../../discord/Discord.ts"
import * as Faults from "../../discord/Faults.ts"
import * as Bot from "./Bot.ts"

const env = { LONG_ANSWERS_IN_THREADS: "true" }

const world = <A, E>(
  body: (discord: Discord) => Effect.Effect<A, E, Scope.Scope | SqlClient.SqlClient>,
  options: Options = {}
) => Discord.start(options).pipe(Effect.flatMap(body), Effect.provide(Bot.State), Effect.scoped)

const scene = Effect.fnUntraced(function* (discord: Discord) {
  const ada = discord.user("ada")
  const guild = discord.guild({ members: [ada] })
  const general = guild.channel("general")
  const bot = yield* Bot.listening(discord, { env })
  const question = ada.says(general, "!rtfm how?")
  yield* discord.until(() => bot.queries().length === 1)
  return { ada, guild, general, bot, question }
})

/** Of three messages. */
const long = Array.from({ length: 60 }, (_, n) => `Step ${n}: ${"turn the screw a little ".repeat(4)}`).join("\n\n")

const answered = (questionId: string, channelId: string, text = long, more: Partial<Reply> = {}): Reply => ({
  id: `answer-${questionId}`,
  channelId,
  replyTo: questionId,
  questionId,
  question: "How is <@1> the kettle\ndescaled?",
  text,
  answer: { text, refused: false, mode: "model", citations: [], timing: { queuedMs: 1, retrieveMs: 1, writeMs: 1 } },
  ...more
})

const threadsIn = (guild: { readonly guild: { readonly threads: ReadonlyMap<string, { readonly name: string }> } }) => [
  ...guild.guild.threads.values()
]

describe("a long answer", () => {
  it.live("goes on in a thread that is named after the question, and a short one does not", () =>
    world((discord) =>
      Effect.gen(function* () {
        const { ada, bot, general, guild, question } = yield* scene(discord)
        yield* bot.chat.say(answered(question.id, general.id))
        const [first, ...more] = discord.saidBy(discord.bot, general)
        assert.deepStrictEqual(more, [])
        assert.strictEqual(first!.reference?.messageId, question.id)
        const [thread] = threadsIn(guild)
        assert.strictEqual(thread!.name, "How is the kettle descaled?")
        const rest = discord.saidBy(discord.bot, { id: first!.id })
        assert.isAbove(rest.length, 1)
        assert.include(rest.at(-1)!.content, "Step 59")
        assert.isAbove(rest.at(-1)!.components.length, 0)

        // In the thread that it opened, it answers without being called.
        ada.says({ id: first!.id }, "And the filter?")
        yield* discord.until(() => bot.queries().some(({ text }) => text === "And the filter?"))

        const other = ada.says(general, "!rtfm when?")
        yield* bot.chat.say(answered(other.id, general.id, "Now."))
        assert.lengthOf(threadsIn(guild), 1)
      })
    )
  )

  for (const [what, fault] of Object.entries({
    "the answer is lost after it was opened": Faults.lost,
    "the edge says 502 after it was opened": Faults.lostBehind502,
    "the API is in trouble": Faults.status(503)
  }))
    it.live(`has one thread and says each part once, although ${what}`, () =>
      world((discord) =>
        Effect.gen(function* () {
          const { bot, general, guild, question } = yield* scene(discord)
          discord.faults.next("createThreadFrom", fault)
          discord.faults.next("createMessage", fault, 1)
          const reply = answered(question.id, general.id)
          yield* Effect.retry(bot.chat.say(reply), { times: 3 })
          yield* bot.chat.say(reply)
          assert.isAbove(discord.callsOf("createThreadFrom").length, 1)
          assert.lengthOf(threadsIn(guild), 1)
          const [first, ...more] = discord.saidBy(discord.bot, general)
          assert.deepStrictEqual(more, [])
          const said = [first!, ...discord.saidBy(discord.bot, { id: first!.id })]
            .map(({ content }) => content)
            .join("\n")
          for (let n = 0; n < 60; n++) assert.strictEqual(said.split(`Step ${n}:`).length, 2, `step ${n}`)
        })
      )
    )

  it.live("goes on after a kill in the thread in which it began", () =>
    world((discord) =>
      Effect.gen(function* () {
        const { bot, general, guild, question } = yield* scene(discord)
        const reply = answered(question.id, general.id)
        discord.faults.next("createThreadFrom", Faults.status(500), 20)
        yield* Effect.flip(bot.chat.say(reply))
        assert.lengthOf(discord.saidBy(discord.bot, general), 1)
        yield* bot.stop
        discord.faults.clear()
        const second = yield* Bot.listening(discord, { env })
        yield* second.chat.say(reply)
        assert.lengthOf(discord.saidBy(discord.bot, general), 1)
        assert.lengthOf(threadsIn(guild), 1)
      })
    )
  )

  it.live("stays together where no thread can be: in threads, direct messages, and where the bot may open none", () =>
    world((discord) =>
      Effect.gen(function* () {
        const { ada, bot, general, guild, question } = yield* scene(discord)
        const thread = ada.opensThread(general, "kettles")
        const inThread = ada.says(thread, "!rtfm how?")
        yield* bot.chat.say(answered(inThread.id, general.id, long, { threadId: thread.id }))
        assert.isAbove(discord.saidBy(discord.bot, thread).length, 1)
        const whispered = ada.whispers("how?")
        yield* bot.chat.say(answered(whispered.id, ada.direct.id))
        assert.isAbove(discord.saidBy(discord.bot, ada.direct).length, 1)
        general.deny(discord.bot, "CreatePublicThreads")
        yield* bot.chat.say(answered(question.id, general.id))
        assert.isAbove(discord.saidBy(discord.bot, general).length, 1)
        assert.lengthOf(threadsIn(guild), 1)
      })
    )
  )
})
