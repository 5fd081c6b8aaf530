/** Routes of application commands, global and of one server. */
import type { Json } from "../Model.ts"
import * as Commands from "../Commands.ts"
import * as Refusal from "../Refusal.ts"
import { created, nothing, ok, type Request, type Route } from "../Route.ts"

const scope = ({ params, world }: Request): string => {
  if (params["application"] !== world.bot.id) throw Refusal.unknownApplication()
  if (params["guild"] !== undefined) world.guild(params["guild"])
  return params["guild"] ?? ""
}

const one = (request: Request): Json => {
  const command = Commands.in(request.world, scope(request)).get(request.params["command"]!)
  if (command === undefined) throw Refusal.unknownCommand()
  return command
}

const replaceAll = (request: Request) => {
  if (!Array.isArray(request.body)) throw Refusal.invalid([], "BASE_TYPE_BAD_TYPE", "Only iterables may be used.")
  return ok(Commands.replaceAll(request.world, scope(request), request.body))
}

const modify = (request: Request) => {
  const command = one(request)
  return ok(Commands.put(request.world, scope(request), { ...command, ...request.body }).command)
}

const remove = (request: Request) => {
  Commands.in(request.world, scope(request)).delete(String(one(request)["id"]))
  return nothing
}

const create = (request: Request) => {
  const { command, isNew } = Commands.put(request.world, scope(request), request.body)
  return isNew ? created(command) : ok(command)
}

const routesAt = (path: string, name: string): ReadonlyArray<Route> => [
  {
    name: `list${name}Commands`,
    method: "GET",
    path,
    handle: (request) => ok([...Commands.in(request.world, scope(request)).values()])
  },
  { name: `put${name}Commands`, method: "PUT", path, bucket: "commands", handle: replaceAll },
  { name: `create${name}Command`, method: "POST", path, bucket: "commands", handle: create },
  { name: `get${name}Command`, method: "GET", path: `${path}/:command`, handle: (request) => ok(one(request)) },
  { name: `modify${name}Command`, method: "PATCH", path: `${path}/:command`, bucket: "commands", handle: modify },
  { name: `delete${name}Command`, method: "DELETE", path: `${path}/:command`, bucket: "commands", handle: remove }
]

export const routes: ReadonlyArray<Route> = [
  ...routesAt("/applications/:application/commands", "Global"),
  ...routesAt("/applications/:application/guilds/:guild/commands", "Guild")
]
