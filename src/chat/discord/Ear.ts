/** Discord → what was heard: dispatches become events and questions, and what was said while nobody listened is read. */
import type { SessionInfo } from "@discordjs/ws"
import {
  type APIInteraction,
  type APIMessage,
  GatewayDispatchEvents,
  type GatewayDispatchPayload,
  type GatewayMessageReactionAddDispatchData,
  type GatewayMessageReactionRemoveDispatchData,
  type GatewayReadyDispatchData,
  Routes
} from "discord-api-types/v10"
import { Clock, Effect, Metric } from "effect"
import type { ChatEvent } from "../../domain/ChatMessage.ts"
import type { QueryContext } from "../../domain/Question.ts"
import type { ChatError, Heard } from "../Chat.ts"
import type { Cursor, DiscordState, Progress } from "./DiscordState.ts"
import type { Dispatch } from "./Gateway.ts"
import * as Guilds from "./Guilds.ts"
import * as Hearing from "./Hearing.ts"
import type { Known } from "./Known.ts"
import type { Rest, RestError } from "./Rest.ts"
import type { Switches } from "./Switches.ts"

export interface Options {
  readonly rest: Rest
  readonly state: DiscordState
  readonly guilds: Guilds.Guilds
  readonly known: Known
  readonly switches: Switches
  readonly selfId: string
  /** Nobody has listened before, so that nothing was missed. */
  readonly isFirst: boolean
  /** Without the intent, only what is meant for the bot has words. */
  readonly readsContent: boolean
  /** Told of a server of which something may have been missed, once its channels are known. */
  readonly missed: (gap: Gap) => void
  /** Nobody listened until now: what became of older messages meanwhile is never told. */
  readonly wasAway: Effect.Effect<void, ChatError>
  readonly solutions: {
    /** `null`: nothing says that a message is a solution. */
    readonly emoji: string | null
    readonly trusted: ReadonlySet<string>
    readonly accept: (messageId: string) => Effect.Effect<void, ChatError>
    readonly withdraw: (messageId: string) => Effect.Effect<void, ChatError>
  }
  /** What a command or a button asks. */
  readonly hearInteraction: (interaction: APIInteraction) => Effect.Effect<ReadonlyArray<Heard>, ChatError | RestError>
}

/** What may have been missed of a server when a session began anew; each such session leaves a gap of its own. */
export interface Gap {
  readonly serverId: string
  /** Counts the sessions that began anew. */
  readonly session: number
}

const malformedTotal = Metric.counter("rtfm_discord_malformed_total", {
  description: "Events of Discord that could not be understood and were skipped",
  incremental: true
})

const questionMarks: ReadonlySet<string | null> = new Set(["❓", "❔"])

/** Messages before a question that are read to understand it. */
const before = 6
/** A question that was asked while nobody listened is answered for so long. */
const stillAsked = 24 * 3600 * 1000
/** What is said at the same time may arrive in another order. */
const slack = 60_000

/** A clock of this machine may be behind Discord's. */
const clockSlack = 3600_000

const nothing: ReadonlyArray<Heard> = []

/** To be done before anything can be heard: what is said from now on is not lost, whenever the process ends. */
export const begin = Effect.fnUntraced(function* (state: DiscordState) {
  const isFirst = (yield* state.seenAt) === undefined
  if (isFirst) yield* state.setFact("seen-at", String((yield* Clock.currentTimeMillis) - slack))
  return { isFirst }
})

export const make = ({
  guilds,
  known,
  missed,
  hearInteraction,
  isFirst,
  readsContent,
  rest,
  selfId,
  solutions,
  state,
  switches,
  wasAway
}: Options) => {
  /** The newest message of each channel in what was heard and is not confirmed yet. */
  let newest = new Map<string, Cursor>()
  let newestAt = 0
  /** The gaps that are still being read; the cursors of these servers stay where they are. */
  const behind = new Map<string, Gap>()
  let begun = 0
  /** Shards that have had a session. */
  const met = new Set<number>()

  const note = ({ channel_id, id }: Pick<Hearing.Message, "channel_id" | "id">, serverId: string) => {
    const known = newest.get(channel_id)
    if (known === undefined || Hearing.isAfter(id, known.messageId))
      newest.set(channel_id, { channelId: channel_id, serverId, messageId: id })
    newestAt = Math.max(newestAt, Hearing.timeOf(id))
  }

  /** What was said where a question is asked. Best effort: a question without it is still one. */
  const contextOf = Effect.fnUntraced(
    function* (message: Hearing.Message, channel: Guilds.Channel | undefined) {
      const history = yield* rest.call<ReadonlyArray<APIMessage>>("read what was said before", {
        method: "get",
        route: Routes.channelMessages(message.channel_id),
        query: { before: message.id, limit: String(before) },
        retries: 0,
        deadline: "3 seconds"
      })
      const said = history.filter((it) => Hearing.isSpoken(it) && it.id !== message.referenced_message?.id).toReversed()
      const last = message.referenced_message == null ? [] : [message.referenced_message]
      const context: QueryContext = {
        ...(channel !== undefined && Guilds.isThread(channel) && channel.name !== "" && { title: channel.name }),
        before: [...said, ...last].map((it) => ({
          id: it.id,
          name: Hearing.nameOf(it.author),
          bot: it.author.bot === true,
          text: Hearing.textOf(it, selfId)
        }))
      }
      return context
    },
    Effect.orElseSucceed(() => undefined)
  )

  const repliesToAnswer = Effect.fnUntraced(function* ({ message_reference, referenced_message }: Hearing.Message) {
    if (referenced_message?.author.id !== selfId || message_reference?.message_id === undefined) return false
    return (yield* state.replyOf(message_reference.message_id)) !== undefined
  })

  const questionOf = Effect.fnUntraced(function* (
    message: Hearing.Message,
    spot: Guilds.Spot,
    channel: Guilds.Channel | undefined
  ) {
    const trigger = Hearing.triggerOf(message, {
      selfId,
      direct: spot.serverId === Hearing.directServer,
      repliesToAnswer: yield* repliesToAnswer(message),
      inOwnThread: channel !== undefined && Guilds.isThread(channel) && channel.ownerId === selfId,
      automatic: channel !== undefined && isAutomatic(message, channel)
    })
    if (trigger === undefined) return undefined
    const alone = trigger === "mention" || trigger === "command"
    const inThread = channel !== undefined && Guilds.isThread(channel)
    const wanted = !alone || inThread || message.referenced_message != null
    const context = wanted ? yield* contextOf(message, channel) : undefined
    return Hearing.queryOf(message, spot, selfId, { trigger, context })
  })

  /** In a forum only the post itself is a question, not what is said about it. */
  const isAutomatic = (message: Hearing.Message, channel: Guilds.Channel): boolean => {
    const parent = guilds.channel(channel.parentId ?? "")
    if (switches.modeOf(channel, parent) !== "automatic") return false
    return !Guilds.isThread(channel) || (message.id === channel.id && parent !== undefined && Guilds.isForum(parent))
  }

  const hearDirect = Effect.fnUntraced(function* (message: Hearing.Message) {
    const spot = { serverId: Hearing.directServer, channelId: message.channel_id }
    const query = yield* questionOf(message, spot, undefined)
    return query === undefined ? nothing : [{ query }]
  })

  /** Nothing around it could make it a question, so nothing needs to be looked up. */
  const isPlain = (message: Hearing.Message, channel: Guilds.Channel): boolean =>
    message.referenced_message == null &&
    !isAutomatic(message, channel) &&
    Hearing.triggerOf(message, {
      selfId,
      direct: false,
      repliesToAnswer: false,
      inOwnThread: Guilds.isThread(channel) && channel.ownerId === selfId,
      automatic: false
    }) === undefined

  const eventOf = (type: "created" | "edited", message: Hearing.Message, spot: Guilds.Spot, asks: boolean) => {
    if (switches.optedOut(message.author.id)) return undefined
    const heard = Hearing.toChatMessage(message, spot, selfId)
    // What the bot says is an answer in the log already, where its quotes can be taken back.
    const said = message.author.id === selfId ? { ...heard, text: "" } : heard
    if (!Number.isInteger(said.createdAt) || !Number.isInteger(said.editedAt)) throw new TypeError("No time")
    return { type, message: asks && !said.mentionsBot ? { ...said, asks: true } : said } satisfies ChatEvent
  }

  const hearIn = (message: Hearing.Message, channel: Guilds.Channel): ReadonlyArray<Heard> | undefined => {
    const mode = switches.modeOf(channel, guilds.channel(channel.parentId ?? ""))
    if (mode === "off") return nothing
    if (!Hearing.isSpoken(message)) return nothing
    if (mode !== "listen" && !isPlain(message, channel)) return undefined
    const event = eventOf("created", message, guilds.spotOf(channel), false)
    return event === undefined ? nothing : [{ event }]
  }

  const hearMessage = (
    message: Hearing.Message
  ): ReadonlyArray<Heard> | Effect.Effect<ReadonlyArray<Heard>, ChatError | RestError> => {
    if (message.guild_id === undefined) return hearDirect(message)
    const channel = guilds.channel(message.channel_id)
    const heard = channel && hearIn(message, channel)
    if (heard !== undefined) return heard
    return Effect.gen(function* () {
      const channel = yield* known.channel(message.channel_id, message.guild_id)
      if (channel === undefined) return nothing
      const heard = hearIn(message, channel)
      if (heard !== undefined) return heard
      const spot = guilds.spotOf(channel)
      const query = yield* questionOf(message, spot, channel)
      const event = eventOf("created", message, spot, query !== undefined && query.automatic !== true)
      const old = Date.parse(message.timestamp) < (yield* Clock.currentTimeMillis) - stillAsked
      return [{ ...(event !== undefined && { event }), ...(query !== undefined && !old && { query }) }]
    })
  }

  const hearEdit = Effect.fnUntraced(function* (message: Hearing.Message) {
    // Without an edit's time, only a preview was added. What has no words without the intent was not emptied.
    if (message.guild_id === undefined || !message.edited_timestamp || message.author.id === selfId) return nothing
    if (!readsContent && message.content === "") return nothing
    const channel = yield* known.channel(message.channel_id, message.guild_id)
    if (channel === undefined || switches.modeOf(channel, guilds.channel(channel.parentId ?? "")) === "off")
      return nothing
    const spot = guilds.spotOf(channel)
    const asks = (yield* repliesToAnswer(message)) || (Guilds.isThread(channel) && channel.ownerId === selfId)
    const event = eventOf("edited", message, spot, asks)
    return event === undefined || !Hearing.isSpoken(message) ? nothing : [{ event }]
  })

  const hearDeletion = Effect.fnUntraced(function* (
    channelId: string,
    serverId: string | undefined,
    messageIds: ReadonlyArray<string>
  ) {
    if (messageIds.length === 0) return nothing
    // A direct message is not kept, but the question that it was is in the log for a while.
    const channel = serverId === undefined ? undefined : yield* known.channel(channelId, serverId)
    const event: ChatEvent = {
      type: "deleted",
      serverId: serverId ?? Hearing.directServer,
      channelId: channel === undefined ? channelId : guilds.spotOf(channel).channelId,
      messageIds,
      since: Math.min(...messageIds.map(Hearing.timeOf)) - clockSlack,
      at: yield* Clock.currentTimeMillis
    }
    return [{ event }]
  })

  const removed = Effect.fnUntraced(function* (spots: ReadonlyArray<Guilds.Spot>) {
    const at = yield* Clock.currentTimeMillis
    return spots.map((spot): Heard => ({ event: { type: "removed", ...spot, at } }))
  })

  /** A channel goes with the private threads in it, which are channels of their own in the log. */
  const spotsOf = (channel: Guilds.Channel): ReadonlyArray<Guilds.Spot> => {
    const within = guilds.channelsOf(channel.serverId).filter(({ parentId }) => parentId === channel.id)
    const apart = within.map(guilds.spotOf).filter(({ threadId }) => threadId === undefined)
    return [guilds.spotOf(channel), ...(Guilds.isThread(channel) ? [] : apart)]
  }

  const hearServerLeft = Effect.fnUntraced(function* (serverId: string) {
    const ids = new Set([
      ...(yield* state.cursors(serverId)).map(({ channelId }) => channelId),
      ...guilds.channelsOf(serverId).map(({ id }) => id)
    ])
    const heard = yield* removed([...ids].map((channelId) => ({ serverId, channelId })))
    yield* state.forgetServer(serverId)
    return heard
  })

  /** Whoever asked knows what solved it, and so do those the operator trusts. */
  const decidesOn = Effect.fnUntraced(function* ({
    channel_id,
    emoji,
    guild_id,
    user_id
  }: GatewayMessageReactionRemoveDispatchData) {
    if (emoji.name !== solutions.emoji || emoji.name === null || guild_id === undefined) return false
    if (solutions.trusted.has(user_id)) return true
    const channel = yield* known.channel(channel_id, guild_id)
    return channel !== undefined && Guilds.isThread(channel) && channel.ownerId === user_id
  })

  const hearReactionGone = Effect.fnUntraced(function* (reaction: GatewayMessageReactionRemoveDispatchData) {
    if (yield* decidesOn(reaction)) yield* solutions.withdraw(reaction.message_id)
    return nothing
  })
  const hearReactionsGone = (messageId: string) => Effect.as(solutions.withdraw(messageId), nothing)

  /** A question mark under a message asks for it, whoever wrote it. */
  const hearReaction = Effect.fnUntraced(function* (reaction: GatewayMessageReactionAddDispatchData) {
    const { channel_id, emoji, guild_id, member, message_id, user_id } = reaction
    if (yield* decidesOn(reaction)) yield* solutions.accept(message_id)
    if (!questionMarks.has(emoji.name) || user_id === selfId || member?.user?.bot === true || guild_id === undefined)
      return nothing
    const channel = yield* known.channel(channel_id, guild_id)
    if (channel === undefined) return nothing
    const mode = switches.modeOf(channel, guilds.channel(channel.parentId ?? ""))
    if (mode === "off" || mode === "listen") return nothing
    const message = yield* rest.call<APIMessage>("read the message under a question mark", {
      method: "get",
      route: Routes.channelMessage(channel_id, message_id)
    })
    if (message.author.bot === true) return nothing
    const context = yield* contextOf(message, channel)
    const query = Hearing.queryOf(message, guilds.spotOf(channel), selfId, { trigger: "mention", context })
    return query === undefined ? nothing : [{ query: { ...query, askedAt: yield* Clock.currentTimeMillis } }]
  })

  type Result = ReadonlyArray<Heard> | Effect.Effect<ReadonlyArray<Heard>, ChatError | RestError>

  const interpret = ({ d, t }: GatewayDispatchPayload): Result => {
    switch (t) {
      case GatewayDispatchEvents.MessageCreate:
        return hearMessage(d as Hearing.Message)
      case GatewayDispatchEvents.MessageUpdate:
        return hearEdit(d as Hearing.Message)
      case GatewayDispatchEvents.MessageDelete:
        return hearDeletion(d.channel_id, d.guild_id, [d.id])
      case GatewayDispatchEvents.MessageDeleteBulk:
        return hearDeletion(d.channel_id, d.guild_id, d.ids)
      case GatewayDispatchEvents.MessageReactionAdd:
        return hearReaction(d)
      case GatewayDispatchEvents.MessageReactionRemove:
        return hearReactionGone(d)
      case GatewayDispatchEvents.MessageReactionRemoveAll:
        return hearReactionsGone(d.message_id)
      case GatewayDispatchEvents.MessageReactionRemoveEmoji:
        return d.emoji.name === solutions.emoji ? hearReactionsGone(d.message_id) : nothing
      case GatewayDispatchEvents.ChannelDelete: {
        const channel = guilds.channel(d.id)
        if (!("guild_id" in d) || d.guild_id === undefined) return nothing
        return removed(channel === undefined ? [{ serverId: d.guild_id, channelId: d.id }] : spotsOf(channel))
      }
      case GatewayDispatchEvents.ThreadDelete: {
        const { guild_id: serverId, id, parent_id: parentId } = d
        const channel = guilds.channel(id)
        if (channel !== undefined) return removed([guilds.spotOf(channel)])
        // Whether it was private is not known: it goes either way.
        const spots = [
          { serverId, channelId: id },
          ...(parentId ? [{ serverId, channelId: parentId, threadId: id }] : [])
        ]
        return removed(spots)
      }
      case GatewayDispatchEvents.GuildDelete:
        return d.unavailable === true ? nothing : hearServerLeft(d.id)
      case GatewayDispatchEvents.InteractionCreate:
        return hearInteraction(d)
      default:
        return nothing
    }
  }

  const skip = (t: string, cause: unknown) =>
    Effect.logWarning(`an event of Discord (${t}) could not be understood and is skipped: ${String(cause)}`).pipe(
      Effect.andThen(Metric.update(malformedTotal, 1)),
      Effect.as(nothing)
    )

  /** What passes by itself stops the listener, which comes back to it; what never will is skipped. */
  const settle = (payload: GatewayDispatchPayload) =>
    Effect.suspend((): Effect.Effect<ReadonlyArray<Heard>, ChatError | RestError> => {
      const result = interpret(payload)
      return Array.isArray(result)
        ? Effect.succeed(result as ReadonlyArray<Heard>)
        : (result as Effect.Effect<ReadonlyArray<Heard>, ChatError | RestError>)
    }).pipe(
      Effect.catchIf(
        (error) =>
          error._tag === "RestError" &&
          error.reason !== "unreachable" &&
          error.reason !== "limited" &&
          error.reason !== "unauthorized",
        (error) => skip(payload.t, error.detail)
      ),
      Effect.catchDefect((defect) => skip(payload.t, defect))
    )

  const take = Effect.fnUntraced(function* (dispatches: ReadonlyArray<Dispatch>) {
    const heard: Array<Heard> = []
    const sessions = new Map<number, SessionInfo>()
    for (const { payload, session, shardId } of dispatches) {
      if (payload.t === GatewayDispatchEvents.Ready) yield* beginAnew(shardId, payload.d)
      // What goes must be known while it is interpreted, so what is told of it is taken in afterwards.
      const result = isPlainCreate(payload) ?? (yield* settle(payload))
      for (const each of result) heard.push(each)
      if (isMessage(payload)) noteIn(payload)
      else yield* applied(payload)
      if (session !== null) sessions.set(shardId, session)
    }
    const progress: Progress = {
      sessions: behind.size === 0 ? [...sessions.values()] : [],
      cursors: [...newest.values()].filter(({ serverId }) => !behind.has(serverId)),
      ...(newestAt > 0 && behind.size === 0 && { seenAt: newestAt - slack })
    }
    newest = new Map()
    return { heard, progress }
  })

  /** A new session: what happened since the last one is missed, and the session is none to resume until it is read. */
  const beginAnew = Effect.fnUntraced(function* (shardId: number, { guilds }: GatewayReadyDispatchData) {
    yield* state.forgetSession(shardId)
    const session = ++begun
    const missedNothing = isFirst && !met.has(shardId)
    met.add(shardId)
    if (missedNothing) return
    yield* wasAway
    for (const { id } of guilds) behind.set(id, { serverId: id, session })
  })

  const noteIn = ({ d }: GatewayDispatchPayload) => {
    const message = d as Partial<Hearing.Message> | null
    const { channel_id, guild_id, id } = message ?? {}
    if (typeof id === "string" && /^\d+$/.test(id) && typeof channel_id === "string" && typeof guild_id === "string")
      note({ channel_id, id }, guild_id)
  }

  const isMessage = ({ t }: GatewayDispatchPayload): boolean => t === GatewayDispatchEvents.MessageCreate

  /** The way of nearly every message, without an effect for each. */
  const isPlainCreate = ({ d, t }: GatewayDispatchPayload): ReadonlyArray<Heard> | undefined => {
    if (t !== GatewayDispatchEvents.MessageCreate) return undefined
    try {
      if (d.guild_id === undefined) return undefined
      const channel = guilds.channel(d.channel_id)
      return channel && hearIn(d as Hearing.Message, channel)
    } catch {
      return undefined
    }
  }

  const applied = (payload: GatewayDispatchPayload) =>
    Effect.suspend(() => {
      guilds.apply(payload)
      const { d, t } = payload
      const gap = t === GatewayDispatchEvents.GuildCreate && guilds.has(d.id) ? behind.get(d.id) : undefined
      if (gap !== undefined) missed(gap)
      return Effect.void
    }).pipe(Effect.catchDefect((defect) => Effect.asVoid(skip(payload.t, defect))))

  return {
    /** What dispatches say, and how far the log is once it has that. */
    take,
    /** What a dispatch says that is not of a session; of servers and channels nothing is taken from it. */
    hear: settle,
    /** What a message says that was read later. */
    hearOld: (message: Hearing.Message) =>
      settle({ op: 0, s: 0, t: GatewayDispatchEvents.MessageCreate, d: message } as GatewayDispatchPayload),
    /** Another session may have begun anew meanwhile, and what it left out is not read yet. */
    caughtUp: ({ serverId, session }: Gap): void => {
      if (behind.get(serverId)?.session === session) behind.delete(serverId)
    }
  }
}

export type Ear = ReturnType<typeof make>
