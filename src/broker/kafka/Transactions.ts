/** Transactions under one id: whoever begins under it ends what its predecessor left open, and shuts it out. */
import { Effect } from "effect"
import type { BrokerError, Position } from "../Broker.ts"
import {
  attempt,
  close,
  makeTransactionalProducer,
  type Mark,
  type Member,
  type TransactionalProducer
} from "./Client.ts"
import { type Placed, sendAll } from "./Sending.ts"
import type { Options } from "./KafkaSettings.ts"

/** The member on whose behalf a transaction is made, as the group knew it when the work began. */
export interface Behalf {
  readonly member: Member
  readonly generation: number
  readonly memberId: string
  /** At least one: they are what is checked. */
  readonly marks: ReadonlyArray<Mark>
}

export interface Transactions {
  /** From now on nothing of a predecessor can happen any more. */
  readonly ready: Effect.Effect<void, BrokerError>
  /** All of it, or nothing. Not to be run twice at the same time. A failure leaves nothing open for long. */
  readonly run: (records: ReadonlyArray<Placed>, behalf?: Behalf) => Effect.Effect<ReadonlyArray<Position>, BrokerError>
}

export const make = Effect.fnUntraced(function* (options: Options, id: string) {
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

  const transact = async (producer: TransactionalProducer, records: ReadonlyArray<Placed>, behalf?: Behalf) => {
    const transaction = await producer.beginTransaction()
    if (behalf !== undefined) await transaction.addConsumer(behalf.member)
    const send: typeof producer.send = transaction.send.bind(transaction) as never
    const positions = records.length === 0 ? [] : await sendAll(send, records)
    if (behalf !== undefined) {
      producer.mark(behalf.member.groupInstanceId, behalf.marks)
      await transaction.addOffset(asMessage(behalf) as never)
    }
    await transaction.commit()
    return positions
  }

  const transactions: Transactions = {
    ready: Effect.asVoid(begin),
    run: Effect.fnUntraced(
      function* (records, behalf) {
        const producer = yield* begin
        const doing = { what: whatOf(records, behalf), ...topicOf(records) }
        return yield* attempt(options, producer, doing, () => transact(producer, records, behalf))
      },
      Effect.onError(() => discard)
    )
  }
  return transactions
})

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
