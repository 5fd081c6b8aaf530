/** What was said before the bot came, read from Discord's history into the log, resumable at every page. */
import { type APIUser, type RESTGetAPICurrentUserGuildsResult, Routes } from "discord-api-types/v10"
import { Effect, Option, Stream } from "effect"
import type { ChatEvent } from "../../domain/ChatMessage.ts"
import * as DiscordSettings from "./DiscordSettings.ts"
import * as DiscordState from "./DiscordState.ts"
import * as Guilds from "./Guilds.ts"
import * as Hearing from "./Hearing.ts"
import * as History from "./History.ts"
import * as Known from "./Known.ts"
import * as Rest from "./Rest.ts"
import * as Retention from "./Retention.ts"
import * as Switches from "./Switches.ts"

export interface Options<E, R> {
  /** A channel with its threads, or a thread; all that can be read when absent. */
  readonly channelId: string | undefined
  /** Milliseconds since the epoch. */
  readonly since: number
  /** Durable when it returns. */
  readonly publish: (events: ReadonlyArray<ChatEvent>) => Effect.Effect<void, E, R>
  readonly told: (channel: string, messages: number) => Effect.Effect<void>
}

/** Reads page after page and says how many messages there were. What was read by an earlier run is not read again. */
export const run = Effect.fn("Backfill.run")(function* <E, R>({ channelId, publish, since, told }: Options<E, R>) {
  const token = Option.getOrThrow(yield* DiscordSettings.discordToken.config)
  const rest = Rest.make({ token, api: yield* DiscordSettings.discordApiUrl.config })
  const state = yield* DiscordState.make
  const switches = yield* Switches.make(state, Option.getOrUndefined(yield* DiscordSettings.listenChannelIds.config))
  const me = yield* rest.call<APIUser>("ask who I am", { method: "get", route: Routes.user() })
  const guilds = Guilds.make(me.id)
  const known = Known.make(rest, guilds, me.id)

  const isWanted = ({ id, parentId }: Guilds.Channel) =>
    channelId === undefined || id === channelId || parentId === channelId

  const channelsIn = Effect.fnUntraced(function* (serverId: string) {
    yield* known.ensureServer(serverId)
    const parents = History.parentsIn(guilds, serverId).filter(
      (channel) => isWanted(channel) && guilds.canRead(channel)
    )
    for (const parent of parents.filter(({ voice }) => !voice))
      for (const thread of yield* History.archivedThreads(rest, parent.id, since)) guilds.addChannel(thread, serverId)
    return guilds.channelsOf(serverId).filter((channel) => {
      const mode = switches.modeOf(channel, guilds.channel(channel.parentId ?? ""))
      return isWanted(channel) && Guilds.hasMessages(channel) && guilds.canRead(channel) && mode !== "off"
    })
  })

  const eventOf = (channel: Guilds.Channel) => (message: Hearing.Message) => {
    if (!Hearing.isSpoken(message) || switches.optedOut(message.author.id)) return []
    const said = Hearing.toChatMessage(message, guilds.spotOf(channel), me.id)
    const asks = message.referenced_message?.author.id === me.id && !said.mentionsBot
    return [{ type: "created", message: { ...said, ...(asks && { asks }) } } satisfies ChatEvent]
  }

  const readChannel = Effect.fnUntraced(function* (channel: Guilds.Channel) {
    const place = `backfill ${since} ${channel.id}`
    const oldest = Math.max(since, yield* Retention.oldestOf(state, channel.serverId))
    const after = (yield* state.fact(place)) ?? Hearing.snowflakeAt(oldest)
    let read = 0
    yield* History.pages(rest, channel.id, after).pipe(
      Stream.runForEach((page) =>
        Effect.gen(function* () {
          yield* publish(page.flatMap(eventOf(channel)))
          yield* state.setFact(place, page.at(-1)!.id)
          read += page.length
        })
      )
    )
    yield* told(channel.name, read)
    return read
  })

  const mine = yield* rest.call<RESTGetAPICurrentUserGuildsResult>("read my servers", {
    method: "get",
    route: Routes.userGuilds()
  })
  let messages = 0
  for (const { id } of mine) for (const channel of yield* channelsIn(id)) messages += yield* readChannel(channel)
  return messages
})
