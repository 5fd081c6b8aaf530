/** Values as Avro with a real schema registry, which others write to as well. */
import { assert, describe, it } from "@effect/vitest"
import avro from "avsc"
import { Context, Duration, Effect, Exit, Layer, Schema, type Scope, Stream } from "effect"
import { randomBytes } from "node:crypto"
import * as Avro from "../../src/broker/Avro.ts"
import { Broker, type BrokerError } from "../../src/broker/Broker.ts"
import { fromRecord, toDeadLetter, toOriginal } from "../../src/broker/DeadLetter.ts"
import { layerMemory } from "../../src/broker/Memory.ts"
import * as Topics from "../../src/domain/Topics.ts"
import { embedded, lines, refusal, run } from "../commands/inProcess.ts"
import { join, record, takeCount, text, topic } from "../contract/Broker.ts"
import * as KafkaServer from "../fixtures/KafkaServer.ts"
import * as SchemaRegistry from "../fixtures/SchemaRegistry.ts"

const registry = KafkaServer.forFile(SchemaRegistry.make)

const order = { id: Schema.String, amount: Schema.Int }
const orders = (fields: Schema.Struct.Fields = order) =>
  Topics.topic<any, any>({
    name: "orders",
    schema: Schema.Struct(fields) as never,
    key: ({ id }) => id,
    retention: "1 day",
    description: "orders"
  })

const unique = () => `${randomBytes(4).toString("hex")}.`
const optionsOf = (prefix: string, topics: ReadonlyArray<Topics.TopicSpec>, register = true): Avro.Options => ({
  address: { url: registry().url },
  topics,
  prefix,
  register
})

/** A broker, and what stands in it as somebody without Avro sees it. */
const world = Effect.gen(function* () {
  const inner = Context.get(yield* Layer.build(layerMemory), Broker)
  const prefix = unique()
  yield* inner.create([topic("orders", { partitions: 1 }), topic("orders.dlq", { partitions: 1 }), topic("other")])
  const over = (topics: ReadonlyArray<Topics.TopicSpec>, register?: boolean) =>
    Effect.map(
      Layer.build(Avro.layer(optionsOf(prefix, topics, register)).pipe(Layer.provide(Layer.succeed(Broker, inner)))),
      (context) => Context.get(context, Broker)
    )
  return { inner, prefix, over }
})

const all = (broker: Broker["Service"], name: string) =>
  Stream.runCollect(broker.read({ topic: name, from: "earliest" }))

const ask = (method: string, path: string, body?: unknown) =>
  Effect.promise(async () => {
    const response = await fetch(`${registry().url}${path}`, {
      method,
      headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
      ...(body !== undefined && { body: JSON.stringify(body) })
    })
    return (await response.json()) as any
  })

/** As another program writes it, with a schema of its own. */
const written = Effect.fnUntraced(function* (subject: string, schema: avro.Schema, value: unknown) {
  const { id } = yield* ask("POST", `/subjects/${subject}/versions`, { schema: JSON.stringify(schema) })
  const head = Buffer.alloc(5)
  head.writeUInt32BE(id, 1)
  return Buffer.concat([head, avro.Type.forSchema(schema).toBuffer(value)])
})

const test = <A, E>(title: string, body: Effect.Effect<A, E, Scope.Scope>) => it.live(title, () => body, 60_000)

describe("Avro", () => {
  test(
    "is what stands in the log, and JSON is what is read and published",
    Effect.gen(function* () {
      const { inner, over, prefix } = yield* world
      const broker = yield* over([orders()])
      yield* broker.publish([record("orders", "a", '{"id":"a","amount":5}')])
      const [raw] = yield* all(inner, "orders")
      assert.strictEqual(raw!.value[0], 0)
      assert.strictEqual(raw!.value.length, 5 + 2 + 1)
      const subject = `${prefix}orders-value`
      const latest = yield* ask("GET", `/subjects/${subject}/versions/latest`)
      assert.strictEqual(Buffer.from(raw!.value).readUInt32BE(1), latest.id)
      assert.deepStrictEqual(
        JSON.parse(latest.schema).fields.map(({ name, type }: any) => [name, type]),
        [
          ["id", "string"],
          ["amount", "long"]
        ]
      )
      assert.strictEqual((yield* ask("GET", `/config/${subject}`)).compatibilityLevel, "BACKWARD")
      assert.deepStrictEqual((yield* all(broker, "orders")).map(text), ['{"id":"a","amount":5}'])
      const member = yield* join({ topics: ["orders"] }).pipe(Effect.provideService(Broker, broker))
      const taken = yield* takeCount(member, 1)
      assert.deepStrictEqual(taken.map(text), ['{"id":"a","amount":5}'])
      yield* member.commit({ outputs: [record("orders", "b", '{"amount":6,"id":"b"}')], done: taken })
      assert.strictEqual((yield* all(inner, "orders"))[1]!.value[0], 0)
    })
  )

  test(
    "stands beside JSON and bytes, which are as they are",
    Effect.gen(function* () {
      const { inner, over } = yield* world
      const broker = yield* over([orders()])
      const raw = { ...record("orders", "a", '{"id":"raw","amount":1}'), format: "raw" as const }
      const bytes = { topic: "orders", key: "a", value: Buffer.from([0, 1, 2, 3, 4, 5]) }
      yield* broker.publish([raw, bytes, record("orders", "a", '{"no":"order"}')])
      assert.deepStrictEqual(
        (yield* all(inner, "orders")).map(({ value }) => [...value]),
        (yield* all(broker, "orders")).map(({ value }) => [...value])
      )
      const wrong = { ...record("orders", "a", '{"no":"order"}'), format: "avro" as const }
      const error = yield* Effect.flip(broker.publish([wrong]))
      assert.strictEqual(error.detail, "A value for topic orders does not fit its schema.")
    })
  )

  test(
    "of others is read: older versions, their own schemas, in topics of ours and theirs",
    Effect.gen(function* () {
      const { inner, over, prefix } = yield* world
      const subject = `${prefix}orders-value`
      const fields = [
        { name: "id", type: "string" },
        { name: "gone", type: "string" },
        { name: "amount", type: "int" }
      ] as const
      const older: avro.Schema = { type: "record", name: "Orders", namespace: "rtfm", fields: [...fields] }
      const value = yield* written(subject, older, { id: "old", gone: "x", amount: 3 })
      yield* inner.publish([{ topic: "orders", key: null, value }])
      const broker = yield* over([orders({ ...order, note: Schema.optionalKey(Schema.String) })])
      assert.deepStrictEqual((yield* all(broker, "orders")).map(text), ['{"id":"old","amount":3}'])

      const echo: avro.Schema = {
        type: "record",
        name: "Echo",
        fields: [
          { name: "text", type: ["null", "string"] },
          { name: "replyTo", type: ["null", "string"], default: null },
          { name: "n", type: "long" }
        ]
      }
      const theirs = yield* written(`${prefix}other-value`, echo, { text: "hi", replyTo: null, n: 7 })
      yield* inner.publish([{ topic: "other", key: null, value: theirs }])
      assert.deepStrictEqual((yield* all(broker, "other")).map(text), ['{"text":"hi","n":7}'])
      yield* broker.publish([{ ...record("other", "k", '{"text":"me","replyTo":null,"n":8}'), format: "avro" }])
      const [, ours] = (yield* all(inner, "other")).toSorted((a, b) => a.timestamp - b.timestamp)
      assert.strictEqual(ours!.value[0], 0)
    })
  )

  test(
    "comes back from dead letters byte for byte",
    Effect.gen(function* () {
      const { inner, over } = yield* world
      const broker = yield* over([orders()])
      yield* broker.publish([record("orders", "a", '{"id":"a","amount":5}')])
      const [decoded] = yield* all(broker, "orders")
      const failure = { reason: "exhausted", error: "no", actor: "x", attempts: 1, firstFailedAt: 0 } as const
      yield* broker.publish([toDeadLetter(decoded!, failure)])
      const [letter] = yield* all(broker, "orders.dlq")
      assert.strictEqual(text(letter!), '{"id":"a","amount":5}')
      yield* broker.publish([toOriginal(fromRecord(letter!))])
      const [first, again] = yield* all(inner, "orders")
      const [dead] = yield* all(inner, "orders.dlq")
      assert.deepStrictEqual([...dead!.value], [...first!.value])
      assert.deepStrictEqual([...again!.value], [...first!.value])
    })
  )

  test(
    "of a dead letter is shown as its topic shows it",
    Effect.gen(function* () {
      const { inner, over } = yield* world
      yield* inner.create([Topics.messages, Topics.deadLetters(Topics.messages)])
      const broker = yield* over([Topics.messages])
      const event = { type: "removed", serverId: "s", channelId: "c", at: 5 } as const
      yield* broker.publish([{ topic: Topics.messages.name, key: "c", value: Topics.messages.encode(event) }])
      const [decoded] = yield* all(broker, Topics.messages.name)
      assert.deepStrictEqual(JSON.parse(text(decoded!)), event)
      const failure = { reason: "exhausted", error: "no", actor: "x", attempts: 1, firstFailedAt: 0 } as const
      yield* broker.publish([toDeadLetter(decoded!, failure)])
      const again = yield* over([Topics.messages])
      const [letter] = yield* all(again, "discord-messages.dlq")
      assert.deepStrictEqual(JSON.parse(text(letter!)), event)
    })
  )

  test(
    "is refused at the start when it cannot read what is there, and says why",
    Effect.gen(function* () {
      const { over, prefix } = yield* world
      yield* over([orders()])
      const error: BrokerError = yield* Effect.flip(over([orders({ id: Schema.String, amount: Schema.String })]))
      assert.deepStrictEqual([error.reason, error.fatal], ["invalid", true])
      assert.strictEqual(
        error.detail,
        `The schema of topic orders cannot read what subject ${prefix}orders-value has at the schema registry at ` +
          `${registry().url}: amount was long, and is string.`
      )
      const unregistered = yield* Effect.flip(over([orders({ id: Schema.String })], false))
      assert.match(unregistered.detail, /is not registered as .* rtfm schemas register does that/)
      yield* over([orders({ ...order, more: Schema.optionalKey(Schema.Int) })])
    })
  )

  it.live("waits for a registry that does not answer, and writes nothing meanwhile", () =>
    Effect.gen(function* () {
      const url = `http://127.0.0.1:${yield* Effect.promise(SchemaRegistry.freePort)}`
      const inner = Context.get(yield* Layer.build(layerMemory), Broker)
      yield* inner.create([topic("orders", { partitions: 1 })])
      const options = { ...optionsOf("", [orders()]), address: { url } }
      const [time, context] = yield* Effect.timed(
        Layer.build(Avro.layer(options).pipe(Layer.provide(Layer.succeed(Broker, inner))))
      )
      assert.isBelow(Duration.toMillis(time), 6_000)
      const broker = Context.get(context, Broker)
      const exit = yield* Effect.exit(broker.publish([record("orders", "a", '{"id":"a","amount":5}')]))
      assert.isTrue(Exit.isFailure(exit))
      const error = yield* Effect.flip(broker.publish([record("orders", "a", '{"id":"a","amount":5}')]))
      assert.deepStrictEqual([error.reason, error.retryable], ["unreachable", true])
      assert.isTrue(error.detail.startsWith(`Schema registry at ${url} does not answer; could not look for `))
      assert.include(error.detail, "ECONNREFUSED")
      yield* broker.publish([record("orders", "a", "not JSON")])
      assert.deepStrictEqual((yield* all(broker, "orders")).map(text), ["not JSON"])
    })
  )
})

describe("rtfm schemas", () => {
  test(
    "registers the schemas of the topics, and shows them",
    Effect.gen(function* () {
      const settings = {
        ...(yield* embedded),
        SCHEMA_REGISTRY_URL: registry().url,
        KAFKA_BOOTSTRAP_SERVERS: "127.0.0.1:1",
        KAFKA_TOPIC_PREFIX: unique()
      }
      const before = lines(yield* run(settings, "schemas", "list")).slice(1)
      assert.isAtLeast(before.length, 4)
      for (const line of before) assert.match(line, /-value +none +none +not registered$/)
      const registered = lines(yield* run(settings, "schemas", "register"))
      assert.lengthOf(registered, before.length)
      for (const line of registered) assert.match(line, /-value: id \d+$/)
      assert.deepStrictEqual(lines(yield* run(settings, "schemas", "register")), [...registered])
      for (const line of lines(yield* run(settings, "schemas", "list")).slice(1)) {
        assert.match(line, /-value +1 +\d+ +registered$/)
      }
      assert.include(yield* refusal(yield* embedded, "schemas", "list"), "set SCHEMA_REGISTRY_URL")
    })
  )
})
