/** An actor on a real Kafka, killed, frozen and bereft of its broker: every input becomes one output, in order. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schedule, Stream } from "effect"
import { Broker, type IncomingRecord } from "../../src/broker/Broker.ts"
import { makeTransactionalProducer } from "../../src/broker/kafka/Client.ts"
import { layerOptions } from "../../src/broker/Kafka.ts"
import { topic } from "../contract/Broker.ts"
import * as KafkaServer from "../fixtures/KafkaServer.ts"
import { send, start } from "../fixtures/KafkaWorkers.ts"

const everything = (name: string) =>
  Broker.use((broker) => Stream.runCollect(broker.read({ topic: name, from: "earliest" })))

const placeOf = ({ offset, partition }: IncomingRecord) => `${partition}/${offset}`

/** What is wrong with the outputs, given the inputs. */
const compare = (inputs: ReadonlyArray<IncomingRecord>, outputs: ReadonlyArray<IncomingRecord>) => {
  const wanted = new Set(inputs.map(placeOf))
  const seen = new Set<string>()
  const last = new Map<string, number>()
  const wrong = { lost: 0, twice: 0, alien: 0, disordered: 0 }
  for (const output of outputs) {
    const from = output.headers["from"]!
    if (!wanted.has(from)) wrong.alien++
    if (seen.has(from)) wrong.twice++
    seen.add(from)
    const [partition, offset] = from.split("/").map(Number)
    const lane = `${output.key} of ${partition}`
    if (offset! < (last.get(lane) ?? -1)) wrong.disordered++
    last.set(lane, offset!)
  }
  wrong.lost = [...wanted].filter((place) => !seen.has(place)).length
  return wrong
}

const value = (key: string, n: number) => Buffer.from(JSON.stringify({ key, n }))

/** Transactions of several partitions, every third one aborted, so that offsets have gaps and aborted records. */
const preload = (servers: string, prefix: string, transactions: number) =>
  Effect.promise(async () => {
    const producer = makeTransactionalProducer({ servers: [servers], replica: "preload" }, `${prefix}preload`)
    for (let i = 0; i < transactions; i++) {
      const transaction = await producer.beginTransaction()
      const messages = Array.from({ length: 40 }, (_, j) => {
        const key = `k${(i * 7 + j) % 30}`
        return { topic: `${prefix}in`, key: Buffer.from(key), value: value(key, i * 40 + j) }
      })
      await transaction.send({ messages })
      await (i % 3 === 2 ? transaction.abort() : transaction.commit())
    }
    await producer.close(true)
  })

/** Some records every 20 ms; a broker that is away is waited for. */
const publishing = Effect.gen(function* () {
  const broker = yield* Broker
  let n = 1_000_000
  const some = Effect.suspend(() => {
    const records = Array.from({ length: 8 }, () => {
      const key = `k${n % 30}`
      return { topic: "in", key, value: value(key, n++) }
    })
    return Effect.ignore(broker.publish(records))
  })
  yield* Effect.repeat(some, Schedule.spaced("20 millis"))
})

const soon = (from: number, to: number) => Effect.suspend(() => Effect.sleep(from + Math.random() * (to - from)))

describe("An actor on Kafka", () => {
  it.live(
    "makes every input one output, in order per key, whoever dies",
    () =>
      Effect.gen(function* () {
        const server = yield* KafkaServer.make
        const servers = server.bootstrap
        const prefix = "once."
        const restarts: Array<number> = []
        yield* Effect.gen(function* () {
          yield* Broker.use((broker) => broker.create([topic("in"), topic("out"), topic("in.dlq")]))
          yield* preload(servers, prefix, 30)
          const publisher = yield* Effect.forkChild(publishing)

          let a = yield* start({ servers, replica: "a", prefix })
          yield* a.handling
          for (let i = 0; i < 6; i++) {
            yield* soon(100, 900)
            yield* send(a, "SIGKILL")
            const killed = Date.now()
            a = yield* start({ servers, replica: "a", prefix })
            yield* a.handling
            restarts.push(Date.now() - killed)
          }

          const b = yield* start({ servers, replica: "b", prefix })
          yield* b.handling
          yield* soon(300, 900)
          yield* send(a, "SIGSTOP")
          // Longer than the session, which is 6 s: by then its partitions are b's.
          yield* Effect.sleep("9 seconds")
          yield* send(a, "SIGCONT")
          yield* soon(1_000, 2_000)

          yield* server.kill
          yield* server.start
          yield* soon(1_000, 2_000)
          yield* Fiber.interrupt(publisher)

          const wrong = Effect.zipWith(everything("in"), everything("out"), compare)
          yield* wrong.pipe(
            Effect.repeat({ schedule: Schedule.spaced("500 millis"), until: ({ lost }) => lost === 0 }),
            Effect.timeoutOption("40 seconds")
          )
          const inputs = yield* everything("in")
          const outputs = yield* everything("out")
          yield* Effect.log(`${inputs.length} inputs, ${outputs.length} outputs; back after ${restarts.join(", ")} ms`)
          assert.isAbove(inputs.length, 1_000)
          assert.deepStrictEqual(compare(inputs, outputs), { lost: 0, twice: 0, alien: 0, disordered: 0 })
          assert.deepStrictEqual(yield* everything("in.dlq"), [])
        }).pipe(Effect.scoped, Effect.provide(layerOptions({ servers: [servers], replica: "test", prefix })))
      }),
    180_000
  )
})
