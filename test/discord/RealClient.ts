/** A bot made of Discord's own packages, as a test's opposite of the emulator. */
import { Client, type ClientOptions } from "@discordjs/core"
import { DiscordAPIError, REST, type RESTOptions } from "@discordjs/rest"
import {
  type OptionalWebSocketManagerOptions,
  type SessionInfo,
  WebSocketManager,
  WebSocketShardEvents
} from "@discordjs/ws"
import { Effect, type Scope } from "effect"
import { type APIMessage, GatewayIntentBits as I } from "discord-api-types/v10"
import { Discord, type Options as DiscordOptions } from "./Discord.ts"
import type { HasId } from "./Model.ts"

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
    // Without the five seconds between two sessions: the emulator is told to do without, too.
    buildIdentifyThrottler: async () => ({ waitForIdentify: () => Promise.resolve() }),
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

/** A server with a channel, Alice in it, and a connected client. */
export const setUp = Effect.fnUntraced(function* (options: DiscordOptions = {}, client: Options = {}) {
  const discord = yield* Discord.start({ ...options, gateway: { identifyInterval: 0, ...options.gateway } })
  const alice = discord.user("alice")
  const guild = discord.guild({ name: "Brew", members: [alice] })
  const general = guild.channel("general")
  const bot = yield* connect(discord, client)
  yield* discord.until(() => bot.of("GUILD_CREATE").length === 1)
  return { discord, alice, guild, general, bot }
})

export const post = (bot: RealClient, channel: HasId, body: Record<string, unknown>): Effect.Effect<APIMessage> =>
  Effect.promise(() => bot.api.channels.createMessage(channel.id, body as never))

/** The refusal of a request: its status and Discord's code. */
export const refusal = (request: () => Promise<unknown>): Effect.Effect<readonly [number, number | string]> =>
  Effect.promise(() =>
    request().then(
      () => Promise.reject(new Error("It was not refused")),
      (error: unknown) => {
        if (error instanceof DiscordAPIError) return [error.status, error.code] as const
        throw error
      }
    )
  )
