/** What was deleted or edited while nobody listened is found out before it is quoted. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import type { SqlClient } from "effect/sql"
import type { Window } from "../../../src/chat/Chat.ts"
import { Discord } from "../../discord/Discord.ts"
import * as Faults from "../../discord/Faults.ts"
import type { Message } from "../../discord/Model.ts"
import * as Bot from "./Bot.ts"

const reads = "history"

type Body<A, E> = (
  scene: Scene & { readonly bot: Bot.Bot; readonly outdated: (window: Window) => Effect.Effect<ReadonlySet<string>> }
) => Effect.Effect<A, E, Scope.Scope | SqlClient.SqlClient>

/** Somebody said three things; then the bot was away for too long, and is back once `meanwhile` is over. */
const world = <A, E>(meanwhile: (scene: Scene) => void, body: Body<A, E>) =>
  Effect.gen(function* () {
    const discord = yield* Discord.start({ gateway: { identifyInterval: 0 } })
    const ada = discord.user("ada")
    const guild = discord.guild({ members: [ada] })
    const general = guild.channel("general")
    const first = yield* Bot.listening(discord)
    const said = ["one", "two", "three"].map((text) => ada.says(general, text))
    yield* discord.until(() => first.events().length === 3)
    const messages = said.map(({ content, id }) => ({ id, text: content }))
    const window: Window = { serverId: guild.id, channelId: general.id, messages }
    assert.strictEqual((yield* first.chat.outdated([window])).size, 0)
    assert.lengthOf(discord.callsOf(reads), 0)
    yield* first.stop
    discord.gateway.forgetSessions()
    const scene = { discord, ada, general, said, window }
    meanwhile(scene)
    const bot = yield* Bot.listening(discord)
    ada.says(general, "back")
    yield* discord.until(() => bot.events().some((event) => event.type === "created" && event.message.text === "back"))
    yield* body({ ...scene, bot, outdated: (window) => bot.chat.outdated([window]) })
  }).pipe(Effect.provide(Bot.State), Effect.scoped)

/** The same, and nothing happened meanwhile. */
const unchanged = <A, E>(body: Body<A, E>) => world(() => {}, body)

interface Scene {
  readonly discord: Discord
  readonly ada: ReturnType<Discord["user"]>
  readonly general: ReturnType<ReturnType<Discord["guild"]>["channel"]>
  readonly said: ReadonlyArray<Message>
  readonly window: Window
}

describe("what happened while nobody listened", () => {
  it.live("is looked up until it is known, and heard", () =>
    world(
      ({ ada, said }) => {
        ada.deletes(said[0]!)
        ada.edits(said[1]!, "two, or rather four")
      },
      ({ bot, discord, outdated, said, window }) =>
        Effect.gen(function* () {
          assert.deepStrictEqual(
            [...(yield* outdated(window))],
            said.slice(0, 2).map(({ id }) => id)
          )
          yield* discord.until(() => bot.events().some(({ type }) => type === "edited"))
          const [deleted, edited] = bot.events().filter(({ type }) => type !== "created")
          assert.deepInclude(deleted!, { type: "deleted", channelId: window.channelId, messageIds: [said[0]!.id] })
          assert.deepInclude((edited as any).message, { id: said[1]!.id, text: "two, or rather four" })
          assert.strictEqual((yield* outdated(window)).size, 2)
          const asItIs = [{ id: said[1]!.id, text: "two, or rather four" }, window.messages[2]!]
          assert.strictEqual((yield* outdated({ ...window, messages: asItIs })).size, 0)
          const calls = discord.callsOf(reads).length
          assert.strictEqual((yield* outdated({ ...window, messages: asItIs })).size, 0)
          assert.lengthOf(discord.callsOf(reads), calls)
        })
    )
  )

  it.live("takes nothing for deleted that is there, in whatever order it is known", () =>
    unchanged(({ bot, outdated, window }) =>
      Effect.gen(function* () {
        const [one, two, three] = window.messages
        assert.strictEqual((yield* outdated({ ...window, messages: [three!, one!, two!] })).size, 0)
        assert.isTrue(bot.events().every(({ type }) => type === "created"))
      })
    )
  )

  it.live("takes nothing for deleted for the reason that a page lacks it", () =>
    unchanged(({ bot, discord, outdated, said, window }) =>
      Effect.gen(function* () {
        discord.faults.next(reads, { kind: "status", status: 200, body: "[]" })
        assert.strictEqual((yield* outdated(window)).size, 0)
        assert.lengthOf(discord.callsOf("getMessage"), said.length)
        assert.isTrue(bot.events().every(({ type }) => type === "created"))
      })
    )
  )

  it.live("takes a whole channel that is gone", () =>
    unchanged(({ bot, discord, general, outdated, window }) =>
      Effect.gen(function* () {
        const other = { ...window, channelId: String(BigInt(general.id) + 1n) }
        assert.strictEqual((yield* outdated(other)).size, 3)
        yield* discord.until(() => bot.events().some(({ type }) => type === "removed"))
        assert.deepInclude(bot.events().at(-1)!, { type: "removed", channelId: other.channelId })
      })
    )
  )

  it.live("is quoted once Discord has recovered", () =>
    unchanged(({ discord, outdated, window }) =>
      Effect.gen(function* () {
        discord.faults.next(reads, Faults.status(502), 2)
        discord.faults.next(reads, Faults.limited("user", 0.5))
        assert.strictEqual((yield* outdated(window)).size, 0)
      })
    )
  )

  it.live("is not quoted while it cannot be looked up", () =>
    unchanged(({ discord, outdated, window }) =>
      Effect.gen(function* () {
        discord.faults.next(reads, Faults.status(502), 10)
        assert.strictEqual((yield* outdated(window)).size, 3)
        const calls = discord.callsOf(reads).length
        assert.strictEqual((yield* outdated(window)).size, 3)
        assert.lengthOf(discord.callsOf(reads), calls)
      })
    )
  )
})
