/** Who may read what an answer cites, over random servers: what the bot allows against what every reader may see. */
import { ChannelType, type APIChannel, type APIGuild } from "discord-api-types/v10"
import * as Guilds from "../src/chat/discord/Guilds.ts"
import type { Channel, Guild, User } from "../test/discord/Model.ts"
import * as Permissions from "../test/discord/Permissions.ts"
import * as Render from "../test/discord/Render.ts"
import { newChannel } from "../test/discord/World.ts"
import type { Figure } from "./broker.ts"

const bot: User = { id: "100000000000000000", username: "rtfm", globalName: "rtfm", bot: true }

let next = 200_000_000_000_000_000n
const newId = () => String(next++)

const pick = <A>(from: ReadonlyArray<A>): A => from[Math.floor(Math.random() * from.length)]!
const maybe = (probability: number) => Math.random() < probability
const times = <A>(most: number, make: (i: number) => A): ReadonlyArray<A> =>
  Array.from({ length: 1 + Math.floor(Math.random() * most) }, (_, i) => make(i))

const some: ReadonlyArray<Permissions.Permission> = ["ViewChannel", "SendMessages", "ReadMessageHistory"]
const bits = () => Permissions.bits(some.filter(() => maybe(0.4)))

const randomGuild = (): Guild => {
  const id = newId()
  const people = times(8, (i): User => ({ id: newId(), username: `p${i}`, globalName: `p${i}`, bot: maybe(0.1) }))
  const everyone = {
    id,
    name: "@everyone",
    position: 0,
    mentionable: false,
    permissions: maybe(0.7) ? Permissions.ordinary : bits()
  }
  const roles = times(4, (i) => ({
    id: newId(),
    name: `r${i}`,
    position: i + 1,
    mentionable: false,
    permissions: bits() | (maybe(0.08) ? Permissions.bits(["Administrator"]) : 0n)
  }))
  const overwrite = (of: string, type: 0 | 1) => {
    const allow = bits()
    return [of, { id: of, type, allow, deny: bits() & ~allow }] as const
  }
  const randomChannel = (i: number): Channel =>
    newChannel({
      id: newId(),
      type: ChannelType.GuildText,
      name: `c${i}`,
      guildId: id,
      overwrites: new Map([
        ...(maybe(0.4) ? [overwrite(id, 0)] : []),
        ...roles.filter(() => maybe(0.3)).map((role) => overwrite(role.id, 0)),
        ...people.filter(() => maybe(0.15)).map((person) => overwrite(person.id, 1))
      ])
    })
  const member = (user: User, all: boolean) => ({
    user,
    nick: null,
    joinedAt: Date.now(),
    roles: new Set(roles.filter(() => !all && maybe(0.4)).map((role) => role.id))
  })
  return {
    id,
    name: "Random",
    ownerId: maybe(0.5) ? pick(people).id : newId(),
    roles: new Map([everyone, ...roles].map((role) => [role.id, role])),
    members: new Map([
      ...people.map((user) => [user.id, member(user, false)] as const),
      [bot.id, member(bot, true)] as const
    ]),
    channels: new Map(times(10, randomChannel).map((channel) => [channel.id, channel])),
    threads: new Map(),
    available: true,
    locale: "en-US"
  }
}

const reads = (guild: Guild, channel: Channel, userId: string): boolean => {
  const held = Permissions.ofChannel(guild, channel, userId)
  return Permissions.has(held, "ViewChannel") && Permissions.has(held, "ReadMessageHistory")
}

/** Cited channels that somebody who reads the destination may not read, and how many were cited at all. */
const violations = (guild: Guild): { readonly wrong: number; readonly cited: number } => {
  const known = Guilds.make(bot.id)
  const channels = [...guild.channels.values()]
  known.load({
    guild: Render.guild(guild) as APIGuild,
    channels: channels.map((channel) => Render.channel(channel) as APIChannel),
    threads: [],
    roleIds: []
  })
  const people = [...guild.members.keys()].filter((id) => id !== bot.id)
  const destination = pick(channels)
  const readers = people.filter((id) => Permissions.has(Permissions.ofChannel(guild, destination, id), "ViewChannel"))
  const cited = channels.filter(
    ({ id }) => known.audienceOf(destination.id)?.channelIds.has(id) === true && id !== destination.id
  )
  const wrong = cited.filter((channel) => readers.some((id) => !reads(guild, channel, id)))
  return { wrong: wrong.length, cited: cited.length }
}

/** Of so many random servers with one destination each. */
export const audience = (setUps: number): Figure => {
  let [wrong, cited] = [0, 0]
  for (let i = 0; i < setUps; i++) {
    const found = violations(randomGuild())
    wrong += found.wrong
    cited += found.cited
  }
  return {
    name: `discord: citations over ${setUps.toLocaleString("en")} random set-ups`,
    value: `${wrong} of ${cited.toLocaleString("en")} not for every reader`,
    goal: "0",
    ok: wrong === 0 && cited > setUps / 10
  }
}
