/** Routes of webhooks; those of the application's own id belong to interactions. */
import type { Channel, Json, Message, User, Webhook } from "../Model.ts"
import * as Interactions from "./InteractionRoutes.ts"
import * as Messages from "../Messages.ts"
import * as Permissions from "../Permissions.ts"
import * as Refusal from "../Refusal.ts"
import * as Render from "../Render.ts"
import { nothing, ok, type Request, type Route } from "../Route.ts"
import * as Threads from "../Threads.ts"

const webhookOf = ({ params, world }: Request): Webhook => {
  const webhook = world.webhooks.get(params["webhook"]!)
  if (webhook === undefined) throw Refusal.unknownWebhook()
  if (params["token"] !== undefined && params["token"] !== webhook.token) throw Refusal.invalidWebhookToken()
  return webhook
}

const checkName = (path: ReadonlyArray<string>, name: unknown) => {
  const errors = new Refusal.FormErrors()
  errors.length(path, name, 1, 80)
  if (/clyde|discord/i.test(String(name)))
    errors.add(path, "USERNAME_INVALID_CONTAINS", 'Username cannot contain "discord" or "clyde"')
  errors.throwIfAny()
}

const create = ({ body, params, world }: Request) => {
  const channel = world.channel(params["channel"]!)
  if (channel.guildId === null || channel.thread !== null) throw Refusal.wrongChannelType()
  world.require(channel, "ManageWebhooks")
  checkName(["name"], body["name"])
  if ([...world.webhooks.values()].filter(({ channelId }) => channelId === channel.id).length >= 15)
    throw Refusal.tooManyWebhooks()
  return ok(Render.webhook(world, world.newWebhook(channel, String(body["name"]), world.bot)))
}

const author = (webhook: Webhook, name: unknown): User => ({
  id: webhook.id,
  username: name === undefined || name === null ? webhook.name : String(name),
  globalName: String(name ?? webhook.name),
  bot: true
})

/** The thread that is named must be of the webhook's channel. */
const target = ({ query, world }: Request, webhook: Webhook): Channel => {
  const channel = world.channel(webhook.channelId)
  const threadId = query.get("thread_id")
  if (threadId === null) return channel
  const thread = world.channel(threadId)
  if (thread.parentId !== channel.id) throw Refusal.unknownChannel()
  return thread
}

const needsThread = (channel: Channel, body: Json) => {
  if (!Threads.isForum(channel)) return
  if (body["thread_name"] === undefined) throw Refusal.forumNeedsThread()
}

const post = (request: Request, webhook: Webhook, channel: Channel): Message => {
  const { body, files, world } = request
  const by = author(webhook, body["username"])
  const permissions = Permissions.ordinary | Permissions.bits(["MentionEveryone"])
  // A webhook's messages know no nonce.
  const sending = { author: by, body: { ...body, nonce: undefined }, files, permissions, webhook }
  if (!Threads.isForum(channel)) {
    if (channel.thread?.archived === true) Threads.change(world, channel, { archived: false })
    return Messages.send(world, { ...sending, channel })
  }
  const opening = { parent: channel, owner: by, name: String(body["thread_name"]), appliedTags: body["applied_tags"] }
  return Threads.post(world, opening, sending).message
}

const execute = (request: Request) => {
  if (Interactions.isInteraction(request)) return Interactions.followUp(request)
  const { body, query, world } = request
  const webhook = webhookOf(request)
  if (body["username"] !== undefined && body["username"] !== null) checkName(["username"], body["username"])
  if (query.has("thread_id") && body["thread_name"] !== undefined) throw Refusal.forumNotBoth()
  const channel = target(request, webhook)
  needsThread(channel, body)
  const message = post(request, webhook, channel)
  return query.get("wait") === "true" ? ok(Render.message(world, message, true)) : nothing
}

const own = (request: Request): Message => {
  const webhook = webhookOf(request)
  const message = request.world.message(target(request, webhook).id, request.params["message"]!)
  if (message.webhookId !== webhook.id) throw Refusal.unknownMessage()
  return message
}

const get = (request: Request) =>
  Interactions.isInteraction(request)
    ? Interactions.get(request)
    : ok(Render.message(request.world, own(request), true))

const edit = (request: Request) => {
  if (Interactions.isInteraction(request)) return Interactions.edit(request)
  const { body, files, world } = request
  return ok(
    Render.message(world, Messages.edit(world, own(request), { body, files, permissions: Permissions.ordinary }), true)
  )
}

const remove = (request: Request) => {
  if (Interactions.isInteraction(request)) return Interactions.remove(request)
  Messages.remove(request.world, own(request))
  return nothing
}

const list = ({ params, world }: Request) => {
  const channel = world.channel(params["channel"]!)
  world.require(channel, "ManageWebhooks")
  return ok(
    [...world.webhooks.values()]
      .filter(({ channelId }) => channelId === channel.id)
      .map((one) => Render.webhook(world, one))
  )
}

const removeWebhook = (request: Request) => {
  const webhook = webhookOf(request)
  if (request.params["token"] === undefined)
    request.world.require(request.world.channel(webhook.channelId), "ManageWebhooks")
  request.world.webhooks.delete(webhook.id)
  return nothing
}

const ofChannel = "/channels/:channel/webhooks"
const withToken = "/webhooks/:webhook/:token"
const message = `${withToken}/messages/:message`
const major = ["webhook", "token"]
const open = { open: true, major, bucket: "webhook" }

export const routes: ReadonlyArray<Route> = [
  { name: "createWebhook", method: "POST", path: ofChannel, major: ["channel"], handle: create },
  { name: "webhooksOfChannel", method: "GET", path: ofChannel, major: ["channel"], handle: list },
  {
    name: "getWebhook",
    method: "GET",
    path: withToken,
    ...open,
    handle: (request) => ok(Render.webhook(request.world, webhookOf(request)))
  },
  { name: "deleteWebhookByToken", method: "DELETE", path: withToken, ...open, handle: removeWebhook },
  { name: "deleteWebhook", method: "DELETE", path: "/webhooks/:webhook", major: ["webhook"], handle: removeWebhook },
  { name: "executeWebhook", method: "POST", path: withToken, ...open, handle: execute },
  { name: "getWebhookMessage", method: "GET", path: message, ...open, handle: get },
  { name: "editWebhookMessage", method: "PATCH", path: message, ...open, handle: edit },
  { name: "deleteWebhookMessage", method: "DELETE", path: message, ...open, handle: remove }
]
