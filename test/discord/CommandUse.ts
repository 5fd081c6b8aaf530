/** A command as somebody's client offers it: whether they may use it, and the options they gave as the bot gets them. */
import * as Commands from "./Commands.ts"
import type { Channel, HasId, Json, User } from "./Model.ts"
import * as Permissions from "./Permissions.ts"
import * as Render from "./Render.ts"
import type { World } from "./World.ts"

export type Options = Readonly<Record<string, string | number | boolean | HasId>>

const subcommand = 1
const subcommandGroup = 2

/** The command of that name; throws when they are not offered it there. */
export const usable = (world: World, channel: Channel, user: User, type: number, name: string): Json => {
  const definition = Commands.find(world, channel.guildId, type, name)
  if (definition === undefined)
    throw new Error(`There is no command ${name}; there is ${Commands.names(world, channel.guildId)}`)
  const contexts: ReadonlyArray<number> = definition["contexts"] ?? [0, 1]
  if (!contexts.includes(channel.guildId === null ? 1 : 0)) throw new Error(`The command ${name} is not offered there`)
  const given = definition["default_member_permissions"]
  // "0" leaves it to administrators.
  const needed = given === "0" ? Permissions.bits(["Administrator"]) : BigInt(given ?? 0)
  if (channel.guildId !== null && (world.permissions(channel, user) & needed) !== needed)
    throw new Error(`${user.username} may not use the command ${name}`)
  return definition
}

/** The options of a command or, along `path`, of its subcommand; what they name is put into `resolved`. */
export const options = (
  world: World,
  of: Json,
  path: ReadonlyArray<string>,
  given: Options,
  resolved: Json
): ReadonlyArray<Json> => {
  const defined: ReadonlyArray<Json> = of["options"] ?? []
  const [next, ...rest] = path
  if (next === undefined) return flat(world, of["name"], defined, given, resolved)
  const found = defined.find(({ name, type }) => name === next && (type === subcommand || type === subcommandGroup))
  if (found === undefined) throw new Error(`${of["name"]} has no ${next}`)
  return [{ name: next, type: found["type"], options: options(world, found, rest, given, resolved) }]
}

const flat = (world: World, command: string, defined: ReadonlyArray<Json>, given: Options, resolved: Json) => {
  const parts = defined.filter(({ type }) => type === subcommand || type === subcommandGroup)
  if (parts.length > 0) throw new Error(`${command} goes on with one of ${parts.map(({ name }) => name).join(", ")}`)
  const missing = defined.find(({ name, required }) => required === true && !(name in given))
  if (missing !== undefined) throw new Error(`${command} needs ${missing["name"]}`)
  return Object.entries(given).map(([name, value]) => {
    const option = defined.find((one) => one["name"] === name)
    if (option === undefined) throw new Error(`${command} has no option ${name}`)
    if (typeof value === "object") resolve(world, value.id, resolved)
    else checkValue(option, value)
    return { name, type: option["type"], value: typeof value === "object" ? value.id : value }
  })
}

const checkValue = (option: Json, value: string | number | boolean) => {
  const choices: ReadonlyArray<Json> = option["choices"] ?? []
  const unknown = choices.length > 0 && !choices.some((choice) => choice["value"] === value)
  const tooLong = String(value).length > (option["max_length"] ?? 6000)
  if (unknown || tooLong) throw new Error(`${option["name"]} cannot be ${value}`)
}

const resolve = ({ channels, guilds, users }: World, id: string, resolved: Json) => {
  const channel = channels.get(id)
  const user = users.get(id)
  const role = [...guilds.values()].flatMap(({ roles }) => roles.get(id) ?? [])[0]
  if (channel !== undefined) (resolved["channels"] ??= {})[id] = Render.channel(channel)
  if (user !== undefined) (resolved["users"] ??= {})[id] = Render.user(user)
  if (role !== undefined) (resolved["roles"] ??= {})[id] = Render.role(role)
}
