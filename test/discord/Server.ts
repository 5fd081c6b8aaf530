/** A server of this Discord and its channels, in the words of a test. */
import { ChannelType } from "discord-api-types/v10"
import type { Channel, Guild, HasId, Member, Message, Role } from "./Model.ts"
import * as Permissions from "./Permissions.ts"
import type { Person } from "./Person.ts"
import * as Render from "./Render.ts"
import * as Threads from "./Threads.ts"
import { newChannel, type World } from "./World.ts"

export interface ServerOptions {
  readonly name?: string
  readonly owner: HasId & Pick<Person, "user">
  readonly members?: ReadonlyArray<HasId & Pick<Person, "user">>
  /** What the bot's own role allows, beyond what everyone may. */
  readonly bot?: ReadonlyArray<Permissions.Permission>
  readonly locale?: string
}

export interface ChannelOptions {
  readonly topic?: string
  /** Only these people or roles see it, and the bot unless it is left out by `hiddenFromBot`. */
  readonly private?: ReadonlyArray<HasId>
  readonly hiddenFromBot?: boolean
  readonly type?: ChannelType
  readonly tags?: ReadonlyArray<string>
  readonly requireTag?: boolean
  readonly parent?: HasId
}

export interface RoleOptions {
  readonly permissions?: ReadonlyArray<Permissions.Permission>
  readonly mentionable?: boolean
  readonly botId?: string
}

export class Server {
  readonly id: string
  readonly guild: Guild
  readonly #world: World

  constructor(world: World, { bot = [], locale = "en-US", members = [], name = "A server", owner }: ServerOptions) {
    this.#world = world
    this.id = world.clock.guildId()
    const everyone: Role = {
      id: this.id,
      name: "@everyone",
      permissions: Permissions.ordinary,
      position: 0,
      mentionable: false
    }
    this.guild = {
      id: this.id,
      name,
      ownerId: owner.id,
      roles: new Map([[this.id, everyone]]),
      members: new Map(),
      channels: new Map(),
      threads: new Map(),
      available: true,
      locale
    }
    this.#enter(owner.user)
    for (const member of members) this.#enter(member.user)
    const own = this.#makeRole(world.bot.username, { permissions: bot, botId: world.bot.id })
    this.#enter(world.bot).roles.add(own.id)
    world.guilds.set(this.id, this.guild)
    this.#tell("GUILD_CREATE", () => Render.wholeGuild(world, this.guild))
  }

  #tell(
    name:
      | "GUILD_CREATE"
      | "GUILD_DELETE"
      | "GUILD_UPDATE"
      | "GUILD_MEMBER_ADD"
      | "GUILD_MEMBER_UPDATE"
      | "GUILD_MEMBER_REMOVE"
      | "GUILD_ROLE_CREATE"
      | "GUILD_ROLE_UPDATE"
      | "GUILD_ROLE_DELETE"
      | "CHANNEL_CREATE"
      | "CHANNEL_UPDATE",
    data: () => Record<string, unknown>,
    userId?: string
  ) {
    this.#world.emit({ name, guildId: this.id, data, ...(userId !== undefined && { userId }) })
  }

  #enter(user: Member["user"]): Member {
    const member = { user, roles: new Set<string>(), joinedAt: this.#world.clock.now(), nick: null }
    this.guild.members.set(user.id, member)
    return member
  }

  #makeRole(name: string, { botId, mentionable = false, permissions = [] }: RoleOptions): Role {
    const role: Role = {
      id: this.#world.clock.id(),
      name,
      permissions: Permissions.bits(permissions),
      position: this.guild.roles.size,
      mentionable,
      ...(botId !== undefined && { botId })
    }
    this.guild.roles.set(role.id, role)
    return role
  }

  /** A channel; of text unless another type is asked for. */
  channel(name: string, options: ChannelOptions = {}): Place {
    const channel = newChannel({
      id: this.#world.clock.id(),
      type: options.type ?? ChannelType.GuildText,
      name,
      guildId: this.id,
      parentId: options.parent?.id ?? null,
      topic: options.topic ?? null,
      position: this.guild.channels.size,
      requireTag: options.requireTag ?? false,
      tags: (options.tags ?? []).map((tag) => ({ id: this.#world.clock.id(), name: tag, moderated: false }))
    })
    this.guild.channels.set(channel.id, channel)
    this.#world.channels.set(channel.id, channel)
    const place = new Place(this.#world, channel)
    const seenBy = options.private ?? (options.hiddenFromBot === true ? [] : undefined)
    if (seenBy !== undefined) place.restrict(options.hiddenFromBot === true ? seenBy : [...seenBy, this.#world.bot])
    if (options.hiddenFromBot === true && options.private === undefined) place.hide(this.#world.bot)
    this.#tell("CHANNEL_CREATE", () => Render.channel(channel))
    return place
  }

  /** A forum, whose posts are threads. */
  forum(name: string, options: ChannelOptions = {}): Place {
    return this.channel(name, { type: ChannelType.GuildForum, ...options })
  }

  role(
    name: string,
    options: {
      readonly permissions?: ReadonlyArray<Permissions.Permission>
      readonly mentionable?: boolean
      readonly of?: ReadonlyArray<HasId>
    } = {}
  ): Role {
    const role = this.#makeRole(name, options)
    this.#tell("GUILD_ROLE_CREATE", () => ({ guild_id: this.id, role: Render.role(role) }))
    for (const person of options.of ?? []) this.give(person, role)
    return role
  }

  /** Changes what a role allows in the whole server; `everyone` is the role with the server's id. */
  permit(role: HasId, permissions: ReadonlyArray<Permissions.Permission>): void {
    const found = this.guild.roles.get(role.id)!
    found.permissions = Permissions.bits(permissions)
    this.#tell("GUILD_ROLE_UPDATE", () => ({ guild_id: this.id, role: Render.role(found) }))
  }

  removeRole(role: HasId): void {
    this.guild.roles.delete(role.id)
    for (const member of this.guild.members.values()) member.roles.delete(role.id)
    this.#tell("GUILD_ROLE_DELETE", () => ({ guild_id: this.id, role_id: role.id }))
  }

  give(person: HasId, role: HasId): void {
    this.#roles(person, (roles) => roles.add(role.id))
  }

  take(person: HasId, role: HasId): void {
    this.#roles(person, (roles) => roles.delete(role.id))
  }

  #roles({ id }: HasId, change: (roles: Set<string>) => void) {
    const member = this.guild.members.get(id)!
    change(member.roles)
    this.#tell("GUILD_MEMBER_UPDATE", () => ({ guild_id: this.id, ...Render.member(member) }), id)
  }

  join(...people: ReadonlyArray<Pick<Person, "user">>): void {
    for (const { user } of people) {
      const member = this.#enter(user)
      this.#tell("GUILD_MEMBER_ADD", () => ({ guild_id: this.id, ...Render.member(member) }), user.id)
    }
  }

  leave(person: Pick<Person, "user">): void {
    this.guild.members.delete(person.user.id)
    this.#tell("GUILD_MEMBER_REMOVE", () => ({ guild_id: this.id, user: Render.user(person.user) }), person.user.id)
  }

  /** Removes the bot from the server. */
  removeBot(): void {
    this.#tell("GUILD_DELETE", () => ({ id: this.id }))
    this.guild.members.delete(this.#world.bot.id)
  }

  /** Lets it be unavailable, as in an outage, or come back. */
  outage(over = false): void {
    this.guild.available = over
    if (over) this.#tell("GUILD_CREATE", () => Render.wholeGuild(this.#world, this.guild))
    else this.#tell("GUILD_DELETE", () => ({ id: this.id, unavailable: true }))
  }
}

/** A channel of a server. */
export class Place {
  readonly id: string
  readonly channel: Channel
  readonly #world: World

  constructor(world: World, channel: Channel) {
    this.#world = world
    this.channel = channel
    this.id = channel.id
  }

  get name(): string {
    return this.channel.name
  }

  get messages(): ReadonlyArray<Message> {
    return this.channel.messages
  }

  allow(who: HasId, ...names: ReadonlyArray<Permissions.Permission>): void {
    this.#overwrite(who, Permissions.bits(names), 0n)
  }

  deny(who: HasId, ...names: ReadonlyArray<Permissions.Permission>): void {
    this.#overwrite(who, 0n, Permissions.bits(names))
  }

  hide(who: HasId): void {
    this.deny(who, "ViewChannel")
  }

  /** Leaves it to these people and roles. */
  restrict(to: ReadonlyArray<HasId>): void {
    this.deny({ id: this.channel.guildId! }, "ViewChannel")
    for (const who of to) this.allow(who, "ViewChannel")
  }

  #overwrite({ id }: HasId, allow: bigint, deny: bigint) {
    const guild = this.#world.guilds.get(this.channel.guildId!)!
    const saw = this.#world.sees(this.channel)
    const before = this.channel.overwrites.get(id) ?? { id, type: guild.roles.has(id) ? 0 : 1, allow: 0n, deny: 0n }
    this.channel.overwrites.set(id, {
      ...before,
      allow: (before.allow | allow) & ~deny,
      deny: (before.deny | deny) & ~allow
    })
    this.#world.emit({ name: "CHANNEL_UPDATE", guildId: guild.id, data: () => Render.channel(this.channel) })
    if (!saw && this.#world.sees(this.channel)) this.#syncThreads(guild)
  }

  #syncThreads(guild: Guild) {
    const threads = [...guild.threads.values()].filter((one) => one.parentId === this.id && !one.thread!.archived)
    const data = { guild_id: guild.id, channel_ids: [this.id], threads: threads.map(Render.channel), members: [] }
    this.#world.emit({ name: "THREAD_LIST_SYNC", guildId: guild.id, data: () => data })
  }

  /** A webhook somebody made here; its address is what another program posts to. */
  webhook(name: string, owner: Pick<Person, "user">): { readonly id: string; readonly token: string } {
    return this.#world.newWebhook(this.channel, name, owner.user)
  }

  remove(): void {
    if (this.channel.thread === null) this.#world.removeChannel(this.channel)
    else Threads.remove(this.#world, this.channel)
  }

  /** Of threads. */
  archive(archived = true): void {
    Threads.change(this.#world, this.channel, { archived })
  }

  lock(locked = true): void {
    Threads.change(this.#world, this.channel, { locked, archived: locked })
  }
}
