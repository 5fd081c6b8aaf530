/** Things as the API and the gateway show them. */
import { ChannelType } from "discord-api-types/v10"
import { createHmac } from "node:crypto"
import type { Attachment, Channel, Guild, Interaction, Json, Member, Message, Role, User, Webhook } from "./Model.ts"
import type { World } from "./World.ts"

const iso = (ms: number): string => new Date(ms).toISOString().replace("Z", "000+00:00")

export const user = ({ bot, globalName, id, username }: User): Json => ({
  id,
  username,
  global_name: bot ? null : globalName,
  discriminator: bot ? "0001" : "0",
  avatar: null,
  public_flags: 0,
  ...(bot && { bot: true })
})

export const role = (it: Role): Json => ({
  id: it.id,
  name: it.name,
  permissions: String(it.permissions),
  position: it.position,
  mentionable: it.mentionable,
  color: 0,
  colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
  hoist: false,
  managed: it.botId !== undefined,
  ...(it.botId !== undefined && { tags: { bot_id: it.botId } }),
  flags: 0
})

/** Without its user, as in messages. */
export const partialMember = (it: Member): Json => ({
  roles: [...it.roles],
  joined_at: iso(it.joinedAt),
  nick: it.nick,
  avatar: null,
  banner: null,
  premium_since: null,
  communication_disabled_until: null,
  deaf: false,
  mute: false,
  pending: false,
  flags: 0
})

export const member = (it: Member): Json => ({ ...partialMember(it), user: user(it.user) })

const overwrites = (it: Channel) =>
  [...it.overwrites.values()].map(({ allow, deny, id, type }) => ({
    id,
    type,
    allow: String(allow),
    deny: String(deny)
  }))

const lastMessageId = (it: Channel) => it.messages.at(-1)?.id ?? null

const thread = (it: Channel): Json => ({
  id: it.id,
  type: it.type,
  guild_id: it.guildId,
  parent_id: it.parentId,
  name: it.name,
  owner_id: it.thread!.ownerId,
  last_message_id: lastMessageId(it),
  message_count: it.messages.length,
  total_message_sent: it.messages.length,
  member_count: it.thread!.members.size,
  rate_limit_per_user: 0,
  applied_tags: it.thread!.appliedTags,
  flags: 0,
  thread_metadata: {
    archived: it.thread!.archived,
    archive_timestamp: iso(it.thread!.archivedAt),
    auto_archive_duration: it.thread!.autoArchiveMinutes,
    create_timestamp: iso(it.thread!.createdAt),
    locked: it.thread!.locked,
    ...(it.type === ChannelType.PrivateThread && { invitable: true })
  }
})

export const channel = (it: Channel): Json => {
  if (it.thread !== null) return thread(it)
  if (it.guildId === null)
    return {
      id: it.id,
      type: it.type,
      last_message_id: lastMessageId(it),
      recipients: it.recipients.filter(({ bot }) => !bot).map(user),
      flags: 0
    }
  const forum = it.type === ChannelType.GuildForum || it.type === ChannelType.GuildMedia
  return {
    id: it.id,
    type: it.type,
    guild_id: it.guildId,
    parent_id: it.parentId,
    name: it.name,
    topic: it.topic,
    position: it.position,
    nsfw: false,
    rate_limit_per_user: 0,
    last_message_id: lastMessageId(it),
    permission_overwrites: overwrites(it),
    flags: it.requireTag ? 16 : 0,
    ...(forum && {
      available_tags: it.tags.map((tag) => ({ ...tag, emoji_id: null, emoji_name: null })),
      default_reaction_emoji: null,
      default_sort_order: null,
      default_forum_layout: 0
    })
  }
}

export const guild = (it: Guild): Json => ({
  id: it.id,
  name: it.name,
  owner_id: it.ownerId,
  icon: null,
  description: null,
  splash: null,
  banner: null,
  features: ["COMMUNITY"],
  preferred_locale: it.locale,
  afk_timeout: 300,
  afk_channel_id: null,
  system_channel_id: null,
  rules_channel_id: null,
  verification_level: 1,
  default_message_notifications: 1,
  explicit_content_filter: 2,
  mfa_level: 0,
  nsfw_level: 0,
  premium_tier: 0,
  premium_subscription_count: 0,
  max_members: 500_000,
  vanity_url_code: null,
  system_channel_flags: 0,
  roles: [...it.roles.values()].map(role),
  emojis: [],
  stickers: []
})

/** As in GUILD_CREATE: with its channels, the threads that are alive and visible, and the bot among its members. */
export const wholeGuild = (world: World, it: Guild): Json => ({
  ...guild(it),
  joined_at: iso(it.members.get(world.bot.id)!.joinedAt),
  large: it.members.size > 50,
  unavailable: false,
  member_count: it.members.size,
  members: [member(it.members.get(world.bot.id)!)],
  channels: [...it.channels.values()].map((one) => ({ ...channel(one), guild_id: undefined })),
  threads: [...it.threads.values()].filter((one) => !one.thread!.archived && world.sees(one)).map(channel),
  presences: [],
  voice_states: [],
  stage_instances: [],
  guild_scheduled_events: [],
  soundboard_sounds: []
})

const linkLife = 24 * 3600 * 1000

/** A link to a file: signed, and of no use a day later. */
export const signature = (path: string, expires: string, issued: string): string =>
  createHmac("sha256", "the emulator's").update(`${path}?${expires}&${issued}`).digest("hex")

export const link = (world: World, it: Attachment): string => {
  const path = `/attachments/${it.channelId}/${it.id}/${encodeURIComponent(it.file.name)}`
  const issued = Math.floor(world.clock.now() / 1000).toString(16)
  const expires = Math.floor((world.clock.now() + linkLife) / 1000).toString(16)
  return `${world.media}${path}?ex=${expires}&is=${issued}&hm=${signature(path, expires, issued)}&`
}

const attachment = (world: World, it: Attachment): Json => ({
  id: it.id,
  filename: it.file.name,
  size: it.file.size,
  content_type: it.file.type,
  url: link(world, it),
  proxy_url: link(world, it),
  ...(it.description !== null && { description: it.description })
})

export const emoji = (key: string): Json => {
  const [name, id] = key.split(":")
  return { id: id ?? null, name }
}

const reactions = (world: World, it: Message) =>
  [...it.reactions].map(([key, users]) => ({
    emoji: emoji(key),
    count: users.size,
    count_details: { normal: users.size, burst: 0 },
    me: users.has(world.bot.id),
    me_burst: false,
    burst_colors: []
  }))

/** Whether the bot may read it without the message content intent. */
const readableAnyway = (world: World, it: Message) =>
  it.author.id === world.bot.id ||
  it.applicationId === world.bot.id ||
  world.channels.get(it.channelId)?.guildId === null ||
  it.mentions.some(({ id }) => id === world.bot.id)

const interactionMetadata = (it: Interaction): Json => ({
  id: it.id,
  type: it.type,
  user: user(it.user),
  authorizing_integration_owners: it.guildId === null ? {} : { "0": it.guildId },
  ...(it.type === 2 && { name: it.data["name"] })
})

const reference = (world: World, it: Message) =>
  it.reference !== null && {
    message_reference: {
      type: it.reference.type,
      channel_id: it.reference.channelId,
      message_id: it.reference.messageId,
      ...(world.channels.get(it.reference.channelId)?.guildId && {
        guild_id: world.channels.get(it.reference.channelId)!.guildId
      })
    }
  }

/** A message as the API shows it: `content` false leaves out what takes the message content intent. */
export const message = (world: World, it: Message, content: boolean, nested = false): Json => {
  const readable = content || readableAnyway(world, it)
  const referenced = it.reference?.type === 0 ? world.messages.get(it.reference.messageId) : undefined
  const threadOf = it.threadId === null ? undefined : world.channels.get(it.threadId)
  return {
    id: it.id,
    channel_id: it.channelId,
    type: it.type,
    author: user(it.author),
    content: readable ? it.content : "",
    timestamp: iso(timestamp(it)),
    edited_timestamp: it.editedAt === null ? null : iso(it.editedAt),
    tts: false,
    mention_everyone: it.mentionEveryone,
    mentions: it.mentions.map(user),
    mention_roles: it.mentionRoles,
    attachments: readable ? it.attachments.map((one) => attachment(world, one)) : [],
    embeds: readable ? it.embeds.map((embed) => ({ type: "rich", ...embed })) : [],
    components: readable ? it.components : [],
    pinned: it.pinned,
    flags: it.flags,
    ...(it.reactions.size > 0 && { reactions: reactions(world, it) }),
    ...(it.webhookId !== null && { webhook_id: it.webhookId }),
    ...(it.applicationId !== null && { application_id: it.applicationId }),
    ...(it.interaction !== null && { interaction_metadata: interactionMetadata(it.interaction) }),
    ...reference(world, it),
    ...(it.snapshot !== null && { message_snapshots: [{ message: message(world, it.snapshot, content, true) }] }),
    ...(it.reference?.type === 0 &&
      it.type === 19 &&
      !nested && { referenced_message: referenced === undefined ? null : message(world, referenced, content, true) }),
    ...(threadOf !== undefined && !nested && { thread: channel(threadOf) })
  }
}

const timestamp = (it: Message) => Number(BigInt(it.id) >> 22n) + 1_420_070_400_000

/** As in MESSAGE_CREATE and MESSAGE_UPDATE. */
export const messageEvent = (world: World, it: Message, content: boolean): Json => {
  const at = world.channels.get(it.channelId)!
  const who = at.guildId === null ? undefined : world.guilds.get(at.guildId)?.members.get(it.author.id)
  return {
    ...message(world, it, content),
    ...(it.nonce !== null && { nonce: it.nonce }),
    channel_type: at.type,
    ...(at.guildId !== null && { guild_id: at.guildId }),
    ...(who !== undefined && it.webhookId === null && { member: partialMember(who) })
  }
}

export const webhook = (world: World, it: Webhook): Json => ({
  id: it.id,
  type: 1,
  name: it.name,
  token: it.token,
  channel_id: it.channelId,
  guild_id: it.guildId,
  application_id: it.owner.bot ? world.bot.id : null,
  avatar: null,
  user: user(it.owner)
})
