/** Application commands: what may be registered, and what is. */
import type { Json } from "./Model.ts"
import * as Refusal from "./Refusal.ts"
import type { World } from "./World.ts"

const chatName = /^[-_ʼ\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u
const newOnesADay = 200
const atMost: Readonly<Record<number, number>> = { 1: 100, 2: 15, 3: 15 }
const daily = new WeakMap<World, Map<string, ReadonlyArray<number>>>()

const at = (world: World, scope: string): Map<string, Json> => {
  const known = world.commands.get(scope) ?? new Map<string, Json>()
  world.commands.set(scope, known)
  return known
}
export { at as in }

const typeOf = (command: Json): number => command["type"] ?? 1

const checkName = (errors: Refusal.FormErrors, path: ReadonlyArray<string | number>, name: unknown, chat: boolean) => {
  errors.length(path, name, 1, 32)
  if (chat && (!chatName.test(String(name)) || String(name) !== String(name).toLowerCase()))
    errors.add(path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
}

const checkOptions = (
  errors: Refusal.FormErrors,
  path: ReadonlyArray<string | number>,
  options: ReadonlyArray<Json>
) => {
  if (options.length > 25) errors.add(path, "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
  let optional = false
  options.forEach((option, i) => {
    const here = [...path, i]
    checkName(errors, [...here, "name"], option["name"], true)
    errors.length([...here, "description"], option["description"], 1, 100)
    if (option["required"] === true && optional)
      errors.add(
        here,
        "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
        "Required options must be placed before non-required options"
      )
    optional ||= option["required"] !== true && option["type"] > 2
    const choices: ReadonlyArray<Json> = option["choices"] ?? []
    if (choices.length > 25) errors.add([...here, "choices"], "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    choices.forEach((choice, j) => errors.length([...here, "choices", j, "name"], choice["name"], 1, 100))
    if (Number(option["max_length"] ?? 1) > 6000)
      errors.add([...here, "max_length"], "NUMBER_TYPE_MAX", "int value should be less than or equal to 6000.")
    checkOptions(errors, [...here, "options"], option["options"] ?? [])
  })
  const names = options.map(({ name }) => name)
  if (new Set(names).size < names.length)
    errors.add(path, "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATED", "Option names are not unique")
}

/** The characters of a command that count towards 8,000, the longest language of each. */
const weight = (of: Json): number => {
  const longest = (key: string) =>
    Math.max(...[of[key] ?? "", ...Object.values(of[`${key}_localizations`] ?? {})].map((text) => String(text).length))
  const choices = (of["choices"] ?? []).reduce(
    (sum: number, { name, value }: Json) => sum + String(name).length + String(value).length,
    0
  )
  return (
    longest("name") +
    longest("description") +
    choices +
    (of["options"] ?? []).reduce((sum: number, one: Json) => sum + weight(one), 0)
  )
}

const check = (command: Json, path: ReadonlyArray<string | number> = []) => {
  const errors = new Refusal.FormErrors()
  const chat = typeOf(command) === 1
  checkName(errors, [...path, "name"], command["name"], chat)
  for (const [locale, name] of Object.entries(command["name_localizations"] ?? {}))
    checkName(errors, [...path, "name_localizations", locale], name, chat)
  if (chat) errors.length([...path, "description"], command["description"], 1, 100)
  else if (command["description"])
    errors.add(
      [...path, "description"],
      "APPLICATION_COMMAND_DESCRIPTION_INVALID",
      "Context menu commands cannot have description"
    )
  checkOptions(errors, [...path, "options"], command["options"] ?? [])
  if (weight(command) > 8000) errors.add(path, "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)")
  errors.throwIfAny()
}

const checkCounts = (commands: ReadonlyArray<Json>) => {
  for (const [type, most] of Object.entries(atMost))
    if (commands.filter((command) => typeOf(command) === Number(type)).length > most)
      throw Refusal.invalid([], "BASE_TYPE_MAX_LENGTH", `Maximum number of application commands reached (${most})`)
}

const created = (world: World, scope: string, count: number) => {
  const now = world.clock.now()
  const days = daily.get(world) ?? new Map<string, ReadonlyArray<number>>()
  daily.set(world, days)
  const recent = (days.get(scope) ?? []).filter((one) => one > now - 86_400_000)
  if (recent.length + count > newOnesADay) throw Refusal.tooManyNewCommands()
  days.set(scope, [...recent, ...Array.from({ length: count }, () => now)])
}

const same = (command: Json) => (known: Json) => known["name"] === command["name"] && known["type"] === typeOf(command)

const whole = (world: World, scope: string, command: Json, known: Json | undefined): Json => ({
  default_member_permissions: null,
  integration_types: [0],
  contexts: null,
  nsfw: false,
  dm_permission: true,
  options: [],
  description: "",
  ...command,
  type: typeOf(command),
  id: known?.["id"] ?? world.clock.id(),
  application_id: world.bot.id,
  version: world.clock.id(),
  ...(scope !== "" && { guild_id: scope })
})

/** Registers one, in the place of the one of its kind and name. */
export const put = (
  world: World,
  scope: string,
  command: Json
): { readonly command: Json; readonly isNew: boolean } => {
  check(command)
  const registered = at(world, scope)
  const known = [...registered.values()].find(same(command))
  if (known === undefined) {
    checkCounts([...registered.values(), command])
    created(world, scope, 1)
  }
  const made = whole(world, scope, command, known)
  registered.set(String(made["id"]), made)
  world.changed()
  return { command: made, isNew: known === undefined }
}

/** Registers exactly these. */
export const replaceAll = (world: World, scope: string, commands: ReadonlyArray<Json>): ReadonlyArray<Json> => {
  commands.forEach((command, i) => check(command, [i]))
  checkCounts(commands)
  const registered = at(world, scope)
  const before = [...registered.values()]
  const made = commands.map((command) => whole(world, scope, command, before.find(same(command))))
  created(world, scope, made.filter((command) => !before.some(same(command))).length)
  registered.clear()
  for (const command of made) registered.set(String(command["id"]), command)
  world.changed()
  return made
}

/** The command of a name that is there for everybody of a server, its own before a global one. */
export const find = (world: World, guildId: string | null, type: number, name: string): Json | undefined =>
  [...(guildId === null ? [] : at(world, guildId).values()), ...at(world, "").values()].find(same({ type, name }))

/** The commands there are, for a sentence. */
export const names = (world: World, guildId: string | null): string =>
  [...(guildId === null ? [] : at(world, guildId).values()), ...at(world, "").values()]
    .map(({ name }) => name)
    .join(", ") || "none"
