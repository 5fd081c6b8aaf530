/** Writing to Kafka with as many acknowledgements and retries as asked for. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Stream } from "effect"
import { randomBytes } from "node:crypto"
import { Broker } from "../../src/broker/Broker.ts"
import { attempt, close, makeLooseProducer, makeProducer } from "../../src/broker/kafka/Client.ts"
import type { Options } from "../../src/broker/kafka/KafkaSettings.ts"
import { layerOptions } from "../../src/broker/Kafka.ts"
import { record, text, topic } from "../contract/Broker.ts"
import * as KafkaServer from "../fixtures/KafkaServer.ts"

const bootstrap = KafkaServer.forFile(KafkaServer.bootstrap)

const world = Effect.sync(() => {
  const prefix = `${randomBytes(4).toString("hex")}.`
  return layerOptions({ servers: bootstrap().split(","), replica: `r${prefix}`, prefix })
})

describe("Writing to Kafka", () => {
  it.live(
    "tells the offset of what was acknowledged, and of nothing else",
    () =>
      Effect.gen(function* () {
        const broker = yield* Broker
        yield* broker.create([topic("one", { partitions: 1 })])
        const publish = (acks: "all" | "leader" | "none", value: string) =>
          broker.publish([record("one", "a", value), record("one", "a", `${value} again`)], { acks, retries: 5 })
        const positions = [...(yield* publish("leader", "l")), ...(yield* publish("all", "a"))]
        assert.deepStrictEqual(
          positions.map(({ offset }) => offset),
          [0, 1, 2, 3]
        )
        assert.deepStrictEqual(
          (yield* publish("none", "n")).map(({ offset }) => offset),
          [-1, -1]
        )
        const all = yield* broker
          .read({ topic: "one", from: "earliest", follow: true })
          .pipe(Stream.take(6), Stream.runCollect)
        assert.deepStrictEqual(all.map(text), ["l", "l again", "a", "a again", "n", "n again"])
        const nowhere = broker.publish([record("nowhere", null, "x")], { acks: "leader" })
        assert.strictEqual((yield* Effect.flip(nowhere)).reason, "unknown-topic")
      }).pipe(Effect.provide(Effect.runSync(world))),
    30_000
  )

  it.live(
    "is tried again as often as asked for, and no more",
    () =>
      Effect.gen(function* () {
        const options: Options = { servers: ["127.0.0.1:1"], replica: "r", retries: 3 }
        const send = (producer: ReturnType<typeof makeProducer>) =>
          attempt(options, producer, { what: "append" }, () =>
            producer.send({ messages: [{ topic: "t", partition: 0, value: Buffer.from("x") }] })
          ).pipe(Effect.flip, Effect.ensuring(close(producer)), Effect.timed)
        const [three, error] = yield* send(makeProducer(options))
        assert.strictEqual(error.reason, "unreachable")
        assert.isBelow(Duration.toMillis(three), 4_000)
        const [none] = yield* send(makeLooseProducer(options, 0))
        assert.isBelow(Duration.toMillis(none), Duration.toMillis(three))
      }),
    30_000
  )
})
