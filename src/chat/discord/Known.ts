/** Servers, channels and members of Discord: those that the gateway told of, and the others looked up when needed. */
import {
  type APIChannel,
  type APIGuild,
  type APIGuildMember,
  type APIThreadList,
  ChannelType,
  type RESTGetAPICurrentUserGuildsResult,
  Routes
} from "discord-api-types/v10"
import { Effect } from "effect"
import type { Audience } from "../../domain/Audience.ts"
import type * as Guilds from "./Guilds.ts"
import { directServer } from "./Hearing.ts"
import type { Rest, RestError } from "./Rest.ts"

export interface Known {
  /** `undefined` for a channel of no server, and for one that is gone or hidden from the bot. */
  readonly channel: (id: string, serverId?: string) => Effect.Effect<Guilds.Channel | undefined, RestError>
  readonly ensureServer: (serverId: string) => Effect.Effect<void, RestError>
  readonly audience: (channelId: string, askerId?: string) => Effect.Effect<Audience | undefined, RestError>
}

/** Servers in which a person who writes to the bot directly is looked for. */
const serversSearched = 20

const missing = ({ reason }: RestError): boolean =>
  reason === "unknown-channel" || reason === "forbidden" || reason === "invalid"

export const make = (rest: Rest, guilds: Guilds.Guilds, selfId: string): Known => {
  const get = <A>(what: string, route: `/${string}`, query?: Readonly<Record<string, string>>) =>
    rest.call<A>(`read ${what}`, { method: "get", route, ...(query !== undefined && { query }) })

  const memberOf = (serverId: string, userId: string) =>
    get<APIGuildMember>("a member", Routes.guildMember(serverId, userId)).pipe(
      Effect.map(({ roles }) => roles as ReadonlyArray<string> | undefined),
      Effect.catchIf(missing, () => Effect.undefined)
    )

  const loadServer = Effect.fnUntraced(function* (serverId: string) {
    const [guild, channels, threads, roleIds] = yield* Effect.all(
      [
        get<APIGuild>("a server", Routes.guild(serverId)),
        get<ReadonlyArray<APIChannel>>("the channels of a server", Routes.guildChannels(serverId)),
        get<APIThreadList>("the threads of a server", Routes.guildActiveThreads(serverId)),
        memberOf(serverId, selfId)
      ],
      { concurrency: "unbounded" }
    )
    guilds.load({ guild, channels, threads: threads.threads as ReadonlyArray<APIChannel>, roleIds: roleIds ?? [] })
  })
  const ensureServer = (serverId: string) => (guilds.has(serverId) ? Effect.void : loadServer(serverId))

  const lookUp = Effect.fnUntraced(function* (id: string) {
    const found = yield* get<APIChannel>("a channel", Routes.channel(id))
    const serverId = "guild_id" in found ? found.guild_id : undefined
    if (serverId === undefined) return undefined
    yield* ensureServer(serverId)
    guilds.addChannel(found, serverId)
    return guilds.channel(id)
  })

  const channel = Effect.fnUntraced(function* (id: string, serverId?: string) {
    const known = guilds.channel(id)
    if (known !== undefined) return known
    if (serverId !== undefined) yield* ensureServer(serverId)
    return guilds.channel(id) ?? (yield* Effect.catchIf(lookUp(id), missing, () => Effect.undefined))
  })

  const serverIds = Effect.suspend(() => {
    const known = guilds.serverIds()
    if (known.length > 0) return Effect.succeed(known)
    return Effect.map(get<RESTGetAPICurrentUserGuildsResult>("my servers", Routes.userGuilds()), (mine) =>
      mine.map(({ id }) => id)
    )
  })

  /** What somebody who writes to the bot directly may see: what they see on the first server both are on. */
  const audienceOfDirect = Effect.fnUntraced(function* (askerId: string) {
    for (const serverId of (yield* serverIds).slice(0, serversSearched)) {
      const roleIds = yield* memberOf(serverId, askerId)
      if (roleIds === undefined) continue
      yield* ensureServer(serverId)
      const audience = guilds.audienceOfMember(serverId, { id: askerId, roleIds })
      if (audience !== undefined) return audience
    }
    return { serverId: directServer, channelIds: new Set<string>() }
  })

  const audienceOfAsker = Effect.fnUntraced(function* (channelId: string, askerId: string) {
    const place = yield* channel(channelId)
    if (place === undefined) return yield* audienceOfDirect(askerId)
    const roleIds = (yield* memberOf(place.serverId, askerId)) ?? []
    return guilds.audienceOfMember(place.serverId, { id: askerId, roleIds }, channelId)
  })

  const audience = Effect.fnUntraced(function* (channelId: string, askerId?: string) {
    if (askerId !== undefined) return yield* audienceOfAsker(channelId, askerId)
    const place = yield* channel(channelId)
    if (place !== undefined && isOrphan(guilds, place)) yield* channel(place.parentId ?? "")
    return guilds.audienceOf(channelId)
  })

  return { channel, ensureServer, audience }
}

/** A thread whose channel is not known yet. */
const isOrphan = (guilds: Guilds.Guilds, { parentId, type }: Guilds.Channel): boolean =>
  type !== ChannelType.GuildText && parentId !== null && guilds.channel(parentId) === undefined

/** Sentences about the channels that settings name and the bot cannot see. */
export const unseenChannels = Effect.fnUntraced(function* (
  rest: Rest,
  named: ReadonlyArray<readonly [setting: string, id: string]>
) {
  const found = yield* Effect.forEach(named, ([setting, id]) =>
    rest.call("look for a channel", { method: "get", route: Routes.channel(id) }).pipe(
      Effect.as([]),
      Effect.catchIf(missing, () =>
        Effect.succeed([`${setting}: there is no channel ${id} in Discord, or the bot cannot see it.`])
      )
    )
  )
  return found.flat()
})
