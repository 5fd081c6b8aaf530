/** What happens at Kafka, counted and timed. */
import { Context, Duration, Effect, Metric } from "effect"
import { type BrokerError, BrokerFailure } from "../Broker.ts"

const boundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

const produceSeconds = Metric.histogram("rtfm_kafka_produce_seconds", {
  description: "Time from records sent outside transactions to their acknowledgement, or to their failure",
  boundaries
})
const transactionSeconds = Metric.histogram("rtfm_kafka_transaction_seconds", {
  description: "Time from the begin of a transaction, or of a commit without outputs, to its end or its failure",
  boundaries
})
const rebalances = Metric.counter("rtfm_kafka_rebalances_total", {
  description: "Times a group shared out its partitions to this process and others, the first time included",
  incremental: true
})
const receivedBytes = Metric.counter("rtfm_kafka_received_bytes_total", {
  description: "Keys and values of records that were read, uncompressed",
  incremental: true
})
const sentBytes = Metric.counter("rtfm_kafka_sent_bytes_total", {
  description: "Records that were written, uncompressed",
  incremental: true
})
const fetchErrors = Metric.counter("rtfm_kafka_fetch_errors_total", {
  description: "Reads of topics that failed once their retries were over, by reason",
  incremental: true
})
const produceErrors = Metric.counter("rtfm_kafka_produce_errors_total", {
  description: "Writes and commits that failed once their retries were over, by reason",
  incremental: true
})

type Counter = Metric.Counter<number>

/** One for each value of a label, made once. */
const byLabel = (make: (label: string) => Counter): ((label: string) => Counter) => {
  const made = new Map<string, Counter>()
  return (label) => {
    const known = made.get(label) ?? make(label)
    made.set(label, known)
    return known
  }
}

const rebalancesOf = byLabel((group) => Metric.withAttributes(rebalances, { group }))
const receivedOf = byLabel((topic) => Metric.withAttributes(receivedBytes, { topic }))
const sentOf = byLabel((topic) => Metric.withAttributes(sentBytes, { topic }))
const fetchErrorsOf = byLabel((reason) => Metric.withAttributes(fetchErrors, { reason }))
const produceErrorsOf = byLabel((reason) => Metric.withAttributes(produceErrors, { reason }))

/** The client calls back from outside of any fiber. */
const count = (counter: Counter, more: number): void => counter.updateUnsafe(more, Context.empty())

/** Shows every reason from the start, so that a rate is known from the first error on. */
export const zero = Effect.sync(() => {
  for (const reason of BrokerFailure.literals) {
    count(fetchErrorsOf(reason), 0)
    count(produceErrorsOf(reason), 0)
  }
})

export const rebalanced = (group: string): void => count(rebalancesOf(group), 1)
export const received = (topic: string, bytes: number): void => count(receivedOf(topic), bytes)
export const sent = (
  records: ReadonlyArray<{ readonly record: { readonly topic: string }; readonly bytes: number }>
) => {
  const sums = new Map<string, number>()
  for (const { bytes, record } of records) sums.set(record.topic, (sums.get(record.topic) ?? 0) + bytes)
  for (const [topic, bytes] of sums) count(sentOf(topic), bytes)
}
export const fetchFailed = ({ reason }: BrokerError): void => count(fetchErrorsOf(reason), 1)
const writeFailed = ({ reason }: BrokerError) => Effect.sync(() => count(produceErrorsOf(reason), 1))

/** A write outside of transactions. */
export const producing = <A, R>(write: Effect.Effect<A, BrokerError, R>) =>
  write.pipe(Effect.trackDuration(produceSeconds, Duration.toSeconds), Effect.tapError(writeFailed))

export const transacting = <A, R>(transaction: Effect.Effect<A, BrokerError, R>) =>
  transaction.pipe(Effect.trackDuration(transactionSeconds, Duration.toSeconds), Effect.tapError(writeFailed))
