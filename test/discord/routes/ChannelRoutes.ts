/** Routes of channels and threads: look at, change, open, join, list. */
import { compareIds } from "../Clock.ts"
import type { Channel, Json } from "../Model.ts"
import * as Permissions from "../Permissions.ts"
import * as Refusal from "../Refusal.ts"
import * as Render from "../Render.ts"
import { created, nothing, ok, type Request, type Route } from "../Route.ts"
import * as Threads from "../Threads.ts"
import type { World } from "../World.ts"

const channelOf = ({ params, world }: Request): Channel => {
  const channel = world.channel(params["channel"]!)
  world.require(channel)
  return channel
}

const changeThread = (request: Request, channel: Channel) => {
  const { body, world } = request
  const thread = channel.thread!
  const moderates = Permissions.has(world.permissions(channel, world.bot), "ManageThreads")
  const waking = body["archived"] === false && !thread.locked
  if (!moderates && thread.ownerId !== world.bot.id && !waking) throw Refusal.missingPermissions()
  if (thread.archived && body["archived"] !== false && !moderates) throw Refusal.threadArchived()
  Threads.change(world, channel, {
    archived: body["archived"],
    locked: body["locked"],
    name: body["name"],
    appliedTags: body["applied_tags"]
  })
}

const modify = (request: Request) => {
  const channel = channelOf(request)
  const { body, world } = request
  if (channel.thread !== null) changeThread(request, channel)
  else {
    world.require(channel, "ManageChannels")
    if (body["name"] !== undefined) channel.name = String(body["name"])
    if (body["topic"] !== undefined) channel.topic = body["topic"]
    world.emit({ name: "CHANNEL_UPDATE", guildId: channel.guildId, data: () => Render.channel(channel) })
  }
  return ok(Render.channel(channel))
}

const remove = (request: Request) => {
  const channel = channelOf(request)
  const { world } = request
  if (channel.thread !== null) {
    world.require(channel, "ManageThreads")
    Threads.remove(world, channel)
  } else {
    world.require(channel, "ManageChannels")
    world.removeChannel(channel)
  }
  return ok(Render.channel(channel))
}

const opening = ({ body, world }: Request, parent: Channel): Threads.Opening => ({
  parent,
  owner: world.bot,
  name: String(body["name"] ?? ""),
  private: body["type"] === undefined || body["type"] === 12,
  autoArchiveMinutes: body["auto_archive_duration"] ?? 4320
})

const checkDuration = (minutes: unknown) => {
  if (minutes !== undefined && ![60, 1440, 4320, 10_080].includes(Number(minutes)))
    throw Refusal.invalid(
      ["auto_archive_duration"],
      "BASE_TYPE_CHOICES",
      "Value must be one of (60, 1440, 4320, 10080)."
    )
}

const openPost = (request: Request, parent: Channel) => {
  const { body, files, world } = request
  world.require(parent, "SendMessages")
  const permissions = world.permissions(parent, world.bot)
  const { message, thread } = Threads.post(
    world,
    { ...opening(request, parent), private: false, appliedTags: body["applied_tags"] ?? [] },
    { author: world.bot, body: body["message"] ?? {}, files, permissions }
  )
  return created({ ...Render.channel(thread), message: Render.message(world, message, true) })
}

const open = (request: Request) => {
  const parent = channelOf(request)
  const { body, world } = request
  checkDuration(body["auto_archive_duration"])
  if (Threads.isForum(parent)) return openPost(request, parent)
  if (parent.thread !== null || parent.guildId === null) throw Refusal.wrongChannelType()
  const it = opening(request, parent)
  world.require(parent, it.private === true ? "CreatePrivateThreads" : "CreatePublicThreads")
  const thread = Threads.open(world, it)
  if (it.private !== true) Threads.systemMessage(world, parent, world.bot, 18, thread.name)
  return created(Render.channel(thread))
}

const openFrom = (request: Request) => {
  const parent = channelOf(request)
  const { body, params, world } = request
  checkDuration(body["auto_archive_duration"])
  if (parent.thread !== null || parent.guildId === null) throw Refusal.wrongChannelType()
  world.require(parent, "CreatePublicThreads", "ReadMessageHistory")
  const from = world.message(parent.id, params["message"]!)
  return created(Render.channel(Threads.open(world, { ...opening(request, parent), private: false, from })))
}

const threadOf = (request: Request): Channel => {
  const channel = channelOf(request)
  if (channel.thread === null) throw Refusal.wrongChannelType()
  return channel
}

const join = (request: Request) => {
  const thread = threadOf(request)
  if (thread.thread!.archived) throw Refusal.threadArchived()
  const { params, world } = request
  Threads.addMember(world, thread, params["user"] === "@me" ? world.bot.id : params["user"]!)
  return nothing
}

const leave = (request: Request) => {
  const { params, world } = request
  threadOf(request).thread!.members.delete(params["user"] === "@me" ? world.bot.id : params["user"]!)
  return nothing
}

const members = (request: Request) =>
  ok([...threadOf(request).thread!.members].map((id) => ({ id: request.params["channel"], user_id: id, flags: 0 })))

const threadsOf = (world: World, parent: Channel): ReadonlyArray<Channel> =>
  [...(world.guilds.get(parent.guildId!)?.threads.values() ?? [])].filter(({ parentId }) => parentId === parent.id)

const joined = (world: World, threads: ReadonlyArray<Channel>): ReadonlyArray<Json> =>
  threads.flatMap((thread) =>
    thread.thread!.members.has(world.bot.id) ? [{ id: thread.id, user_id: world.bot.id, flags: 0 }] : []
  )

/** Newest first: by when it was archived, private ones that the bot is in by id. */
const archived = (request: Request, hidden: boolean) => {
  const parent = channelOf(request)
  const { query, world } = request
  world.require(parent, "ReadMessageHistory", ...(hidden ? (["ManageThreads"] as const) : []))
  const limit = Number(query.get("limit") ?? 50)
  if (limit < 2 || limit > 100)
    throw Refusal.invalid(["limit"], "NUMBER_TYPE_MAX", "int value should be between 2 and 100.")
  const before = query.get("before")
  const found = threadsOf(world, parent)
    .filter(({ thread, type }) => thread!.archived && (type === 12) === hidden)
    .filter(({ thread }) => before === null || thread!.archivedAt < Date.parse(before))
    .sort((a, b) => b.thread!.archivedAt - a.thread!.archivedAt || compareIds(b.id, a.id))
  const page = found.slice(0, limit)
  return ok({ threads: page.map(Render.channel), members: joined(world, page), has_more: found.length > page.length })
}

const activeThreads = ({ params, world }: Request) => {
  const guild = world.guild(params["guild"]!)
  const threads = [...guild.threads.values()].filter((thread) => !thread.thread!.archived && world.sees(thread))
  return ok({ threads: threads.map(Render.channel), members: joined(world, threads) })
}

const major = ["channel"]
const one = "/channels/:channel"

export const routes: ReadonlyArray<Route> = [
  { name: "getChannel", method: "GET", path: one, major, handle: (request) => ok(Render.channel(channelOf(request))) },
  { name: "modifyChannel", method: "PATCH", path: one, major, handle: modify },
  { name: "deleteChannel", method: "DELETE", path: one, major, handle: remove },
  { name: "createThread", method: "POST", path: `${one}/threads`, bucket: "createThread", major, handle: open },
  {
    name: "createThreadFrom",
    method: "POST",
    path: `${one}/messages/:message/threads`,
    bucket: "createThread",
    major,
    handle: openFrom
  },
  { name: "joinThread", method: "PUT", path: `${one}/thread-members/:user`, major, handle: join },
  { name: "leaveThread", method: "DELETE", path: `${one}/thread-members/:user`, major, handle: leave },
  { name: "threadMembers", method: "GET", path: `${one}/thread-members`, major, handle: members },
  {
    name: "archivedThreads",
    method: "GET",
    path: `${one}/threads/archived/public`,
    major,
    handle: (request) => archived(request, false)
  },
  {
    name: "archivedPrivateThreads",
    method: "GET",
    path: `${one}/threads/archived/private`,
    major,
    handle: (request) => archived(request, true)
  },
  {
    name: "activeThreads",
    method: "GET",
    path: "/guilds/:guild/threads/active",
    major: ["guild"],
    handle: activeThreads
  }
]
