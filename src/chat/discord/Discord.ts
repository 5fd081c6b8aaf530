/** Discord as a place where people talk: what is heard there, and what the bot says. */
import {
  type APIApplication,
  type APIUser,
  ApplicationFlags,
  GatewayDispatchEvents,
  GatewayIntentBits,
  Routes
} from "discord-api-types/v10"
import { Config, Deferred, Effect, Option, Queue, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { Broker, type BrokerError } from "../../broker/Broker.ts"
import { bootstrapServers } from "../../broker/kafka/KafkaSettings.ts"
import type { ChatEvent } from "../../domain/ChatMessage.ts"
import { type Batch, Chat, ChatError, type ChatFatalError, type Reply } from "../Chat.ts"
import { Documents } from "../../docs/Documents.ts"
import { Feedback } from "../../knowledge/Feedback.ts"
import { Passages, type PassagesError } from "../../knowledge/Passages.ts"
import * as Preferences from "../../knowledge/Preferences.ts"
import { Solutions } from "../../knowledge/Solutions.ts"
import * as Forgetting from "../Forgetting.ts"
import * as CatchUp from "./CatchUp.ts"
import * as Commands from "./Commands.ts"
import * as DiscordSettings from "./DiscordSettings.ts"
import * as DiscordState from "./DiscordState.ts"
import { escape } from "./DiscordText.ts"
import * as Ear from "./Ear.ts"
import * as Gateway from "./Gateway.ts"
import * as Guilds from "./Guilds.ts"
import * as Hearing from "./Hearing.ts"
import * as Interactions from "./Interactions.ts"
import * as Known from "./Known.ts"
import * as Recheck from "./Recheck.ts"
import { refusedToken, withoutContent } from "./Refusals.ts"
import * as Rest from "./Rest.ts"
import * as Retention from "./Retention.ts"
import * as Switches from "./Switches.ts"
import * as Voice from "./Voice.ts"

/** Who the bot is, and what of Discord it knows. */
interface Self {
  readonly id: string
  readonly name: string
  readonly applicationId: string
  readonly readsContent: boolean
  readonly guilds: Guilds.Guilds
  readonly known: Known.Known
}

const text = new TextDecoder()

const always =
  GatewayIntentBits.Guilds |
  GatewayIntentBits.GuildMessages |
  GatewayIntentBits.GuildMessageReactions |
  GatewayIntentBits.DirectMessages

export const readsContent = (flags: number): boolean =>
  (flags & (ApplicationFlags.GatewayMessageContent | ApplicationFlags.GatewayMessageContentLimited)) !== 0

const reasons: Record<Rest.RestError["reason"], ChatError["reason"]> = {
  unauthorized: "unreachable",
  unreachable: "unreachable",
  limited: "limited",
  "unknown-channel": "unknown-channel",
  "unknown-message": "invalid",
  forbidden: "forbidden",
  expired: "invalid",
  invalid: "invalid",
  failed: "failed"
}

const notKept = (cause: PassagesError) => new ChatError({ reason: "failed", detail: cause.detail, cause })

export const make = Effect.gen(function* () {
  const token = Option.getOrThrow(yield* DiscordSettings.discordToken.config)
  const api = yield* DiscordSettings.discordApiUrl.config
  const listenTo = Option.getOrUndefined(yield* DiscordSettings.listenChannelIds.config)
  const publicUrl = Option.getOrUndefined(yield* Config.option(Config.URL("PUBLIC_URL")))
  const humanRole = Option.getOrUndefined(yield* DiscordSettings.humanRoleId.config)
  const passages = yield* Passages
  const documents = yield* Documents
  const feedback = yield* Feedback
  const { accept, withdraw } = yield* Solutions
  const solutions: Ear.Options["solutions"] = {
    emoji: yield* DiscordSettings.solutionEmoji.config,
    trusted: (yield* Preferences.current).trusted,
    accept: (messageId) => Effect.mapError(accept(messageId), notKept),
    withdraw: (messageId) => Effect.mapError(withdraw(messageId), notKept)
  }
  const rest = Rest.make({ token, api })
  const sql = yield* SqlClient.SqlClient
  const broker = yield* Broker
  const state = yield* DiscordState.make
  const switches = yield* Switches.make(state, listenTo)
  const fatal = yield* Deferred.make<never, ChatFatalError>()
  let self: Self | undefined

  /** Whoever is told that the token is not valid tells the listener, which ends the process. */
  const chatErrorOf = <E>(error: E | Rest.RestError): Exclude<E, Rest.RestError> | ChatError => {
    if (!(error instanceof Rest.RestError)) return error as Exclude<E, Rest.RestError>
    if (error.reason === "unauthorized") Deferred.doneUnsafe(fatal, Effect.fail(refusedToken))
    return new ChatError({ reason: reasons[error.reason], detail: error.detail })
  }
  const toChatError = <A, E, R>(effect: Effect.Effect<A, E | Rest.RestError, R>) =>
    Effect.mapError(effect, chatErrorOf<E>)

  const meet = Effect.gen(function* () {
    const user = yield* rest.call<APIUser>("ask who I am", { method: "get", route: Routes.user() })
    const application = yield* rest.call<APIApplication>("read my application", {
      method: "get",
      route: Routes.currentApplication()
    })
    const guilds = Guilds.make(user.id)
    const known = Known.make(rest, guilds, user.id)
    self = {
      id: user.id,
      name: user.username,
      applicationId: application.id,
      readsContent: readsContent(application.flags ?? 0),
      guilds,
      known
    }
    if (!self.readsContent) yield* Effect.logWarning(withoutContent)
    const named = [...(listenTo ?? [])].map((id) => ["LISTEN_CHANNEL_IDS", id] as const)
    yield* Effect.forEach(yield* Known.unseenChannels(rest, named), (sentence) => Effect.logWarning(sentence))
    return self
  })
  const whoAmI = Effect.suspend(() => (self === undefined ? meet : Effect.succeed(self)))

  /** The commands as they are now, in one request, and only when they changed. */
  const register = Effect.fnUntraced(
    function* ({ applicationId }: Self) {
      const wanted = `${applicationId} ${DiscordState.digestOf(JSON.stringify(Commands.definitions))}`
      if ((yield* state.fact("commands")) === wanted) return
      yield* rest.call("register the commands", {
        method: "put",
        route: Routes.applicationCommands(applicationId),
        body: Commands.definitions
      })
      yield* state.setFact("commands", wanted)
    },
    Effect.catch(({ message }) => Effect.logWarning(`the commands are not registered: ${message}`))
  )

  const status = ({ guilds, name, readsContent }: Self) =>
    Effect.gen(function* () {
      const { documents: known, messages } = yield* passages.counts
      const servers = guilds.serverIds().length
      return [
        `**${name}** knows ${messages} messages and ${known} documents, and is connected to ${servers === 1 ? "one server" : `${servers} servers`}.`,
        ...(readsContent ? [] : ["It does not read messages that are not meant for it."])
      ].join("\n")
    })
  const sources = Effect.map(documents.list, (sources) =>
    sources.length === 0
      ? "No documentation is known yet."
      : sources.map(({ documents, source }) => `- ${escape(source)}: ${documents.length} documents`).join("\n")
  )

  const wishes = yield* Queue.unbounded<Batch>()
  /** Puts events into the log with what is heard, and waits until they are there. */
  const publish = Effect.fnUntraced(function* (events: ReadonlyArray<ChatEvent>) {
    const there = yield* Deferred.make<void>()
    const confirm = Effect.asVoid(Deferred.succeed(there, undefined))
    yield* Queue.offer(wishes, { heard: events.map((event) => ({ event })), confirm })
    yield* Deferred.await(there)
  })
  const retention = yield* Retention.make(state, publish)
  const privacyOf = Effect.fnUntraced(function* (serverId: string | undefined) {
    const days = serverId === undefined ? undefined : yield* Retention.daysOf(state, serverId)
    if (days === undefined) return privacy
    return `${privacy}\nIn this server it is kept for ${days === 1 ? "a day" : `${days} days`}, and no longer.`
  })
  const log: Forgetting.Log<BrokerError, never> = {
    publish,
    read: (topic) =>
      broker
        .read({ topic, from: "earliest" })
        .pipe(Stream.map(({ timestamp, value }) => ({ value: text.decode(value), timestamp }))),
    erases: Option.isNone(yield* bootstrapServers.config)
  }
  const forget = (userId: string) =>
    switches
      .optOut(userId)
      .pipe(
        Effect.andThen(Forgetting.forget(userId, log)),
        Effect.map(Forgetting.receiptText),
        Effect.provideService(SqlClient.SqlClient, sql)
      )

  const voice = Voice.make({
    rest,
    state,
    selfId: Effect.map(whoAmI, ({ id }) => id),
    publicUrl,
    asksHuman: humanRole !== undefined,
    longInThreads: yield* DiscordSettings.longInThreads.config
  })

  let hearing: Ear.Ear | undefined
  const recheck = Recheck.make({
    rest,
    state,
    selfId: Effect.map(whoAmI, ({ id }) => id),
    isThere: (channelId) => self?.guilds.channel(channelId) !== undefined,
    hear: Effect.fnUntraced(function* (payload) {
      if (hearing !== undefined)
        yield* Queue.offer(wishes, { heard: yield* hearing.hear(payload), confirm: Effect.void })
    })
  })

  const listen = Effect.gen(function* () {
    const me = yield* whoAmI
    const { guilds, known } = me
    const interactions = Interactions.make({
      rest,
      acknowledging: Rest.make({ token, api }),
      state,
      switches,
      feedback,
      guilds,
      known,
      selfId: me.id,
      about: { status: () => status(me), sources: () => sources, privacy: privacyOf },
      retention,
      forget,
      humanRole
    })
    const run = Effect.runForkWith(yield* Effect.context<never>())
    yield* Effect.forkScoped(register(me))
    yield* Effect.forkScoped(switches.follow)
    yield* Effect.forkScoped(retention.keepTo)
    const missed: { add?: (gap: Ear.Gap) => void } = {}
    const ear = Ear.make({
      rest,
      state,
      switches,
      guilds,
      known,
      selfId: me.id,
      ...(yield* Ear.begin(state)),
      readsContent: me.readsContent,
      missed: (gap) => missed.add?.(gap),
      wasAway: recheck.wasAway,
      solutions,
      hearInteraction: interactions.hear
    })
    hearing = ear
    const catchUp = yield* CatchUp.make({ rest, state, guilds, ear })
    missed.add = catchUp.add
    const gateway = yield* Gateway.connect({
      client: rest.client,
      token,
      intents: always | (me.readsContent ? GatewayIntentBits.MessageContent : 0),
      sessions: yield* state.sessions,
      urgent: ({ payload }) => {
        if (payload.t !== GatewayDispatchEvents.InteractionCreate) return
        interactions.expect(payload.d)
        run(interactions.acknowledge(payload.d))
      }
    })
    const next = Effect.gen(function* () {
      const { heard, progress } = yield* ear.take(yield* gateway.take)
      const batch: Batch = { heard, confirm: state.confirm(progress) }
      return batch
    })
    const live = Stream.fromEffectRepeat(toChatError(Effect.raceFirst(next, Deferred.await(fatal))))
    const missedSoFar = Stream.mapError(catchUp.batches, chatErrorOf)
    return Stream.mergeAll([live, missedSoFar, Stream.fromQueue(wishes)], { concurrency: "unbounded" })
  })

  const audience = Effect.fn("Discord.audience")(function* (channelId: string, askerId?: string) {
    const { known } = yield* toChatError(whoAmI)
    const found = yield* toChatError(known.audience(channelId, askerId))
    if (found !== undefined) return found
    return yield* new ChatError({
      reason: "unknown-channel",
      detail: `There is no channel ${channelId} in Discord, or the bot cannot see it`
    })
  })

  const say = Effect.fn("Discord.say")(function* (reply: Reply) {
    const me = yield* toChatError(whoAmI)
    const { channelId, id, message } = yield* toChatError(voice.say(reply))
    const channel = me.guilds.channel(channelId)
    const spot = channel === undefined ? { serverId: Hearing.directServer, channelId } : me.guilds.spotOf(channel)
    if (message !== undefined) return Hearing.toChatMessage(message, spot, me.id)
    const at = Hearing.timeOf(id)
    return {
      ...spot,
      id,
      author: { id: me.id, name: me.name, bot: true },
      text: reply.text,
      mentionsBot: false,
      url: Hearing.urlOf(spot.serverId, channelId, id),
      createdAt: at,
      editedAt: at
    }
  })

  return Chat.of({
    heard: Stream.unwrap(
      Effect.mapError(listen, (error) =>
        error._tag === "RestError" && error.reason === "unauthorized" ? refusedToken : chatErrorOf(error)
      )
    ),
    say,
    draft: voice.draft,
    revise: (reply) => toChatError(voice.revise(reply)),
    audience,
    announcements: Effect.fail(
      new ChatError({ reason: "unknown-channel", detail: "Discord has no channel for announcements of its own" })
    ),
    outdated: recheck.outdated,
    typing: voice.typing
  })
})

const privacy = [
  "What people say in channels I listen to is kept to answer questions from it, with who said it and when, until it is deleted there; files, too, where a store for them is set up.",
  "It is used to answer questions only: nothing is learned about people, and no model is trained on it.",
  "`/rtfm forget-me` deletes what you said and keeps nothing more of you."
].join("\n")
