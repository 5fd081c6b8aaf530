/** Interactions: what people ask of the bot by command, button or menu, and the bot's answers in time or too late. */
import { randomBytes } from "node:crypto"
import * as Limits from "./Limits.ts"
import type { Channel, File, Interaction, Json, Message, User } from "./Model.ts"
import * as Messages from "./Messages.ts"
import * as Permissions from "./Permissions.ts"
import * as Refusal from "./Refusal.ts"
import * as Render from "./Render.ts"
import type { World } from "./World.ts"

const toAnswer = 3000
const tokenLife = 15 * 60_000

export interface Asking {
  readonly type: number
  readonly user: User
  readonly channel: Channel
  readonly data: Json
  readonly message?: Message
  readonly locale: string
}

/** Tells the bot, and returns what becomes of it. */
export const ask = (world: World, { channel, data, locale, message, type, user }: Asking): Interaction => {
  const interaction: Interaction = {
    id: world.clock.id(),
    token: `aW50ZXJhY3Rpb246${randomBytes(48).toString("base64url")}`,
    type,
    user,
    channelId: channel.id,
    guildId: channel.guildId,
    data,
    message: message ?? null,
    createdAt: world.clock.now(),
    acknowledgedAfter: null,
    callbackType: null,
    thinking: false,
    reply: null,
    followUps: [],
    modal: null,
    choices: null
  }
  world.interactions.set(interaction.token, interaction)
  world.emit({ name: "INTERACTION_CREATE", guildId: channel.guildId, data: () => payload(world, interaction, locale) })
  return interaction
}

const payload = (world: World, it: Interaction, locale: string): Json => {
  const channel = world.channels.get(it.channelId)!
  const guild = it.guildId === null ? undefined : world.guilds.get(it.guildId)
  const held = world.permissions(channel, it.user)
  return {
    id: it.id,
    application_id: world.bot.id,
    type: it.type,
    token: it.token,
    version: 1,
    data: it.data,
    channel_id: channel.id,
    channel: { ...Render.channel(channel), permissions: String(held) },
    locale,
    app_permissions: String(world.permissions(channel, world.bot)),
    entitlements: [],
    authorizing_integration_owners: it.guildId === null ? { "0": "0" } : { "0": it.guildId },
    context: it.guildId === null ? 1 : 0,
    attachment_size_limit: 10_485_760,
    ...(guild === undefined
      ? { user: Render.user(it.user) }
      : {
          guild_id: guild.id,
          guild_locale: guild.locale,
          guild: { id: guild.id, locale: guild.locale, features: [] },
          member: { ...Render.member(guild.members.get(it.user.id)!), permissions: String(held) }
        }),
    ...(it.message !== null && { message: Render.message(world, it.message, true) })
  }
}

/** Whether the person who asked was left without an answer in time. */
export const failed = (world: World, it: Interaction): boolean =>
  it.acknowledgedAfter === null && world.clock.now() - it.createdAt > toAnswer

const pending = (world: World, id: string, token: string): Interaction => {
  const it = world.interactions.get(token)
  if (it?.id !== id || failed(world, it)) throw Refusal.unknownInteraction()
  if (it.acknowledgedAfter !== null) throw Refusal.alreadyAcknowledged()
  return it
}

const send = (world: World, it: Interaction, body: Json, files: ReadonlyArray<File>): Message => {
  const channel = world.channel(it.channelId)
  const permissions = Permissions.all & ~Permissions.bits(["MentionEveryone"])
  return Messages.send(world, { channel, author: world.bot, body, files, permissions, interaction: it })
}

const edit = (world: World, message: Message, body: Json, files: ReadonlyArray<File>, silent: boolean) =>
  Messages.edit(world, message, { body, files, silent, permissions: 0n })

const allowedFlags = Limits.suppressEmbeds | Limits.ephemeral | Limits.componentsV2 | (1 << 12)

const checkFlags = (flags: number, allowed: number) => {
  if ((flags & ~allowed) !== 0)
    throw Refusal.invalid(["data", "flags"], "INTERACTION_RESPONSE_FLAGS", "Only allowed flags may be set")
}

/** The first answer: a message, a deferral, an update of the message with the button, choices, or a form. */
export const respond = (
  world: World,
  id: string,
  token: string,
  body: Json,
  files: ReadonlyArray<File>
): Interaction => {
  const it = pending(world, id, token)
  const data: Json = body["data"] ?? {}
  const flags = Number(data["flags"] ?? 0)
  const type = Number(body["type"])
  if (![4, 5, 6, 7, 8, 9].includes(type))
    throw Refusal.invalid(["type"], "BASE_TYPE_CHOICES", "Value must be one of {4, 5, 6, 7, 8, 9}.")
  if ((type === 6 || type === 7) && it.message === null)
    throw Refusal.invalid(["type"], "BASE_TYPE_CHOICES", "Only for components")
  if (type === 4) {
    checkFlags(flags, allowedFlags)
    it.reply = send(world, it, data, files)
  } else if (type === 5) {
    checkFlags(flags, Limits.ephemeral)
    it.thinking = true
    it.reply = send(world, it, { flags: flags | Limits.thinking }, [])
  } else if (type === 6) it.reply = it.message
  else if (type === 7) it.reply = edit(world, it.message!, data, files, false)
  else if (type === 8) it.choices = choices(data)
  else it.modal = modal(data)
  it.callbackType = type
  it.acknowledgedAfter = world.clock.now() - it.createdAt
  world.changed()
  return it
}

const choices = (data: Json): ReadonlyArray<Json> => {
  const given = data["choices"]
  if (!Array.isArray(given) || given.length > 25)
    throw Refusal.invalid(["data", "choices"], "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
  return given
}

const modal = (data: Json): Json => {
  const errors = new Refusal.FormErrors()
  errors.length(["data", "title"], data["title"], 1, 45)
  errors.length(["data", "custom_id"], data["custom_id"], 1, 100)
  const rows: ReadonlyArray<Json> = data["components"] ?? []
  if (rows.length < 1 || rows.length > 5)
    errors.add(["data", "components"], "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
  errors.throwIfAny()
  return data
}

/** The interaction of a token that is still good. */
export const ofToken = (world: World, token: string): Interaction => {
  const it = world.interactions.get(token)
  if (it === undefined || world.clock.now() - it.createdAt > tokenLife) throw Refusal.invalidWebhookToken()
  if (it.acknowledgedAfter === null) throw Refusal.unknownWebhook()
  return it
}

/** A message of this interaction by id, or its first answer as `@original`. */
export const messageOf = (it: Interaction, id: string): Message => {
  const message = id === "@original" || id === it.reply?.id ? it.reply : it.followUps.find((one) => one.id === id)
  if (message === undefined || message === null || message.deleted) throw Refusal.unknownMessage()
  return message
}

export const editReply = (
  world: World,
  it: Interaction,
  message: Message,
  body: Json,
  files: ReadonlyArray<File>
): Message => {
  const wasThinking = it.thinking && message === it.reply
  const edited = edit(world, message, body, files, wasThinking)
  if (wasThinking) it.thinking = false
  world.changed()
  return edited
}

/** A further message; the first one after a deferral takes the deferral's place. */
export const followUp = (world: World, it: Interaction, body: Json, files: ReadonlyArray<File>): Message => {
  if (it.thinking && it.reply !== null && !it.reply.deleted)
    return editReply(world, it, it.reply, { ...body, flags: undefined }, files)
  checkFlags(Number(body["flags"] ?? 0), allowedFlags)
  const message = send(world, it, body, files)
  it.followUps.push(message)
  world.changed()
  return message
}
