/** Appending records with as many acknowledgements and retries as somebody asks for. */
import type { Producer } from "@platformatic/kafka"
import { Effect } from "effect"
import type { Assurance, BrokerError, OutgoingRecord, Position } from "../Broker.ts"
import { attempt, close, makeLooseProducer } from "./Client.ts"
import type { Options } from "./KafkaSettings.ts"
import * as Metering from "./Metering.ts"
import { inRequests, type Placed, type Placing, positionsOf, sendRequest } from "./Sending.ts"

const usualRetries = 3

/** The protocol's numbers. */
const acksOf = { all: -1, leader: 1, none: 0 } as const

/** What was not acknowledged has no offset that is known. */
const unknown = ({ partition, record }: Placed): Position => ({ topic: record.topic, partition, offset: -1 })

const send = async (producer: Producer, records: ReadonlyArray<Placed>, { acks }: Assurance) => {
  const positions: Array<Position> = []
  for (const request of inRequests(records)) {
    const first = await sendRequest((options) => producer.send({ ...options, acks: acksOf[acks] }), request)
    positions.push(...(acks === "none" ? request.map(unknown) : positionsOf(request, first)))
  }
  return positions
}

/** A producer for each number of retries, kept until the scope closes. */
export const make = Effect.fnUntraced(function* (options: Options, placing: Placing) {
  const producers = new Map<number, Producer>()
  yield* Effect.addFinalizer(() => Effect.forEach(producers.values(), close, { discard: true }))

  const producerFor = (retries: number): Producer => {
    const producer = producers.get(retries) ?? makeLooseProducer(options, retries)
    producers.set(retries, producer)
    return producer
  }

  return Effect.fnUntraced(function* (
    records: ReadonlyArray<OutgoingRecord>,
    assurance: Assurance
  ): Effect.fn.Return<ReadonlyArray<Position>, BrokerError> {
    if (records.length === 0) return []
    const placed = yield* placing(records)
    const producer = producerFor(assurance.retries ?? usualRetries)
    const topic = records[0]!.topic
    const positions = yield* attempt(options, producer, { what: `append to topic ${topic}`, topic }, () =>
      send(producer, placed, assurance)
    ).pipe(Metering.producing)
    Metering.sent(placed)
    return positions
  })
})
