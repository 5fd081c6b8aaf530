/** Where an embedded broker keeps what must last: a synchronous store that one process has to itself. */
import type { BrokerError, IncomingRecord, OutgoingRecord } from "../Broker.ts"

/** A partition; its offsets from `start` to `end - 1` all hold a record. */
export interface StoredPartition {
  readonly id: number
  readonly start: number
  readonly end: number
  /** Timestamp of the newest record ever appended; 0 before the first. */
  readonly latest: number
}

export interface StoredTopic {
  readonly name: string
  readonly retentionMs: number
  readonly partitions: ReadonlyArray<StoredPartition>
}

export type StoredRecord = Pick<IncomingRecord, "offset" | "timestamp" | "key" | "value" | "headers">

/** A group's `Offsets` of one partition, by its id. */
export interface StoredOffsets {
  readonly group: string
  readonly partition: number
  readonly committed: number
  readonly unfinished: string
}

/** Every operation may throw; partitions go by their id. */
export interface Log {
  /** Runs `work` at once; when it throws, nothing it wrote remains. Not nested. */
  transaction<A>(work: () => A): A
  topics(): ReadonlyArray<StoredTopic>
  addTopic(topic: { readonly name: string; readonly retentionMs: number; readonly partitions: number }): StoredTopic
  /** More partitions for a topic, after those it has. */
  addPartitions(topic: string, count: number): ReadonlyArray<StoredPartition>
  setRetention(topic: string, retentionMs: number): void
  /** With its records and its groups' offsets. */
  removeTopic(topic: string): void
  append(partition: number, offset: number, timestamp: number, record: OutgoingRecord): void
  /** Records from offset `from` on, at least one if there is one; at most `limit`, and few when they are large. */
  scan(partition: number, from: number, limit: number): ReadonlyArray<StoredRecord>
  /** Replaces what the record at an offset holds. */
  rewrite(partition: number, offset: number, held: Pick<StoredRecord, "value" | "headers">): void
  /** Leaves nothing of what was replaced or deleted, outside of a transaction. */
  scrub(): void
  /** Deletes the records below `start`. */
  trim(partition: number, start: number): void
  offsets(group: string, partition: number): StoredOffsets | undefined
  allOffsets(): ReadonlyArray<StoredOffsets>
  saveOffsets(offsets: StoredOffsets): void
  /** What went wrong, if it is the store that failed; anything else is a bug. */
  failure(cause: unknown): BrokerError | undefined
}
