/** Discord keeps the contract of every chat. */
import { Effect, Layer } from "effect"
import { Discord } from "../../discord/Discord.ts"
import { suite } from "../../contract/Chat.ts"
import * as Bot from "./Bot.ts"

suite(
  "Discord",
  Effect.gen(function* () {
    const discord = yield* Discord.start()
    const state = yield* Layer.build(Bot.State)
    const ada = discord.user("ada")
    const general = discord.guild({ members: [ada] }).channel("general")
    const connected = Effect.suspend(() => discord.until(() => discord.gateway.connections > 0, "a connection"))
    return {
      channelId: general.id,
      // Until somebody has listened once, nothing is missed.
      says: (text: string) =>
        Effect.andThen(
          discord.gateway.identifies === 0 ? connected : Effect.void,
          Effect.sync(() => ada.says(general, text).id)
        ),
      deletes: (id: string) => Effect.sync(() => ada.deletes({ id })),
      start: Effect.provide(Bot.chat(discord), state)
    }
  })
)
