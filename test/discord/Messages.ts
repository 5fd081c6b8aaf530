/** Messages: sent, edited, deleted, reacted to and read back, by whomever. */
import { ChannelType } from "discord-api-types/v10"
import { compareIds } from "./Clock.ts"
import * as Limits from "./Limits.ts"
import * as Mentions from "./Mentions.ts"
import type { Attachment, Channel, File, Interaction, Json, Message, User, Webhook } from "./Model.ts"
import * as Refusal from "./Refusal.ts"
import * as Render from "./Render.ts"
import type { World } from "./World.ts"

export interface Sending {
  readonly channel: Channel
  readonly author: User
  readonly body: Json
  readonly files?: ReadonlyArray<File>
  /** What the sender may do there. */
  readonly permissions: bigint
  readonly webhook?: Webhook
  readonly interaction?: Interaction
  /** The type of a system message. */
  readonly type?: number
  /** When it was said, for what was said earlier. */
  readonly at?: number
  readonly id?: string
}

const speakable: ReadonlySet<ChannelType> = new Set([
  ChannelType.GuildText,
  ChannelType.DM,
  ChannelType.GuildVoice,
  ChannelType.GuildAnnouncement,
  ChannelType.AnnouncementThread,
  ChannelType.PublicThread,
  ChannelType.PrivateThread,
  ChannelType.GuildStageVoice
])

/** Where an id is, or would be, among messages in ascending order. */
const place = (messages: ReadonlyArray<Message>, id: string): number => {
  let low = 0
  let high = messages.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareIds(messages[middle]!.id, id) < 0) low = middle + 1
    else high = middle
  }
  return low
}

const attachmentsOf = (world: World, channel: Channel, body: Json, files: ReadonlyArray<File>) =>
  files.map((file, i): Attachment => {
    const described = (body["attachments"] ?? []).find((one: Json) => Number(one["id"]) === i)
    return { id: world.clock.id(), channelId: channel.id, file, description: described?.description ?? null }
  })

/** The message that is answered, or null when it is gone and the sender does not mind. */
const referenced = (world: World, channel: Channel, given: Json | undefined): Message | null => {
  if (given === undefined || given === null) return null
  const found = world.messages.get(String(given["message_id"]))
  const type = given["type"] ?? 0
  if (found !== undefined && (type === 1 || found.channelId === channel.id)) {
    if (type === 0 && ![0, 19, 20, 23].includes(found.type))
      throw Refusal.invalid(
        ["message_reference"],
        "REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE",
        "Cannot reply to a system message"
      )
    return found
  }
  if (given["fail_if_not_exists"] === false && type === 0) return null
  throw Refusal.invalid(["message_reference"], "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
}

const isEmpty = (message: Pick<Message, "content" | "embeds" | "components" | "attachments">) =>
  message.content === "" &&
  message.embeds.length === 0 &&
  message.components.length === 0 &&
  message.attachments.length === 0

/** Sends a message: checked, stored and told to everybody who sees the channel. */
export const send = (world: World, sending: Sending): Message => {
  const { author, body, channel, files = [], interaction, webhook } = sending
  if (!speakable.has(channel.type)) throw Refusal.notATextChannel()
  Limits.checkMessage(body, files.length)
  const reference: Json | undefined = body["message_reference"]
  const replyTo = referenced(world, channel, reference)
  const forward = reference?.["type"] === 1
  const content = String(body["content"] ?? "").trim()
  const flags = Number(body["flags"] ?? 0)
  const mentioned = Mentions.read(world, {
    channel,
    author,
    content,
    replyTo: forward ? null : replyTo,
    permissions: sending.permissions,
    allowedMentions: body["allowed_mentions"],
    byDefault: webhook === undefined && interaction === undefined ? "everything" : "users"
  })
  const message: Message = {
    id: sending.id ?? world.clock.id(sending.at),
    channelId: channel.id,
    author,
    type: sending.type ?? (interaction?.type === 2 ? 20 : replyTo !== null && !forward ? 19 : 0),
    nonce: body["nonce"] ?? null,
    webhookId: webhook?.id ?? (interaction === undefined ? null : world.bot.id),
    applicationId: interaction === undefined ? null : world.bot.id,
    ephemeralFor: interaction !== undefined && (flags & Limits.ephemeral) !== 0 ? interaction.user.id : null,
    interaction: interaction ?? null,
    reference:
      (reference && {
        type: forward ? 1 : 0,
        channelId: replyTo?.channelId ?? channel.id,
        messageId: String(reference["message_id"])
      }) ||
      null,
    snapshot: forward ? replyTo : null,
    reactions: new Map(),
    content,
    editedAt: null,
    embeds: body["embeds"] ?? [],
    components: body["components"] ?? [],
    attachments: attachmentsOf(world, channel, body, files),
    ...mentioned,
    flags,
    pinned: false,
    deleted: false,
    threadId: null,
    versions: [content]
  }
  const system = ![0, 19, 20, 23].includes(message.type)
  if (isEmpty(message) && !forward && !system && (flags & Limits.thinking) === 0) throw Refusal.emptyMessage()
  store(world, channel, message)
  return message
}

/** Puts a message where it belongs; only who may see it hears of it. */
const store = (world: World, channel: Channel, message: Message) => {
  world.messages.set(message.id, message)
  if (message.ephemeralFor !== null) return world.changed()
  const at = channel.messages
  if (at.length === 0 || compareIds(at.at(-1)!.id, message.id) < 0) at.push(message)
  else at.splice(place(at, message.id), 0, message)
  tell(world, "MESSAGE_CREATE", message)
}

const tell = (world: World, name: "MESSAGE_CREATE" | "MESSAGE_UPDATE", message: Message) => {
  const channel = world.channels.get(message.channelId)!
  if (message.ephemeralFor !== null) return world.changed()
  world.emit({
    name,
    guildId: channel.guildId,
    seenIn: channel,
    data: (content) => Render.messageEvent(world, message, content)
  })
}

/** Tells everybody that a message looks different, without an edit by its author. */
export const refreshed = (world: World, message: Message): void => tell(world, "MESSAGE_UPDATE", message)

export interface Editing {
  readonly body: Json
  readonly files?: ReadonlyArray<File>
  readonly permissions: bigint
  /** Edits by a deferral's own answer leave no mark. */
  readonly silent?: boolean
}

/** Changes what the body names and leaves the rest; an edit mentions anew but notifies nobody. */
export const edit = (world: World, message: Message, { body, files = [], permissions, silent }: Editing): Message => {
  const channel = world.channel(message.channelId)
  if (channel.thread?.archived === true) throw Refusal.threadArchived()
  const kept = body["attachments"] as ReadonlyArray<Json> | undefined
  const remaining =
    kept === undefined ? message.attachments : message.attachments.filter((one) => kept.some(({ id }) => id === one.id))
  Limits.checkMessage(
    { ...body, flags: body["flags"] ?? message.flags & Limits.componentsV2 },
    remaining.length + files.length
  )
  const next = {
    content: body["content"] === undefined ? message.content : String(body["content"] ?? "").trim(),
    embeds: body["embeds"] === undefined ? message.embeds : (body["embeds"] ?? []),
    components: body["components"] === undefined ? message.components : (body["components"] ?? []),
    attachments: [...remaining, ...attachmentsOf(world, channel, body, files)],
    flags: (Number(body["flags"] ?? message.flags) & ~Limits.ephemeral) | (message.flags & Limits.ephemeral)
  }
  if (isEmpty(next)) throw Refusal.emptyMessage()
  const { pings: _, ...mentioned } = Mentions.read(world, {
    channel,
    author: message.author,
    content: next.content,
    replyTo: null,
    permissions,
    allowedMentions: body["allowed_mentions"],
    byDefault: message.webhookId === null ? "everything" : "users"
  })
  Object.assign(message, next, body["content"] === undefined ? {} : mentioned)
  message.flags &= ~Limits.thinking
  if (silent !== true) message.editedAt = world.clock.now()
  if (message.versions.at(-1) !== message.content) message.versions.push(message.content)
  tell(world, "MESSAGE_UPDATE", message)
  return message
}

const drop = (world: World, channel: Channel, message: Message) => {
  message.deleted = true
  world.messages.delete(message.id)
  const at = place(channel.messages, message.id)
  if (channel.messages[at] === message) channel.messages.splice(at, 1)
}

const guildOf = (channel: Channel) => (channel.guildId === null ? {} : { guild_id: channel.guildId })

export const remove = (world: World, message: Message): void => {
  const channel = world.channel(message.channelId)
  drop(world, channel, message)
  if (message.ephemeralFor !== null) return world.changed()
  const data = { id: message.id, channel_id: channel.id, ...guildOf(channel) }
  world.emit({ name: "MESSAGE_DELETE", guildId: channel.guildId, seenIn: channel, data: () => data })
}

/** Removes several at once; ids that are not there are passed over. */
export const removeMany = (world: World, channel: Channel, ids: ReadonlyArray<string>): void => {
  const found = ids.flatMap((id) => world.messages.get(id) ?? []).filter(({ channelId }) => channelId === channel.id)
  for (const message of found) drop(world, channel, message)
  const data = { ids: found.map(({ id }) => id), channel_id: channel.id, ...guildOf(channel) }
  world.emit({ name: "MESSAGE_DELETE_BULK", guildId: channel.guildId, seenIn: channel, data: () => data })
}

/** At most `limit` messages, the newest first. */
export const page = (channel: Channel, from: { before?: string; after?: string; around?: string }, limit: number) => {
  const all = channel.messages
  if (from.after !== undefined) {
    const at = place(all, from.after)
    const start = all[at]?.id === from.after ? at + 1 : at
    return all.slice(start, start + limit).reverse()
  }
  const end =
    from.around === undefined
      ? from.before === undefined
        ? all.length
        : place(all, from.before)
      : Math.min(all.length, place(all, from.around) + Math.ceil(limit / 2))
  return all.slice(Math.max(0, end - limit), end).reverse()
}

/** Adds or takes away a reaction. */
export const react = (world: World, message: Message, user: User, emoji: string, add: boolean): void => {
  const channel = world.channel(message.channelId)
  const users = message.reactions.get(emoji) ?? new Set()
  if (users.has(user.id) === add) return
  if (add) message.reactions.set(emoji, users.add(user.id))
  else if (users.delete(user.id) && users.size === 0) message.reactions.delete(emoji)
  const member = channel.guildId === null ? undefined : world.guilds.get(channel.guildId)?.members.get(user.id)
  const data = {
    user_id: user.id,
    channel_id: channel.id,
    message_id: message.id,
    ...guildOf(channel),
    emoji: Render.emoji(emoji),
    burst: false,
    type: 0,
    ...(add && { message_author_id: message.author.id, ...(member !== undefined && { member: Render.member(member) }) })
  }
  const name = add ? "MESSAGE_REACTION_ADD" : "MESSAGE_REACTION_REMOVE"
  world.emit({ name, guildId: channel.guildId, seenIn: channel, data: () => data })
}

export const typing = (world: World, channel: Channel, user: User): void => {
  const data = {
    channel_id: channel.id,
    ...guildOf(channel),
    user_id: user.id,
    timestamp: Math.floor(world.clock.now() / 1000)
  }
  world.emit({ name: "TYPING_START", guildId: channel.guildId, seenIn: channel, data: () => data })
}
