/** Records on their way to Kafka: which partition each goes to, how many go at once, and where they ended up. */
import type { Producer } from "@platformatic/kafka"
import { Effect } from "effect"
import type { BrokerError, OutgoingRecord, Position } from "../Broker.ts"
import { partitionOf } from "../Partitioner.ts"
import { checkRecord } from "../Rules.ts"
import type { Directory, KnownTopic } from "./Directory.ts"

/** A record with its place at Kafka; `topic` is Kafka's name for it. */
export interface Placed {
  readonly record: OutgoingRecord
  readonly topic: string
  readonly partition: number
  /** Of both, as `placeName` has it. */
  readonly name: string
  readonly key: Buffer | null
  readonly value: Buffer
  readonly headers: Map<Buffer, Buffer>
  readonly bytes: number
}

/** Bytes of a record beside key, value and headers, at most. */
const overhead = 40

/** What one request has for a partition becomes one batch there, of which Kafka takes 1 MiB unless told otherwise. */
export const batchBytes = 768 * 1024

/** Smaller ones only grow. */
const compressedFrom = 512

/** Largest value. */
export const maxValueBytes = 1024 * 1024

const place = (record: OutgoingRecord, topic: string, partition: number, name: string): Placed => {
  const key = record.key === null ? null : Buffer.from(record.key)
  const value = Buffer.from(record.value)
  const headers = new Map<Buffer, Buffer>()
  let bytes = overhead + (key?.length ?? 0) + value.length
  for (const [header, text] of Object.entries(record.headers ?? {})) {
    const pair = [Buffer.from(header), Buffer.from(text)] as const
    headers.set(...pair)
    bytes += pair[0].length + pair[1].length + 10
  }
  return { record, topic, partition, name, key, value, headers, bytes }
}

export type Placing = (records: ReadonlyArray<OutgoingRecord>) => Effect.Effect<ReadonlyArray<Placed>, BrokerError>

/** Gives each record its place, those without a key in turns; refuses what Kafka would, before anything is sent. */
export const placing = (directory: Directory): Placing => {
  const turns = new Map<string, number>()
  const takeTurn = (topic: string) => {
    const turn = turns.get(topic) ?? 0
    turns.set(topic, turn + 1)
    return turn
  }
  const checkAll = (records: ReadonlyArray<OutgoingRecord>) =>
    Effect.try({
      try: () => records.forEach((record) => checkRecord(record, maxValueBytes)),
      catch: (cause) => cause as BrokerError
    })
  return Effect.fnUntraced(function* (records) {
    yield* checkAll(records)
    const topics = new Map<string, KnownTopic & { readonly names: ReadonlyArray<string> }>()
    for (const name of new Set(records.map(({ topic }) => topic))) {
      const topic = yield* directory.get(name)
      const names = Array.from({ length: topic.partitions }, (_, partition) =>
        placeName({ topic: topic.inner, partition })
      )
      topics.set(name, { ...topic, names })
    }
    return records.map((record) => {
      const { inner, names, partitions } = topics.get(record.topic)!
      const partition = record.key === null ? takeTurn(inner) % partitions : partitionOf(record.key, partitions)
      return place(record, inner, partition, names[partition]!)
    })
  })
}

export const placeName = ({ partition, topic }: { readonly topic: string; readonly partition: number }) =>
  `${topic}/${partition}`

export const sum = (records: ReadonlyArray<Placed>): number =>
  records.reduce((bytes, record) => bytes + record.bytes, 0)

/** In their order, so that no partition has more than `batchBytes` in one, unless a record alone is larger. */
export const inRequests = (records: ReadonlyArray<Placed>): ReadonlyArray<ReadonlyArray<Placed>> => {
  const requests: Array<Array<Placed>> = []
  let sizes = new Map<string, number>()
  for (const record of records) {
    const { name } = record
    const size = (sizes.get(name) ?? 0) + record.bytes
    if (requests.length === 0 || (size > batchBytes && sizes.has(name))) {
      requests.push([record])
      sizes = new Map([[name, record.bytes]])
    } else {
      requests.at(-1)!.push(record)
      sizes.set(name, size)
    }
  }
  return requests
}

type Send = (options: Parameters<Producer["send"]>[0]) => ReturnType<Producer["send"]>

/** One request; the first offset of each partition, by `placeName`. */
export const sendRequest = async (send: Send, records: ReadonlyArray<Placed>): Promise<ReadonlyMap<string, number>> => {
  const messages = records.map(({ headers, key, partition, topic, value }) => ({
    topic,
    partition,
    value,
    headers,
    ...(key !== null && { key })
  }))
  const { offsets } = await send({ messages, ...(sum(records) < compressedFrom && { compression: "none" }) })
  return new Map((offsets ?? []).map((sent) => [placeName(sent), Number(sent.offset)]))
}

/** Each record's position, given the first offset of each partition in the request. */
export const positionsOf = (
  records: ReadonlyArray<Placed>,
  first: ReadonlyMap<string, number>
): ReadonlyArray<Position> => {
  const next = new Map(first)
  return records.map((record) => {
    const { name } = record
    const offset = next.get(name)!
    next.set(name, offset + 1)
    return { topic: record.record.topic, partition: record.partition, offset }
  })
}

/** One request after another, as a transaction needs them. */
export const sendAll = async (send: Send, records: ReadonlyArray<Placed>): Promise<ReadonlyArray<Position>> => {
  const positions: Array<Position> = []
  for (const request of inRequests(records)) {
    for (const position of positionsOf(request, await sendRequest(send, request))) positions.push(position)
  }
  return positions
}
