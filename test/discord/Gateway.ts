/** The gateway: sessions over web sockets, as Discord keeps, resumes and closes them. */
import type { Server } from "node:http"
import { type WebSocket, WebSocketServer } from "ws"
import { Connection } from "./Connection.ts"
import type { Session } from "./Session.ts"
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

const day = 86_400_000

export class Gateway {
  readonly options: GatewayOptions
  url = ""
  /** How often sessions began, and how often one went on. */
  identifies = 0
  resumes = 0
  heartbeats = 0
  /** Connections that were refused while it was down. */
  refused = 0
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
      if (!this.up) {
        this.refused++
        world.changed()
        return socket.destroy()
      }
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
      session.invalid = true
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
