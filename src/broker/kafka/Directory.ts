/** Which topics there are at Kafka: made, listed, looked up. Knows them by our names, which Kafka's add a prefix to. */
import { type Admin, ConfigResourceTypes } from "@platformatic/kafka"
import { Duration, Effect } from "effect"
import type { TopicSpec } from "../../domain/Topics.ts"
import type { BrokerError, PartitionDescription, TopicDescription } from "../Broker.ts"
import { checkSpec } from "../Rules.ts"
import { attempt } from "./Client.ts"
import { failureOf, hasId } from "./Errors.ts"
import type { Options } from "./KafkaSettings.ts"

/** A record's value may have 1 MiB; key, headers and what a dead letter adds come on top. */
const maxMessageBytes = 2 * 1024 * 1024

/** How long what is known of a topic is taken to be so. */
const knownFor = 30_000

export interface KnownTopic {
  readonly name: string
  /** Kafka's name for it. */
  readonly inner: string
  readonly partitions: number
}

const earliest = -2n
const latest = -1n

/**
 * The end counts what transactions have appended that are still open, or whose end the broker is about to write down:
 * else one's own commit might not be there yet.
 */
const uncommitted = 0

export const make = (options: Options, admin: Admin) => {
  const prefix = options.prefix ?? ""
  const known = new Map<string, { readonly topic: KnownTopic; readonly at: number }>()

  const innerOf = (name: string) => prefix + name

  const lookUp = Effect.fnUntraced(function* (name: string) {
    const inner = innerOf(name)
    const doing = { what: `look up topic ${name}`, topic: name }
    const { topics } = yield* attempt(options, admin, doing, () =>
      admin.metadata({ topics: [inner], forceUpdate: true })
    )
    const partitions = topics.get(inner)?.partitionsCount
    if (partitions === undefined)
      return yield* failureOf(options, doing)({ apiId: "UNKNOWN_TOPIC_OR_PARTITION", message: "" })
    const topic: KnownTopic = { name, inner, partitions }
    known.set(name, { topic, at: Date.now() })
    return topic
  })

  /** Fails as `unknown-topic`. */
  const get = (name: string): Effect.Effect<KnownTopic, BrokerError> =>
    Effect.suspend(() => {
      const found = known.get(name)
      if (found !== undefined && found.at + knownFor > Date.now()) return Effect.succeed(found.topic)
      known.delete(name)
      // What cannot be a name is not asked for: the client takes the answer for one of the network.
      if (!/^[a-zA-Z0-9._-]{1,249}$/.test(name))
        return Effect.fail(
          failureOf(options, { what: "look up", topic: name })({ apiId: "UNKNOWN_TOPIC_OR_PARTITION" })
        )
      return lookUp(name)
    })

  const offsets = (topics: ReadonlyArray<KnownTopic>, timestamp: bigint) =>
    attempt(options, admin, { what: "look up offsets" }, () =>
      admin.listOffsets({
        isolationLevel: uncommitted,
        topics: topics.map(({ inner, partitions }) => ({
          name: inner,
          partitions: Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp }))
        }))
      })
    ).pipe(
      Effect.map((listed) => (inner: string, partition: number) => {
        const found = listed.find(({ name }) => name === inner)?.partitions
        return Number(found?.find(({ partitionIndex }) => partitionIndex === partition)?.offset ?? 0n)
      })
    )

  /** Where each partition begins and ends now. */
  const bounds = Effect.fnUntraced(function* (topics: ReadonlyArray<KnownTopic>) {
    if (topics.length === 0) return () => []
    const start = yield* offsets(topics, earliest)
    const end = yield* offsets(topics, latest)
    return ({ inner, partitions }: KnownTopic): ReadonlyArray<PartitionDescription> =>
      Array.from({ length: partitions }, (_, partition) => ({
        partition,
        start: start(inner, partition),
        end: end(inner, partition)
      }))
  })

  const retentions = (topics: ReadonlyArray<KnownTopic>) =>
    attempt(options, admin, { what: "look up how long topics are kept" }, () =>
      admin.describeConfigs({
        resources: topics.map(({ inner }) => ({
          resourceType: ConfigResourceTypes.TOPIC,
          resourceName: inner,
          configurationKeys: ["retention.ms"]
        }))
      })
    ).pipe(
      Effect.map((described) => (inner: string) => {
        const found = described.find(({ resourceName }) => resourceName === inner)
        const ms = Number(found?.configs.find(({ name }) => name === "retention.ms")?.value ?? -1)
        return ms < 0 ? Number.POSITIVE_INFINITY : ms
      })
    )

  const list = Effect.gen(function* () {
    const names = yield* attempt(options, admin, { what: "list topics" }, () => admin.listTopics({}))
    const ours = names.filter((name) => name.startsWith(prefix) && !name.startsWith("__"))
    const topics = yield* Effect.forEach(ours, (inner) => lookUp(inner.slice(prefix.length)))
    if (topics.length === 0) return []
    const retentionOf = yield* retentions(topics)
    const boundsOf = yield* bounds(topics)
    return topics.map((topic): TopicDescription => ({
      name: topic.name,
      retentionMs: retentionOf(topic.inner),
      partitions: boundsOf(topic)
    }))
  })

  const createOne = Effect.fnUntraced(function* ({ name, partitions, retention }: TopicSpec) {
    const keep = Duration.toMillis(retention)
    const settings = {
      "cleanup.policy": "delete",
      "retention.ms": Number.isFinite(keep) ? String(Math.ceil(keep)) : "-1",
      "max.message.bytes": String(maxMessageBytes),
      "message.timestamp.type": "LogAppendTime"
    }
    yield* attempt(options, admin, { what: `create topic ${name}`, topic: name }, () =>
      admin
        .createTopics({
          topics: [innerOf(name)],
          partitions,
          replicas: options.replicationFactor ?? -1,
          configs: Object.entries(settings).map(([name, value]) => ({ name, value }))
        })
        .catch((error) => {
          if (!hasId(error, "TOPIC_ALREADY_EXISTS")) throw error
        })
    )
    // The controller has made it; the others hear of it a little later.
    yield* lookUp(name).pipe(Effect.retry({ while: ({ reason }) => reason === "unknown-topic", times: 5 }))
  })

  const create = Effect.fnUntraced(function* (specs: ReadonlyArray<TopicSpec>) {
    yield* Effect.try({ try: () => specs.forEach(checkSpec), catch: (cause) => cause as BrokerError })
    const names = yield* attempt(options, admin, { what: "list topics" }, () => admin.listTopics({}))
    const there = new Set(names)
    const missing = specs.filter(
      ({ name }, i) => !there.has(innerOf(name)) && specs.findIndex((spec) => spec.name === name) === i
    )
    yield* Effect.forEach(missing, createOne, { concurrency: 8, discard: true })
  })

  return { get, list, create, bounds, offsets, innerOf, prefix }
}

export type Directory = ReturnType<typeof make>
