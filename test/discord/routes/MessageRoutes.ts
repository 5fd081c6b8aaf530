/** Routes of messages: send, edit, delete, read back, react, type. */
import { compareIds, isId, madeAt } from "../Clock.ts"
import type { Channel, Json, Message } from "../Model.ts"
import * as Messages from "../Messages.ts"
import * as Permissions from "../Permissions.ts"
import * as Refusal from "../Refusal.ts"
import * as Render from "../Render.ts"
import { nothing, ok, type Request, type Route } from "../Route.ts"
import * as Threads from "../Threads.ts"
import type { World } from "../World.ts"

/** How long a nonce is remembered: Discord says "a few minutes", so nobody should count on more. */
const nonceMemory = 120_000
const twoWeeks = 14 * 86_400_000
const nonces = new WeakMap<World, Map<string, { readonly message: Message; readonly at: number }>>()

const remembered = (world: World) => {
  const known = nonces.get(world)
  if (known !== undefined) return known
  const made = new Map<string, { readonly message: Message; readonly at: number }>()
  nonces.set(world, made)
  return made
}

/** What the API shows the bot of a message. */
const shown = (world: World, message: Message): Json => Render.message(world, message, world.application.messageContent)

const channelOf = ({ params, world }: Request): Channel => world.channel(params["channel"]!)

const readable = (request: Request): Channel => {
  const channel = channelOf(request)
  request.world.require(channel, "ReadMessageHistory")
  return channel
}

const messageOf = (request: Request): Message => {
  const channel = channelOf(request)
  request.world.require(channel)
  return request.world.message(channel.id, request.params["message"]!)
}

const repeated = (world: World, body: Json): Message | undefined => {
  if (body["enforce_nonce"] !== true || body["nonce"] === undefined) return undefined
  const known = remembered(world).get(String(body["nonce"]))
  if (known === undefined || world.clock.now() - known.at > nonceMemory) return undefined
  if (known.message.deleted) throw Refusal.unknownMessage()
  return known.message
}

const checkSpeaking = ({ body, files, world }: Request, channel: Channel) => {
  if (channel.guildId === null) return
  const needed: Array<Permissions.Permission> = [Permissions.toSpeakIn(channel)]
  if (files.length > 0) needed.push("AttachFiles")
  world.require(channel, ...needed)
  const replies = body["message_reference"] !== undefined && (body["message_reference"]?.type ?? 0) === 0
  if (replies && !Permissions.has(world.permissions(channel, world.bot), "ReadMessageHistory"))
    throw Refusal.noReplyWithoutHistory()
}

/** Embeds of somebody who may not embed links are left out without a word. */
const permitted = (body: Json, held: bigint) => (Permissions.has(held, "EmbedLinks") ? body : { ...body, embeds: [] })

const create = (request: Request) => {
  const { body, files, world } = request
  const channel = channelOf(request)
  checkSpeaking(request, channel)
  const known = repeated(world, body)
  if (known !== undefined) return ok({ ...shown(world, known), nonce: known.nonce })
  const permissions = world.permissions(channel, world.bot)
  if (channel.thread !== null) Threads.wake(world, channel, world.bot, permissions)
  const message = Messages.send(world, {
    channel,
    author: world.bot,
    body: permitted(body, permissions),
    files,
    permissions
  })
  if (message.nonce !== null) remembered(world).set(String(message.nonce), { message, at: world.clock.now() })
  return ok({ ...shown(world, message), ...(message.nonce !== null && { nonce: message.nonce }) })
}

const edit = (request: Request) => {
  const { body, files, world } = request
  const message = messageOf(request)
  if (message.author.id !== world.bot.id || message.webhookId !== null) throw Refusal.notYourMessage()
  const permissions = world.permissions(world.channel(message.channelId), world.bot)
  return ok(shown(world, Messages.edit(world, message, { body, files, permissions })))
}

const remove = (request: Request) => {
  const { world } = request
  const message = messageOf(request)
  if (message.author.id !== world.bot.id) world.require(world.channel(message.channelId), "ManageMessages")
  Messages.remove(world, message)
  return nothing
}

const bulkDelete = (request: Request) => {
  const channel = channelOf(request)
  if (channel.guildId === null) throw Refusal.notInDirectMessages()
  request.world.require(channel, "ManageMessages")
  const ids = request.body["messages"]
  if (!Array.isArray(ids) || ids.length < 2 || ids.length > 100) throw Refusal.wrongCount()
  if (!ids.every(isId)) throw Refusal.invalid(["messages"], "NUMBER_TYPE_COERCE", "Value is not snowflake.")
  if (ids.some((id) => madeAt(id) < request.world.clock.now() - twoWeeks)) throw Refusal.tooOldToBulkDelete()
  Messages.removeMany(request.world, channel, ids)
  return nothing
}

const limitOf = (query: URLSearchParams, max: number) => {
  const limit = Number(query.get("limit") ?? 50)
  if (!Number.isInteger(limit) || limit < 1 || limit > max)
    throw Refusal.invalid(["limit"], "NUMBER_TYPE_MAX", `int value should be between 1 and ${max}.`)
  return limit
}

const history = (request: Request) => {
  const { query, world } = request
  const channel = channelOf(request)
  world.require(channel)
  if (Threads.isForum(channel)) throw Refusal.notATextChannel()
  const limit = limitOf(query, 100)
  // Who may not read history sees an empty one.
  if (!Permissions.has(world.permissions(channel, world.bot), "ReadMessageHistory")) return ok([])
  const from = Object.fromEntries(
    ["before", "after", "around"].flatMap((key) => (query.has(key) ? [[key, query.get(key)!]] : []))
  )
  for (const [key, id] of Object.entries(from))
    if (!/^\d{1,20}$/.test(id)) throw Refusal.invalid([key], "NUMBER_TYPE_COERCE", `Value "${id}" is not snowflake.`)
  return ok(Messages.page(channel, from, limit).map((message) => shown(world, message)))
}

const emojiOf = ({ params }: Request): string => {
  const emoji = params["emoji"]!
  if (/^\w{2,32}:\d{15,20}$/.test(emoji)) return emoji
  if (!/\p{Extended_Pictographic}|[\u{1F1E6}-\u{1F1FF}]|[0-9#*]\u{FE0F}?\u{20E3}/u.test(emoji))
    throw Refusal.unknownEmoji()
  return emoji
}

const inLiveThread = (channel: Channel) => {
  if (channel.thread?.archived === true) throw Refusal.threadArchived()
}

const addReaction = (request: Request) => {
  const channel = readable(request)
  const { world } = request
  const message = world.message(channel.id, request.params["message"]!)
  const emoji = emojiOf(request)
  inLiveThread(channel)
  if (!message.reactions.has(emoji)) {
    world.require(channel, "AddReactions")
    if (message.reactions.size >= 20) throw Refusal.tooManyReactions()
  }
  Messages.react(world, message, world.bot, emoji, true)
  return nothing
}

const removeReaction = (request: Request) => {
  const message = messageOf(request)
  const { params, world } = request
  const userId = params["user"] ?? world.bot.id
  if (userId !== world.bot.id && userId !== "@me") world.require(world.channel(message.channelId), "ManageMessages")
  const user = world.users.get(userId === "@me" ? world.bot.id : userId)
  if (user === undefined) throw Refusal.unknownUser()
  Messages.react(world, message, user, emojiOf(request), false)
  return nothing
}

const reactors = (request: Request) => {
  const users = [...(messageOf(request).reactions.get(emojiOf(request)) ?? [])].sort(compareIds)
  const after = request.query.get("after") ?? "0"
  const page = users
    .filter((id) => compareIds(id, after) > 0)
    .slice(0, limitOf(new URLSearchParams({ limit: request.query.get("limit") ?? "25" }), 100))
  return ok(page.map((id) => Render.user(request.world.users.get(id)!)))
}

const typing = (request: Request) => {
  const channel = channelOf(request)
  request.world.require(channel, ...(channel.guildId === null ? [] : [Permissions.toSpeakIn(channel)]))
  Messages.typing(request.world, channel, request.world.bot)
  return nothing
}

const major = ["channel"]
const all = "/channels/:channel/messages"
const one = `${all}/:message`
const reactions = { bucket: "reactions", major }

export const routes: ReadonlyArray<Route> = [
  { name: "createMessage", method: "POST", path: all, bucket: "createMessage", major, handle: create },
  { name: "history", method: "GET", path: all, bucket: "history", major, handle: history },
  { name: "bulkDelete", method: "POST", path: `${all}/bulk-delete`, bucket: "bulkDelete", major, handle: bulkDelete },
  {
    name: "getMessage",
    method: "GET",
    path: one,
    bucket: "history",
    major,
    handle: (request) => ok(shown(request.world, (readable(request), messageOf(request))))
  },
  { name: "editMessage", method: "PATCH", path: one, bucket: "editMessage", major, handle: edit },
  { name: "deleteMessage", method: "DELETE", path: one, bucket: "deleteMessage", major, handle: remove },
  { name: "addReaction", method: "PUT", path: `${one}/reactions/:emoji/@me`, ...reactions, handle: addReaction },
  {
    name: "removeReaction",
    method: "DELETE",
    path: `${one}/reactions/:emoji/:user`,
    ...reactions,
    handle: removeReaction
  },
  { name: "reactors", method: "GET", path: `${one}/reactions/:emoji`, ...reactions, handle: reactors },
  { name: "typing", method: "POST", path: "/channels/:channel/typing", bucket: "typing", major, handle: typing }
]
