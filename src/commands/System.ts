/**
 * Where a command's work is done: in the process that has `DATA_DIR` when one runs, through its API; otherwise here, on
 * the same files.
 */
import { Context, Effect, Layer, Option, Result, Stream } from "effect"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import type { Broker, Position } from "../broker/Broker.ts"
import * as DeadLetterLog from "../broker/DeadLetters.ts"
import * as ReadFrom from "../broker/ReadFrom.ts"
import { Brokers, Log, withWeb } from "../main.ts"
import * as Running from "../runtime/Running.ts"
import type { NewRecord, RecordInfo } from "../web/Api.ts"
import * as Client from "../web/Client.ts"
import * as Guard from "../web/Guard.ts"
import * as WebRecords from "../web/Records.ts"
import * as Server from "../web/Server.ts"
import * as WebSystem from "../web/System.ts"

export class Api extends Context.Service<
  Api,
  {
    readonly api: Client.Client
    /** Where the page is. */
    readonly url: string
  }
>()("rtfm/commands/Api") {}

const at = (url: string) =>
  Effect.gen(function* () {
    const token = yield* Guard.apiToken.config
    return { api: yield* Client.make({ url, token }), url }
  })

/** The whole system for as long as the command takes, on a port of its own. */
const here = Layer.effect(Api, Effect.flatMap(Server.url, at)).pipe(
  Layer.provide(withWeb(Server.layerAt({ host: "127.0.0.1", port: 0, token: Option.none(), publicUrl: Option.none() })))
)

export const layer = Layer.unwrap(
  Effect.map(Running.find, Option.match({ onNone: () => here, onSome: ({ url }) => Layer.effect(Api, at(url)) }))
).pipe(Layer.provide(NodeHttpClient.layerNodeHttp))

/** Through the API of the running process, or with the log alone: looking starts no work. */
const lookAt = Effect.fnUntraced(function* <A, E1, E2>(
  remote: (api: Client.Client) => Effect.Effect<A, E1>,
  local: Effect.Effect<A, E2, Broker>
) {
  const running = yield* Running.find
  if (Option.isNone(running)) return yield* Effect.provide(local, Log)
  const { api } = yield* at(running.value.url).pipe(Effect.provide(NodeHttpClient.layerNodeHttp))
  return yield* remote(api)
})

/** The topics as they are: those a start would make are not there before it. */
export const topics = Effect.gen(function* () {
  const running = yield* Running.find
  if (Option.isNone(running)) return yield* Effect.provide(WebSystem.topics, Brokers)
  const { api } = yield* at(running.value.url).pipe(Effect.provide(NodeHttpClient.layerNodeHttp))
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

export interface Reading {
  readonly topic: string
  /** As `ReadFrom` reads it. */
  readonly from: string
  readonly follow: boolean
}

/** What topics hold, to be written and read for as long as the scope is open. */
export interface Records {
  /** Durable when it returns, in order, all or none. */
  readonly publish: (
    topic: string,
    records: ReadonlyArray<typeof NewRecord.Type>
  ) => Effect.Effect<ReadonlyArray<Position>, unknown>
  readonly read: (reading: Reading) => Stream.Stream<typeof RecordInfo.Type, unknown>
}

const recordsThrough = (api: Client.Client): Records => ({
  publish: (topic, records) => api.records.publish({ params: { topic }, payload: { records } }),
  read: ({ follow, from, topic }) =>
    Stream.unwrap(api.records.read({ params: { topic }, query: { from, follow: follow ? "true" : "false" } }))
})

const recordsOf = (log: Context.Context<Broker>): Records => ({
  publish: (topic, records) => Effect.provide(WebRecords.publish(topic, records), log),
  read: ({ from, ...reading }) =>
    WebRecords.read({ ...reading, from: Result.getOrThrow(ReadFrom.parse(from)) }).pipe(Stream.provideContext(log))
})

export const records = Effect.gen(function* () {
  const running = yield* Running.find
  if (Option.isNone(running)) return recordsOf(yield* Layer.build(Log))
  const client = yield* Layer.build(NodeHttpClient.layerNodeHttp)
  const { api } = yield* Effect.provide(at(running.value.url), client)
  return recordsThrough(api)
})
