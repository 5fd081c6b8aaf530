/** The API over HTTP: finds the route, refuses what Discord refuses, limits, goes wrong where it was told to. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { Fault, Faults } from "./Faults.ts"
import type { Call, File, Json } from "./Model.ts"
import type { RateLimits, Refused, Taken } from "./RateLimits.ts"
import * as Refusal from "./Refusal.ts"
import { type Answer, matcher, type Route } from "./Route.ts"
import type { World } from "./World.ts"

const maxBody = 25 * 1024 * 1024
const maxFile = 10 * 1024 * 1024

/** Routes of webhooks are routes of interactions under the application's own id. */
const ofInteractions: Readonly<Record<string, string>> = {
  executeWebhook: "followUp",
  getWebhookMessage: "getReply",
  editWebhookMessage: "editReply",
  deleteWebhookMessage: "deleteReply"
}

interface Incoming {
  readonly method: string
  readonly url: URL
  readonly headers: IncomingMessage["headers"]
  readonly raw: Buffer
}

/** An answer as it goes over the wire. */
interface Reply {
  readonly status: number
  readonly headers: Record<string, string>
  readonly text: string
}

const json = (status: number, body: unknown, headers: Record<string, string> = {}): Reply =>
  body === undefined
    ? { status, headers, text: "" }
    : { status, headers: { ...headers, "content-type": "application/json" }, text: JSON.stringify(body) }

const html = (status: number, title: string, headers: Record<string, string> = {}): Reply => ({
  status,
  headers: { ...headers, "content-type": "text/html; charset=UTF-8", server: "cloudflare" },
  text: `<!doctype html><html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`
})

const tooMany = ({ scope, seconds }: Refused, headers: Record<string, string>, announced = true): Reply => {
  const retryAfter = { "retry-after": String(Math.ceil(seconds)) }
  if (scope === "cloudflare") return html(429, "Error 1015: You are being rate limited", retryAfter)
  const body = {
    message: scope === "shared" ? "The resource is being rate limited." : "You are being rate limited.",
    retry_after: Number(seconds.toFixed(3)),
    global: scope === "global"
  }
  return json(429, body, {
    ...(announced && headers),
    ...retryAfter,
    ...(announced && {
      "x-ratelimit-scope": scope,
      "x-ratelimit-reset-after": seconds.toFixed(3),
      "x-ratelimit-remaining": "0"
    }),
    ...(scope === "global" && { "x-ratelimit-global": "true" })
  })
}

const read = async (request: IncomingMessage): Promise<Buffer> => {
  const pieces: Array<Buffer> = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}

const parsed = (text: string): Json => {
  if (text === "") return {}
  try {
    return JSON.parse(text)
  } catch {
    throw Refusal.invalidJson()
  }
}

const fileOf = async (name: string, blob: Blob): Promise<File> => {
  const bytes = new Uint8Array(await blob.arrayBuffer())
  return {
    name,
    type: blob.type || "application/octet-stream",
    size: bytes.length,
    bytes: (start, length) => bytes.subarray(start, start + length)
  }
}

/** The body, JSON or a form with files, as Discord takes both. */
const bodyOf = async ({
  headers,
  raw
}: Incoming): Promise<{ readonly body: Json; readonly files: ReadonlyArray<File> }> => {
  const type = headers["content-type"] ?? ""
  if (raw.length > maxBody) throw Refusal.tooLarge()
  if (!type.startsWith("multipart/form-data")) return { body: parsed(raw.toString()), files: [] }
  const form = await new Response(new Uint8Array(raw), { headers: { "content-type": type } }).formData()
  const given = form.get("payload_json")
  const blobs = [...form.entries()].filter(
    (entry): entry is [string, globalThis.File] => typeof entry[1] !== "string" && entry[0] !== "payload_json"
  )
  if (blobs.some(([, blob]) => blob.size > maxFile)) throw Refusal.tooLarge()
  const files = await Promise.all(blobs.map(([, blob]) => fileOf(blob.name, blob)))
  return { body: parsed(typeof given === "string" ? given : given === null ? "" : await given.text()), files }
}

export class Rest {
  readonly server: Server
  readonly #world: World
  readonly #limits: RateLimits
  readonly #faults: Faults
  #match: ReturnType<typeof matcher> = matcher([])

  constructor(world: World, limits: RateLimits, faults: Faults) {
    this.#world = world
    this.#limits = limits
    this.#faults = faults
    this.server = createServer((request, response) => void this.#received(request, response))
  }

  set routes(routes: ReadonlyArray<Route>) {
    this.#match = matcher(routes)
  }

  async #received(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url!, "http://api")
    let raw: Buffer
    try {
      raw = await read(request)
    } catch {
      return
    }
    const incoming = { method: request.method!, url, headers: request.headers, raw }
    const path = url.pathname.replace(/^\/api(\/v10)?/, "")
    const { params, route } = this.#match(incoming.method, path)
    const call = this.#called(incoming, path, route, params)
    const fault = this.#faults.take(call.route)
    if (fault !== undefined && !("after" in fault && fault.after === true)) return this.#goWrong(fault, call, response)
    const reply = await this.#answer(incoming, path, call)
    if (fault !== undefined && reply.status < 300) return this.#goWrong(fault, call, response)
    return this.#send(reply, call, response)
  }

  #called({ headers, method, url }: Incoming, path: string, route: Route | undefined, params: Record<string, string>) {
    const name =
      params["webhook"] === this.#world.bot.id ? (ofInteractions[route?.name ?? ""] ?? route?.name) : route?.name
    const call = {
      at: this.#world.clock.now(),
      method,
      path,
      route: name ?? "unknown",
      params,
      query: url.searchParams,
      body: {},
      headers,
      status: null,
      done: false
    } as Call & { body: Json }
    this.#world.calls.push(call)
    return call
  }

  #goWrong(fault: Fault, call: Call, response: ServerResponse) {
    if (fault.kind === "hang") return this.#world.changed()
    if (fault.kind === "cut") {
      call.status = 0
      response.destroy()
      return this.#world.changed()
    }
    if (fault.kind === "limited") return this.#send(tooMany(fault, {}, fault.headers !== false), call, response)
    return this.#send(
      fault.status >= 500
        ? html(fault.status, `${fault.status}: upstream error`)
        : json(
            fault.status,
            fault.body === undefined ? { message: `${fault.status}`, code: 0 } : JSON.parse(fault.body)
          ),
      call,
      response
    )
  }

  #send({ headers, status, text }: Reply, call: Call, response: ServerResponse) {
    call.status = status
    this.#limits.answered(status, headers["x-ratelimit-scope"] === "shared")
    response.writeHead(status, headers).end(text === "" ? undefined : text)
    this.#world.changed()
  }

  async #answer(incoming: Incoming, path: string, call: Call & { body: Json }): Promise<Reply> {
    const { now } = this.#world.clock
    if (this.#limits.bannedUntil > now())
      return tooMany({ scope: "cloudflare", seconds: (this.#limits.bannedUntil - now()) / 1000 }, {})
    let taken: Taken = { headers: {} }
    try {
      const { known, params, route } = this.#match(incoming.method, path)
      const authorized = this.#authorize(incoming, route)
      if (route === undefined) throw known ? Refusal.methodNotAllowed() : Refusal.notFound()
      const refused = this.#limit(route, params, authorized)
      taken = refused.taken
      if (refused.reply !== undefined) return refused.reply
      const { body, files } = await bodyOf(incoming)
      call.body = body
      const answer: Answer = route.handle({
        world: this.#world,
        params,
        query: incoming.url.searchParams,
        body,
        files,
        authorized
      })
      call.done = true
      return json(answer.status, answer.body, taken.headers)
    } catch (refused) {
      if (refused instanceof Refusal.Refusal) return json(refused.status, refused.body, taken.headers)
      console.error(refused)
      return json(500, { message: `The emulator failed: ${String(refused)}`, code: 0 })
    }
  }

  /** Whether the bot's token is there; a wrong one, or none where it is needed, is refused. */
  #authorize({ headers }: Incoming, route: Route | undefined): boolean {
    const agent = headers["user-agent"] ?? ""
    if (agent === "" || (headers.authorization !== undefined && !agent.startsWith("DiscordBot ")))
      throw Refusal.badUserAgent()
    const given = headers.authorization
    if (given === undefined && route?.open === true) return false
    if (given !== `Bot ${this.#world.application.token}`) throw Refusal.unauthorized()
    return true
  }

  #limit(
    route: Route,
    params: Record<string, string>,
    authorized: boolean
  ): { readonly taken: Taken; readonly reply?: Reply } {
    const none = { headers: {} }
    if (route.unlimited === true) return { taken: none }
    const interaction = params["webhook"] === this.#world.bot.id
    const everything = authorized && !interaction ? this.#limits.takeGlobal() : undefined
    if (everything !== undefined) return { taken: none, reply: tooMany(everything, {}) }
    const major = (route.major ?? []).map((name) => params[name]).join(" ")
    const bucket = interaction ? "followUp" : (route.bucket ?? route.name)
    const taken = this.#limits.take(bucket, major)
    if (taken.refused !== undefined) return { taken, reply: tooMany(taken.refused, taken.headers) }
    const webhook = route.name === "executeWebhook" ? this.#world.webhooks.get(params["webhook"]!) : undefined
    const hidden = webhook === undefined ? undefined : this.#limits.takeWebhookOfChannel(webhook.channelId)
    return hidden === undefined ? { taken } : { taken, reply: tooMany(hidden, {}, false) }
  }
}
