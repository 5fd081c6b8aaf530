/** A Discord of our own for tests: the REST API, the gateway and the media host on real sockets of this machine. */
import { Duration, Effect, type Scope } from "effect"
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { Faults } from "./Faults.ts"
import { Gateway, type GatewayOptions } from "./Gateway.ts"
import * as Interactions from "./Interactions.ts"
import { Media } from "./Media.ts"
import type { Call, Channel, HasId, Interaction, Message } from "./Model.ts"
import { Person } from "./Person.ts"
import { type RateLimitOptions, RateLimits } from "./RateLimits.ts"
import { Rest } from "./Rest.ts"
import { routes as channelRoutes } from "./routes/ChannelRoutes.ts"
import { routes as commandRoutes } from "./routes/CommandRoutes.ts"
import { gatewayRoutes, routes as guildRoutes } from "./routes/GuildRoutes.ts"
import { routes as interactionRoutes } from "./routes/InteractionRoutes.ts"
import { routes as messageRoutes } from "./routes/MessageRoutes.ts"
import { routes as webhookRoutes } from "./routes/WebhookRoutes.ts"
import { Place, Server, type ServerOptions } from "./Server.ts"
import { World } from "./World.ts"

export interface Options {
  readonly token?: string
  /** The bot's name. */
  readonly name?: string
  /** Whether the developer portal allows the privileged intents; message content and members are allowed. */
  readonly messageContent?: boolean
  readonly guildMembers?: boolean
  readonly presences?: boolean
  readonly gateway?: Partial<GatewayOptions>
  readonly limits?: Partial<RateLimitOptions>
  /** Of the faults that happen by chance. */
  readonly seed?: number
  readonly port?: number
}

const listen = async (
  server: { listen: (port: number, host: string) => unknown; address: () => unknown },
  port: number
): Promise<number> => {
  server.listen(port, "127.0.0.1")
  await once(server as never, "listening")
  return (server.address() as AddressInfo).port
}

export class Discord {
  readonly world: World
  readonly faults: Faults
  readonly limits: RateLimits
  readonly gateway: Gateway
  readonly media: Media
  readonly #rest: Rest
  #url = ""

  private constructor({
    gateway = {},
    guildMembers = true,
    limits = {},
    messageContent = true,
    name = "rtfm",
    presences = false,
    seed = 1,
    token
  }: Options) {
    this.world = new World({ name, messageContent, guildMembers, presences, ...(token !== undefined && { token }) })
    this.faults = new Faults(seed)
    this.limits = new RateLimits(this.world.clock, limits)
    this.#rest = new Rest(this.world, this.limits, this.faults)
    this.gateway = new Gateway(this.world, this.#rest.server, gateway)
    this.media = new Media(this.world)
    this.#rest.routes = [
      ...gatewayRoutes(this.gateway),
      ...messageRoutes,
      ...channelRoutes,
      ...guildRoutes,
      ...interactionRoutes,
      ...webhookRoutes,
      ...commandRoutes
    ]
  }

  /** Starts one that lasts until `stop`. */
  static async open(options: Options = {}): Promise<Discord> {
    const discord = new Discord(options)
    const port = await listen(discord.#rest.server, options.port ?? 0)
    discord.#url = `http://127.0.0.1:${port}/api`
    discord.gateway.url = `ws://127.0.0.1:${port}`
    discord.world.media = `http://127.0.0.1:${await listen(discord.media.server, 0)}`
    return discord
  }

  /** Starts one that ends with the scope. */
  static start(options: Options = {}): Effect.Effect<Discord, never, Scope.Scope> {
    return Effect.acquireRelease(
      Effect.promise(() => Discord.open(options)),
      (discord) => Effect.promise(() => discord.stop())
    )
  }

  async stop(): Promise<void> {
    this.gateway.stop()
    for (const server of [this.#rest.server, this.media.server]) {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }

  /** The base of the API, without a version, as `DISCORD_API_URL` wants it. */
  get url(): string {
    return this.#url
  }

  get token(): string {
    return this.world.application.token
  }

  /** The settings with which the bot comes here. */
  get env(): { readonly DISCORD_TOKEN: string; readonly DISCORD_API_URL: string } {
    return { DISCORD_TOKEN: this.token, DISCORD_API_URL: this.url }
  }

  /** The bot under test; its id is the application's, too. */
  get bot(): Person {
    return new Person(this.world, this.world.bot)
  }

  /** Every request so far, the oldest first. */
  get calls(): ReadonlyArray<Call> {
    return this.world.calls
  }

  callsOf(route: string): ReadonlyArray<Call> {
    return this.calls.filter((call) => call.route === route)
  }

  user(name: string, { bot = false }: { readonly bot?: boolean } = {}): Person {
    const user = { id: this.world.clock.id(), username: name, globalName: name, bot }
    this.world.users.set(user.id, user)
    return new Person(this.world, user)
  }

  guild(options: Omit<ServerOptions, "owner"> & Partial<Pick<ServerOptions, "owner">> = {}): Server {
    return new Server(this.world, { owner: options.owner ?? this.user("owner"), ...options })
  }

  /** A channel or thread, to be looked at and changed. */
  place(channel: HasId): Place {
    return new Place(this.world, this.world.channel(channel.id))
  }

  /** What is in a channel or thread now, the oldest first; what only one person sees is not. */
  messagesIn(channel: HasId): ReadonlyArray<Message> {
    return this.world.channels.get(channel.id)?.messages ?? []
  }

  /** What the bot said there, webhooks and answers to commands included. */
  saidBy(person: HasId, channel: HasId): ReadonlyArray<Message> {
    return this.messagesIn(channel).filter(({ author }) => author.id === person.id)
  }

  threadsOf(channel: HasId): ReadonlyArray<Channel> {
    return [...this.world.channels.values()].filter(
      ({ parentId, thread }) => thread !== null && parentId === channel.id
    )
  }

  /** Whether the person who asked was told that the application did not respond. */
  failed(interaction: Interaction): boolean {
    return Interactions.failed(this.world, interaction)
  }

  /** The commands that are registered, of everywhere or of one server. */
  commands(guild?: HasId) {
    return [...(this.world.commands.get(guild?.id ?? "")?.values() ?? [])]
  }

  /** Lets time pass at once for everything that grows old here: tokens, links, limits, sessions. */
  advance(by: Duration.Input): void {
    this.world.clock.advance(Duration.toMillis(Duration.fromInputUnsafe(by)))
    this.world.changed()
  }

  /** Waits until something holds, looking again whenever anything happened; dies with `what` when it does not in time. */
  until<A>(
    holds: () => A | undefined | false | null,
    what = String(holds),
    within: Duration.Input = "60 seconds"
  ): Effect.Effect<A> {
    const waited = Effect.callback<A>((resume) => {
      const look = () => {
        const found = holds()
        if (found === undefined || found === false || found === null) return false
        resume(Effect.succeed(found))
        return true
      }
      if (look()) return
      const stop = this.world.onChange(() => look() && stop())
      return Effect.sync(stop)
    })
    return Effect.raceFirst(waited, this.#late(what, within))
  }

  /** On the machine's clock, because what is waited for happens in other programs. */
  #late(what: string, within: Duration.Input): Effect.Effect<never> {
    return Effect.callback((resume) => {
      const last = () => this.calls.slice(-8).map(({ path, method, status }) => `${method} ${path} → ${status}`)
      const fail = () =>
        resume(Effect.die(new Error(`In vain: ${what}\nThe last requests were:\n${last().join("\n")}`)))
      const timer = setTimeout(fail, Duration.toMillis(Duration.fromInputUnsafe(within)))
      return Effect.sync(() => clearTimeout(timer))
    })
  }
}
