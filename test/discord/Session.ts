/** A bot's session on the gateway: what it hears, what it can be told again, and the connection it has or lost. */
import type { WebSocket } from "ws"
import { randomBytes } from "node:crypto"
import * as Intents from "./Intents.ts"
import type { Json } from "./Model.ts"
import type { Happened, World } from "./World.ts"

/** How many dispatches a session that lost its connection can be told again. */
const replayable = 20_000

export class Session {
  readonly id = randomBytes(16).toString("hex")
  readonly intents: number
  readonly shard: readonly [number, number]
  /** Null between a lost connection and its resume. */
  socket: WebSocket | null
  /** It was declared invalid and not yet resumed. */
  invalid = false
  seq = 0
  lostAt: number | null = null
  readonly #world: World
  readonly #sent: Array<string> = []

  constructor(world: World, socket: WebSocket, intents: number, shard: readonly [number, number]) {
    this.#world = world
    this.socket = socket
    this.intents = intents
    this.shard = shard
  }

  get seesContent(): boolean {
    return (this.intents & Intents.content) !== 0
  }

  has(guildId: string | null): boolean {
    const [index, count] = this.shard
    return guildId === null ? index === 0 : Number((BigInt(guildId) >> 22n) % BigInt(count)) === index
  }

  /** Whether this session is told of something. */
  hears(happened: Happened): boolean {
    const intent = Intents.of(happened, this.#world.bot.id)
    return (
      (intent === 0 || (this.intents & intent) !== 0) &&
      this.has(happened.guildId) &&
      (happened.seenIn === undefined || this.#world.sees(happened.seenIn))
    )
  }

  /** Sends a dispatch whose data is JSON already, and keeps it for a resume. */
  dispatch(name: string, json: string): void {
    this.seq++
    const payload = `{"op":0,"t":"${name}","s":${this.seq},"d":${json}}`
    this.#sent.push(payload)
    if (this.#sent.length > replayable) this.#sent.splice(0, replayable / 10)
    if (!this.invalid) this.socket?.send(payload)
  }

  /** What was dispatched after `seq`, again; undefined when that is no longer known, or never was. */
  since(seq: number): ReadonlyArray<string> | undefined {
    const missing = this.seq - seq
    if (missing < 0 || missing > this.#sent.length) return undefined
    return missing === 0 ? [] : this.#sent.slice(-missing)
  }

  send(op: number, d: unknown): void {
    this.socket?.send(JSON.stringify({ op, d }))
  }
}

export interface Identify {
  readonly token: string
  readonly intents: number
  readonly shard?: readonly [number, number]
  readonly properties: Json
}
