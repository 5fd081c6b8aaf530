/** Overwrites records of an embedded broker where they are, a few at a time. */
import { Effect } from "effect"
import type { BrokerError, Erasure, IncomingRecord } from "../Broker.ts"
import { erasedHeaders } from "../Erased.ts"
import type { Log } from "./Log.ts"
import { startOf } from "./Reader.ts"
import type { Partition, Topics } from "./Topics.ts"
import { attempt, type Write } from "./Transactions.ts"

/** Records looked at in one transaction, after which others have their turn. */
const atOnce = 1_000

/** How many records were overwritten. */
export const erase = (
  log: Log,
  topics: Topics,
  write: Write,
  { from = "earliest", keep, keys, topic }: Erasure
): Effect.Effect<number, BrokerError> => {
  const overwrite = (partition: Partition, record: IncomingRecord): number => {
    if (keys !== undefined && (record.key === null || !keys.has(record.key))) return 0
    const value = keep(record)
    if (value === undefined) return 0
    log.rewrite(partition.id, record.offset, { value, headers: value.length === 0 ? erasedHeaders : record.headers })
    return 1
  }

  const eraseIn = Effect.fnUntraced(function* (partition: Partition) {
    let next = yield* attempt(log, () => startOf(topics, partition, from))
    const { end } = partition
    let erased = 0
    while (next < end) {
      const [count, reached] = yield* write(() => {
        const start = Math.max(next, partition.start)
        const records = start < end ? topics.scan(partition, start, Math.min(atOnce, end - start)) : []
        return [records.reduce((sum, record) => sum + overwrite(partition, record), 0), start + records.length] as const
      })
      erased += count
      next = reached
      yield* Effect.yieldNow
    }
    return erased
  })

  return Effect.gen(function* () {
    const { partitions } = yield* attempt(log, () => topics.get(topic))
    let erased = 0
    for (const partition of partitions) erased += yield* eraseIn(partition)
    if (erased > 0) yield* attempt(log, () => log.scrub())
    return erased
  })
}
