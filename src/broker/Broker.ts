/** The log everything travels through: append to topics, read as a member of a group, commit outputs and inputs as one. */
import { Context, type Duration, type Effect, Schema, type Scope, type Stream } from "effect"
import type { TopicSpec } from "../domain/Topics.ts"

/**
 * - `unreachable`: the broker does not answer; worth trying again
 * - `locked`: another process has the embedded broker open
 * - `full`: no room left to write
 * - `unauthorized`: wrong credentials or missing rights
 * - `unknown-topic`: the topic does not exist
 * - `fenced`: another member took over what this one was doing
 * - `invalid`: the request can never succeed as it is
 * - `failed`: anything else the broker reports
 */
export const BrokerFailure = Schema.Literals([
  "unreachable",
  "locked",
  "full",
  "unauthorized",
  "unknown-topic",
  "fenced",
  "invalid",
  "failed"
])

export class BrokerError extends Schema.TaggedError<BrokerError>()("BrokerError", {
  reason: BrokerFailure,
  /** One sentence that names what was tried, where, and why it failed. */
  detail: Schema.String,
  topic: Schema.optionalKey(Schema.String),
  /** No new start can mend it: the process had better end with `detail`. */
  fatal: Schema.optionalKey(Schema.Boolean),
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message() {
    return this.detail
  }
  get retryable(): boolean {
    return this.reason === "unreachable" || this.reason === "failed" || this.reason === "full"
  }
}

/** A record to append. The partition follows from the key; a record without one goes to any partition. */
export interface OutgoingRecord {
  readonly topic: string
  readonly key: string | null
  readonly value: Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  /**
   * With a schema registry: `avro` has to fit the schema of the topic, `raw` goes as it is; without it a value goes as
   * Avro that is JSON and fits.
   */
  readonly format?: "avro" | "raw"
}

/** How sure one call wants to be, where there is a choice; elsewhere it is as sure as can be. */
export interface Assurance {
  /** `all`: every broker in sync has the records; `leader`: one has; `none`: they were sent, to offset -1. */
  readonly acks: "all" | "leader" | "none"
  /** How often a request that fails is tried again, within some seconds; default 3. */
  readonly retries?: number
}

export interface Position {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export interface IncomingRecord extends Position {
  readonly key: string | null
  readonly value: Uint8Array
  readonly headers: Readonly<Record<string, string>>
  /** When the broker appended it, in milliseconds since the epoch. */
  readonly timestamp: number
}

/** One member's reading of some topics on behalf of a group. */
export interface Subscription {
  /**
   * The next records in hand, at least one; waits until there is something. Order is kept within a partition.
   * At most `window` records of a partition are out and not yet committed: a full partition is left out, others go on.
   * Not for racing: what a take had in hand when it was interrupted is out until the scope of the subscription closes.
   * `fenced` when the group shared out its partitions among several processes anew while records were in hand: what
   * was not committed comes again, to whoever has its partition then. After a failure nothing but to subscribe again.
   */
  readonly take: Effect.Effect<ReadonlyArray<IncomingRecord>, BrokerError>
  /**
   * In one transaction: appends `outputs`, and marks `done` as finished. Records may finish out of order; after a
   * restart exactly those not marked come again. To finish what is not in hand, or was finished before, is `invalid`,
   * and nothing is appended. An interrupted commit has still happened whole or not at all. So has one that failed as
   * `unreachable` or `failed`: what became of it is known when the next subscription takes.
   */
  readonly commit: (batch: {
    readonly outputs: ReadonlyArray<OutgoingRecord>
    readonly done: ReadonlyArray<Position>
  }) => Effect.Effect<void, BrokerError>
}

export interface PartitionDescription {
  readonly partition: number
  /** Offset of the oldest record kept; equal to `end` when empty. */
  readonly start: number
  /** Offset the next record will get. */
  readonly end: number
  /** The broker that has the say over it; `null` where there is only one, or none at the moment. */
  readonly leader: string | null
}

export interface TopicDescription {
  readonly name: string
  readonly retentionMs: number
  readonly partitions: ReadonlyArray<PartitionDescription>
  /** How a topic is kept that several brokers share, in Kafka's words; `null` in the embedded brokers. */
  readonly kept: {
    /** What becomes of old records: `delete`, `compact` or `compact,delete`. */
    readonly cleanup: string
    /** A codec; `uncompressed`; or `producer` for whatever each producer chooses. */
    readonly compression: string
    /** Brokers that have each record. */
    readonly replicas: number
  } | null
}

/** What of a topic can be changed. */
export interface TopicChange {
  readonly retention?: Duration.Duration
  /** Not fewer than there are. Records of a key may go to another partition from then on. */
  readonly partitions?: number
}

/** How far a group is with one partition. */
export interface GroupLag {
  readonly group: string
  readonly topic: string
  readonly partition: number
  /** The lowest offset not finished. */
  readonly committed: number
  /** Records not finished, those finished above `committed` taken off. */
  readonly lag: number
}

/** `offset` is absolute and counts for every partition it is given for; `time` is milliseconds since the epoch. */
export type ReadFrom = "earliest" | "latest" | { readonly offset: number } | { readonly time: number }

/** Which records of a topic are overwritten where they are. */
export interface Erasure {
  readonly topic: string
  /** Default: `earliest`. */
  readonly from?: ReadFrom
  /** Only records of these keys. */
  readonly keys?: ReadonlySet<string>
  /**
   * What stays of a record's value: nothing at all when it is empty, its headers included; `undefined` leaves the record
   * as it is. May be called more than once for a record.
   */
  readonly keep: (record: IncomingRecord) => Uint8Array | undefined
}

export class Broker extends Context.Service<
  Broker,
  {
    /**
     * Appends in order and returns each record's position once it is durable. All are appended, or none; which of both
     * is unknown when it is interrupted, and after `unreachable` and `failed`. A value above the broker's limit (8 MiB,
     * at Kafka 1 MiB) is `invalid`, and so is a key that is no valid Unicode. Offsets grow, but not always by one.
     * With an `assurance` of its own, a call that fails may have appended some, and a record may be there twice.
     */
    publish(
      records: ReadonlyArray<OutgoingRecord>,
      assurance?: Assurance
    ): Effect.Effect<ReadonlyArray<Position>, BrokerError>
    /**
     * Joins `group`; a group without committed offsets starts at the beginning. The scope leaves it: then taking and
     * committing fail as `fenced`. Within a process one member of a group reads a topic; a second one is `invalid`.
     * Members of a group in several processes, where the broker allows for those, share the partitions.
     */
    subscribe(options: {
      readonly topics: ReadonlyArray<string>
      readonly group: string
      /** Unfinished records a partition may have out: 1 to 512; default 256. */
      readonly window?: number
    }): Effect.Effect<Subscription, BrokerError, Scope.Scope>
    /** Reads without a group. Ends at the end of the topic as it was at the start, unless `follow`. */
    read(options: {
      readonly topic: string
      readonly from: ReadFrom
      readonly partition?: number
      readonly follow?: boolean
    }): Stream.Stream<IncomingRecord, BrokerError>
    /**
     * Overwrites what records hold, down to the bytes on the disk, and says how many; places, keys and times stay. What
     * is appended meanwhile may be left out, and what a member has in hand stays as it was taken. `null` where records
     * cannot be changed: they stay until they expire.
     */
    erase(erasure: Erasure): Effect.Effect<number | null, BrokerError>
    /** Creates what is missing; what exists is left as it is. */
    create(topics: ReadonlyArray<TopicSpec>): Effect.Effect<void, BrokerError>
    /** Records and offsets stay; readers and members learn of partitions that are added when they begin anew. */
    alter(topic: string, change: TopicChange): Effect.Effect<void, BrokerError>
    /** Deletes the topic, its records and what groups have committed of it. `invalid` while a member here reads it. */
    remove(topic: string): Effect.Effect<void, BrokerError>
    readonly list: Effect.Effect<ReadonlyArray<TopicDescription>, BrokerError>
    /** Those of the named that exist. */
    describe(topics: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<TopicDescription>, BrokerError>
    /** Lag of every group that has committed something or is reading, or of one group. */
    lag(group?: string): Effect.Effect<ReadonlyArray<GroupLag>, BrokerError>
  }
>()("rtfm/broker/Broker") {}
