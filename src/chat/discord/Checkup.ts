/** Whether Discord takes the bot as it is set up, and where it is invited. */
import { type APIApplication, type APIUser, Routes } from "discord-api-types/v10"
import { Effect, Option } from "effect"
import * as Discord from "./Discord.ts"
import * as DiscordSettings from "./DiscordSettings.ts"
import { unseenChannels } from "./Known.ts"
import { refusedToken, withoutContent } from "./Refusals.ts"
import * as Rest from "./Rest.ts"

/** See, say, say in threads, open threads, read history, react, embed, attach. */
const permissions = [10n, 11n, 38n, 35n, 16n, 6n, 14n, 15n].reduce((bits, bit) => bits | (1n << bit), 0n)

export const inviteOf = (applicationId: string): string =>
  `https://discord.com/oauth2/authorize?client_id=${applicationId}&scope=bot+applications.commands&permissions=${permissions}`

export interface Checkup {
  readonly ok: boolean
  readonly detail: string
}

const look = Effect.gen(function* () {
  const token = yield* DiscordSettings.discordToken.config
  if (Option.isNone(token)) return { ok: true, detail: "DISCORD_TOKEN is not set: the page is the only place to talk" }
  const rest = Rest.make({ token: token.value, api: yield* DiscordSettings.discordApiUrl.config })
  const user = yield* rest.call<APIUser>("ask who I am", { method: "get", route: Routes.user() })
  const application = yield* rest.call<APIApplication>("read my application", {
    method: "get",
    route: Routes.currentApplication()
  })
  const listenTo = [...Option.getOrElse(yield* DiscordSettings.listenChannelIds.config, () => new Set<string>())]
  const open = yield* DiscordSettings.publicChannelIds.config
  const unseen = yield* unseenChannels(rest, [
    ...listenTo.map((id) => ["LISTEN_CHANNEL_IDS", id] as const),
    ...open.map((id) => ["PUBLIC_CHANNEL_IDS", id] as const)
  ])
  const notes = Discord.readsContent(application.flags ?? 0) ? unseen : [withoutContent, ...unseen]
  const detail = [`${user.username}; invite it with ${inviteOf(application.id)}`, ...notes].join(" ")
  return { ok: unseen.length === 0, detail }
})

/** Never fails: what is wrong is its sentence. */
export const checkup: Effect.Effect<Checkup> = look.pipe(
  Effect.catch((error) => {
    const refused = error._tag === "RestError" && error.reason === "unauthorized"
    return Effect.succeed({ ok: false, detail: refused ? refusedToken.detail : error.message })
  })
)
