/** Routes of interactions: the first answer, and what follows under the interaction's token. */
import type { Json, Message } from "../Model.ts"
import * as Interactions from "../Interactions.ts"
import * as Messages from "../Messages.ts"
import * as Refusal from "../Refusal.ts"
import * as Render from "../Render.ts"
import { nothing, ok, type Request, type Route } from "../Route.ts"

const shown = ({ world }: Request, message: Message): Json => Render.message(world, message, true)

const respond = (request: Request) => {
  const { body, files, params, query, world } = request
  const it = Interactions.respond(world, params["interaction"]!, params["token"]!, body, files)
  if (query.get("with_response") !== "true") return nothing
  const message = it.callbackType === 4 || it.callbackType === 5 || it.callbackType === 7 ? it.reply : null
  return ok({
    interaction: {
      id: it.id,
      type: it.type,
      response_message_id: message?.id,
      response_message_loading: it.thinking,
      response_message_ephemeral: message?.ephemeralFor !== null
    },
    resource: { type: it.callbackType, ...(message !== null && { message: shown(request, message) }) }
  })
}

const of = ({ params, world }: Request) => {
  if (params["webhook"] !== world.bot.id) throw Refusal.unknownWebhook()
  return Interactions.ofToken(world, params["token"]!)
}

/** Whether the address is the application's own, and so of an interaction and not of a webhook. */
export const isInteraction = ({ params, world }: Request): boolean => params["webhook"] === world.bot.id

export const followUp = (request: Request) =>
  ok(shown(request, Interactions.followUp(request.world, of(request), request.body, request.files)))

export const get = (request: Request) =>
  ok(shown(request, Interactions.messageOf(of(request), request.params["message"]!)))

export const edit = (request: Request) => {
  const it = of(request)
  const message = Interactions.messageOf(it, request.params["message"]!)
  return ok(shown(request, Interactions.editReply(request.world, it, message, request.body, request.files)))
}

export const remove = (request: Request) => {
  Messages.remove(request.world, Interactions.messageOf(of(request), request.params["message"]!))
  return nothing
}

export const routes: ReadonlyArray<Route> = [
  {
    name: "respond",
    method: "POST",
    path: "/interactions/:interaction/:token/callback",
    open: true,
    unlimited: true,
    handle: respond
  }
]
