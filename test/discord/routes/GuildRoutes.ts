/** Routes of servers, people, the application and the gateway's address. */
import { compareIds } from "../Clock.ts"
import type { Gateway } from "../Gateway.ts"
import * as Refusal from "../Refusal.ts"
import * as Render from "../Render.ts"
import { ok, type Request, type Route } from "../Route.ts"

const guildOf = ({ params, world }: Request) => world.guild(params["guild"]!)

const member = (request: Request) => {
  const userId = request.params["user"]!
  const found = guildOf(request).members.get(userId)
  if (found === undefined) throw Refusal.unknownMember()
  return ok(Render.member(found))
}

const members = (request: Request) => {
  if (!request.world.application.guildMembers) throw Refusal.missingAccess()
  const { query } = request
  const after = query.get("after") ?? "0"
  const sorted = [...guildOf(request).members.values()].sort((a, b) => compareIds(a.user.id, b.user.id))
  return ok(
    sorted
      .filter(({ user }) => compareIds(user.id, after) > 0)
      .slice(0, Number(query.get("limit") ?? 1))
      .map(Render.member)
  )
}

const myGuilds = ({ query, world }: Request) => {
  const after = query.get("after") ?? "0"
  const mine = [...world.guilds.values()].filter(
    ({ id, members }) => members.has(world.bot.id) && compareIds(id, after) > 0
  )
  return ok(
    mine
      .sort((a, b) => compareIds(a.id, b.id))
      .slice(0, Number(query.get("limit") ?? 200))
      .map(({ id, name }) => ({ id, name, owner: false, features: [], permissions: "0" }))
  )
}

const user = ({ params, world }: Request) => {
  const found = world.users.get(params["user"] === "@me" ? world.bot.id : params["user"]!)
  if (found === undefined) throw Refusal.unknownUser()
  return ok(Render.user(found))
}

const direct = ({ body, world }: Request) => {
  const recipient = world.users.get(String(body["recipient_id"]))
  if (recipient === undefined) throw Refusal.invalid(["recipient_id"], "BASE_TYPE_REQUIRED", "Unknown user")
  if (recipient.bot) throw Refusal.cannotMessageUser()
  return ok(Render.channel(world.direct(recipient)))
}

const application = ({ world }: Request) =>
  ok({
    id: world.bot.id,
    name: world.bot.username,
    description: "",
    bot_public: true,
    bot_require_code_grant: false,
    verify_key: "0".repeat(64),
    flags: world.application.messageContent ? 1 << 19 : 0,
    bot: Render.user(world.bot),
    owner: null,
    team: null,
    approximate_guild_count: world.guilds.size
  })

/** The gateway's own routes need to know it. */
export const gatewayRoutes = (gateway: Gateway): ReadonlyArray<Route> => [
  { name: "gateway", method: "GET", path: "/gateway", open: true, handle: () => ok({ url: gateway.url }) },
  {
    name: "gatewayBot",
    method: "GET",
    path: "/gateway/bot",
    handle: ({ world }) =>
      ok({
        url: gateway.url,
        shards: Math.max(1, Math.ceil(world.guilds.size / 1000 / 2.5)),
        session_start_limit: {
          total: gateway.options.sessionStarts,
          remaining: gateway.remaining,
          reset_after: 86_400_000,
          max_concurrency: gateway.options.maxConcurrency
        }
      })
  }
]

const guild = "/guilds/:guild"
const major = ["guild"]

export const routes: ReadonlyArray<Route> = [
  { name: "getGuild", method: "GET", path: guild, major, handle: (request) => ok(Render.guild(guildOf(request))) },
  {
    name: "guildChannels",
    method: "GET",
    path: `${guild}/channels`,
    major,
    handle: (request) => ok([...guildOf(request).channels.values()].map(Render.channel))
  },
  {
    name: "guildRoles",
    method: "GET",
    path: `${guild}/roles`,
    major,
    handle: (request) => ok([...guildOf(request).roles.values()].map(Render.role))
  },
  { name: "getMember", method: "GET", path: `${guild}/members/:user`, major, handle: member },
  { name: "listMembers", method: "GET", path: `${guild}/members`, major, handle: members },
  { name: "myGuilds", method: "GET", path: "/users/@me/guilds", handle: myGuilds },
  { name: "createDirect", method: "POST", path: "/users/@me/channels", bucket: "createDirect", handle: direct },
  { name: "getUser", method: "GET", path: "/users/:user", handle: user },
  { name: "getApplication", method: "GET", path: "/applications/@me", handle: application },
  { name: "getOldApplication", method: "GET", path: "/oauth2/applications/@me", handle: application }
]
