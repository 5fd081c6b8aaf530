/**
 * Where a command's work is done: in the process that has `DATA_DIR` when one runs, through its API; otherwise here, on
 * the same files.
 */
import { Context, Effect, Layer, Option, Result, Stream } from "effect"
import { existsSync } from "node:fs"
import { join } from "node:path"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Commander from "../actors/Commander.ts"
import type { Supervisor } from "../actors/Supervise.ts"
import { type Assurance, Broker, type BrokerError, type Position } from "../broker/Broker.ts"
import * as DeadLetterLog from "../broker/DeadLetters.ts"
import { bootstrapServers } from "../broker/kafka/KafkaSettings.ts"
import * as Prepare from "../broker/Prepare.ts"
import * as ReadFrom from "../broker/ReadFrom.ts"
import type { Documents, DocumentsError } from "../docs/Documents.ts"
import * as Topics from "../domain/Topics.ts"
import * as Hidden from "../knowledge/Hidden.ts"
import type { Passages, PassagesError } from "../knowledge/Passages.ts"
import { Brokers, Log, withWeb } from "../main.ts"
import { OwnerKey } from "../runtime/OwnerKey.ts"
import * as Running from "../runtime/Running.ts"
import { dataDir } from "../state/DataDir.ts"
import * as Sqlite from "../state/Sqlite.ts"
import type { NewRecord, RecordInfo } from "../web/Api.ts"
import * as Client from "../web/Client.ts"
import * as Guard from "../web/Guard.ts"
import * as WebRecords from "../web/Records.ts"
import * as Server from "../web/Server.ts"
import * as WebSystem from "../web/System.ts"
import { CommandError } from "./CommandError.ts"
import * as Known from "./Known.ts"

export class Api extends Context.Service<
  Api,
  {
    readonly api: Client.Client
    /** Where the page is. */
    readonly url: string
    /** Where whoever follows a link finds the page: `later`, once `rtfm start` runs, when this process is gone. */
    readonly links: { readonly base: string; readonly later: boolean }
    /**
     * To be waited for before a question, so many seconds at most: that everything there is to read has been read. What
     * runs has read it long since, and is asked at once.
     */
    readonly known: (
      seconds: number
    ) => Effect.Effect<void, CommandError | BrokerError | DocumentsError | PassagesError>
  }
>()("rtfm/commands/Api") {}

const at = ({ key, url }: { readonly url: string; readonly key: string }) =>
  Effect.gen(function* () {
    const token = yield* Guard.apiToken.config
    const api = yield* Client.make({ url, token, key })
    return { api, url, links: { base: url, later: false }, known: () => Effect.void }
  })

/** Where `rtfm start` has the page by the settings; by these it may be any free port. */
const pageOfStart = Effect.gen(function* () {
  const publicUrl = yield* Guard.publicUrl.config
  if (Option.isSome(publicUrl)) return publicUrl.value.origin
  const [host, port] = yield* Effect.all([Guard.host.config, Guard.port.config])
  return port === 0 ? yield* Server.url : `http://${host === "0.0.0.0" ? "localhost" : host}:${port}`
})

/** The whole system for as long as the command takes, on a port of its own. */
const here = Layer.effect(
  Api,
  Effect.gen(function* () {
    const system = yield* Effect.context<Supervisor | Broker | Documents | Passages>()
    const api = yield* at({ url: yield* Server.url, key: yield* OwnerKey })
    const links = { base: yield* pageOfStart, later: true }
    return { ...api, links, known: (seconds) => Effect.provideContext(Known.within(seconds), system) }
  })
).pipe(
  Layer.provide(withWeb(Server.layerAt({ host: "127.0.0.1", port: 0, token: Option.none(), publicUrl: Option.none() })))
)

export const layer = Layer.unwrap(
  Effect.map(Running.find, Option.match({ onNone: () => here, onSome: (running) => Layer.effect(Api, at(running)) }))
).pipe(Layer.provide(NodeHttpClient.layerNodeHttp))

/** What was deleted is shown to nobody, where the state of this installation tells what that is. */
const hiding = <E, R>(log: Layer.Layer<Broker, E, R>) =>
  Layer.unwrap(
    Effect.map(dataDir.config, (folder) =>
      existsSync(join(folder, "rtfm.db"))
        ? Hidden.layer.pipe(Layer.provide(Sqlite.layer), Layer.provideMerge(log))
        : Layer.provideMerge(Layer.effect(Broker, Broker), log)
    )
  )

/** Through the API of the running process, or with the log alone: looking starts no work. */
const lookAt = Effect.fnUntraced(function* <A, E1, E2>(
  remote: (api: Client.Client) => Effect.Effect<A, E1>,
  local: Effect.Effect<A, E2, Broker>
) {
  const running = yield* Running.find
  if (Option.isNone(running)) return yield* Effect.provide(local, hiding(Log))
  const { api } = yield* at(running.value).pipe(Effect.provide(NodeHttpClient.layerNodeHttp))
  return yield* remote(api)
})

/** The topics as they are: those a start would make are not there before it. */
export const topics = Effect.gen(function* () {
  const running = yield* Running.find
  if (Option.isNone(running)) return yield* Effect.provide(WebSystem.topics, Brokers)
  const { api } = yield* at(running.value).pipe(Effect.provide(NodeHttpClient.layerNodeHttp))
  return yield* api.system.topics()
})

/** On the broker itself, which the embedded one allows to one process at a time; topics are as they are. */
export const onBroker = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provide(effect, Brokers)

export const deadLetters = (query: { readonly topic?: string; readonly limit?: number }) =>
  lookAt(
    (api) => api.system.deadLetters({ query }),
    Effect.map(DeadLetterLog.list(query), (letters) => letters.map(WebSystem.toDeadLetterInfo))
  )

export const redrive = (payload: DeadLetterLog.Redrive) =>
  lookAt(
    (api) => api.system.redrive({ payload }),
    Effect.map(DeadLetterLog.redrive(payload), WebSystem.toRedriveReport)
  )

/** What is there and what comes, as `ReadFrom` reads `from`. */
export interface Reading {
  readonly topic: string
  readonly from: string
  readonly follow: boolean
}

export type Incoming = typeof RecordInfo.Type

/** How records are written where the API does not have a say in it. */
export interface How {
  readonly assurance?: Assurance | undefined
  /** Default: as they are. */
  readonly format?: "avro" | "raw"
}

/** What topics hold, to be written and read for as long as the scope is open. */
export interface Records {
  /** Durable when it returns, in order, all or none; with an assurance of its own, what that says. */
  readonly publish: (
    topic: string,
    records: ReadonlyArray<typeof NewRecord.Type>,
    how?: How
  ) => Effect.Effect<ReadonlyArray<Position>, unknown>
  readonly read: (reading: Reading) => Stream.Stream<Incoming, unknown>
  /** Where a topic ends, by partition. */
  readonly ends: (topic: string) => Effect.Effect<ReadonlyMap<number, number>, unknown>
}

const endsOf = (partitions: ReadonlyArray<{ readonly partition: number; readonly end: number }> = []) =>
  new Map(partitions.map(({ end, partition }) => [partition, end]))

const recordsThrough = (api: Client.Client): Records => ({
  publish: (topic, records, how) =>
    how?.format === "avro"
      ? Effect.fail(
          new CommandError({ detail: "--avro needs a Kafka that the running process and this command share." })
        )
      : api.records.publish({ params: { topic }, payload: { records } }),
  read: ({ follow, from, topic }) =>
    Stream.unwrap(api.records.read({ params: { topic }, query: { from, follow: follow ? "true" : "false" } })),
  ends: (topic) =>
    Effect.map(api.system.topics(), (topics) => endsOf(topics.find(({ name }) => name === topic)?.partitions))
})

const recordsOf = (log: Context.Context<Broker>): Records => ({
  publish: (topic, records, how) => Effect.provide(WebRecords.publish(topic, records, how), log),
  read: ({ from, ...reading }) =>
    WebRecords.read({ ...reading, from: Result.getOrThrow(ReadFrom.parse(from)) }).pipe(Stream.provideContext(log)),
  ends: (topic) =>
    Broker.use((broker) => Effect.map(broker.describe([topic]), ([found]) => endsOf(found?.partitions))).pipe(
      Effect.provide(log)
    )
})

/** The log with the topics of a start, for a command that does not wait for a broker to come back. */
const LogNow = Layer.unwrap(
  Effect.map(Commander.topics, ({ commands, responses }) => Prepare.layerNow(Topics.allWith([commands, responses])))
).pipe(Layer.provideMerge(Brokers))

/** Whether the process that runs has the broker to itself, so that others have to go through its API. */
const holder = Effect.gen(function* () {
  const onKafka = Option.isSome(yield* bootstrapServers.config)
  return onKafka ? Option.none() : yield* Running.find
})

export const records = Effect.gen(function* () {
  const running = yield* holder
  if (Option.isNone(running)) return recordsOf(yield* Layer.build(hiding(LogNow)))
  const client = yield* Layer.build(NodeHttpClient.layerNodeHttp)
  const { api } = yield* Effect.provide(at(running.value), client)
  return recordsThrough(api)
})

/** The broker itself, for what the API does not offer. */
export const broker = Effect.gen(function* () {
  const running = yield* holder
  if (Option.isSome(running))
    return yield* new CommandError({
      detail:
        `The embedded broker belongs to the rtfm at ${running.value.url}: stop that first, ` +
        "or set KAFKA_BOOTSTRAP_SERVERS and share a Kafka."
    })
  return Context.get(yield* Layer.build(LogNow), Broker)
})
