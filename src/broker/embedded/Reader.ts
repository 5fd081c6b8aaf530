/** Reading an embedded broker's topic without a group. */
import { Cause, Effect, Latch, Stream } from "effect"
import type { Broker, BrokerError, IncomingRecord, ReadFrom } from "../Broker.ts"
import { inTurns, invalid } from "../Rules.ts"
import type { Log } from "./Log.ts"
import type { Partition, Topic, Topics } from "./Topics.ts"
import { attempt } from "./Transactions.ts"

type Options = Parameters<Broker["Service"]["read"]>[0]

interface Place {
  readonly partition: Partition
  /** Offset to go on from. */
  next: number
  /** Where the reading ends. */
  readonly until: number
}

/** What `from` means is settled when the stream starts. */
export const read = (log: Log, topics: Topics, options: Options): Stream.Stream<IncomingRecord, BrokerError> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const topic = yield* attempt(log, () => topics.get(options.topic))
      const places = yield* attempt(log, () => placesOf(topics, topic, options))
      const news = yield* Effect.acquireRelease(
        Effect.sync(() => listen(topic)),
        (news) => Effect.sync(() => topic.readers.delete(news))
      )

      const next = (place: Place, limit: number) => {
        const from = Math.max(place.next, place.partition.start)
        const records = topics.scan(place.partition, from, Math.min(limit, place.until - from))
        place.next = from + records.length
        return records
      }

      const pull: Effect.Effect<readonly [IncomingRecord, ...Array<IncomingRecord>], BrokerError | Cause.Done> =
        Effect.suspend(() => {
          news.closeUnsafe()
          return Effect.flatMap(
            attempt(log, () => inTurns(places.filter(hasMore), next)),
            ([first, ...rest]) => {
              if (first !== undefined) return Effect.succeed([first, ...rest] as const)
              return options.follow === true ? Effect.andThen(news.await, pull) : Cause.done()
            }
          )
        })
      return Stream.fromPull(Effect.succeed(pull))
    })
  )

const hasMore = ({ partition, next, until }: Place): boolean =>
  Math.max(next, partition.start) < Math.min(until, partition.end)

const listen = (topic: Topic): Latch.Latch => {
  const news = Latch.makeUnsafe(false)
  topic.readers.add(news)
  return news
}

const placesOf = (topics: Topics, topic: Topic, { partition, from, follow }: Options): ReadonlyArray<Place> => {
  const chosen = partition === undefined ? topic.partitions : topic.partitions.slice(partition, partition + 1)
  if (chosen.length === 0) throw invalid(`Topic ${topic.name} has no partition ${partition}.`, topic.name)
  return chosen.map((partition) => ({
    partition,
    next: startOf(topics, partition, from),
    until: follow === true ? Infinity : partition.end
  }))
}

export const startOf = (topics: Topics, partition: Partition, from: ReadFrom): number => {
  if (from === "earliest") return partition.start
  if (from === "latest") return partition.end
  if ("time" in from) return topics.firstAt(partition, from.time)
  if (Number.isInteger(from.offset) && from.offset >= 0) return from.offset
  throw invalid(`An offset is a whole number from 0, not ${from.offset}.`, partition.topic)
}
