/** Reading partitions ahead, a little: what was fetched waits in a buffer until it is taken. Read committed. */
import type { RecordsBatch } from "@platformatic/kafka"
import { Effect, Latch } from "effect"
import type { BrokerError, IncomingRecord } from "../Broker.ts"
import { attempt, close, type Fetcher, makeFetcher } from "./Client.ts"
import type { KnownTopic } from "./Directory.ts"
import { failureOf, hasId } from "./Errors.ts"
import * as Metering from "./Metering.ts"
import { placeName } from "./Sending.ts"
import type { Options } from "./KafkaSettings.ts"

/**
 * How long a broker waits for something to send, which it does as soon as there is something: a reading that has an end
 * may be at it, and partitions that are left out may be wanted again any moment, but the less so the longer they were not.
 */
const patience = { endless: 10_000, ending: 500, leftOut: { first: 2, most: 50 } }

/** Bytes of one answer, and of a partition in it, so that a long one does not hold up the others. */
const answerBytes = 1024 * 1024
const partitionBytes = { least: 4 * 1024, most: 256 * 1024 }

/** Records of a partition that an answer is to have, about: what is compressed well would be very many. */
const aimedAt = 2_048

/** A partition with fewer records in its buffer is fetched. */
const enough = 512

/** A partition being read. */
export interface Source {
  readonly topic: string
  readonly partition: number
  /** The offset to fetch next; what lies below and is not in the buffer holds no record that is wanted. */
  next: number
  /** The offset to fetch up to; absent: no end. */
  readonly until?: number
  /** Ascending. */
  readonly buffer: Array<IncomingRecord>
  /** Whether a record is to be handed out at all; asked in order of offsets. */
  readonly wants: (offset: number) => boolean
}

export interface Fetching {
  /** What was fetched since, and failures. */
  readonly news: Latch.Latch
  readonly failure: () => BrokerError | undefined
  /** Fetches what there is room for; to be called when room was made. */
  readonly pump: () => void
}

type Response = Awaited<ReturnType<Fetcher["fetch"]>>

const isControl = 1 << 5
const isLogAppendTime = 1 << 3

const textOf = (bytes: Buffer | null): string => bytes?.toString("utf8") ?? ""

const headersOf = (headers: RecordsBatch["records"][number]["headers"]): Record<string, string> =>
  headers.length === 0 ? {} : Object.fromEntries(headers.map(([name, value]) => [textOf(name), textOf(value)]))

const recordsOf = (batch: RecordsBatch, { topic, partition }: Source): ReadonlyArray<IncomingRecord> => {
  if (batch.attributes & isControl) return []
  const first = Number(batch.firstOffset)
  const appendedAt = batch.attributes & isLogAppendTime ? Number(batch.maxTimestamp) : undefined
  return batch.records.map((record) => ({
    topic,
    partition,
    offset: first + record.offsetDelta,
    key: record.key === null ? null : textOf(record.key),
    value: record.value ?? new Uint8Array(),
    headers: headersOf(record.headers),
    timestamp: appendedAt ?? Number(batch.firstTimestamp + record.timestampDelta)
  }))
}

const bytesOf = (batches: ReadonlyArray<RecordsBatch>): number => {
  let bytes = 0
  for (const { records } of batches) {
    for (const { key, value } of records) bytes += (key?.length ?? 0) + (value?.length ?? 0)
  }
  return bytes
}

/** How many bytes have about as many records as are aimed at, going by the last ones. */
const bytesForNext = (batches: ReadonlyArray<RecordsBatch>): number => {
  let bytes = 0
  let records = 0
  for (const { lastOffsetDelta, length } of batches) {
    bytes += length
    records += lastOffsetDelta + 1
  }
  return Math.min(Math.max(Math.ceil((bytes / records) * aimedAt), partitionBytes.least), partitionBytes.most)
}

const absorb = (source: Source, batches: ReadonlyArray<RecordsBatch>): void => {
  for (const batch of batches) {
    const end = Number(batch.firstOffset) + batch.lastOffsetDelta + 1
    if (end <= source.next) continue
    for (const record of recordsOf(batch, source)) {
      if (record.offset >= source.next && source.wants(record.offset)) source.buffer.push(record)
    }
    source.next = end
  }
}

/** Fetches until the scope closes. `moved` hears of partitions that an answer has brought forward. */
export const make = Effect.fnUntraced(function* (
  options: Options,
  topics: ReadonlyArray<KnownTopic>,
  sources: ReadonlyArray<Source>,
  moved: (sources: ReadonlyArray<Source>) => void = () => {}
) {
  const inner = new Map(topics.map((topic) => [topic.name, topic.inner]))
  const what = `read ${topics.map(({ name }) => `topic ${name}`).join(" and ")}`
  const doing = { what, ...(topics.length === 1 && { topic: topics[0]!.name }) }
  const fetcher = yield* Effect.acquireRelease(
    Effect.sync(() => makeFetcher(options, [...inner.values()])),
    (fetcher) => close(fetcher)
  )
  const news = Latch.makeUnsafe(false)
  const busy = new Set<number>()
  const sizes = new Map<Source, number>()
  let failure: BrokerError | undefined
  let closed = false
  let leftOut = patience.leftOut.first
  yield* Effect.addFinalizer(() => Effect.sync(() => (closed = true)))

  const metadata = () => fetcher.metadata({ topics: [...inner.values()] })
  let cluster = yield* attempt(options, fetcher, doing, metadata)
  const partitionOf = ({ partition, topic }: Source) => cluster.topics.get(inner.get(topic)!)?.partitions[partition]
  const idOf = (topic: string) => cluster.topics.get(inner.get(topic)!)!.id

  const request = (node: number, wanted: ReadonlyArray<Source>, wait: number) =>
    fetcher.fetch({
      node,
      maxWaitTime: wait,
      minBytes: 1,
      maxBytes: answerBytes,
      topics: [...Map.groupBy(wanted, ({ topic }) => topic)].map(([topic, sources]) => ({
        topicId: idOf(topic),
        partitions: sources.map((source) => ({
          partition: source.partition,
          fetchOffset: BigInt(source.next),
          partitionMaxBytes: sizes.get(source) ?? partitionBytes.least,
          currentLeaderEpoch: -1,
          lastFetchedEpoch: -1
        }))
      }))
    })

  const take = (response: Response, wanted: ReadonlyArray<Source>) => {
    const named = new Map(
      wanted.map((source) => [placeName({ topic: idOf(source.topic), partition: source.partition }), source])
    )
    const before = wanted.map(({ next }) => next)
    for (const { partitions, topicId } of response.responses) {
      for (const { partitionIndex, records } of partitions) {
        const source = named.get(placeName({ topic: topicId, partition: partitionIndex }))
        if (source === undefined || !records?.length) continue
        sizes.set(source, bytesForNext(records))
        absorb(source, records)
        Metering.received(source.topic, bytesOf(records))
      }
    }
    const ahead = wanted.filter(({ next }, i) => next > before[i]!)
    leftOut = ahead.length > 0 ? patience.leftOut.first : Math.min(2 * leftOut, patience.leftOut.most)
    if (ahead.length > 0) moved(ahead)
  }

  /** Retention has deleted what was to come next, or the topic is another one by now: goes on at its beginning. */
  const restart = async (wanted: ReadonlyArray<Source>) => {
    const start = await fetcher.listOffsets({ topics: [...inner.values()], timestamp: -2n })
    const end = await fetcher.listOffsets({ topics: [...inner.values()], timestamp: -1n })
    for (const source of wanted) {
      const place = [inner.get(source.topic)!, source.partition] as const
      const first = Number(start.get(place[0])![place[1]])
      if (source.next < first || source.next > Number(end.get(place[0])![place[1]])) source.next = first
    }
  }

  const fetchFrom = async (node: number, wanted: ReadonlyArray<Source>, wait: number) => {
    try {
      take(await request(node, wanted, wait), wanted)
    } catch (error) {
      if (!hasId(error, "OFFSET_OUT_OF_RANGE")) throw error
      await restart(wanted)
    }
    cluster = await metadata()
  }

  const run = (node: number, wanted: ReadonlyArray<Source>, wait: number) => {
    busy.add(node)
    const ended = () => {
      busy.delete(node)
      news.openUnsafe()
      pump()
    }
    fetchFrom(node, wanted, wait).then(ended, (error) => {
      failure ??= failureOf(options, doing)(error)
      Metering.fetchFailed(failure)
      ended()
    })
  }

  const pump = () => {
    if (closed || failure !== undefined) return
    const wanted = sources.filter(({ buffer, next, until = Infinity }) => buffer.length < enough && next < until)
    const hasEnd = sources.some(({ until = Infinity }) => until < Infinity)
    const wait = wanted.length < sources.length ? leftOut : hasEnd ? patience.ending : patience.endless
    for (const [node, group] of Map.groupBy(wanted, (source) => partitionOf(source)?.leader ?? -1)) {
      if (!busy.has(node)) run(node, group, wait)
    }
  }

  const fetching: Fetching = { news, failure: () => failure, pump }
  return fetching
})
