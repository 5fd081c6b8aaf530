/** Whom a text mentions, and whom it notifies, given what its sender allows and may. */
import type { Channel, Json, Message, Pings, User } from "./Model.ts"
import * as Permissions from "./Permissions.ts"
import type { World } from "./World.ts"

/** What a sender who says nothing allows: a message everything, a webhook and an interaction people only. */
export type Default = "everything" | "users"

interface Mentioned {
  readonly mentions: ReadonlyArray<User>
  readonly mentionRoles: ReadonlyArray<string>
  readonly mentionEveryone: boolean
  readonly pings: Pings
}

interface Allowed {
  readonly users: (id: string) => boolean
  readonly roles: (id: string) => boolean
  readonly everyone: boolean
  readonly repliedUser: boolean
}

const allowed = (given: Json | null | undefined, byDefault: Default): Allowed => {
  const parse: ReadonlyArray<string> =
    given === null || given === undefined
      ? byDefault === "everything"
        ? ["users", "roles", "everyone"]
        : ["users"]
      : (given["parse"] ?? [])
  const named = (key: string) => (id: string) => parse.includes(key) || (given?.[key] ?? []).includes(id)
  return {
    users: named("users"),
    roles: named("roles"),
    everyone: parse.includes("everyone"),
    // Without the whole object a reply pings; with it only when it says so.
    repliedUser: given === null || given === undefined ? byDefault === "everything" : given["replied_user"] === true
  }
}

const withoutCode = (text: string) => text.replaceAll(/```[\s\S]*?```/g, " ").replaceAll(/`[^`\n]*`/g, " ")

const ids = (text: string, pattern: RegExp): ReadonlyArray<string> => [
  ...new Set([...text.matchAll(pattern)].map((match) => match[1]!))
]

/** Reads the mentions of a message as Discord does; what `allowed_mentions` excludes is no mention at all. */
export const read = (
  world: World,
  from: {
    readonly channel: Channel
    readonly author: User
    readonly content: string
    readonly allowedMentions: Json | null | undefined
    readonly byDefault: Default
    readonly replyTo: Message | null
    readonly permissions: bigint
  }
): Mentioned => {
  const guild = from.channel.guildId === null ? undefined : world.guilds.get(from.channel.guildId)
  const text = withoutCode(from.content)
  const allow = allowed(from.allowedMentions, from.byDefault)
  const users = ids(text, /<@!?(\d+)>/g).filter((id) => world.users.has(id) && allow.users(id))
  const replied = from.replyTo?.author.id
  if (replied !== undefined && allow.repliedUser && !users.includes(replied)) users.push(replied)
  const roles = ids(text, /<@&(\d+)>/g).filter((id) => guild?.roles.has(id) === true && allow.roles(id))
  const mayAll = Permissions.has(from.permissions, "MentionEveryone")
  const everyone = guild !== undefined && /@(everyone|here)\b/.test(text) && allow.everyone && mayAll
  return {
    mentions: users.flatMap((id) => world.users.get(id) ?? []),
    mentionRoles: roles,
    mentionEveryone: everyone,
    pings: {
      everyone,
      users: users.filter((id) => id !== from.author.id),
      roles: roles.filter((id) => mayAll || guild!.roles.get(id)!.mentionable)
    }
  }
}

export const nobody: Pings = { everyone: false, users: [], roles: [] }
