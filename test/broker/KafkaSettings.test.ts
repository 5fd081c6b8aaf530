/** What the settings of Kafka say, what is wrong with them, and the name a process keeps. */
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Option, Redacted } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Settings from "../../src/broker/kafka/KafkaSettings.ts"
import { replicaIdIn } from "../../src/broker/kafka/Replica.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "rtfm-replica-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
)

const withSettings =
  (settings: Record<string, string>) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.provideService(effect, ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown(settings))

const options = (settings: Record<string, string>) =>
  Settings.options(["kafka:9092"]).pipe(withSettings({ REPLICA_ID: "one", ...settings }))

describe("Settings of Kafka", () => {
  it.effect("take addresses apart", () =>
    Effect.gen(function* () {
      const servers = (text: string) =>
        Settings.bootstrapServers.config.pipe(withSettings({ KAFKA_BOOTSTRAP_SERVERS: text }))
      assert.deepStrictEqual(
        yield* servers("a:9092, b-1.example.com:1,[::1]:9092,localhost"),
        Option.some(["a:9092", "b-1.example.com:1", "[::1]:9092", "localhost"])
      )
      for (const wrong of ["a:b", "http://a:9092", "a:9092,", "a b"]) yield* Effect.flip(servers(wrong))
      assert.deepStrictEqual(yield* servers(""), Option.none())
    })
  )

  it.effect("say as whom, and keep the password to themselves", () =>
    Effect.gen(function* () {
      const plain = yield* options({ KAFKA_USERNAME: "me", KAFKA_PASSWORD: "s3cret" })
      assert.strictEqual(plain.sasl!.mechanism, "PLAIN")
      assert.strictEqual(Redacted.value(plain.sasl!.password), "s3cret")
      assert.notInclude(JSON.stringify(plain), "s3cret")
      const scram = { KAFKA_SASL_MECHANISM: "SCRAM-SHA-512", KAFKA_USERNAME: "me", KAFKA_PASSWORD: "x" }
      assert.strictEqual((yield* options(scram)).sasl!.mechanism, "SCRAM-SHA-512")
      assert.isUndefined((yield* options({})).sasl)
      assert.isTrue(Settings.password.secret)
    })
  )

  it.effect("name halves without the other", () =>
    Effect.gen(function* () {
      const detail = (settings: Record<string, string>) =>
        Effect.map(Effect.flip(options(settings)), (error) => error.message)
      assert.include(yield* detail({ KAFKA_USERNAME: "me" }), "KAFKA_PASSWORD")
      assert.include(yield* detail({ KAFKA_PASSWORD: "x" }), "KAFKA_USERNAME")
      assert.include(yield* detail({ KAFKA_TLS_CA: "ca.pem" }), "KAFKA_TLS is not true")
      assert.include(yield* detail({ KAFKA_TLS: "true", KAFKA_TLS_CA: "/nowhere/ca.pem" }), "/nowhere/ca.pem")
    })
  )

  it.effect("read the certificates to trust", () =>
    Effect.gen(function* () {
      const file = join(yield* folder, "ca.pem")
      writeFileSync(file, "certificate")
      assert.deepStrictEqual((yield* options({ KAFKA_TLS: "true", KAFKA_TLS_CA: file })).tls, { ca: "certificate" })
      assert.deepStrictEqual((yield* options({ KAFKA_TLS: "true" })).tls, { ca: undefined })
    })
  )

  it.effect("refuse what Kafka would not take", () =>
    Effect.gen(function* () {
      const wrong = [
        { KAFKA_SASL_MECHANISM: "GSSAPI", KAFKA_USERNAME: "me", KAFKA_PASSWORD: "x" },
        { KAFKA_REPLICATION_FACTOR: "0" },
        { KAFKA_TOPIC_PREFIX: "a b" },
        { KAFKA_TLS: "perhaps" },
        { KAFKA_RETRIES: "2" },
        { REPLICA_ID: "a/b" }
      ]
      for (const settings of wrong) yield* Effect.flip(options(settings))
      for (const acks of ["1", "0", "leader"])
        yield* Effect.flip(Settings.acks.config.pipe(withSettings({ KAFKA_ACKS: acks })))
      assert.strictEqual((yield* options({ KAFKA_RETRIES: "3" })).retries, 3)
      const fine = yield* options({ KAFKA_REPLICATION_FACTOR: "3", KAFKA_TOPIC_PREFIX: "test." })
      assert.deepStrictEqual([fine.replicationFactor, fine.prefix, fine.replica], [3, "test.", "one"])
    })
  )
})

describe("The name of a replica", () => {
  it.effect("is the same in the next start, and another one beside it", () =>
    Effect.gen(function* () {
      const data = join(yield* folder, "data")
      const [first, beside] = yield* Effect.scoped(Effect.all([replicaIdIn(data), replicaIdIn(data)]))
      assert.match(first!, /^[a-zA-Z0-9.-]{1,60}$/)
      assert.notStrictEqual(first, beside)
      assert.deepStrictEqual(yield* Effect.scoped(Effect.all([replicaIdIn(data), replicaIdIn(data)])), [first, beside])
      assert.strictEqual(yield* Effect.scoped(replicaIdIn(data)), first)
    })
  )

  it.effect("says where it could not be kept", () =>
    Effect.gen(function* () {
      const file = join(yield* folder, "file")
      writeFileSync(file, "")
      const error = yield* Effect.flip(Effect.scoped(replicaIdIn(file)))
      assert.strictEqual(error.reason, "unauthorized")
      assert.include(error.detail, file)
    })
  )
})
