/** One web socket of the gateway, and what may be done on it next. */
import type { WebSocket } from "ws"
import type { Gateway } from "./Gateway.ts"
import * as Intents from "./Intents.ts"
import type { Json } from "./Model.ts"
import * as Render from "./Render.ts"
import { type Identify, Session } from "./Session.ts"
import type { World } from "./World.ts"

const maxPayload = 4096
const maxSendsAMinute = 120
const shardingFrom = 2500

export class Connection {
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
    // After an invalid session the same connection may begin or resume one.
    if (this.#session?.invalid === true) this.#session = null
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
    const former = session.socket === this.#socket ? null : session.socket
    session.invalid = false
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
