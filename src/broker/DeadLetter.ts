/** A record that could not be handled, with what is needed to understand it and to send it back. Pure. */
import { deadLetterName } from "../domain/Topics.ts"
import type { IncomingRecord, OutgoingRecord } from "./Broker.ts"

/**
 * - `undecodable`: the value is not what the topic holds
 * - `rejected`: the handler says it can never succeed
 * - `exhausted`: every attempt failed
 * - `defect`: the handler is wrong, every time
 */
export type Reason = "undecodable" | "rejected" | "exhausted" | "defect"

/** The same record would fail again in the same way: it is sent back only when somebody insists. */
export const isPermanent = ({ reason }: { readonly reason: Reason }): boolean =>
  reason === "undecodable" || reason === "rejected"

export interface Failure {
  readonly reason: Reason
  /** One sentence; secrets are `Redacted` long before. */
  readonly error: string
  readonly actor: string
  readonly attempts: number
  /** Milliseconds since the epoch. */
  readonly firstFailedAt: number
}

/** Text in a header longer than this is cut: brokers limit a record as a whole. */
const longestError = 1_000

/** Key, value and headers stay as they were; what happened is added under `rtfm-`. */
export const toDeadLetter = (record: IncomingRecord, failure: Failure): OutgoingRecord => ({
  topic: deadLetterName(record.topic),
  key: record.key,
  value: record.value,
  headers: {
    ...record.headers,
    "rtfm-reason": failure.reason,
    "rtfm-error": failure.error.slice(0, longestError),
    "rtfm-actor": failure.actor,
    "rtfm-attempts": String(failure.attempts),
    "rtfm-topic": record.topic,
    "rtfm-partition": String(record.partition),
    "rtfm-offset": String(record.offset),
    "rtfm-first-failed-at": String(failure.firstFailedAt)
  }
})

export interface DeadLetter extends Failure {
  /** The dead-letter topic and the place in it. */
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** When it became a dead letter, in milliseconds since the epoch. */
  readonly at: number
  readonly key: string | null
  readonly value: Uint8Array
  /** The record's own headers. */
  readonly headers: Readonly<Record<string, string>>
  readonly origin: { readonly topic: string; readonly partition: number; readonly offset: number }
}

const ours = /^rtfm-/

export const fromRecord = (record: IncomingRecord): DeadLetter => {
  const header = (name: string, otherwise: string) => record.headers[`rtfm-${name}`] ?? otherwise
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    at: record.timestamp,
    key: record.key,
    value: record.value,
    headers: Object.fromEntries(Object.entries(record.headers).filter(([name]) => !ours.test(name))),
    reason: header("reason", "rejected") as Reason,
    error: header("error", ""),
    actor: header("actor", ""),
    attempts: Number(header("attempts", "0")),
    firstFailedAt: Number(header("first-failed-at", String(record.timestamp))),
    origin: {
      topic: header("topic", record.topic.replace(/\.dlq$/, "")),
      partition: Number(header("partition", "0")),
      offset: Number(header("offset", "0"))
    }
  }
}

/** The record as it was before it failed. */
export const toOriginal = (letter: DeadLetter): OutgoingRecord => ({
  topic: letter.origin.topic,
  key: letter.key,
  value: letter.value,
  headers: letter.headers
})

/** Stands in the dead-letter topic, in the dead letter's partition, and says that it was sent back. */
export const sentBackMark = (letter: DeadLetter): OutgoingRecord => ({
  topic: letter.topic,
  key: letter.key,
  value: new Uint8Array(),
  headers: { "rtfm-sent-back": placeOf(letter) }
})

/** The dead letter a mark speaks of, or `undefined` for a dead letter. */
export const markedBy = (record: IncomingRecord): string | undefined => record.headers["rtfm-sent-back"]

export const placeOf = ({ offset, partition }: { readonly partition: number; readonly offset: number }): string =>
  `${partition}/${offset}`
