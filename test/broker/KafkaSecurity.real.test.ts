/** SASL and TLS with a real Kafka: who is let in, and what the others are told. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, Redacted, Stream } from "effect"
import { randomBytes } from "node:crypto"
import { readFileSync } from "node:fs"
import { Broker } from "../../src/broker/Broker.ts"
import type { Options, Sasl } from "../../src/broker/kafka/KafkaSettings.ts"
import { layerOptions } from "../../src/broker/Kafka.ts"
import { join, record, takeCount, text, topic } from "../contract/Broker.ts"
import * as KafkaServer from "../fixtures/KafkaServer.ts"

const server = KafkaServer.forFile(KafkaServer.makeSecure)

const sasl = (mechanism: Sasl["mechanism"], username: string, password: string): Sasl => ({
  mechanism,
  username,
  password: Redacted.make(password)
})
const { alice, scram } = KafkaServer.users
const trusted = () => ({ ca: readFileSync(server().ca, "utf8") })

const optionsOf = (address: string, more: Partial<Options>): Options => ({
  servers: [address],
  replica: "secure",
  prefix: `${randomBytes(4).toString("hex")}.`,
  ...more
})

/** Through every kind of client: topics, a batch, a transaction, a member, a reader. */
const wholeWay = Effect.gen(function* () {
  const broker = yield* Broker
  yield* broker.create([topic("t"), topic("out")])
  yield* broker.publish([record("t", "a", "one")])
  yield* broker.publish([record("t", "b", "two"), record("out", "a", "three")])
  const member = yield* join({ topics: ["t"] })
  const taken = yield* takeCount(member, 2)
  yield* member.commit({ outputs: taken.map((input) => record("out", null, text(input))), done: taken })
  const out = yield* Stream.runCollect(broker.read({ topic: "out", from: "earliest" }))
  return out.map(text).sort()
})

const refusal = (options: Options) => Effect.flip(Effect.scoped(Layer.build(layerOptions(options))))

describe("A Kafka that asks who it is", { concurrent: true }, () => {
  const ways: ReadonlyArray<readonly [string, () => string, () => Partial<Options>]> = [
    ["PLAIN", () => server().sasl, () => ({ sasl: sasl("PLAIN", "alice", alice) })],
    ["SCRAM-SHA-256", () => server().sasl, () => ({ sasl: sasl("SCRAM-SHA-256", "scram", scram) })],
    ["SCRAM-SHA-512", () => server().sasl, () => ({ sasl: sasl("SCRAM-SHA-512", "scram", scram) })],
    ["TLS", () => server().tls, () => ({ tls: trusted() })],
    [
      "SCRAM-SHA-512 over TLS",
      () => server().saslTls.replace("127.0.0.1", "localhost"),
      () => ({ tls: trusted(), sasl: sasl("SCRAM-SHA-512", "scram", scram) })
    ]
  ]
  for (const [name, address, more] of ways) {
    it.live(
      `lets in with ${name}`,
      () =>
        Effect.gen(function* () {
          const options = optionsOf(address(), more())
          assert.deepStrictEqual(yield* Effect.provide(wholeWay, layerOptions(options)), ["one", "three", "two"])
        }),
      60_000
    )
  }

  const wrong: ReadonlyArray<readonly [Sasl["mechanism"], string]> = [
    ["PLAIN", "alice"],
    ["SCRAM-SHA-256", "scram"],
    ["SCRAM-SHA-512", "nobody"]
  ]
  for (const [mechanism, user] of wrong) {
    it.live(`refuses ${user} with a wrong password over ${mechanism}, at once and for good`, () =>
      Effect.gen(function* () {
        const options = optionsOf(server().sasl, { sasl: sasl(mechanism, user, "wr0ng-pass") })
        const [time, error] = yield* Effect.timed(refusal(options))
        assert.deepStrictEqual([error.reason, error.fatal, error.retryable], ["unauthorized", true, false])
        assert.isTrue(error.detail.startsWith(`Kafka at ${server().sasl} refused ${user} (${mechanism}): `))
        assert.match(error.detail, /Authentication failed.*invalid (credentials|username)/i)
        assert.notInclude(JSON.stringify(error) + String(error.stack), "wr0ng-pass")
        assert.isBelow(Duration.toMillis(time), 8_000)
      })
    )
  }

  it.live("is told apart from one that is not there, by what is missing", () =>
    Effect.gen(function* () {
      const details = yield* Effect.forEach(
        [optionsOf(server().tls, {}), optionsOf(server().tls, { tls: { ca: undefined } })],
        refusal,
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(
        details.map(({ fatal, reason }) => [reason, fatal]),
        [
          ["invalid", true],
          ["invalid", true]
        ]
      )
      assert.strictEqual(details[0]!.detail, `Kafka at ${server().tls} speaks TLS: set KAFKA_TLS=true.`)
      assert.match(details[1]!.detail, /^No TLS with Kafka at .*, see KAFKA_TLS and KAFKA_TLS_CA: self-signed cert/)
    })
  )
})
