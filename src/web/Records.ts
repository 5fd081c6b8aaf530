/** Records of any topic over HTTP: written in batches, read as a stream of lines. */
import { NodeHttpServerRequest } from "@effect/platform-node"
import { Array as Arr, Context, Duration, Effect, Result, Stream } from "effect"
import { HttpEffect, HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import type { ServerResponse } from "node:http"
import {
  type Assurance,
  Broker,
  type BrokerError,
  type IncomingRecord,
  type OutgoingRecord,
  type Position,
  type ReadFrom
} from "../broker/Broker.ts"
import * as From from "../broker/ReadFrom.ts"
import { Api, type NewRecord, type RecordInfo } from "./Api.ts"
import * as Closed from "./Closed.ts"
import { Draining } from "./Draining.ts"
import { NotFound, ofBroker } from "./Problem.ts"

export interface Reading {
  readonly topic: string
  /** Default: `earliest`. */
  readonly from?: ReadFrom
  readonly partition?: number
  /** Records, at most; without it all there are. */
  readonly limit?: number
  /** Goes on with what comes. */
  readonly follow?: boolean
}

/** What a reader that takes nothing has left of the stop's grace. */
const patienceInStop = Duration.seconds(1)

const toBytes = new TextEncoder()
const toText = new TextDecoder()

/** With its value as text. */
export const toRecordInfo = ({ value, ...record }: IncomingRecord): typeof RecordInfo.Type => ({
  ...record,
  value: toText.decode(value)
})

/** Appends records of text, all or none, and says where they are. */
export const publish = Effect.fn("Records.publish")(function* (
  topic: string,
  records: ReadonlyArray<typeof NewRecord.Type>,
  how: { readonly assurance?: Assurance | undefined; readonly format?: OutgoingRecord["format"] } = {}
): Effect.fn.Return<ReadonlyArray<Position>, BrokerError, Broker> {
  const broker = yield* Broker
  return yield* broker.publish(
    records.map(({ headers, key = null, value }) => ({
      topic,
      key,
      value: toBytes.encode(value),
      format: how.format ?? "raw",
      ...(headers !== undefined && { headers })
    })),
    how.assurance
  )
})

/** Records as text; what is not UTF-8 shows as replacement characters. */
export const read = ({
  from = "earliest",
  limit = Infinity,
  ...reading
}: Reading): Stream.Stream<typeof RecordInfo.Type, BrokerError, Broker> =>
  Stream.unwrap(Effect.map(Broker, (broker) => broker.read({ ...reading, from }))).pipe(
    Stream.take(limit),
    Stream.map(toRecordInfo)
  )

/** Fails before the stream begins, when a failure can still be told. */
const requirePartition = Effect.fnUntraced(function* (name: string, partition = 0) {
  const broker = yield* Broker
  const topic = (yield* broker.list).find((topic) => topic.name === name)
  if (topic === undefined) return yield* new NotFound({ detail: `There is no topic ${name}.` })
  if (!topic.partitions.some((each) => each.partition === partition)) {
    return yield* new NotFound({ detail: `Topic ${name} has no partition ${partition}.` })
  }
})

/** There is none when no socket is involved, as in tests. */
const responseOf = (request: HttpServerRequest.HttpServerRequest) =>
  NodeHttpServerRequest.toServerResponse(request) as ServerResponse | undefined

const cutOffInStop = Effect.gen(function* () {
  const draining = yield* Draining
  const response = responseOf(yield* HttpServerRequest.HttpServerRequest)
  yield* draining.awaited
  yield* Effect.sleep(patienceInStop)
  response?.destroy()
})

/** The connection has no use after the stream, and a stop would wait for it. */
const closeAfterwards = HttpEffect.appendPreResponseHandler((_, response) =>
  Effect.succeed(HttpServerResponse.setHeaders(response, { connection: "close", "x-accel-buffering": "no" }))
)

export const layer = HttpApiBuilder.group(
  Api,
  "records",
  Effect.fnUntraced(function* (handlers) {
    const broker = yield* Broker
    const draining = yield* Draining
    const services = Context.make(Broker, broker).pipe(Context.add(Draining, draining))
    const closed = yield* Closed.make

    return handlers.handleAll({
      publish: ({ params: { topic }, payload }) =>
        publish(topic, payload.records).pipe(Effect.catchTag("BrokerError", ofBroker), Effect.provide(services)),
      read: Effect.fnUntraced(
        function* ({ params: { topic }, query: { follow, from, ...query } }) {
          yield* requirePartition(topic, query.partition)
          yield* Effect.forkScoped(cutOffInStop)
          yield* closeAfterwards
          const request = yield* HttpServerRequest.HttpServerRequest
          const records = read({
            ...query,
            topic,
            ...(from !== undefined && { from: Result.getOrThrow(From.parse(from)) }),
            follow: follow === "true"
          }).pipe(
            Stream.mapArrayEffect((some) => Effect.map(closed.shown, (show) => Arr.map(some, show))),
            Stream.provideContext(Context.add(services, HttpServerRequest.HttpServerRequest, request)),
            Stream.tapError(({ detail }) => Effect.logWarning(detail))
          )
          return follow === "true" ? Stream.interruptWhen(records, draining.awaited) : records
        },
        Effect.catchTag("BrokerError", ofBroker),
        Effect.provide(services)
      )
    })
  })
)
