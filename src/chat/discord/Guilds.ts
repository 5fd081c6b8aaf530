/** What is known of servers, channels and threads: no messages and no members but the bot itself. */
import {
  type APIChannel,
  type APIGuild,
  type APIRole,
  ChannelType,
  GatewayDispatchEvents,
  type GatewayDispatchPayload,
  type GatewayGuildCreateDispatchData
} from "discord-api-types/v10"
import type { Audience } from "../../domain/Audience.ts"
import * as Permissions from "../../domain/Permissions.ts"

export interface Channel extends Permissions.Place {
  readonly serverId: string
  readonly type: ChannelType
  readonly name: string
  /** Of a thread, the channel it is in; of a channel, its category. */
  readonly parentId: string | null
  /** Who opened the thread. */
  readonly ownerId: string | null
  readonly lastMessageId: string | null
  readonly topic: string | null
}

interface Server extends Permissions.Server {
  readonly name: string
  /** What only the bot can be. */
  readonly exempt: ReadonlySet<string>
}

const threads: ReadonlySet<ChannelType> = new Set([
  ChannelType.PublicThread,
  ChannelType.PrivateThread,
  ChannelType.AnnouncementThread
])
const withMessages: ReadonlySet<ChannelType> = new Set([
  ...threads,
  ChannelType.GuildText,
  ChannelType.GuildAnnouncement,
  ChannelType.GuildVoice,
  ChannelType.GuildStageVoice
])
const withPosts: ReadonlySet<ChannelType> = new Set([ChannelType.GuildForum, ChannelType.GuildMedia])
const voices: ReadonlySet<ChannelType> = new Set([ChannelType.GuildVoice, ChannelType.GuildStageVoice])

export const isThread = ({ type }: Pick<Channel, "type">): boolean => threads.has(type)
export const isForum = ({ type }: Pick<Channel, "type">): boolean => withPosts.has(type)
export const hasMessages = ({ type }: Pick<Channel, "type">): boolean => withMessages.has(type)

/** Most channels have none; one list serves them all. */
const noOverwrites: ReadonlyArray<Permissions.Overwrite> = []

const overwritesOf = (channel: APIChannel): ReadonlyArray<Permissions.Overwrite> => {
  if (!("permission_overwrites" in channel) || !channel.permission_overwrites?.length) return noOverwrites
  return channel.permission_overwrites.map(({ allow, deny, id, type }) => ({
    id,
    member: Number(type) === 1,
    allow: Permissions.permissionsIn(allow),
    deny: Permissions.permissionsIn(deny)
  }))
}

const toChannel = (channel: APIChannel, serverId: string): Channel => ({
  id: channel.id,
  serverId,
  type: channel.type,
  name: channel.name ?? "",
  parentId: ("parent_id" in channel ? channel.parent_id : undefined) ?? null,
  ownerId: ("owner_id" in channel && threads.has(channel.type) ? channel.owner_id : undefined) ?? null,
  lastMessageId: ("last_message_id" in channel ? channel.last_message_id : undefined) ?? null,
  topic: withPosts.has(channel.type) ? null : (("topic" in channel ? channel.topic : undefined) ?? null),
  overwrites: overwritesOf(channel),
  voice: voices.has(channel.type)
})

const toRole = ({ id, permissions }: APIRole): Permissions.Role => ({
  id,
  permissions: Permissions.permissionsIn(permissions)
})

/** Where something is said, as the log has it: a private thread is a channel of its own, since not all who read the channel read it. */
export interface Spot {
  readonly serverId: string
  readonly channelId: string
  readonly threadId?: string
}

/** Of everything, as JSON that Discord sends to a bot. */
export interface Snapshot {
  readonly guild: APIGuild
  readonly channels: ReadonlyArray<APIChannel>
  readonly threads: ReadonlyArray<APIChannel>
  /** The bot's own. */
  readonly roleIds: ReadonlyArray<string>
}

export const make = (selfId: string) => {
  const servers = new Map<string, Server>()
  const channels = new Map<string, Channel>()
  const own = new Map<string, ReadonlyArray<string>>()
  const channelsOf = (serverId: string) => ofServer.get(serverId)?.values() ?? []
  const ofServer = new Map<string, Map<string, Channel>>()

  const addChannel = (channel: APIChannel, serverId: string) => {
    const added = toChannel(channel, serverId)
    channels.set(added.id, added)
    let siblings = ofServer.get(serverId)
    if (siblings === undefined) ofServer.set(serverId, (siblings = new Map()))
    siblings.set(added.id, added)
  }
  const removeChannel = (id: string, serverId: string) => {
    channels.delete(id)
    ofServer.get(serverId)?.delete(id)
    for (const { id: threadId, parentId, type } of channelsOf(serverId))
      if (parentId === id && threads.has(type)) removeChannel(threadId, serverId)
  }
  const setServer = (guild: Pick<APIGuild, "id" | "name" | "owner_id" | "roles">) => {
    const ofBot = guild.roles.filter(({ tags }) => tags?.bot_id === selfId).map(({ id }) => id)
    servers.set(guild.id, {
      id: guild.id,
      name: guild.name,
      ownerId: guild.owner_id,
      roles: new Map(guild.roles.map((role) => [role.id, toRole(role)])),
      exempt: new Set([selfId, ...ofBot])
    })
  }
  const changeRoles = (serverId: string, change: (roles: Map<string, Permissions.Role>) => void) => {
    const server = servers.get(serverId)
    if (server === undefined) return
    const roles = new Map(server.roles)
    change(roles)
    servers.set(serverId, { ...server, roles })
  }
  const removeServer = (id: string) => {
    for (const channel of channelsOf(id)) channels.delete(channel.id)
    ofServer.delete(id)
    servers.delete(id)
    own.delete(id)
  }
  const load = ({ channels, guild, roleIds, threads }: Snapshot) => {
    removeServer(guild.id)
    setServer(guild)
    own.set(guild.id, roleIds)
    for (const channel of [...channels, ...threads]) addChannel(channel, guild.id)
  }

  const loadCreated = (guild: GatewayGuildCreateDispatchData) =>
    load({
      guild,
      channels: guild.channels ?? [],
      threads: guild.threads ?? [],
      roleIds: guild.members?.find(({ user }) => user?.id === selfId)?.roles ?? own.get(guild.id) ?? []
    })

  /** Takes what a dispatch says of servers, channels and roles. */
  const apply = ({ d, t }: GatewayDispatchPayload): void => {
    switch (t) {
      case GatewayDispatchEvents.GuildCreate:
        if (!("unavailable" in d && d.unavailable === true)) loadCreated(d)
        return
      case GatewayDispatchEvents.GuildUpdate:
        return setServer(d)
      case GatewayDispatchEvents.GuildDelete:
        if (d.unavailable !== true) removeServer(d.id)
        return
      case GatewayDispatchEvents.GuildRoleCreate:
      case GatewayDispatchEvents.GuildRoleUpdate:
        return changeRoles(d.guild_id, (roles) => roles.set(d.role.id, toRole(d.role)))
      case GatewayDispatchEvents.GuildRoleDelete:
        return changeRoles(d.guild_id, (roles) => roles.delete(d.role_id))
      case GatewayDispatchEvents.GuildMemberUpdate:
        if (d.user.id === selfId) own.set(d.guild_id, d.roles)
        return
      case GatewayDispatchEvents.ChannelCreate:
      case GatewayDispatchEvents.ChannelUpdate:
        if ("guild_id" in d && d.guild_id !== undefined) addChannel(d as APIChannel, d.guild_id)
        return
      case GatewayDispatchEvents.ThreadCreate:
      case GatewayDispatchEvents.ThreadUpdate:
        if (d.guild_id !== undefined) addChannel(d as APIChannel, d.guild_id)
        return
      case GatewayDispatchEvents.ThreadListSync:
        for (const thread of d.threads) addChannel(thread as APIChannel, d.guild_id)
        return
      case GatewayDispatchEvents.ChannelDelete:
        if ("guild_id" in d && d.guild_id !== undefined) removeChannel(d.id, d.guild_id)
        return
      case GatewayDispatchEvents.ThreadDelete:
        return removeChannel(d.id, d.guild_id)
      default:
    }
  }

  /** The channel whose roles and overwrites decide: of a thread, the one it is in. */
  const deciding = (channel: Channel): Channel | undefined =>
    isThread(channel) ? channels.get(channel.parentId ?? "") : channel

  const spotOf = (channel: Channel): Spot => {
    const { id, parentId, serverId, type } = channel
    if (!isThread(channel) || type === ChannelType.PrivateThread || parentId === null)
      return { serverId, channelId: id }
    return { serverId, channelId: parentId, threadId: id }
  }

  const placesOf = (serverId: string) => [...channelsOf(serverId)].filter((channel) => !isThread(channel))

  /** What everyone who reads a channel may be shown; `undefined` for one that is not known. */
  const audienceOf = (channelId: string): Audience | undefined => {
    const channel = channels.get(channelId)
    const place = channel && deciding(channel)
    const server = channel && servers.get(channel.serverId)
    if (channel === undefined || place === undefined || server === undefined) return undefined
    const readable = Permissions.readableByAllOf(server, place, placesOf(server.id), server.exempt)
    // Who can read a private thread can read the channel it is in, but not the other way round.
    const channelIds = channel.type === ChannelType.PrivateThread ? new Set([...readable, channel.id]) : readable
    return { serverId: server.id, channelIds }
  }

  /** What one member may be shown, in a private thread of theirs that thread included. */
  const audienceOfMember = (serverId: string, member: Permissions.Member, channelId?: string): Audience | undefined => {
    const server = servers.get(serverId)
    if (server === undefined) return undefined
    const readable = new Set(Permissions.readableBy(server, placesOf(serverId), member))
    const channel = channels.get(channelId ?? "")
    if (channel?.type === ChannelType.PrivateThread && readable.has(channel.parentId ?? "")) readable.add(channel.id)
    return { serverId, channelIds: readable }
  }

  /** Whether the bot itself can read a channel. */
  const canRead = (channel: Channel): boolean => {
    const server = servers.get(channel.serverId)
    const place = deciding(channel)
    if (server === undefined || place === undefined) return false
    return Permissions.canRead(server, place, { id: selfId, roleIds: own.get(server.id) ?? [] })
  }

  return {
    apply,
    load,
    addChannel,
    audienceOf,
    audienceOfMember,
    canRead,
    spotOf,
    has: (serverId: string) => servers.has(serverId),
    server: (id: string) => servers.get(id),
    serverIds: () => [...servers.keys()],
    channel: (id: string) => channels.get(id),
    channelsOf: (serverId: string): ReadonlyArray<Channel> => [...channelsOf(serverId)]
  }
}

export type Guilds = ReturnType<typeof make>
