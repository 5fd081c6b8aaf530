/** Which topics there are at Kafka: made, listed, looked up. Knows them by our names, which Kafka's add a prefix to. */
import { type Admin, ConfigResourceTypes, IncrementalAlterConfigOperationTypes } from "@platformatic/kafka"
import { Duration, Effect, Semaphore } from "effect"
import { type TopicSpec, usual } from "../../domain/Topics.ts"
import type { BrokerError, PartitionDescription, TopicChange, TopicDescription } from "../Broker.ts"
import { checkChange, checkSpec } from "../Rules.ts"
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
  /** Of each partition; `null` while it has none. */
  readonly leaders: ReadonlyArray<string | null>
  readonly replicas: number
}

const retentionText = (retention: Duration.Duration): string => {
  const keep = Duration.toMillis(retention)
  return Number.isFinite(keep) ? String(Math.ceil(keep)) : "-1"
}

const retentionOf = (text = "-1"): number => (Number(text) < 0 ? Number.POSITIVE_INFINITY : Number(text))

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

  const adding = Semaphore.makeUnsafe(1)

  const innerOf = (name: string) => prefix + name

  const lookUp = Effect.fnUntraced(function* (names: ReadonlyArray<string>) {
    const topic = names.length === 1 ? names[0]! : undefined
    const doing = topic === undefined ? { what: "look up the topics" } : { what: `look up topic ${topic}`, topic }
    const { brokers, topics } = yield* attempt(options, admin, doing, () =>
      admin.metadata({ topics: names.map(innerOf), forceUpdate: true })
    )
    const addressOf = (id: number): string | null => {
      const broker = brokers.get(id)
      return broker === undefined ? null : `${broker.host}:${broker.port}`
    }
    return yield* Effect.forEach(names, (name) => {
      const inner = innerOf(name)
      const found = topics.get(inner)
      if (found === undefined) return failureOf(options, doing)({ apiId: "UNKNOWN_TOPIC_OR_PARTITION", message: "" })
      const topic: KnownTopic = {
        name,
        inner,
        partitions: found.partitionsCount,
        leaders: found.partitions.map(({ leader }) => addressOf(leader)),
        replicas: Math.min(...found.partitions.map(({ replicas }) => replicas.length))
      }
      known.set(name, { topic, at: Date.now() })
      return Effect.succeed(topic)
    })
  })
  const lookUpOne = (name: string) => Effect.map(lookUp([name]), ([topic]) => topic!)

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
      return lookUpOne(name)
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
    return ({ inner, leaders }: KnownTopic): ReadonlyArray<PartitionDescription> =>
      leaders.map((leader, partition) => ({
        partition,
        start: start(inner, partition),
        end: end(inner, partition),
        leader
      }))
  })

  /** A topic's settings at Kafka, as text. */
  const configs = (topics: ReadonlyArray<KnownTopic>) =>
    attempt(options, admin, { what: "look up how topics are kept" }, () =>
      admin.describeConfigs({
        resources: topics.map(({ inner }) => ({
          resourceType: ConfigResourceTypes.TOPIC,
          resourceName: inner,
          configurationKeys: ["retention.ms", "cleanup.policy", "compression.type"]
        }))
      })
    ).pipe(
      Effect.map((described) => (inner: string, name: string) => {
        const found = described.find(({ resourceName }) => resourceName === inner)
        return found?.configs.find((config) => config.name === name)?.value ?? undefined
      })
    )

  /** Ours, and neither the brokers' own nor the schema registry's. */
  const names = Effect.gen(function* () {
    const all = yield* attempt(options, admin, { what: "list topics" }, () => admin.listTopics({}))
    const ours = all.filter((name) => name.startsWith(prefix) && !name.startsWith("__") && name !== "_schemas")
    return ours.map((inner) => inner.slice(prefix.length)).sort()
  })

  const describeOnce = Effect.fnUntraced(function* (names: ReadonlyArray<string>) {
    if (names.length === 0) return []
    const topics = yield* lookUp(names)
    const configOf = yield* configs(topics)
    const boundsOf = yield* bounds(topics)
    return topics.map((topic): TopicDescription => ({
      name: topic.name,
      retentionMs: retentionOf(configOf(topic.inner, "retention.ms")),
      partitions: boundsOf(topic),
      kept: {
        cleanup: (configOf(topic.inner, "cleanup.policy") ?? "delete").split(",").sort().join(","),
        compression: configOf(topic.inner, "compression.type") ?? "producer",
        replicas: topic.replicas
      }
    }))
  })

  const describeThose = (isWanted: (name: string) => boolean) =>
    names.pipe(
      Effect.flatMap((names) => describeOnce(names.filter(isWanted))),
      // One that is deleted meanwhile is not in the next look.
      Effect.retry({ while: ({ reason }) => reason === "unknown-topic", times: 5 })
    )
  const list = describeThose(() => true)
  const describe = (names: ReadonlyArray<string>) => describeThose((name) => names.includes(name))

  /** The controller knows; the others hear of it a little later. */
  const untilKnown = (name: string, partitions: number) =>
    lookUpOne(name).pipe(
      Effect.filterOrFail(
        (topic) => topic.partitions >= partitions,
        () => failureOf(options, { what: "look up", topic: name })({ apiId: "UNKNOWN_TOPIC_OR_PARTITION" })
      ),
      Effect.retry({ while: ({ reason }) => reason === "unknown-topic", times: 5 }),
      Effect.asVoid
    )

  const createOne = Effect.fnUntraced(function* (spec: TopicSpec) {
    const { name, partitions } = spec
    const settings = {
      "cleanup.policy": spec.cleanup ?? usual.cleanup,
      "compression.type": spec.compression ?? usual.compression,
      "retention.ms": retentionText(spec.retention),
      "max.message.bytes": String(maxMessageBytes),
      "message.timestamp.type": "LogAppendTime"
    }
    yield* attempt(options, admin, { what: `create topic ${name}`, topic: name }, () =>
      admin
        .createTopics({
          topics: [innerOf(name)],
          partitions,
          replicas: spec.replicas ?? options.replicationFactor ?? -1,
          configs: Object.entries(settings).map(([name, value]) => ({ name, value }))
        })
        .catch((error) => {
          if (!hasId(error, "TOPIC_ALREADY_EXISTS")) throw error
        })
    )
    yield* untilKnown(name, 1)
  })

  const keep = (name: string, retention: Duration.Duration) =>
    attempt(options, admin, { what: `change how long topic ${name} is kept`, topic: name }, () =>
      admin.incrementalAlterConfigs({
        resources: [
          {
            resourceType: ConfigResourceTypes.TOPIC,
            resourceName: innerOf(name),
            configs: [
              {
                name: "retention.ms",
                configOperation: IncrementalAlterConfigOperationTypes.SET,
                value: retentionText(retention)
              }
            ]
          }
        ]
      })
    )

  // Without assignments the brokers choose; an empty list of them is refused. One call at a time: the client takes a
  // second one for the first, whatever its topic.
  const addPartitions = (name: string, count: number) =>
    attempt(options, admin, { what: `add partitions to topic ${name}`, topic: name }, () =>
      admin.createPartitions({ topics: [{ name: innerOf(name), count }] })
    ).pipe(Semaphore.withPermit(adding), Effect.andThen(untilKnown(name, count)))

  const alter = Effect.fnUntraced(function* (name: string, change: TopicChange) {
    known.delete(name)
    const { partitions: existing } = yield* get(name)
    yield* Effect.try({
      try: () => checkChange(name, change, existing),
      catch: (cause) => cause as BrokerError
    })
    if (change.retention !== undefined) yield* keep(name, change.retention)
    if (change.partitions !== undefined && change.partitions > existing) yield* addPartitions(name, change.partitions)
  })

  const remove = Effect.fnUntraced(function* (name: string) {
    yield* get(name)
    known.delete(name)
    yield* attempt(options, admin, { what: `delete topic ${name}`, topic: name }, () =>
      admin.deleteTopics({ topics: [innerOf(name)] })
    )
    yield* lookUpOne(name).pipe(
      Effect.andThen(Effect.sleep("50 millis")),
      Effect.repeat({ times: 40 }),
      Effect.catchIf(
        ({ reason }) => reason === "unknown-topic",
        () => Effect.void
      )
    )
    known.delete(name)
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

  return { get, list, describe, create, alter, remove, bounds, offsets, innerOf, prefix }
}

export type Directory = ReturnType<typeof make>
