/** What a member may do in a channel: roles, then overwrites, then what follows from what is missing. */
import { ChannelType, PermissionFlagsBits as P } from "discord-api-types/v10"
import type { Channel, Guild } from "./Model.ts"

export type Permission = keyof typeof P

export const all: bigint = Object.values(P).reduce((sum, bit) => sum | bit, 0n)

export const bits = (names: ReadonlyArray<Permission>): bigint => names.reduce((sum, name) => sum | P[name], 0n)

export const has = (held: bigint, name: Permission): boolean => (held & P[name]) === P[name]

/** What a new server's everyone may do, as in a server made by hand. */
export const ordinary: bigint = bits([
  "ViewChannel",
  "SendMessages",
  "SendMessagesInThreads",
  "CreatePublicThreads",
  "CreatePrivateThreads",
  "EmbedLinks",
  "AttachFiles",
  "AddReactions",
  "UseExternalEmojis",
  "ReadMessageHistory",
  "UseApplicationCommands",
  "ChangeNickname",
  "CreateInstantInvite"
])

const ofGuild = (guild: Guild, userId: string): bigint => {
  if (guild.ownerId === userId) return all
  const member = guild.members.get(userId)
  if (member === undefined) return 0n
  let held = guild.roles.get(guild.id)!.permissions
  for (const id of member.roles) held |= guild.roles.get(id)?.permissions ?? 0n
  return has(held, "Administrator") ? all : held
}

const withOverwrites = (held: bigint, guild: Guild, channel: Channel, userId: string): bigint => {
  if (channel.overwrites.size === 0) return held
  const everyone = channel.overwrites.get(guild.id)
  let result = everyone === undefined ? held : (held & ~everyone.deny) | everyone.allow
  let allow = 0n
  let deny = 0n
  for (const id of guild.members.get(userId)!.roles) {
    const overwrite = channel.overwrites.get(id)
    if (overwrite?.type !== 0) continue
    allow |= overwrite.allow
    deny |= overwrite.deny
  }
  result = (result & ~deny) | allow
  const own = channel.overwrites.get(userId)
  return own?.type === 1 ? (result & ~own.deny) | own.allow : result
}

/** What somebody may do in a channel or thread; nothing when they may not view it. */
export const ofChannel = (guild: Guild, channel: Channel, userId: string): bigint => {
  const held = ofGuild(guild, userId)
  if (held === all || !guild.members.has(userId)) return held
  const parent = channel.thread === null ? channel : guild.channels.get(channel.parentId!)
  if (parent === undefined) return 0n
  const result = withOverwrites(held, guild, parent, userId)
  if (!has(result, "ViewChannel")) return 0n
  if (hiddenThread(channel, userId, result)) return 0n
  return result
}

const hiddenThread = (channel: Channel, userId: string, held: bigint) =>
  channel.type === ChannelType.PrivateThread && !channel.thread!.members.has(userId) && !has(held, "ManageThreads")

export const inGuild = ofGuild

/** The permission that speaking takes in a channel of this kind. */
export const toSpeakIn = (channel: Channel): Permission =>
  channel.thread === null ? "SendMessages" : "SendMessagesInThreads"
