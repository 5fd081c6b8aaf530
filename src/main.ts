/** The whole process. Above: what it talks to. Below: what it does, in the order a message travels. */
import { NodeServices } from "@effect/platform-node"
import { Effect, Layer, Option } from "effect"
import { FetchHttpClient } from "effect/http"
import * as Announcer from "./actors/Announcer.ts"
import * as Answerer from "./actors/Answerer.ts"
import * as Archivist from "./actors/Archivist.ts"
import * as Commander from "./actors/Commander.ts"
import * as EventWorker from "./actors/EventWorker.ts"
import * as Indexer from "./actors/Indexer.ts"
import * as Ingester from "./actors/Ingester.ts"
import * as Listener from "./actors/Listener.ts"
import * as OwnDocs from "./actors/OwnDocs.ts"
import * as Recorder from "./actors/Recorder.ts"
import * as Refresher from "./actors/Refresher.ts"
import * as Reindexer from "./actors/Reindexer.ts"
import * as Reminder from "./actors/Reminder.ts"
import * as Router from "./actors/Router.ts"
import * as Retractor from "./actors/Retractor.ts"
import * as Reviser from "./actors/Reviser.ts"
import * as Speaker from "./actors/Speaker.ts"
import * as Supervise from "./actors/Supervise.ts"
import * as Vectorizer from "./actors/Vectorizer.ts"
import * as Registry from "./broker/avro/Registry.ts"
import { bootstrapServers } from "./broker/kafka/KafkaSettings.ts"
import * as Prepare from "./broker/Prepare.ts"
import * as SqliteBroker from "./broker/Sqlite.ts"
import { discordToken } from "./chat/discord/DiscordSettings.ts"
import * as LocalChat from "./chat/LocalChat.ts"
import * as Documents from "./docs/Documents.ts"
import * as Converter from "./docs/formats/Converter.ts"
import * as Fetcher from "./docs/site/Fetcher.ts"
import * as Website from "./docs/site/Website.ts"
import * as Topics from "./domain/Topics.ts"
import * as Services from "./events/services/Services.ts"
import * as FileSettings from "./files/FileSettings.ts"
import { Kept } from "./files/Kept.ts"
import { Recent } from "./events/Recent.ts"
import { Steps } from "./events/Steps.ts"
import * as Confirmed from "./knowledge/Confirmed.ts"
import * as Feedback from "./knowledge/Feedback.ts"
import * as GivenAnswers from "./knowledge/GivenAnswers.ts"
import * as Hidden from "./knowledge/Hidden.ts"
import * as Indexes from "./knowledge/Indexes.ts"
import * as Losses from "./knowledge/Losses.ts"
import * as Passages from "./knowledge/PassagesSql.ts"
import * as Retriever from "./knowledge/RetrieverLive.ts"
import * as Allowance from "./model/Allowance.ts"
import * as AnswerCache from "./model/AnswerCache.ts"
import { apiKey } from "./model/gemini/GeminiSettings.ts"
import * as LocalEmbedder from "./model/LocalEmbedder.ts"
import * as QuotingWriter from "./model/QuotingWriter.ts"
import * as DiscordWebhook from "./notify/DiscordWebhook.ts"
import { EventsChannel } from "./notify/EventsChannel.ts"
import { Later } from "./notify/Later.ts"
import { Ledger } from "./notify/Ledger.ts"
import { Remembered } from "./notify/Remembered.ts"
import { Happenings } from "./runtime/Happenings.ts"
import { Declared } from "./runtime/Declared.ts"
import * as Inventory from "./runtime/Inventory.ts"
import { Parts } from "./runtime/Parts.ts"
import * as Ways from "./runtime/Ways.ts"
import * as Settings from "./settings.ts"
import * as Sqlite from "./state/Sqlite.ts"
import * as Chroma from "./vectors/Chroma.ts"
import * as Server from "./web/Server.ts"

/** Kafka where it is named, and its client is loaded only then; otherwise the embedded broker. */
const Logs = Layer.unwrap(
  Effect.gen(function* () {
    const servers = yield* bootstrapServers.config
    if (Option.isNone(servers)) return SqliteBroker.layer
    const { layer } = yield* Effect.promise(() => import("./broker/Kafka.ts"))
    return layer
  })
)

/** Values are Avro where there is a schema registry. */
export const Brokers = Layer.unwrap(
  Effect.gen(function* () {
    const registry = yield* Registry.address
    if (registry === undefined) return Logs
    const { layerOf } = yield* Effect.promise(() => import("./broker/Avro.ts"))
    const { commands, responses } = yield* Commander.topics
    return Layer.provide(layerOf(registry, Topics.allWith([commands, responses])), Logs)
  })
)

// The broker comes first: the embedded one's lock on the folder keeps a second process from everything else.
export const Log = Layer.unwrap(
  Effect.map(Commander.topics, ({ commands, responses }) => Prepare.layer(Topics.allWith([commands, responses])))
).pipe(Layer.provideMerge(Brokers))

/** Discord beside the page where a token is set, and its client is loaded only then. */
const Chats = Layer.unwrap(
  Effect.gen(function* () {
    if (Option.isNone(yield* discordToken.config)) return LocalChat.layer
    const { layer } = yield* Effect.promise(() => import("./chat/Chats.ts"))
    return layer
  })
)

/** Asked while an index that it made still answers. */
const Local = Layer.effect(
  Indexes.OtherEmbedders,
  Effect.map(LocalEmbedder.make(), (local) => [local])
)

/** Gemini where its key is set, and its client is loaded only then; otherwise an embedder of our own, and quotes. */
const Models = Layer.unwrap(
  Effect.gen(function* () {
    const key = yield* apiKey.config
    if (Option.isNone(key)) return QuotingWriter.layer.pipe(Layer.provideMerge(LocalEmbedder.layer))
    const { layer } = yield* Effect.promise(() => import("./model/gemini/Gemini.ts"))
    return layer(key.value, QuotingWriter.layer).pipe(Layer.provide(Allowance.layer), Layer.provideMerge(Local))
  })
)

const Stores = Chats.pipe(
  Layer.provideMerge(Layer.mergeAll(Passages.layer, Feedback.layer, Documents.layer, Chroma.layer, Models))
)

// Whoever asks the embedder asks that of the index which answers, whatever the settings choose for the next one.
export const Capabilities = Layer.mergeAll(AnswerCache.layer, Inventory.layer).pipe(
  Layer.provideMerge(Indexes.layerEmbedder),
  Layer.provideMerge(Confirmed.layer),
  Layer.provideMerge(Retriever.layer),
  Layer.provideMerge(Stores),
  Layer.provideMerge(Hidden.layer),
  Layer.provideMerge(Sqlite.layer),
  Layer.provideMerge(Log),
  Layer.provideMerge(Ways.layer),
  Layer.provideMerge(Layer.mergeAll(Happenings.layer, Parts.layer, NodeServices.layer))
)

/** Files of messages go to a bucket where one is named, and its client is loaded only then. */
const Files = Layer.unwrap(
  Effect.gen(function* () {
    const address = yield* FileSettings.address
    if (address === undefined || Option.isNone(yield* discordToken.config)) return Layer.empty
    const { layer: bucket } = yield* Effect.promise(() => import("./files/S3.ts"))
    const { layer: attachments } = yield* Effect.promise(() => import("./chat/discord/DiscordFiles.ts"))
    return Layer.merge(bucket(address), attachments)
  })
).pipe(Layer.merge(Kept.layer))

const Reading = Layer.mergeAll(Refresher.layer, Website.layer).pipe(
  Layer.provideMerge(Layer.mergeAll(Ingester.layer, Converter.layer, Fetcher.layer))
)

const Telling = Layer.mergeAll(
  DiscordWebhook.layer({ channelId: Commander.announcementChannelId.config, token: discordToken.config }),
  Ledger.layer,
  Later.layer,
  Remembered.layer,
  EventsChannel.layer,
  Steps.layer,
  Recent.layer,
  Services.layer
).pipe(Layer.provide(FetchHttpClient.layer))

export const Actors = Supervise.layer([
  OwnDocs.actor, //       README, docs      → document-chunks
  Refresher.actor, //     websites, folders → document-chunks
  Listener.actor, //      chat              → discord-messages, bot-queries
  Retractor.actor, //     discord-messages  → the log
  Archivist.actor, //     discord-messages  → files, document-chunks
  Indexer.chat, //        discord-messages  → passages
  Indexer.documents, //   document-chunks   → passages
  Vectorizer.actor, //    passages          → vectors
  Reindexer.actor, //     passages          → vectors of the next index
  Reviser.actor, //       passages          → bot-responses
  Answerer.actor, //      bot-queries       → bot-responses
  Commander.commands, //  COMMANDS_TOPIC    → bot-responses
  Commander.responses, // RESPONSES_TOPIC   → bot-responses
  EventWorker.contacts, // sipeat.contact.events → event-notifications
  EventWorker.requests, // sipeat.request.events → event-notifications
  EventWorker.machines, // sipeat.machine.events → event-notifications
  Router.actor, //        topics of routes.yaml → event-notifications
  Reminder.actor, //      what is due later → event-notifications
  Recorder.actor, //      event-notifications → passages, for a while
  Announcer.actor, //     event-notifications → webhooks, bot-responses
  Speaker.actor //        bot-responses     → chat
]).pipe(Layer.provideMerge(Layer.mergeAll(Reading, Telling, Files, GivenAnswers.layer, Losses.layer)))

/** Everything but the web, for commands that do their work without a running process. */
export const Headless = Actors.pipe(Layer.provideMerge(Capabilities))

/**
 * The web over all the rest; it goes first when the process stops, so that a question in flight still meets the actors.
 */
export const withWeb = <A, E, R>(web: Layer.Layer<A, E, R>) => Layer.provideMerge(web, Headless)

export const Main = withWeb(Server.layer.pipe(Layer.provide(Layer.succeed(Declared, Settings.all))))

export const untilFatal = Effect.flatMap(Supervise.Supervisor, ({ fatal }) => fatal)
