/** Processes on a Kafka of a test's own, and the client itself beside them. */
import { it } from "@effect/vitest"
import type { Producer } from "@platformatic/kafka"
import { Effect, Exit, Layer, Schedule, Scope, Stream } from "effect"
import { randomBytes } from "node:crypto"
import { Broker, type IncomingRecord, type OutgoingRecord, type Position } from "../../src/broker/Broker.ts"
import { close, makeAdmin, makeTransactionalProducer } from "../../src/broker/kafka/Client.ts"
import type { Options } from "../../src/broker/kafka/KafkaSettings.ts"
import { layerOptions } from "../../src/broker/Kafka.ts"
import { join, record, text, topic } from "../contract/Broker.ts"
import type { KafkaServer } from "../fixtures/KafkaServer.ts"

export const unique = (name: string) => `${name}-${randomBytes(4).toString("hex")}`

/** Names of its own for everything. */
const optionsOf = ({ bootstrap }: KafkaServer): Options => ({
  servers: [bootstrap],
  replica: "one",
  prefix: `${unique("t")}.`
})

/** What a process with these options would have, until the scope of the effect that uses it closes. */
export const replica = Effect.fnUntraced(function* (options: Options, name = options.replica) {
  const scope = yield* Scope.fork(yield* Effect.scope)
  const context = yield* Layer.buildWithScope(layerOptions({ ...options, replica: name }), scope)
  const provide = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provideContext(effect, context)
  const subscribe = (topics: ReadonlyArray<string>, window?: number) =>
    provide(join({ topics, ...(window !== undefined && { window }) }))
  const publish = (records: ReadonlyArray<OutgoingRecord>) => provide(Broker.use((broker) => broker.publish(records)))
  const read = (name: string) =>
    provide(Broker.use((broker) => Stream.runCollect(broker.read({ topic: name, from: "earliest" }))))
  return { provide, publish, read, subscribe, stop: Scope.close(scope, Exit.void) }
})

const topics = [topic("t"), topic("one", { partitions: 1 }), topic("out")]
const create = Broker.use((broker) => broker.create(topics))

/** A world of its own with the topics. */
export const worldOn = Effect.fnUntraced(function* (server: KafkaServer) {
  const options = optionsOf(server)
  const first = yield* replica(options)
  yield* first.provide(create)
  return { options, first }
})

export const values = (records: ReadonlyArray<IncomingRecord>) => records.map(text).sort()
export const done = (...positions: ReadonlyArray<Position>) => ({ outputs: [], done: positions })
export const numbers = (to: string, count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => record(to, `k${i % 10}`, String(from + i)))

export const acquireProducer = (options: Options, id: string) =>
  Effect.acquireRelease(
    Effect.sync(() => makeTransactionalProducer(options, id)),
    (producer) => close(producer)
  )

export const acquireAdmin = (options: Options) =>
  Effect.acquireRelease(
    Effect.sync(() => makeAdmin(options)),
    (admin) => close(admin)
  )

export const transact = (producer: Producer, to: string, words: ReadonlyArray<string>, end: "commit" | "abort") =>
  Effect.promise(async () => {
    const transaction = await producer.beginTransaction()
    await transaction.send({
      messages: words.map((word) => ({ topic: to, partition: 0, key: Buffer.from("a"), value: Buffer.from(word) }))
    })
    await transaction[end]()
  })

export const test = <A, E>(title: string, body: () => Effect.Effect<A, E, Scope.Scope>) => it.live(title, body, 90_000)

export const eventually = <E, R>(check: Effect.Effect<boolean, E, R>) =>
  check.pipe(
    Effect.repeat({ schedule: Schedule.spaced("50 millis"), until: (holds) => holds }),
    Effect.timeout("40 seconds")
  )
