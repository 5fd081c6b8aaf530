/** Transactions under one id: whoever begins under it ends what its predecessor left open, and shuts it out. */
import { Effect } from "effect"
import type { BrokerError, Position } from "../Broker.ts"
import {
  attempt,
  close,
  isLate,
  makeTransactionalProducer,
  type Mark,
  type Member,
  type TransactionalProducer
} from "./Client.ts"
import * as Metering from "./Metering.ts"
import { type Placed, sendAll } from "./Sending.ts"
import type { Options } from "./KafkaSettings.ts"

/** The member on whose behalf a transaction is made, as the group knew it when the work began. */
export interface Behalf {
  readonly member: Member
  readonly generation: number
  readonly memberId: string
  /** At least one: they are what is checked. */
  readonly marks: ReadonlyArray<Mark>
  /** The group has shared out its partitions anew, so nothing more can be done on its behalf as it was. */
  readonly onLate: () => void
}

export interface Transactions {
  /** From now on nothing of a predecessor can happen any more. */
  readonly ready: Effect.Effect<void, BrokerError>
  /** Waits a little for what is under way to end by itself: broken off, it would keep others waiting. */
  readonly settled: Effect.Effect<void>
  /** All of it, or nothing. Not to be run twice at the same time. A failure leaves nothing open for long. */
  readonly run: (records: ReadonlyArray<Placed>, behalf?: Behalf) => Effect.Effect<ReadonlyArray<Position>, BrokerError>
}

type Transaction = Awaited<ReturnType<TransactionalProducer["beginTransaction"]>>

export const make = Effect.fnUntraced(function* (options: Options, id: string) {
  let current: TransactionalProducer | undefined
  let under: Promise<unknown> = Promise.resolve()
  const settled = Effect.promise(() => under.then(ignore, ignore)).pipe(
    Effect.timeoutOption("2 seconds"),
    Effect.asVoid
  )

  /** What it left open is ended by its successor. */
  const discard = Effect.suspend(() => {
    const old = current
    current = undefined
    return old === undefined ? Effect.void : close(old)
  })
  yield* Effect.addFinalizer(() => discard)

  const begin = Effect.suspend(() => {
    if (current !== undefined) return Effect.succeed(current)
    const producer = makeTransactionalProducer(options, id)
    return attempt(options, producer, { what: `begin transactions as ${id}` }, async () => {
      const transaction = await producer.beginTransaction()
      await transaction.cancel()
      return (current = producer)
    }).pipe(Effect.onError(() => close(producer)))
  })

  const fill = async (
    producer: TransactionalProducer,
    transaction: Transaction,
    records: ReadonlyArray<Placed>,
    behalf?: Behalf
  ) => {
    if (behalf !== undefined) await transaction.addConsumer(behalf.member)
    const send: typeof producer.send = transaction.send.bind(transaction) as never
    const positions = records.length === 0 ? [] : await sendAll(send, records)
    if (behalf !== undefined) {
      producer.mark(behalf.member.groupInstanceId, behalf.marks, behalf.onLate)
      await transaction.addOffset(asMessage(behalf) as never)
    }
    return positions
  }

  const transact = async (producer: TransactionalProducer, records: ReadonlyArray<Placed>, behalf?: Behalf) => {
    const transaction = await producer.beginTransaction()
    try {
      const positions = await fill(producer, transaction, records, behalf)
      await transaction.commit()
      return positions
    } catch (error) {
      // Whoever has the partitions now does not have to wait for it to time out.
      if (isLate(error)) await transaction.abort().catch(ignore)
      throw error
    }
  }

  const transactions: Transactions = {
    ready: Effect.asVoid(begin),
    settled,
    run: Effect.fnUntraced(
      function* (records, behalf) {
        const producer = yield* begin
        const doing = { what: whatOf(records, behalf), ...topicOf(records) }
        const run = () => {
          const running = transact(producer, records, behalf)
          under = running
          return running
        }
        const positions = yield* Effect.onInterrupt(attempt(options, producer, doing, run), () => settled)
        Metering.sent(records)
        return positions
      },
      Metering.transacting,
      Effect.onError(() => discard)
    )
  }
  return transactions
})

const ignore = () => {}

const topicOf = (records: ReadonlyArray<Placed>) =>
  records[0] === undefined ? undefined : { topic: records[0].record.topic }

const whatOf = (records: ReadonlyArray<Placed>, behalf: Behalf | undefined): string => {
  const append = `append to ${[...new Set(records.map(({ record }) => `topic ${record.topic}`))].join(" and ")}`
  return behalf === undefined ? append : records.length === 0 ? commit(behalf) : `${append} and ${commit(behalf)}`
}
const commit = ({ member }: Behalf): string => `commit for group ${member.groupId}`

/**
 * What the client wants to see of the record whose offset is to be committed; the marks stand in for its offset. It asks
 * for the coordinator with every attempt: the member finds the new one when that has moved, or come back.
 */
const asMessage = ({ generation, marks, member, memberId }: Behalf) => ({
  topic: marks[0]!.topic,
  partition: marks[0]!.partition,
  offset: 0n,
  metadata: {
    consumer: {
      groupId: member.groupId,
      generationId: generation,
      memberId,
      get coordinatorId() {
        return member.coordinatorId
      }
    }
  }
})
