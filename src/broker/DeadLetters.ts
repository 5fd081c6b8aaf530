/** The dead letters that wait: listed, and sent back to where they came from once the cause is gone. */
import { Effect, Stream } from "effect"
import { deadLetterName } from "../domain/Topics.ts"
import { Broker, type BrokerError, type IncomingRecord } from "./Broker.ts"
import { isErased } from "./Erased.ts"
import { type DeadLetter, fromRecord, isPermanent, markedBy, placeOf, sentBackMark, toOriginal } from "./DeadLetter.ts"

const isDeadLetterTopic = (topic: string): boolean => topic.endsWith(deadLetterName(""))

const topicsOf = Effect.fnUntraced(function* (topic: string | undefined) {
  if (topic !== undefined) return [isDeadLetterTopic(topic) ? topic : deadLetterName(topic)]
  const broker = yield* Broker
  return (yield* broker.list).map(({ name }) => name).filter(isDeadLetterTopic)
})

/** What of a dead-letter topic was not sent back, oldest first within a partition. */
const waitingIn = Effect.fnUntraced(function* (topic: string) {
  const broker = yield* Broker
  const waiting = new Map<string, IncomingRecord>()
  yield* broker.read({ topic, from: "earliest" }).pipe(
    Stream.runForEach((record) =>
      Effect.sync(() => {
        if (isErased(record)) return
        const sentBack = markedBy(record)
        if (sentBack === undefined) waiting.set(placeOf(record), record)
        else waiting.delete(sentBack)
      })
    )
  )
  return [...waiting.values()].map(fromRecord)
})

/** Dead letters that were not sent back, newest first; at most `limit`, default 100. */
export const list = Effect.fn("DeadLetters.list")(function* (options: {
  readonly topic?: string
  readonly limit?: number
}): Effect.fn.Return<ReadonlyArray<DeadLetter>, BrokerError, Broker> {
  const topics = yield* topicsOf(options.topic)
  const letters = yield* Effect.forEach(topics, waitingIn)
  return letters
    .flat()
    .toSorted((a, b) => b.at - a.at || b.offset - a.offset)
    .slice(0, options.limit ?? 100)
})

export interface Redrive {
  /** The dead-letter topic, or the topic it belongs to. */
  readonly topic: string
  /** Absent: where each came from. */
  readonly to?: string
  /** Absent: all that wait. */
  readonly positions?: ReadonlyArray<{ readonly partition: number; readonly offset: number }>
  /** Only what became a dead letter then or later, in milliseconds since the epoch. */
  readonly since?: number
  /** At most so many, oldest first. */
  readonly limit?: number
  /** Also those that failed for a reason that does not pass. */
  readonly force?: boolean
  /** Says what would be sent, and sends nothing. */
  readonly dryRun?: boolean
}

export interface Redriven {
  /** Oldest first. */
  readonly sent: ReadonlyArray<DeadLetter>
  /** Chosen and yet kept, because they would only fail again. */
  readonly refused: ReadonlyArray<DeadLetter>
}

/** Appends dead letters to the topics they came from, as they were, and marks them as sent back, all or none. */
export const redrive = Effect.fn("DeadLetters.redrive")(function* ({
  dryRun = false,
  force = false,
  limit = Infinity,
  positions,
  since = 0,
  to,
  topic
}: Redrive): Effect.fn.Return<Redriven, BrokerError, Broker> {
  const broker = yield* Broker
  const wanted = positions === undefined ? undefined : new Set(positions.map(placeOf))
  const waiting = (yield* Effect.forEach(yield* topicsOf(topic), waitingIn)).flat()
  const chosen = waiting
    .filter((letter) => letter.at >= since && (wanted?.has(placeOf(letter)) ?? true))
    .toSorted((a, b) => a.at - b.at)
  const refused = chosen.filter((letter) => !force && isPermanent(letter))
  const sent = chosen.filter((letter) => force || !isPermanent(letter)).slice(0, limit)
  const back = (letter: DeadLetter) => {
    const record = toOriginal(letter)
    return [to === undefined ? record : { ...record, topic: to }, sentBackMark(letter)]
  }
  if (!dryRun) yield* broker.publish(sent.flatMap(back))
  return { sent, refused }
})
