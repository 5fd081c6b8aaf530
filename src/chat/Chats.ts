/** The page's chat and Discord together, as one place where people talk. */
import { Clock, Context, Effect, Layer, Option, Stream } from "effect"
import type { Audience, Readable } from "../domain/Audience.ts"
import { Chat } from "./Chat.ts"
import * as Discord from "./discord/Discord.ts"
import { publicChannelIds } from "./discord/DiscordSettings.ts"
import * as LocalChat from "./LocalChat.ts"

const isLocal = (channelId: string): boolean => channelId.startsWith("local:")

/** One that could not be looked up is looked up again after so long. */
const lookAgain = 60_000

/** The channels of Discord that are open to everyone; those that cannot be looked up now are left out. */
const openOnes = (discord: Chat["Service"], ids: ReadonlyArray<string>) => {
  const servers = new Map<string, string>()
  const failed = new Map<string, number>()
  const look = Effect.fnUntraced(function* (id: string) {
    const now = yield* Clock.currentTimeMillis
    if (servers.has(id) || now < (failed.get(id) ?? 0) + lookAgain) return
    const found = yield* discord.audience(id).pipe(Effect.timeout("2 seconds"), Effect.option)
    if (Option.isSome(found)) servers.set(id, found.value.serverId)
    else failed.set(id, now)
  })
  return Effect.andThen(
    Effect.forEach(ids, look, { discard: true }),
    Effect.sync((): ReadonlyArray<Readable> =>
      [...Map.groupBy(servers, ([, serverId]) => serverId)].map(([serverId, channels]) => ({
        serverId,
        channelIds: new Set(channels.map(([id]) => id))
      }))
    )
  )
}

/** What has an id of the page goes to the page, all else to Discord. Announcements go to the page unless told otherwise. */
const both = (local: Chat["Service"], discord: Chat["Service"], publicIds: ReadonlyArray<string>): Chat["Service"] => {
  const open = openOnes(discord, publicIds)
  const withOpen = (audience: Audience) =>
    publicIds.length === 0 ? Effect.succeed(audience) : Effect.map(open, (also): Audience => ({ ...audience, also }))
  const of = (channelId: string) => (isLocal(channelId) ? local : discord)
  return {
    heard: Stream.merge(local.heard, discord.heard),
    say: (reply) => of(reply.channelId).say(reply),
    draft: (reply) => of(reply.channelId).draft(reply),
    revise: (reply) => of(reply.channelId).revise(reply),
    audience: (channelId, askerId) =>
      isLocal(channelId)
        ? Effect.flatMap(local.audience(channelId, askerId), withOpen)
        : discord.audience(channelId, askerId),
    announcements: local.announcements,
    outdated: (windows) => discord.outdated(windows.filter(({ channelId }) => !isLocal(channelId))),
    typing: (channelId) => of(channelId).typing(channelId)
  }
}

export const layer = Layer.effectContext(
  Effect.gen(function* () {
    const context = yield* Layer.build(LocalChat.layer)
    const discord = yield* Discord.make
    const publicIds = yield* publicChannelIds.config
    return Context.add(context, Chat, both(Context.get(context, Chat), discord, publicIds))
  })
)
