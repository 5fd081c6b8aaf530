/** Transactions under one id: whoever begins under it ends what its predecessor left open, and shuts it out. */
import { Effect } from "effect"
import type { BrokerError, Position } from "../Broker.ts"
import { attempt, close, makeTransactionalProducer, type Member } from "./Client.ts"
import { isLate } from "./Errors.ts"
import * as Metering from "./Metering.ts"
import { type Placed, sendAll } from "./Sending.ts"
import type { Options } from "./KafkaSettings.ts"
import type { Mark, TransactionalProducer } from "./TransactionalProducer.ts"

/** The member on whose behalf a transaction is made, as the group knew it when the work began. */
export interface Behalf {
  readonly member: Member
  readonly generation: number
  readonly memberId: string
  /** At least one: they are what is checked. */
  readonly marks: ReadonlyArray<Mark>
  /** The group has shared out its partitions anew, so nothing more can be done on its behalf as it was. */
  readonly onLate: () => void
  /** It is not known whether the marks were made, and it cannot be prevented that they are made later. */
  readonly onDoubt: () => void
}

export interface Transactions {
  /** From now on nothing of a predecessor can happen any more. */
  readonly ready: Effect.Effect<void, BrokerError>
  /** Waits a little for what is under way to end by itself: broken off, it would keep others waiting. */
  readonly settled: Effect.Effect<void>
  /**
   * All of it, or nothing. Not to be run twice at the same time. A failure leaves nothing open for long. Marks alone
   * need no transaction: the generation fences them as well.
   */
  readonly run: (records: ReadonlyArray<Placed>, behalf?: Behalf) => Effect.Effect<ReadonlyArray<Position>, BrokerError>
}

type Transaction = Awaited<ReturnType<TransactionalProducer["beginTransaction"]>>

/** One of the ids that transactions are made under. */
const makeLane = Effect.fnUntraced(function* (options: Options, id: string) {
  let current: TransactionalProducer | undefined
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
  return { begin, discard }
})

/**
 * Under two ids in turns: after the end of a transaction is settled a broker is busy with it for some more milliseconds,
 * and makes whoever begins the next under the same id wait.
 */
export const make = Effect.fnUntraced(function* (options: Options, id: string) {
  const lanes = [yield* makeLane(options, id), yield* makeLane(options, `${id}.2`)] as const
  let turn = 0
  let under: Promise<unknown> = Promise.resolve()
  const settled = Effect.promise(() => under.then(ignore, ignore)).pipe(
    Effect.timeoutOption("2 seconds"),
    Effect.asVoid
  )
  const begin = Effect.all([lanes[0].begin, lanes[1].begin], { concurrency: 2 })

  const fill = async (
    producer: TransactionalProducer,
    transaction: Transaction,
    records: ReadonlyArray<Placed>,
    behalf?: Behalf
  ) => {
    if (behalf !== undefined) {
      await transaction.addConsumer(behalf.member)
      producer.mark(behalf.member.groupInstanceId, behalf.marks, behalf.onLate)
      await transaction.addOffset(asMessage(behalf) as never)
    }
    const send: typeof producer.send = transaction.send.bind(transaction) as never
    const positions = records.length === 0 ? [] : await sendAll(send, records)
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

  const mark = async (producer: TransactionalProducer, behalf: Behalf, onSend: () => void) => {
    try {
      await producer.commitMarks(behalf, behalf.marks, onSend)
    } catch (error) {
      if (isLate(error)) behalf.onLate()
      throw error
    }
    return []
  }

  const transactions: Transactions = {
    ready: Effect.asVoid(begin),
    settled,
    run: Effect.fnUntraced(function* (records, behalf) {
      const producers = yield* begin
      turn = 1 - turn
      const lane = lanes[turn]!
      const producer = producers[turn]!
      const alone = records.length === 0 ? behalf : undefined
      let inDoubt = false
      let isOver = false
      const onSend = () => {
        if (isOver) throw new Error("given up before it was sent")
        inDoubt = true
      }
      const run = () => {
        const running = alone === undefined ? transact(producer, records, behalf) : mark(producer, alone, onSend)
        const told = () => (inDoubt = false)
        under = running.then(told, (error) => isLate(error) && told())
        return running
      }
      const doing = { what: whatOf(records, behalf), ...topicOf(records) }
      const positions = yield* attempt(options, producer, doing, run).pipe(
        Effect.onInterrupt(() => settled),
        Effect.onError(() => {
          isOver = true
          if (inDoubt) alone?.onDoubt()
          return lane.discard
        })
      )
      Metering.sent(records)
      return positions
    }, Metering.transacting)
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
