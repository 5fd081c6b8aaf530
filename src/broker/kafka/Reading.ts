/** Reading a topic at Kafka without a group. */
import { Cause, Effect, Stream } from "effect"
import type { Broker, BrokerError, IncomingRecord, PartitionDescription, ReadFrom } from "../Broker.ts"
import { inTurns, invalid } from "../Rules.ts"
import type { Directory, KnownTopic } from "./Directory.ts"
import * as Fetching from "./Fetching.ts"
import type { Options as Settings } from "./KafkaSettings.ts"

type Options = Parameters<Broker["Service"]["read"]>[0]

interface Place extends Fetching.Source {
  /** Where the reading ends. */
  readonly until: number
}

/** A transaction of another that stays open is not waited for: what it holds is not there yet. */
const patience = 1_500

/** What `from` means is settled when the stream starts. */
export const read = (
  settings: Settings,
  directory: Directory,
  options: Options
): Stream.Stream<IncomingRecord, BrokerError> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const topic = yield* directory.get(options.topic)
      const places = yield* placesOf(directory, topic, options)
      const fetching = yield* Fetching.make(settings, [topic], places.filter(isOpen))

      const next = (place: Place, limit: number) =>
        place.buffer.splice(0, limit).filter(({ offset }) => offset < place.until)

      let progress = Date.now()
      const pull: Effect.Effect<readonly [IncomingRecord, ...Array<IncomingRecord>], BrokerError | Cause.Done> =
        Effect.suspend(() => {
          fetching.news.closeUnsafe()
          const [first, ...rest] = inTurns(places, next)
          if (first !== undefined) {
            progress = Date.now()
            return Effect.succeed([first, ...rest] as const)
          }
          if (!places.some(isOpen)) return Cause.done()
          if (options.follow !== true && Date.now() > progress + patience) return Cause.done()
          const failure = fetching.failure()
          if (failure !== undefined) return Effect.fail(failure)
          fetching.pump()
          return Effect.andThen(fetching.news.await, pull)
        })
      return Stream.fromPull(Effect.succeed(pull))
    })
  )

const isOpen = ({ buffer, next, until }: Place): boolean => buffer.length > 0 || next < until

const placesOf = Effect.fnUntraced(function* (
  directory: Directory,
  topic: KnownTopic,
  { follow, from, partition }: Options
) {
  if (partition !== undefined && !(Number.isInteger(partition) && partition >= 0 && partition < topic.partitions))
    return yield* invalid(`Topic ${topic.name} has no partition ${partition}.`, topic.name)
  const boundsOf = yield* directory.bounds([topic])
  const startOf = yield* starts(directory, topic, from)
  return boundsOf(topic)
    .filter((bounds) => partition === undefined || bounds.partition === partition)
    .map((bounds): Place => {
      const first = startOf(bounds)
      return {
        topic: topic.name,
        partition: bounds.partition,
        next: Math.min(Math.max(first, bounds.start), bounds.end),
        buffer: [],
        wants: (offset) => offset >= first,
        until: follow === true ? Infinity : bounds.end
      }
    })
})

const starts = Effect.fnUntraced(function* (directory: Directory, topic: KnownTopic, from: ReadFrom) {
  if (from === "earliest") return ({ start }: PartitionDescription) => start
  if (from === "latest") return ({ end }: PartitionDescription) => end
  if ("offset" in from) {
    if (Number.isInteger(from.offset) && from.offset >= 0) return () => from.offset
    return yield* invalid(`An offset is a whole number from 0, not ${from.offset}.`, topic.name)
  }
  const at = yield* directory.offsets([topic], BigInt(Math.max(0, Math.ceil(from.time))))
  return ({ end, partition }: PartitionDescription) => {
    const offset = at(topic.inner, partition)
    return offset < 0 ? end : offset
  }
})
