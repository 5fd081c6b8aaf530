/** Appending records. What one call gives goes whole or not at all, and calls made at the same time go together. */
import type { Producer } from "@platformatic/kafka"
import { Effect, Exit } from "effect"
import { BrokerError, type OutgoingRecord, type Position } from "../Broker.ts"
import { attempt, close, makeProducer } from "./Client.ts"
import { chain } from "./Errors.ts"
import * as Grouped from "./Grouped.ts"
import * as Metering from "./Metering.ts"
import {
  batchBytes,
  inRequests,
  type Placed,
  placeName,
  type Placing,
  positionsOf,
  sendRequest,
  sum
} from "./Sending.ts"
import type { Options } from "./KafkaSettings.ts"
import * as Transactions from "./Transactions.ts"

type Piece = ReadonlyArray<Placed>
type Positions = ReadonlyArray<Position>
type Outcome = Exit.Exit<Positions, BrokerError>

const closed = Effect.fail(new BrokerError({ reason: "failed", detail: "The connection to Kafka was closed." }))

/** One batch of one partition, which Kafka takes whole or not at all. */
const isOneBatch = (piece: Piece): boolean =>
  piece.every(({ name }) => name === piece[0]!.name) && (piece.length === 1 || sum(piece) <= batchBytes)

const whatOf = (piece: Piece) => {
  const topics = [...new Set(piece.map(({ record }) => record.topic))]
  return {
    what: `append to ${topics.map((topic) => `topic ${topic}`).join(" and ")}`,
    ...(topics.length === 1 && { topic: topics[0]! })
  }
}

const failedWith = (exit: Exit.Exit<unknown, BrokerError>): BrokerError | undefined =>
  Exit.isFailure(exit) ? exit.cause.reasons.find((reason) => reason._tag === "Fail")?.error : undefined

/** Refused for what it is, so that it is certain that nothing of it was appended. */
const isRefused = (exit: Exit.Exit<unknown, BrokerError>): boolean => failedWith(exit)?.reason === "invalid"

/** The partitions that a request which failed as a whole has been appended to all the same. */
const appendedOf = (error: unknown): ReadonlyMap<string, number> => {
  const appended = new Map<string, number>()
  for (const reported of chain(error) as ReadonlyArray<any>) {
    for (const each of reported.produced?.offsets ?? []) appended.set(placeName(each), Number(each.offset))
    for (const { name, partitionResponses } of reported.response?.responses ?? []) {
      for (const { baseOffset, errorCode, index } of partitionResponses ?? []) {
        if (errorCode === 0) appended.set(placeName({ topic: name, partition: index }), Number(baseOffset))
      }
    }
  }
  return appended
}

/** Batches of single partitions, in as few requests as their sizes allow; the producer makes its retries harmless. */
const plain = Effect.fnUntraced(function* (options: Options) {
  let current: Producer | undefined
  const producer = () => (current ??= makeProducer(options))
  const discard = Effect.suspend(() => {
    const old = current
    current = undefined
    return old === undefined ? Effect.void : close(old)
  })
  yield* Effect.addFinalizer(() => discard)

  const send = Effect.fnUntraced(function* (pieces: ReadonlyArray<Piece>) {
    const client = producer()
    const records = pieces.flat()
    let appended: ReadonlyMap<string, number> = new Map()
    const exit = yield* Effect.exit(
      attempt(options, client, whatOf(records), async () => {
        try {
          return (appended = await sendRequest(client.send.bind(client), records))
        } catch (error) {
          appended = appendedOf(error)
          throw error
        }
      }).pipe(Metering.producing)
    )
    Metering.sent(records.filter(({ name }) => appended.has(name)))
    if (failedWith(exit)?.reason === "unreachable") yield* discard
    const positions = positionsOf(records, appended)
    let at = 0
    return pieces.map((piece): Outcome => {
      const its = positions.slice(at, (at += piece.length))
      return appended.has(piece[0]!.name) ? Exit.succeed(its) : (Exit.asVoid(exit) as Outcome)
    })
  })

  /** What is refused together is tried apart, so that nobody fails for the mistake of another. */
  const sendApart = Effect.fnUntraced(function* (pieces: ReadonlyArray<Piece>) {
    const outcomes = yield* send(pieces)
    if (pieces.length === 1) return outcomes
    return yield* Effect.forEach(outcomes, (outcome, i) =>
      isRefused(outcome) ? Effect.map(send([pieces[i]!]), ([apart]) => apart!) : Effect.succeed(outcome)
    )
  })

  return yield* Grouped.make(
    Effect.fnUntraced(function* (pieces: ReadonlyArray<Piece>) {
      const outcomes: Array<Outcome> = []
      for (const request of together(pieces)) outcomes.push(...(yield* sendApart(request)))
      return outcomes
    }),
    closed
  )
})

/** Pieces in their order, as many in one request as `inRequests` allows; no piece is divided. */
const together = (pieces: ReadonlyArray<Piece>): ReadonlyArray<ReadonlyArray<Piece>> => {
  const requests: Array<Array<Piece>> = []
  for (const piece of pieces) {
    const last = requests.at(-1)
    if (last !== undefined && inRequests([...last.flat(), ...piece]).length === 1) last.push(piece)
    else requests.push([piece])
  }
  return requests
}

const transactional = Effect.fnUntraced(function* (options: Options) {
  const transactions = yield* Transactions.make(options, `${options.prefix ?? ""}publish.${options.replica}`)
  const transact = (pieces: ReadonlyArray<Piece>) =>
    Effect.exit(transactions.run(pieces.flat())).pipe(
      Effect.map((exit) => {
        let at = 0
        return pieces.map((piece) => Exit.map(exit, (positions) => positions.slice(at, (at += piece.length))))
      })
    )
  return yield* Grouped.make(
    Effect.fnUntraced(function* (pieces: ReadonlyArray<Piece>) {
      const outcomes = yield* transact(pieces)
      if (pieces.length === 1 || !isRefused(outcomes[0]!)) return outcomes
      return (yield* Effect.forEach(pieces, (piece) => transact([piece]))).flat()
    }),
    closed
  )
})

/** A call for one partition is one batch; only a call for several needs a transaction. */
export const make = Effect.fnUntraced(function* (options: Options, placing: Placing) {
  const sendPlain = yield* plain(options)
  const sendTransactional = yield* transactional(options)
  return Effect.fnUntraced(function* (records: ReadonlyArray<OutgoingRecord>) {
    if (records.length === 0) return []
    const piece = yield* placing(records)
    return yield* isOneBatch(piece) ? sendPlain(piece) : sendTransactional(piece)
  })
})
