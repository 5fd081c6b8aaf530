/** Records to and from another implementation of Kafka's client, in every codec. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { randomBytes } from "node:crypto"
import { Broker } from "../../src/broker/Broker.ts"
import { attempt, close, makeFetcher } from "../../src/broker/kafka/Client.ts"
import type { Options } from "../../src/broker/kafka/KafkaSettings.ts"
import { layerOptions } from "../../src/broker/Kafka.ts"
import { join, record, takeCount, text, topic } from "../contract/Broker.ts"
import * as KafkaServer from "../fixtures/KafkaServer.ts"
import { kcat, readAll } from "../fixtures/Kcat.ts"

const bootstrap = KafkaServer.forFile(KafkaServer.bootstrap)

const optionsOf = (codec: Options["compression"]): Options => {
  const prefix = `${randomBytes(4).toString("hex")}.`
  return { servers: bootstrap().split(","), replica: `r${prefix}`, prefix, ...(codec && { compression: codec }) }
}

/** As the protocol numbers them. */
const codecs = ["none", "gzip", "snappy", "lz4", "zstd"] as const

/** The codecs of the batches of records that the broker has of a topic of one partition. */
const codecsOf = Effect.fnUntraced(function* (options: Options, name: string) {
  const inner = options.prefix + name
  const fetcher = yield* Effect.acquireRelease(
    Effect.sync(() => makeFetcher(options, [inner])),
    (fetcher) => close(fetcher)
  )
  const response = yield* attempt(options, fetcher, { what: "look" }, async () => {
    const { topics } = await fetcher.metadata({ topics: [inner] })
    const { id, partitions } = topics.get(inner)!
    const all = { partition: 0, fetchOffset: 0n, partitionMaxBytes: 1e6, currentLeaderEpoch: -1, lastFetchedEpoch: -1 }
    return fetcher.fetch({
      node: partitions[0]!.leader,
      maxWaitTime: 100,
      minBytes: 1,
      maxBytes: 1e6,
      topics: [{ topicId: id, partitions: [all] }]
    })
  })
  const batches = response.responses[0]!.partitions[0]!.records ?? []
  const isControl = 1 << 5
  return [
    ...new Set(
      batches.filter(({ attributes }) => !(attributes & isControl)).map(({ attributes }) => codecs[attributes & 7])
    )
  ]
})

const values = Array.from({ length: 40 }, (_, i) => `${i} käse 🧀 ${"again and ".repeat(30)}`)
const headers = { source: "elsewhere", ünï: "çødé" }

describe("kcat", { concurrent: true }, () => {
  for (const codec of codecs) {
    it.live(`reads what was written with ${codec}, and writes with it what is read`, () => {
      const options = optionsOf(codec)
      return Effect.gen(function* () {
        const broker = yield* Broker
        const kept = { partitions: 1, compression: "producer" } as const
        yield* broker.create([topic("ours", kept), topic("theirs", kept), topic("answers", kept)])

        yield* broker.publish(values.map((value, i) => ({ ...record("ours", `key ${i}`, value), headers })))
        assert.deepStrictEqual(
          yield* readAll(bootstrap(), `${options.prefix}ours`),
          values.map((value, i) => ({ key: `key ${i}`, value, headers }))
        )
        assert.deepStrictEqual(yield* codecsOf(options, "ours"), [codec])

        const pairs = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}=${value}`])
        const target = ["-b", bootstrap(), "-t", `${options.prefix}theirs`, "-z", codec, "-K", "\t"]
        const lines = values.map((value, i) => `key ${i}\t${value}\n`).join("")
        yield* kcat(["-P", ...target, ...pairs, "-X", "linger.ms=200"], lines)
        assert.deepStrictEqual(yield* codecsOf(options, "theirs"), [codec])
        const read = yield* Stream.runCollect(broker.read({ topic: "theirs", from: "earliest" }))
        assert.deepStrictEqual(
          read.map((record) => [record.key, text(record), record.headers]),
          values.map((value, i) => [`key ${i}`, value, headers])
        )

        const member = yield* join({ topics: ["theirs"] })
        const taken = yield* takeCount(member, values.length)
        yield* member.commit({
          outputs: taken.map((input) => ({ ...input, topic: "answers" })),
          done: taken
        })
        // From here on the end of the transaction is written down.
        assert.lengthOf(yield* Stream.runCollect(broker.read({ topic: "answers", from: "earliest" })), values.length)
        assert.deepStrictEqual(yield* codecsOf(options, "answers"), [codec])
        assert.deepStrictEqual(
          yield* readAll(bootstrap(), `${options.prefix}answers`),
          values.map((value, i) => ({ key: `key ${i}`, value, headers }))
        )
      }).pipe(Effect.provide(layerOptions(options)))
    })
  }

  it.live("finds zstd where nobody chose", () => {
    const options = optionsOf(undefined)
    return Effect.gen(function* () {
      const broker = yield* Broker
      yield* broker.create([
        topic("sent", { partitions: 1, compression: "producer" }),
        topic("kept", { partitions: 1 })
      ])
      yield* broker.publish(values.map((value) => record("sent", null, value)))
      assert.deepStrictEqual(yield* codecsOf(options, "sent"), ["zstd"])
      yield* kcat(["-P", "-b", bootstrap(), "-t", `${options.prefix}kept`, "-z", "gzip"], values.join("\n"))
      assert.deepStrictEqual(yield* codecsOf(options, "kept"), ["zstd"])
    }).pipe(Effect.provide(layerOptions(options)))
  })
})
