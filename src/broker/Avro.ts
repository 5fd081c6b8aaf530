/**
 * Values as Avro, in the format of the schema registry: a zero, the schema's id in four bytes, the value. Whoever publishes
 * and reads through this sees JSON: what is published to a topic with a schema goes as Avro, and what arrives as Avro is
 * JSON again. A record that does not begin with a zero is as it is.
 */
import avro from "avsc"
import { Effect, Layer, Option, type Schema, Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import { deadLetterName, type TopicSpec } from "../domain/Topics.ts"
import { differences } from "./avro/Compatible.ts"
import { type Derived, fromSchema } from "./avro/Derived.ts"
import * as Registry from "./avro/Registry.ts"
import { bootstrapServers, topicPrefix } from "./kafka/KafkaSettings.ts"
import { Broker, BrokerError, type Erasure, type IncomingRecord, type OutgoingRecord } from "./Broker.ts"
import { invalid } from "./Rules.ts"

const magic = 0
const headBytes = 5

/** How values of a topic of ours are written and read. */
export interface Codec {
  readonly topic: string
  readonly subject: string
  readonly schema: string
  readonly derived: Derived
  readonly type: avro.Type
}

/** How values that somebody wrote with a schema are read. */
type Read = (bytes: Buffer) => unknown

export interface Options {
  readonly address: Registry.Address
  /** The topics; those without a schema of their own are read as they come. */
  readonly topics: ReadonlyArray<TopicSpec>
  /** What the names of subjects start with. */
  readonly prefix?: string
  /** Registers schemas that are not there yet; else somebody else has to. */
  readonly register: boolean
}

const schemaOf = (topic: TopicSpec): Schema.Top | undefined =>
  "schema" in topic ? (topic.schema as Schema.Top) : undefined

/** The schemas of the topics that have one. */
export const codecs = ({ prefix = "", topics }: Pick<Options, "prefix" | "topics">): ReadonlyArray<Codec> =>
  topics.flatMap((topic) => {
    const schema = schemaOf(topic)
    if (schema === undefined) return []
    const derived = fromSchema(topic.name, schema)
    const type = avro.Type.forSchema(derived.avro as avro.Schema, { wrapUnions: true })
    const text = JSON.stringify(derived.avro)
    return [{ topic: topic.name, subject: `${prefix}${topic.name}-value`, schema: text, derived, type }]
  })

/** How a topic's schema stands at the registry, in words. */
export const stateOf = (
  codec: Codec,
  known: Option.Option<number>,
  latest: Option.Option<Registry.Version>
): string => {
  if (Option.isSome(known)) return "registered"
  if (Option.isNone(latest)) return "not registered"
  const found = differences(JSON.parse(codec.schema), JSON.parse(latest.value.schema))
  return found.length === 0 ? "changed, compatible" : `incompatible: ${found.join("; ")}`
}

const fatal = (detail: string, topic: string) => new BrokerError({ reason: "invalid", detail, topic, fatal: true })

/** Registers the schema of a topic; one that cannot read what is there already is refused, with what is different. */
export const register = Effect.fnUntraced(function* (registry: Registry.Registry, codec: Codec) {
  const { schema, subject, topic } = codec
  const known = yield* registry.find(subject, schema)
  if (Option.isSome(known)) return known.value
  const latest = yield* registry.latest(subject)
  const found = Option.match(latest, {
    onNone: () => [],
    onSome: (version) => differences(JSON.parse(schema), JSON.parse(version.schema))
  })
  const refused = (why: string) =>
    fatal(
      `The schema of topic ${topic} cannot read what subject ${subject} has at the ${registry.name}: ${why}.`,
      topic
    )
  if (found.length > 0) return yield* refused(found.join("; "))
  yield* registry.keepBackward(subject)
  const registered = yield* registry.register(subject, schema)
  return typeof registered === "number" ? registered : yield* refused(registered.message.trim())
})

const find = Effect.fnUntraced(function* (registry: Registry.Registry, { schema, subject, topic }: Codec) {
  const known = yield* registry.find(subject, schema)
  if (Option.isSome(known)) return known.value
  const how = "rtfm schemas register does that, and so does a start with SCHEMA_REGISTER=true"
  return yield* fatal(
    `The schema of topic ${topic} is not registered as ${subject} at the ${registry.name}: ${how}.`,
    topic
  )
})

const frame = (id: number, value: Buffer): Uint8Array => {
  const head = Buffer.alloc(headBytes)
  head.writeUInt8(magic)
  head.writeUInt32BE(id, 1)
  return Buffer.concat([head, value])
}

/** A value of a topic as it stands in the log, its schema registered. */
export const encoded = (registry: Registry.Registry, codec: Codec, json: unknown) =>
  Effect.map(register(registry, codec), (id) => frame(id, codec.type.toBuffer(codec.derived.write(json))))

const isFramed = (value: Uint8Array): boolean => value.length >= headBytes && value[0] === magic

const parse = (value: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(value).toString("utf8"))
  } catch {
    return undefined
  }
}

/** What JSON has no word for is text. */
const toJson = (value: unknown): Uint8Array =>
  Buffer.from(JSON.stringify(value, (_, one) => (typeof one === "bigint" ? String(one) : one)))

/** Absent and `null` are one in Avro that was not derived from a schema of ours. */
const withoutNulls = (value: unknown): unknown => {
  if (Buffer.isBuffer(value)) return value.toString("base64")
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== null)
      .map(([name, one]) => [name, withoutNulls(one)])
  )
}

/** Reads what was written with a schema: resolved to the topic's own where that can be, else as it was written. */
const reader = (written: string, codec: Codec | undefined): Read => {
  const plain = avro.Type.forSchema(JSON.parse(written), { wrapUnions: "auto" } as never)
  const asWritten: Read = (bytes) => withoutNulls(plain.fromBuffer(bytes))
  if (codec === undefined) return asWritten
  try {
    const resolver = codec.type.createResolver(avro.Type.forSchema(JSON.parse(written), { wrapUnions: true }))
    return (bytes) => codec.derived.read(codec.type.fromBuffer(bytes, resolver))
  } catch {
    return asWritten
  }
}

/** Runs once for each key; a failure is not kept. */
const once = <K, A>(run: (key: K) => Effect.Effect<A, BrokerError>) => {
  const known = new Map<K, A>()
  return (key: K): Effect.Effect<A, BrokerError> => {
    const found = known.get(key)
    if (found !== undefined) return Effect.succeed(found)
    return Effect.tap(run(key), (value) => Effect.sync(() => known.set(key, value)))
  }
}

const unknownSchema = invalid("There is no such schema.")

const wrap = (broker: Broker["Service"], registry: Registry.Registry, options: Options) => {
  const byTopic = new Map(codecs(options).map((codec) => [codec.topic, codec]))
  /** The bytes that a value was made of, so that a dead letter is what arrived. */
  const originals = new WeakMap<Uint8Array, Uint8Array>()

  const idOf = once((codec: Codec) => (options.register ? register(registry, codec) : find(registry, codec)))
  const schemaOfId = once((id: number) =>
    Effect.flatMap(
      registry.byId(id),
      Option.match({ onNone: () => Effect.fail(unknownSchema), onSome: Effect.succeed })
    )
  )
  const latestOf = once(
    Effect.fnUntraced(function* (topic: string) {
      const subject = `${options.prefix ?? ""}${topic}-value`
      const latest = yield* registry.latest(subject)
      if (Option.isNone(latest))
        return yield* invalid(`There is no schema for topic ${topic}: the ${registry.name} has no ${subject}.`, topic)
      const { id, schema } = latest.value
      return { id, type: avro.Type.forSchema(JSON.parse(schema), { wrapUnions: "auto" } as never) }
    })
  )
  const readers = new Map<string, Read>()
  /** A topic's own, that of the topic whose dead letters it has, or whichever has this very schema. */
  const codecFor = (topic: string, schema: string): Codec | undefined =>
    byTopic.get(topic) ??
    [...byTopic.values()].find((codec) => deadLetterName(codec.topic) === topic || codec.schema === schema)
  const readerOf = (id: number, schema: string, topic: string): Read => {
    const key = `${id} ${topic}`
    const known = readers.get(key) ?? reader(schema, codecFor(topic, schema))
    readers.set(key, known)
    return known
  }

  const misfit = (topic: string) => invalid(`A value for topic ${topic} does not fit its schema.`, topic)

  const encodeWith = Effect.fnUntraced(function* (codec: Codec, record: OutgoingRecord) {
    const json = parse(record.value)
    const value = codec.derived.fits(json) ? codec.derived.write(json) : undefined
    if (value !== undefined && codec.type.isValid(value))
      return { ...record, value: frame(yield* idOf(codec), codec.type.toBuffer(value)) }
    return record.format === "avro" ? yield* misfit(record.topic) : record
  })

  /** With whatever schema the registry has. */
  const encodeForeign = Effect.fnUntraced(function* (record: OutgoingRecord) {
    const { id, type } = yield* latestOf(record.topic)
    const json = parse(record.value)
    if (!type.isValid(json)) return yield* misfit(record.topic)
    return { ...record, value: frame(id, type.toBuffer(json)) }
  })

  const encode = (record: OutgoingRecord): Effect.Effect<OutgoingRecord, BrokerError> => {
    const original = originals.get(record.value)
    if (original !== undefined) return Effect.succeed({ ...record, value: original })
    if (record.format === "raw") return Effect.succeed(record)
    const codec = byTopic.get(record.topic)
    if (codec !== undefined) return encodeWith(codec, record)
    return record.format === "avro" ? encodeForeign(record) : Effect.succeed(record)
  }
  const encodeAll = (records: ReadonlyArray<OutgoingRecord>) => Effect.forEach(records, encode)

  const decode = Effect.fnUntraced(function* (record: IncomingRecord) {
    if (!isFramed(record.value)) return record
    const bytes = Buffer.from(record.value.buffer, record.value.byteOffset, record.value.byteLength)
    const id = bytes.readUInt32BE(1)
    const { topic } = record
    const value = yield* schemaOfId(id).pipe(
      Effect.flatMap(({ schema }) =>
        Effect.try({
          try: () => toJson(readerOf(id, schema, topic)(bytes.subarray(headBytes))),
          catch: () => unknownSchema
        })
      ),
      // Bytes that only look like Avro are whatever the topic says they are.
      Effect.catchIf(
        (error) => error === unknownSchema,
        () => Effect.succeed(record.value)
      )
    )
    if (value !== record.value) originals.set(value, record.value)
    return { ...record, value }
  })
  const decodeAll = (records: ReadonlyArray<IncomingRecord>) =>
    records.some(({ value }) => isFramed(value)) ? Effect.forEach(records, decode) : Effect.succeed(records)

  return Broker.of({
    ...broker,
    publish: (records, assurance) =>
      Effect.flatMap(encodeAll(records), (encoded) => broker.publish(encoded, assurance)),
    subscribe: (wish) =>
      Effect.map(broker.subscribe(wish), ({ commit, take }) => ({
        take: Effect.flatMap(take, decodeAll),
        commit: ({ done, outputs }) =>
          Effect.flatMap(encodeAll(outputs), (encoded) => commit({ done, outputs: encoded }))
      })),
    read: (wish) => broker.read(wish).pipe(Stream.mapEffect(decode)),
    erase: (erasure) => erase(broker, erasure, { decode, encode })
  })
}

/** Which of a broker's records are kept how is settled first, since values are read and written with schemas. */
const erase = Effect.fnUntraced(function* (
  broker: Broker["Service"],
  { keep, ...erasure }: Erasure,
  values: {
    readonly decode: (record: IncomingRecord) => Effect.Effect<IncomingRecord, BrokerError>
    readonly encode: (record: OutgoingRecord) => Effect.Effect<OutgoingRecord, BrokerError>
  }
) {
  const kept = new Map<string, Uint8Array>()
  yield* broker.read({ topic: erasure.topic, from: erasure.from ?? "earliest" }).pipe(
    Stream.mapEffect(values.decode),
    Stream.runForEach((record) => {
      const value = keep(record)
      if (value === undefined) return Effect.void
      const encoded = value.length === 0 ? Effect.succeed({ value }) : values.encode({ ...record, value })
      return Effect.map(encoded, ({ value }) => kept.set(placeOf(record), value))
    })
  )
  return yield* broker.erase({ ...erasure, keep: (record) => kept.get(placeOf(record)) })
})

const placeOf = ({ offset, partition }: IncomingRecord): string => `${partition}/${offset}`

/** Makes sure of every schema: what is incompatible is a failure, a registry that does not answer is waited for later. */
const prepare = (registry: Registry.Registry, options: Options) =>
  Effect.forEach(codecs(options), (codec) => (options.register ? register(registry, codec) : find(registry, codec)), {
    discard: true
  }).pipe(
    Effect.catchIf(
      ({ reason }) => reason === "unreachable",
      ({ detail }) => Effect.logWarning(`${detail} Until it does, nothing is written to topics with schemas.`)
    )
  )

/** Over another broker. */
export const layer = (options: Options) =>
  Layer.effect(
    Broker,
    Effect.gen(function* () {
      const broker = yield* Broker
      const registry = yield* Registry.make(options.address)
      yield* prepare(registry, options)
      return wrap(broker, registry, options)
    })
  ).pipe(Layer.provide(FetchHttpClient.layer))

/** How the settings want it; subjects are named after the topics at Kafka. */
export const optionsOf = Effect.fnUntraced(function* (address: Registry.Address, topics: ReadonlyArray<TopicSpec>) {
  const onKafka = Option.isSome(yield* bootstrapServers.config)
  const options: Options = {
    address,
    topics,
    prefix: onKafka ? yield* topicPrefix.config : "",
    register: yield* Registry.registerAtStart.config
  }
  return options
})

export const layerOf = (address: Registry.Address, topics: ReadonlyArray<TopicSpec>) =>
  Layer.unwrap(Effect.map(optionsOf(address, topics), layer))
