/** Deletes an embedded broker's expired records, a few at a time. */
import { Clock, Effect } from "effect"
import type { BrokerError } from "../Broker.ts"
import type { Log } from "./Log.ts"
import type { Partition, Topics } from "./Topics.ts"
import { attempt, type Write } from "./Transactions.ts"

/** Records deleted in one transaction, after which others have their turn. */
const atOnce = 1_000

/** Deletes what is older than its topic's retention. Offsets are not used again. */
export const expire = (log: Log, topics: Topics, write: Write): Effect.Effect<void, BrokerError> => {
  const expirePartition = Effect.fnUntraced(function* (partition: Partition, before: number) {
    const start = yield* attempt(log, () => topics.firstAt(partition, before))
    while (partition.start < start) {
      yield* write((changes) => topics.trim(partition, Math.min(start, partition.start + atOnce), changes))
      yield* Effect.yieldNow
    }
  })
  return Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    for (const { partitions, retentionMs } of topics.all()) {
      for (const partition of partitions) yield* expirePartition(partition, now - retentionMs + 1)
    }
  })
}
