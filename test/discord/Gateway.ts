/** The gateway: sessions over web sockets, as Discord keeps, resumes and closes them. */
import type { Server } from "node:http"
import { type WebSocket, WebSocketServer } from "ws"
import * as Intents from "./Intents.ts"
import type { Json } from "./Model.ts"
import * as Render from "./Render.ts"
import { type Identify, Session } from "./Session.ts"
import type { Happened, World } from "./World.ts"

export interface GatewayOptions {
  readonly heartbeatInterval: number
  /** How long a lost session can be resumed, in milliseconds. */
  readonly resumeWindow: number
  readonly maxConcurrency: number
  /** Between two IDENTIFY of one concurrency bucket, in milliseconds. */
  readonly identifyInterval: number
  readonly sessionStarts: number
}

export const defaults: GatewayOptions = {
  heartbeatInterval: 41_250,
  resumeWindow: 180_000,
  maxConcurrency: 1,
  identifyInterval: 5000,
  sessionStarts: 1000
}

const maxPayload = 4096
const maxSendsAMinute = 120
const day = 86_400_000
const shardingFrom = 2500

export class Gateway {
  readonly options: GatewayOptions
  url = ""
  /** How often sessions began, and how often one went on. */
  identifies = 0
  resumes = 0
  heartbeats = 0
  /** False: connections are refused, as while Discord is down. */
  up = true
  /** False: heartbeats are not answered. */
  acknowledges = true
  readonly sessions = new Set<Session>()
  readonly #world: World
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: 1 << 20 })
  readonly #starts: Array<number> = []
  readonly #identified = new Map<number, number>()

  constructor(world: World, http: Server, options: Partial<GatewayOptions>) {
    this.#world = world
    this.options = { ...defaults, ...options }
    http.on("upgrade", (request, socket, head) => {
      if (!this.up) return socket.destroy()
      const query = new URL(request.url!, "http://gateway").searchParams
      this.#server.handleUpgrade(request, socket, head, (client) => this.#connected(client, query))
    })
    world.onEvent((happened) => this.#tell(happened))
  }

  /** Sessions that may still be started today. */
  get remaining(): number {
    const now = this.#world.clock.now()
    while (this.#starts.length > 0 && this.#starts[0]! < now - day) this.#starts.shift()
    return Math.max(0, this.options.sessionStarts - this.#starts.length)
  }

  get connections(): number {
    return [...this.sessions].filter(({ socket }) => socket !== null).length
  }

  #tell(happened: Happened) {
    const json: [string?, string?] = []
    for (const session of this.sessions) {
      if (!session.hears(happened)) continue
      const kind = session.seesContent ? 1 : 0
      session.dispatch(happened.name, (json[kind] ??= JSON.stringify(happened.data(kind === 1))))
    }
  }

  #connected(socket: WebSocket, query: URLSearchParams) {
    const connection = new Connection(this, this.#world, socket)
    if (query.get("v") !== "10") return connection.close(4012)
    connection.send(10, { heartbeat_interval: this.options.heartbeatInterval, _trace: [] })
  }

  /** Null when IDENTIFY may be done now, else what the connection is told. */
  mayIdentify(shard: number): "too many" | "too soon" | null {
    const now = this.#world.clock.now()
    const bucket = shard % this.options.maxConcurrency
    if (this.remaining === 0) return "too many"
    if (now - (this.#identified.get(bucket) ?? -Infinity) < this.options.identifyInterval) return "too soon"
    this.#identified.set(bucket, now)
    this.#starts.push(now)
    return null
  }

  /** The session of that id, unless it was lost too long ago. */
  resumable(id: string): Session | undefined {
    const now = this.#world.clock.now()
    for (const session of this.sessions)
      if (session.lostAt !== null && now - session.lostAt > this.options.resumeWindow) this.sessions.delete(session)
    return [...this.sessions].find((session) => session.id === id)
  }

  // What tests do to it.

  /** Cuts every connection without a word; sessions can be resumed. */
  drop = (): void => this.#each(({ socket }) => socket?.terminate())

  /** Closes every connection with a code. */
  close = (code: number, reason = ""): void => this.#each(({ socket }) => socket?.close(code, reason))

  /** Asks every client to reconnect and resume (op 7). */
  reconnect = (): void => this.#each((session) => session.send(7, null))

  /** Tells every client that its session is invalid (op 9); it can go on only when `resumable`. */
  invalidate = (resumable = false): void =>
    this.#each((session) => {
      if (!resumable) this.sessions.delete(session)
      session.send(9, resumable)
    })

  /** No session is known any more; connections end. */
  forgetSessions = (): void =>
    this.#each((session) => {
      this.sessions.delete(session)
      session.socket?.terminate()
    })

  /** Cuts connections and refuses new ones, until `goUp`. */
  goDown = (): void => {
    this.up = false
    this.drop()
  }

  goUp = (): void => {
    this.up = true
  }

  /** Dispatches anything, also what Discord never would. */
  dispatch = (name: string, data: unknown): void =>
    this.#each((session) => session.dispatch(name, JSON.stringify(data)))

  /** Sends raw text to every client, JSON or not. */
  sendRaw = (text: string): void => this.#each(({ socket }) => socket?.send(text))

  stop = (): void => {
    for (const client of this.#server.clients) client.terminate()
    this.#server.close()
  }

  #each(f: (session: Session) => void) {
    for (const session of this.sessions) f(session)
    this.#world.changed()
  }
}

/** One web socket and what it may do next. */
class Connection {
  readonly #gateway: Gateway
  readonly #world: World
  readonly #socket: WebSocket
  readonly #sends: Array<number> = []
  #session: Session | null = null
  #pulse: NodeJS.Timeout | undefined

  constructor(gateway: Gateway, world: World, socket: WebSocket) {
    this.#gateway = gateway
    this.#world = world
    this.#socket = socket
    socket.on("message", (data) => this.#received(String(data)))
    socket.on("close", (code) => this.#closed(code))
    socket.on("error", () => undefined)
    this.#awaitHeartbeat()
  }

  send(op: number, d: unknown) {
    this.#socket.send(JSON.stringify({ op, d }))
  }

  close(code: number, reason = "") {
    this.#socket.close(code, reason)
  }

  /** A client that is silent for two intervals is gone. */
  #awaitHeartbeat() {
    clearTimeout(this.#pulse)
    this.#pulse = setTimeout(() => this.close(4009, "Session timed out"), this.#gateway.options.heartbeatInterval * 2)
    this.#pulse.unref()
  }

  #closed(code: number) {
    clearTimeout(this.#pulse)
    const session = this.#session
    if (session?.socket !== this.#socket) return
    session.socket = null
    session.lostAt = this.#world.clock.now()
    // A client that says goodbye has no session to come back to.
    if (code === 1000 || code === 1001) this.#gateway.sessions.delete(session)
    this.#world.changed()
  }

  #tooMany() {
    const now = this.#world.clock.now()
    this.#sends.push(now)
    while (this.#sends[0]! < now - 60_000) this.#sends.shift()
    return this.#sends.length > maxSendsAMinute
  }

  #received(text: string) {
    if (this.#tooMany()) return this.close(4008, "Rate limited.")
    if (Buffer.byteLength(text) > maxPayload) return this.close(4002, "Error while decoding payload.")
    let payload: { op: number; d: any }
    try {
      payload = JSON.parse(text)
    } catch {
      return this.close(4002, "Error while decoding payload.")
    }
    this.#handle(payload.op, payload.d)
    this.#world.changed()
  }

  #handle(op: number, d: any) {
    // A session that was declared invalid may be followed by another on the same connection.
    if (this.#session !== null && !this.#gateway.sessions.has(this.#session)) this.#session = null
    if (op === 1) return this.#heartbeat()
    if (op === 2) return this.#session === null ? this.#identify(d) : this.close(4005, "Already authenticated.")
    if (op === 6) return this.#session === null ? this.#resume(d) : this.close(4005, "Already authenticated.")
    if (this.#session === null) return this.close(4003, "Not authenticated.")
    if (op === 8) return this.#members(d)
    if (op !== 3 && op !== 4 && op !== 31) this.close(4001, "Unknown opcode.")
  }

  #heartbeat() {
    this.#gateway.heartbeats++
    if (!this.#gateway.acknowledges) return
    this.#awaitHeartbeat()
    this.send(11, null)
  }

  #identify(d: Identify) {
    const { application, guilds } = this.#world
    if (d?.token !== application.token && d?.token !== `Bot ${application.token}`)
      return this.close(4004, "Authentication failed.")
    const shard = d.shard ?? [0, 1]
    if (!(shard[0] >= 0 && shard[0] < shard[1])) return this.close(4010, "Invalid shard.")
    if (guilds.size / shard[1] >= shardingFrom) return this.close(4011, "Sharding required.")
    if (!Number.isInteger(d.intents) || (d.intents & ~Intents.known) !== 0)
      return this.close(4013, "Invalid intent(s).")
    if (this.#disallowed(d.intents)) return this.close(4014, "Disallowed intent(s).")
    const refused = this.#gateway.mayIdentify(shard[0])
    // Whoever identifies too often has their token reset.
    if (refused === "too many") return this.close(4004, "Authentication failed.")
    if (refused === "too soon") return this.send(9, false)
    this.#begin(new Session(this.#world, this.#socket, d.intents, shard))
  }

  #disallowed(intents: number) {
    const { application } = this.#world
    return (
      (!application.messageContent && (intents & Intents.content) !== 0) ||
      (!application.guildMembers && (intents & Intents.members) !== 0) ||
      (!application.presences && (intents & Intents.presences) !== 0)
    )
  }

  #begin(session: Session) {
    this.#session = session
    this.#gateway.sessions.add(session)
    this.#gateway.identifies++
    const { bot, guilds } = this.#world
    const mine = [...guilds.values()].filter(({ id, members }) => session.has(id) && members.has(bot.id))
    const ready: Json = {
      v: 10,
      user: { ...Render.user(bot), verified: true, mfa_enabled: true, email: null, flags: 0 },
      guilds: mine.map(({ id }) => ({ id, unavailable: true })),
      session_id: session.id,
      resume_gateway_url: this.#gateway.url,
      session_type: "normal",
      shard: session.shard,
      application: { id: bot.id, flags: this.#world.application.messageContent ? (1 << 18) | (1 << 19) : 1 << 19 },
      private_channels: [],
      relationships: [],
      presences: [],
      user_settings: {},
      guild_join_requests: [],
      _trace: []
    }
    session.dispatch("READY", JSON.stringify(ready))
    if ((session.intents & Intents.guilds) === 0) return
    for (const guild of mine)
      if (guild.available) session.dispatch("GUILD_CREATE", JSON.stringify(Render.wholeGuild(this.#world, guild)))
  }

  #resume(d: { token: string; session_id: string; seq: number }) {
    const { token } = this.#world.application
    if (d?.token !== token && d?.token !== `Bot ${token}`) return this.close(4004, "Authentication failed.")
    const session = this.#gateway.resumable(d.session_id)
    if (session === undefined) return this.send(9, false)
    if (d.seq > session.seq) return this.close(4007, "Invalid seq.")
    const missed = session.since(d.seq)
    if (missed === undefined) {
      this.#gateway.sessions.delete(session)
      return this.send(9, false)
    }
    const former = session.socket
    this.#session = session
    session.socket = this.#socket
    session.lostAt = null
    former?.terminate()
    this.#gateway.resumes++
    for (const payload of missed) this.#socket.send(payload)
    session.dispatch("RESUMED", '{"_trace":[]}')
  }

  #members(d: { guild_id: string; user_ids?: ReadonlyArray<string> | string; query?: string; nonce?: string }) {
    const guild = this.#world.guilds.get(String(d.guild_id))
    if (guild === undefined) return
    const asked = d.user_ids === undefined ? undefined : [d.user_ids].flat()
    const found = [...guild.members.values()].filter(({ user }) =>
      asked === undefined ? user.username.startsWith(d.query ?? "") : asked.includes(user.id)
    )
    const chunk = {
      guild_id: guild.id,
      members: found.map(Render.member),
      chunk_index: 0,
      chunk_count: 1,
      not_found: [],
      nonce: d.nonce
    }
    this.#session!.dispatch("GUILD_MEMBERS_CHUNK", JSON.stringify(chunk))
  }
}
