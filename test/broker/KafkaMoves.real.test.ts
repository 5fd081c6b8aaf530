/** How long records wait while partitions move from one process to another. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule, Stream } from "effect"
import { Broker } from "../../src/broker/Broker.ts"
import { layerOptions } from "../../src/broker/Kafka.ts"
import { topic } from "../contract/Broker.ts"
import * as KafkaServer from "../fixtures/KafkaServer.ts"
import * as KafkaWorkers from "../fixtures/KafkaWorkers.ts"

const bootstrap = KafkaServer.forFile(KafkaServer.bootstrap)

/** What a group waits for a member that is dead, in milliseconds. */
const session = 6_000

const keys = Array.from({ length: 12 }, (_, i) => `k${i}`)

/** A record of each key every 40 ms, so that there are some of every partition at any moment. */
const publishing = Effect.gen(function* () {
  const broker = yield* Broker
  let n = 0
  const some = Effect.suspend(() =>
    broker.publish(keys.map((key) => ({ topic: "in", key, value: Buffer.from(JSON.stringify({ key, n: n++ })) })))
  )
  yield* Effect.repeat(some, Schedule.spaced("40 millis"))
})

const everything = (name: string) =>
  Broker.use((broker) => Stream.runCollect(broker.read({ topic: name, from: "earliest" })))

/** How long records had to wait that came since a time, in milliseconds; `undefined` for those still waiting. */
const waits = Effect.fnUntraced(function* (since: number) {
  const outputs = new Map((yield* everything("out")).map(({ headers, timestamp }) => [headers["from"]!, timestamp]))
  const inputs = (yield* everything("in")).filter(({ timestamp }) => timestamp >= since)
  return inputs.map(({ offset, partition, timestamp }) => {
    const at = outputs.get(`${partition}/${offset}`)
    return { partition, timestamp, wait: at === undefined ? undefined : at - timestamp }
  })
})

/** The longest that a record of any partition had to wait, once one of each partition came after `since` and is done. */
const longestWait = (since: number, gone: number) =>
  waits(since).pipe(
    Effect.map((all) => {
      const moved = new Set(
        all.flatMap((each) => (each.wait !== undefined && each.timestamp > gone ? each.partition : []))
      )
      return moved.size === 3 ? Math.max(...all.map(({ wait }) => wait ?? 0)) : undefined
    }),
    Effect.repeat({ schedule: Schedule.spaced("250 millis"), until: (longest) => longest !== undefined }),
    Effect.map((longest) => longest!),
    Effect.timeout("60 seconds")
  )

const seconds = (times: ReadonlyArray<number>) => times.map((time) => (time / 1000).toFixed(1)).join(", ")

/** What is measured while one of two workers comes and ends by a signal, several times. */
const measure = Effect.fnUntraced(function* (prefix: string, signal: "SIGTERM" | "SIGKILL", times: number) {
  const servers = bootstrap()
  const joins: Array<number> = []
  const leaves: Array<number> = []
  yield* Effect.gen(function* () {
    yield* Broker.use((broker) => broker.create([topic("in"), topic("out"), topic("in.dlq")]))
    yield* Effect.forkScoped(publishing)
    const stays = yield* KafkaWorkers.start({ servers, prefix, replica: "stays", longest: 5 })
    yield* stays.handling
    for (let i = 0; i < times; i++) {
      const started = Date.now()
      const goes = yield* KafkaWorkers.start({ servers, prefix, replica: `goes-${i}`, longest: 5 })
      yield* goes.handling
      joins.push(yield* longestWait(started, Date.now()))
      const before = Date.now()
      yield* KafkaWorkers.send(goes, signal)
      yield* goes.ended
      leaves.push(yield* longestWait(before, Date.now()))
    }
    assert.deepStrictEqual(yield* everything("in.dlq"), [])
  }).pipe(Effect.scoped, Effect.provide(layerOptions({ servers: [servers], replica: "test", prefix })))
  yield* Effect.log(`partitions that move: a join ${seconds(joins)} s, a ${signal} ${seconds(leaves)} s`)
  return { joins, leaves }
})

// Other work on the machine can only make a move longer: the shortest of several tells what the bot needs for it, and
// none is as long as a wait for a member that is dead.
describe("Partitions", { concurrent: true }, () => {
  it.live(
    "move within 1.5 s when a process joins, and when one leaves",
    () =>
      Effect.gen(function* () {
        const { joins, leaves } = yield* measure("clean.", "SIGTERM", 4)
        assert.isAtMost(Math.min(...joins), 1_500)
        assert.isAtMost(Math.min(...leaves), 1_500)
        assert.isBelow(Math.max(...leaves), session)
      }),
    180_000
  )

  it.live(
    "of a process that was killed move within its session and 2 s",
    () =>
      Effect.gen(function* () {
        const { leaves } = yield* measure("killed.", "SIGKILL", 2)
        assert.isAtMost(Math.min(...leaves), session + 2_000)
        assert.isBelow(Math.max(...leaves), session * 3)
      }),
    180_000
  )
})
