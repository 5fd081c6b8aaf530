/** Everything there is, and how everybody hears of a change. */
import { ChannelType, type GatewayDispatchEvents } from "discord-api-types/v10"
import { randomBytes } from "node:crypto"
import { Clock } from "./Clock.ts"
import type { Call, Channel, Guild, HasId, Interaction, Json, Message, User, Webhook } from "./Model.ts"
import * as Permissions from "./Permissions.ts"
import * as Render from "./Render.ts"
import * as Refusal from "./Refusal.ts"

/** Something that is sent to the sessions that may know of it. */
export interface Happened {
  readonly name: `${GatewayDispatchEvents}`
  readonly guildId: string | null
  /** Only sessions of a bot that sees this channel hear of it. */
  readonly seenIn?: Channel
  /** Whom it is about, for the events that a bot always hears of itself. */
  readonly userId?: string
  /** As it is for a session with and without the message content intent. */
  readonly data: (content: boolean) => Json
}

/** What the developer portal knows of the application. */
export interface Application {
  readonly token: string
  readonly bot: User
  messageContent: boolean
  guildMembers: boolean
  presences: boolean
}

export class World {
  readonly clock = new Clock()
  readonly users = new Map<string, User>()
  readonly guilds = new Map<string, Guild>()
  readonly channels = new Map<string, Channel>()
  readonly messages = new Map<string, Message>()
  readonly webhooks = new Map<string, Webhook>()
  readonly interactions = new Map<string, Interaction>()
  /** Bodies of registered commands by server; the global ones by "". */
  readonly commands = new Map<string, Map<string, Json>>()
  readonly calls: Array<Call> = []
  readonly application: Application
  /** Address of the media host. */
  media = ""
  readonly #hears = new Set<(happened: Happened) => void>()
  readonly #watches = new Set<() => void>()
  #told = false

  constructor(application: Omit<Application, "token" | "bot"> & { readonly token?: string; readonly name: string }) {
    const bot = { id: this.clock.id(), username: application.name, globalName: application.name, bot: true }
    this.users.set(bot.id, bot)
    const token = application.token ?? `${Buffer.from(bot.id).toString("base64url")}.Emulat.${"x".repeat(38)}`
    this.application = { ...application, token, bot }
  }

  get bot(): User {
    return this.application.bot
  }

  emit(happened: Happened): void {
    for (const hear of this.#hears) hear(happened)
    this.changed()
  }

  onEvent(hear: (happened: Happened) => void): () => void {
    this.#hears.add(hear)
    return () => this.#hears.delete(hear)
  }

  /** Tells those who wait that something is different; many changes at once are told once. */
  changed(): void {
    if (this.#told || this.#watches.size === 0) return
    this.#told = true
    setImmediate(() => {
      this.#told = false
      for (const watch of this.#watches) watch()
    })
  }

  onChange(watch: () => void): () => void {
    this.#watches.add(watch)
    return () => this.#watches.delete(watch)
  }

  channel(id: string): Channel {
    const channel = this.channels.get(id)
    if (channel === undefined) throw Refusal.unknownChannel()
    return channel
  }

  guild(id: string): Guild {
    const guild = this.guilds.get(id)
    if (guild === undefined || !guild.members.has(this.bot.id)) throw Refusal.unknownGuild()
    return guild
  }

  message(channelId: string, id: string): Message {
    const message = this.messages.get(id)
    if (message?.channelId !== channelId) throw Refusal.unknownMessage()
    return message
  }

  /** What a user may do in a channel; in a direct message of theirs, everything. */
  permissions(channel: Channel, user: HasId): bigint {
    const guild = channel.guildId === null ? undefined : this.guilds.get(channel.guildId)
    if (guild !== undefined) return Permissions.ofChannel(guild, channel, user.id)
    return channel.recipients.some(({ id }) => id === user.id) ? Permissions.all : 0n
  }

  sees(channel: Channel, user: HasId = this.bot): boolean {
    return Permissions.has(this.permissions(channel, user), "ViewChannel")
  }

  /** Refuses with 50001 what is not seen and with 50013 what is not permitted. */
  require(channel: Channel, ...names: ReadonlyArray<Permissions.Permission>): void {
    const held = this.permissions(channel, this.bot)
    if (!Permissions.has(held, "ViewChannel")) throw Refusal.missingAccess()
    if (!names.every((name) => Permissions.has(held, name))) throw Refusal.missingPermissions()
  }

  /** Takes a channel, its threads and all their messages away; nothing is said of each message. */
  removeChannel(channel: Channel): void {
    this.emit({ name: "CHANNEL_DELETE", guildId: channel.guildId, data: () => Render.channel(channel) })
    const guild = this.guilds.get(channel.guildId ?? "")
    guild?.channels.delete(channel.id)
    const threads = [...(guild?.threads.values() ?? [])].filter(({ parentId }) => parentId === channel.id)
    for (const each of [channel, ...threads]) {
      guild?.threads.delete(each.id)
      this.forgetChannel(each)
    }
  }

  /** Takes a channel and its messages away without a word. */
  forgetChannel(channel: Channel): void {
    this.channels.delete(channel.id)
    for (const message of channel.messages) {
      message.deleted = true
      this.messages.delete(message.id)
    }
    channel.messages.length = 0
    this.changed()
  }

  newWebhook(channel: Channel, name: string, owner: User): Webhook {
    const token = randomBytes(51).toString("base64url")
    const webhook = { id: this.clock.id(), token, channelId: channel.id, guildId: channel.guildId!, owner, name }
    this.webhooks.set(webhook.id, webhook)
    return webhook
  }

  /** The direct message of the bot with somebody, opened when it is not. */
  direct(user: User): Channel {
    for (const channel of this.channels.values())
      if (channel.type === ChannelType.DM && channel.recipients.some(({ id }) => id === user.id)) return channel
    const channel = newChannel({ id: this.clock.id(), type: ChannelType.DM, recipients: [user, this.bot], name: "" })
    this.channels.set(channel.id, channel)
    return channel
  }
}

export const newChannel = (of: Pick<Channel, "id" | "type" | "name"> & Partial<Channel>): Channel => ({
  guildId: null,
  parentId: null,
  overwrites: new Map(),
  messages: [],
  recipients: [],
  tags: [],
  thread: null,
  requireTag: false,
  topic: null,
  position: 0,
  ...of
})
