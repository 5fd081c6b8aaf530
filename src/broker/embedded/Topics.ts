/** The topics of an embedded broker: which partition and offset a record gets, and who waits for it. */
import { Duration, type Latch } from "effect"
import type { TopicSpec } from "../../domain/Topics.ts"
import { BrokerError, type IncomingRecord, type OutgoingRecord, type Position, type TopicChange } from "../Broker.ts"
import { partitionOf } from "../Partitioner.ts"
import { checkChange, checkRecord, checkSpec } from "../Rules.ts"
import type { Log, StoredPartition, StoredRecord, StoredTopic } from "./Log.ts"
import type { Changes } from "./Transactions.ts"

export interface Partition {
  readonly id: number
  readonly topic: string
  readonly partition: number
  start: number
  end: number
  latest: number
}

export interface Topic {
  readonly name: string
  retentionMs: number
  partitions: ReadonlyArray<Partition>
  /** Opened when records are appended. */
  readonly readers: Set<Latch.Latch>
  readonly wake: () => void
  /** Whose turn it is to get a record without a key. */
  turn: number
}

/** Largest value; key and headers come on top, so that a record that fits still fits with what a dead letter adds. */
export const maxValueBytes = 8 * 1024 * 1024

const partitionsOf = (topic: string, stored: ReadonlyArray<StoredPartition>, before = 0): ReadonlyArray<Partition> =>
  stored.map((partition, i) => ({ ...partition, topic, partition: before + i }))

const load = (stored: StoredTopic): Topic => {
  const readers = new Set<Latch.Latch>()
  return {
    name: stored.name,
    retentionMs: stored.retentionMs,
    partitions: partitionsOf(stored.name, stored.partitions),
    readers,
    wake: () => readers.forEach((reader) => reader.openUnsafe()),
    turn: 0
  }
}

export const make = (log: Log) => {
  const topics = new Map(log.topics().map((stored) => [stored.name, load(stored)]))

  const get = (name: string): Topic => {
    const topic = topics.get(name)
    if (topic !== undefined) return topic
    throw new BrokerError({ reason: "unknown-topic", detail: `There is no topic ${name}.`, topic: name })
  }

  const create = (specs: ReadonlyArray<TopicSpec>, changes: Changes): void => {
    specs.forEach(checkSpec)
    const isFirst = ({ name }: TopicSpec, i: number) => specs.findIndex((spec) => spec.name === name) === i
    for (const { name, partitions, retention } of specs.filter(isFirst)) {
      if (topics.has(name)) continue
      const stored = log.addTopic({ name, partitions, retentionMs: Duration.toMillis(retention) })
      changes.onCommit(() => topics.set(name, load(stored)))
    }
  }

  const alter = (name: string, change: TopicChange, changes: Changes): void => {
    const topic = get(name)
    const existing = topic.partitions.length
    checkChange(name, change, existing)
    changes.remember(topic)
    if (change.retention !== undefined) {
      topic.retentionMs = Duration.toMillis(change.retention)
      log.setRetention(name, topic.retentionMs)
    }
    if (change.partitions !== undefined && change.partitions > existing) {
      const added = log.addPartitions(name, change.partitions - existing)
      topic.partitions = [...topic.partitions, ...partitionsOf(name, added, existing)]
    }
  }

  const remove = (name: string, changes: Changes): void => {
    const { partitions } = get(name)
    log.removeTopic(name)
    changes.onCommit(() => {
      topics.delete(name)
      // Whoever still reads it is at its end.
      for (const partition of partitions) partition.start = partition.end
    })
  }

  const append = (records: ReadonlyArray<OutgoingRecord>, now: number, changes: Changes): ReadonlyArray<Position> =>
    records.map((record) => {
      checkRecord(record, maxValueBytes)
      const topic = get(record.topic)
      const count = topic.partitions.length
      const index = record.key === null ? topic.turn++ % count : partitionOf(record.key, count)
      const partition = topic.partitions[index]!
      changes.remember(partition)
      changes.onCommit(topic.wake)
      // A clock that is set back must not put a partition's records out of order in time.
      partition.latest = Math.max(partition.latest, now)
      log.append(partition.id, partition.end, partition.latest, record)
      return { topic: topic.name, partition: index, offset: partition.end++ }
    })

  const scan = (partition: Partition, from: number, limit: number): ReadonlyArray<IncomingRecord> =>
    log.scan(partition.id, from, limit).map((record) => delivered(partition, record))

  /** The offset of the first record of `time` or later; the end if there is none. */
  const firstAt = (partition: Partition, time: number): number => {
    let { start: low, end: high } = partition
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (log.scan(partition.id, middle, 1)[0]!.timestamp < time) low = middle + 1
      else high = middle
    }
    return low
  }

  const trim = (partition: Partition, start: number, changes: Changes): void => {
    changes.remember(partition)
    log.trim(partition.id, start)
    partition.start = start
  }

  return { all: () => [...topics.values()], get, create, alter, remove, append, scan, firstAt, trim }
}

export type Topics = ReturnType<typeof make>

const delivered = ({ topic, partition }: Partition, stored: StoredRecord): IncomingRecord => ({
  topic,
  partition,
  offset: stored.offset,
  key: stored.key,
  value: stored.value,
  headers: stored.headers,
  timestamp: stored.timestamp
})
