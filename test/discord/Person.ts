/** Somebody who uses this Discord, in the words of a test: says, edits, reacts, runs, clicks. */
import * as CommandUse from "./CommandUse.ts"
import * as Interactions from "./Interactions.ts"
import type { Channel, File, HasId, Interaction, Json, Message, User } from "./Model.ts"
import * as Messages from "./Messages.ts"
import * as Permissions from "./Permissions.ts"
import * as Render from "./Render.ts"
import * as Threads from "./Threads.ts"
import type { World } from "./World.ts"

export interface Saying {
  readonly replyTo?: HasId
  /** Whether the reply notifies the author it answers; it does unless told otherwise. */
  readonly pingsAuthor?: boolean
  readonly files?: ReadonlyArray<File>
  readonly embeds?: ReadonlyArray<Json>
  /** When it was said, for history. */
  readonly at?: number
}

const userCommand = 2
const messageCommand = 3

export class Person {
  readonly id: string
  readonly name: string
  readonly user: User
  /** The language of their client. */
  locale = "en-US"
  readonly #world: World

  constructor(world: World, user: User) {
    this.#world = world
    this.user = user
    this.id = user.id
    this.name = user.username
  }

  /** As it is written in a message that mentions them. */
  get mention(): string {
    return `<@${this.id}>`
  }

  toString(): string {
    return this.mention
  }

  /** The channel, if they may do this there; a test that lets people do what they may not is wrong. */
  #at(place: HasId, ...needed: ReadonlyArray<Permissions.Permission>): Channel {
    const channel = this.#world.channel(place.id)
    const held = this.#world.permissions(channel, this.user)
    const missing = ["ViewChannel" as const, ...needed].find((name) => !Permissions.has(held, name))
    if (missing !== undefined) throw new Error(`${this.name} has no ${missing} in #${channel.name}`)
    return channel
  }

  says(place: HasId, text: string, { at, embeds, files, pingsAuthor, replyTo }: Saying = {}): Message {
    const found = this.#world.channel(place.id)
    const channel = this.#at(place, Permissions.toSpeakIn(found))
    const permissions = this.#world.permissions(channel, this.user)
    if (channel.thread !== null) Threads.wake(this.#world, channel, this.user, permissions)
    const body = {
      content: text,
      embeds,
      ...(replyTo !== undefined && { message_reference: { message_id: replyTo.id } }),
      ...(pingsAuthor === false && {
        allowed_mentions: { parse: ["users", "roles", "everyone"], replied_user: false }
      }),
      ...(pingsAuthor !== false &&
        replyTo !== undefined && { allowed_mentions: { parse: ["users", "roles", "everyone"], replied_user: true } })
    }
    return Messages.send(this.#world, {
      channel,
      author: this.user,
      body,
      permissions,
      ...(files !== undefined && { files }),
      ...(at !== undefined && { at })
    })
  }

  /** Says something to the bot alone. */
  whispers(text: string, saying: Saying = {}): Message {
    return this.says(this.#world.direct(this.user), text, saying)
  }

  /** The direct message with the bot. */
  get direct(): Channel {
    return this.#world.direct(this.user)
  }

  edits(message: HasId, text: string): Message {
    const found = this.#own(message)
    const permissions = this.#world.permissions(this.#world.channel(found.channelId), this.user)
    return Messages.edit(this.#world, found, { body: { content: text }, permissions })
  }

  deletes(message: HasId): void {
    const found = this.#message(message)
    if (found.author.id !== this.id) this.#at({ id: found.channelId }, "ManageMessages")
    Messages.remove(this.#world, found)
  }

  /** Deletes several at once, as moderators do. */
  purges(place: HasId, messages: ReadonlyArray<HasId>): void {
    Messages.removeMany(
      this.#world,
      this.#at(place, "ManageMessages"),
      messages.map(({ id }) => id)
    )
  }

  reacts(message: HasId, emoji: string): void {
    const found = this.#message(message)
    this.#at(
      { id: found.channelId },
      "ReadMessageHistory",
      ...(found.reactions.has(emoji) ? [] : (["AddReactions"] as const))
    )
    Messages.react(this.#world, found, this.user, emoji, true)
  }

  takesBack(message: HasId, emoji: string): void {
    Messages.react(this.#world, this.#message(message), this.user, emoji, false)
  }

  types(place: HasId): void {
    Messages.typing(this.#world, this.#at(place), this.user)
  }

  /** Opens a thread, at a message or without one. */
  opensThread(place: HasId, name: string, how: { readonly from?: HasId; readonly private?: boolean } = {}): Channel {
    const parent = this.#at(place, how.private === true ? "CreatePrivateThreads" : "CreatePublicThreads")
    return Threads.open(this.#world, {
      parent,
      owner: this.user,
      name,
      ...(how.private === true && { private: true }),
      ...(how.from !== undefined && { from: this.#message(how.from) })
    })
  }

  /** Opens a post in a forum; the thread is returned, and its first message has its id. */
  posts(forum: HasId, title: string, text: string, tags: ReadonlyArray<string> = [], saying: Saying = {}): Channel {
    const parent = this.#at(forum, "SendMessages")
    const appliedTags = tags.map((name) => parent.tags.find((tag) => tag.name === name)?.id ?? name)
    const permissions = this.#world.permissions(parent, this.user)
    const opening = {
      parent,
      owner: this.user,
      name: title,
      appliedTags,
      ...(saying.at !== undefined && { at: saying.at })
    }
    return Threads.post(this.#world, opening, {
      author: this.user,
      body: { content: text },
      files: saying.files ?? [],
      permissions
    }).thread
  }

  /** Runs a slash command, such as `/ask` or `/rtfm channel`, with its options by name. */
  runs(place: HasId, command: string, options: CommandUse.Options = {}): Interaction {
    const [name, ...path] = command.replace(/^\//, "").split(" ")
    const { channel, definition } = this.#command(place, 1, name!)
    const resolved: Json = {}
    const data = {
      id: definition["id"],
      name,
      type: 1,
      options: CommandUse.options(this.#world, definition, path, options, resolved),
      ...(Object.keys(resolved).length > 0 && { resolved }),
      ...(definition["guild_id"] !== undefined && { guild_id: definition["guild_id"] })
    }
    return this.#asks(channel, 2, data)
  }

  /** What a command offers to complete what was typed into an option. */
  completes(place: HasId, command: string, option: string, typed: string): Interaction {
    const { channel, definition } = this.#command(place, 1, command.replace(/^\//, ""))
    const type = (definition["options"] ?? []).find((one: Json) => one["name"] === option)?.type
    const options = [{ name: option, type, value: typed, focused: true }]
    return this.#asks(channel, 4, { id: definition["id"], name: definition["name"], type: 1, options })
  }

  /** Chooses a command from a message's context menu. */
  usesOnMessage(message: HasId, command: string): Interaction {
    const found = this.#message(message)
    const { channel, definition } = this.#command({ id: found.channelId }, messageCommand, command)
    const resolved = { messages: { [found.id]: Render.message(this.#world, found, true) } }
    return this.#asks(channel, 2, {
      id: definition["id"],
      name: command,
      type: messageCommand,
      target_id: found.id,
      resolved
    })
  }

  /** Chooses a command from a person's context menu. */
  usesOnPerson(place: HasId, person: Person, command: string): Interaction {
    const { channel, definition } = this.#command(place, userCommand, command)
    const resolved = { users: { [person.id]: Render.user(person.user) } }
    return this.#asks(channel, 2, {
      id: definition["id"],
      name: command,
      type: userCommand,
      target_id: person.id,
      resolved
    })
  }

  /** Clicks a button of a message, which is named by its label, its emoji or its custom id. */
  clicks(message: HasId, button: string): Interaction {
    const found = this.#message(message)
    const names = ({ custom_id, emoji, label, type }: Json) =>
      type === 2 && [custom_id, label, emoji?.name].includes(button)
    const component = components(found.components).find(names)
    if (component === undefined) throw new Error(`There is no button "${button}" on: ${found.content}`)
    if (component["disabled"] === true) throw new Error(`The button "${button}" is disabled`)
    return this.#asks(
      this.#at({ id: found.channelId }),
      3,
      { custom_id: component["custom_id"], component_type: 2, id: component["id"] ?? 1 },
      found
    )
  }

  /** Chooses values of a menu of a message, which is named by its custom id. */
  chooses(message: HasId, menu: string, values: ReadonlyArray<string>): Interaction {
    const found = this.#message(message)
    const component = components(found.components).find(({ custom_id }) => custom_id === menu)
    if (component === undefined) throw new Error(`There is no menu "${menu}" on: ${found.content}`)
    return this.#asks(
      this.#at({ id: found.channelId }),
      3,
      { custom_id: menu, component_type: component["type"], values },
      found
    )
  }

  /** Fills in and sends the form that was the answer to an interaction. */
  submits(form: Interaction, fields: Readonly<Record<string, string>>): Interaction {
    if (form.modal === null) throw new Error("That interaction was not answered with a form")
    const filled = (component: Json): Json => ({
      type: component["type"],
      id: component["id"] ?? 1,
      ...(component["components"] && { components: component["components"].map(filled) }),
      ...(component["component"] && { component: filled(component["component"]) }),
      ...(component["custom_id"] && { custom_id: component["custom_id"], value: fields[component["custom_id"]] ?? "" })
    })
    const data = { custom_id: form.modal["custom_id"], components: form.modal["components"].map(filled) }
    return this.#asks(this.#at({ id: form.channelId }), 5, data, form.message ?? undefined)
  }

  #message({ id }: HasId): Message {
    const found = this.#world.messages.get(id)
    if (found === undefined) throw new Error(`There is no message ${id}`)
    if (found.ephemeralFor === null) this.#at({ id: found.channelId })
    else if (found.ephemeralFor !== this.id) throw new Error(`${this.name} does not see that message`)
    return found
  }

  #own(message: HasId): Message {
    const found = this.#message(message)
    if (found.author.id !== this.id) throw new Error(`${this.name} did not write that message`)
    return found
  }

  #asks(channel: Channel, type: number, data: Json, message?: Message): Interaction {
    return Interactions.ask(this.#world, {
      type,
      user: this.user,
      channel,
      data,
      locale: this.locale,
      ...(message && { message })
    })
  }

  #command(place: HasId, type: number, name: string) {
    const channel = this.#at(place, "UseApplicationCommands")
    return { channel, definition: CommandUse.usable(this.#world, channel, this.user, type, name) }
  }
}

const components = (of: ReadonlyArray<Json>): ReadonlyArray<Json> =>
  of.flatMap((one) => [one, ...components(one["components"] ?? []), ...(one["accessory"] ? [one["accessory"]] : [])])
