/** A bot made of Discord's own packages, as a test's opposite of the emulator. */
import { Client, type ClientOptions } from "@discordjs/core"
import { REST, type RESTOptions } from "@discordjs/rest"
import {
  type OptionalWebSocketManagerOptions,
  type SessionInfo,
  SimpleIdentifyThrottler,
  WebSocketManager,
  WebSocketShardEvents
} from "@discordjs/ws"
import { Effect, type Scope } from "effect"
import { GatewayIntentBits as I } from "discord-api-types/v10"
import type { Discord } from "./Discord.ts"

export const intents: number =
  I.Guilds |
  I.GuildMessages |
  I.MessageContent |
  I.GuildMessageReactions |
  I.GuildMessageTyping |
  I.DirectMessages |
  I.GuildMembers

export interface Event {
  readonly t: string
  readonly d: any
  readonly s: number
}

export interface RealClient {
  readonly rest: REST
  readonly api: Client["api"]
  readonly ws: WebSocketManager
  /** Every dispatch so far. */
  readonly events: Array<Event>
  /** What ended shards for good. */
  readonly closed: Array<number>
  readonly of: (t: string) => ReadonlyArray<any>
  readonly resumed: () => number
  readonly sessions: Map<number, SessionInfo | null>
}

export interface Options {
  readonly rest?: Partial<RESTOptions>
  readonly ws?: Partial<OptionalWebSocketManagerOptions>
  readonly intents?: number
  readonly token?: string
  readonly sessions?: Map<number, SessionInfo | null>
}

export const make = (discord: Discord, options: Options = {}): RealClient => {
  const rest = new REST({ api: discord.url, ...options.rest }).setToken(options.token ?? discord.token)
  const sessions = options.sessions ?? new Map<number, SessionInfo | null>()
  const ws = new WebSocketManager({
    token: options.token ?? discord.token,
    intents: options.intents ?? intents,
    rest,
    buildIdentifyThrottler: async () => new SimpleIdentifyThrottler(1),
    retrieveSessionInfo: async (shard) => sessions.get(shard) ?? null,
    updateSessionInfo: async (shard, info) => void sessions.set(shard, info),
    ...options.ws
  })
  const events: Array<Event> = []
  const closed: Array<number> = []
  ws.on(WebSocketShardEvents.Dispatch, (payload) => {
    events.push(payload as Event)
    discord.world.changed()
  })
  ws.on(WebSocketShardEvents.Closed, (code) => void closed.push(code))
  ws.on(WebSocketShardEvents.Error, () => undefined)
  const client = new Client({ rest, gateway: ws } satisfies ClientOptions)
  const of = (t: string) => events.filter((event) => event.t === t).map(({ d }) => d)
  return { rest, api: client.api, ws, events, closed, of, resumed: () => of("RESUMED").length, sessions }
}

/** Connected, and gone with its scope. */
export const connect = (discord: Discord, options: Options = {}): Effect.Effect<RealClient, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const client = make(discord, options)
      await client.ws.connect()
      return client
    }),
    ({ ws }) => Effect.promise(async () => ws.destroy())
  ).pipe(Effect.tap((client) => discord.until(() => client.of("READY").length > 0 || client.resumed() > 0)))
