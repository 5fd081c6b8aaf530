/** What every broker promises, run on each. */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Duration, Effect, Exit, Fiber, type Layer, Option, Schema, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { randomBytes } from "node:crypto"
import {
  Broker,
  type BrokerError,
  type IncomingRecord,
  type OutgoingRecord,
  type Position,
  type ReadFrom,
  type Subscription,
  type TopicChange
} from "../../src/broker/Broker.ts"
import { isErased } from "../../src/broker/Erased.ts"
import { partitionOf } from "../../src/broker/Partitioner.ts"
import { plan } from "../../src/broker/TopicPlan.ts"
import type { TopicSpec } from "../../src/domain/Topics.ts"

export const topic = (name: string, options: Partial<TopicSpec> = {}): TopicSpec => ({
  name,
  partitions: 3,
  retention: Duration.days(1),
  description: "",
  ...options
})

export const record = (to: string, key: string | null, value: string): OutgoingRecord => ({
  topic: to,
  key,
  value: new TextEncoder().encode(value)
})

export const text = ({ value }: IncomingRecord): string => new TextDecoder().decode(value)

export const offsetsOf = (records: ReadonlyArray<Position>) => records.map(({ offset }) => offset)

const numbers = (to: string, count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => record(to, "a", String(from + i)))

const publish = (records: ReadonlyArray<OutgoingRecord>) => Broker.use((broker) => broker.publish(records))

const read = (topic: string, from: ReadFrom, partition?: number) =>
  Broker.use((broker) => Stream.runCollect(broker.read({ topic, from, ...(partition !== undefined && { partition }) })))

/** Takes until `count` records are in hand. */
export const takeCount = Effect.fnUntraced(function* (subscription: Subscription, count: number) {
  const taken: Array<IncomingRecord> = []
  while (taken.length < count) taken.push(...(yield* subscription.take))
  return taken
})

/** A member in a scope of its own; `close` ends it, as a restart would. */
export const join = Effect.fnUntraced(function* (options: {
  readonly topics: ReadonlyArray<string>
  readonly group?: string
  readonly window?: number
}) {
  const broker = yield* Broker
  const scope = yield* Scope.fork(yield* Effect.scope)
  const subscription = yield* Scope.provide(broker.subscribe({ group: "g", ...options }), scope)
  return { ...subscription, close: Scope.close(scope, Exit.void) }
})

const done = (...positions: ReadonlyArray<Position>) => ({ outputs: [], done: positions })

/** What makes a broker unlike the others without making it wrong. */
export interface Features {
  /** Answers only after a while, in the time of the machine: what has not come by then is taken not to come. */
  readonly quiet?: Duration.Duration
  /** Largest value; default 8 MiB. */
  readonly maxValueBytes?: number
  /** Headers are UTF-8, so that what is no valid Unicode comes back as U+FFFD. */
  readonly utf8Headers?: boolean
  /** Characters of a topic's name; default 249. */
  readonly longestName?: number
  /** Made of several processes, so that topics are kept in ways of their own. */
  readonly shared?: boolean
  /** Sequences of steps to try; default 40. */
  readonly runs?: number
}

/** Lets the broker do what it is about to do. */
const settle = ({ quiet }: Features) => (quiet === undefined ? Effect.yieldNow : Effect.sleep(quiet))

/** What is there to take now, without waiting for more. */
const takeNow = Effect.fnUntraced(function* (subscription: Subscription, features: Features) {
  const taking = yield* Effect.forkChild(subscription.take, { startImmediately: true })
  yield* Effect.raceFirst(settle(features), Effect.exit(Fiber.await(taking)))
  const taken = taking.pollUnsafe()
  yield* Fiber.interrupt(taking)
  return taken === undefined ? [] : yield* taken
})

/** Lets other fibers run until `check` holds. */
const eventually = <R>(check: Effect.Effect<boolean, BrokerError, R>) =>
  check.pipe(Effect.tap(Effect.yieldNow), Effect.repeat({ until: (holds) => holds, times: 10_000 }))

/** On a broker with a `quiet` of its own: tests run beside each other, retention is left to a test of its own. */
export const suite = <E>(name: string, layer: Layer.Layer<Broker, E>, features: Features = {}) =>
  describe(name, { concurrent: features.quiet !== undefined }, () => {
    const {
      longestName = 249,
      maxValueBytes = 8 * 1024 * 1024,
      quiet,
      runs = 40,
      shared = false,
      utf8Headers = false
    } = features
    const ownTime = quiet === undefined
    const effect = (ownTime ? it.effect : it.live) as typeof it.effect
    const timeout = ownTime ? undefined : 60_000
    const takeNone = (subscription: Subscription) => takeNow(subscription, features)

    const test = <A, E2>(title: string, body: Effect.Effect<A, E2, Broker | Scope.Scope>) =>
      effect(
        title,
        () =>
          Effect.gen(function* () {
            const broker = yield* Broker
            yield* broker.create([topic("t"), topic("out"), topic("one", { partitions: 1 })])
            yield* body
          }).pipe(Effect.provide(layer)),
        timeout
      )

    describe("publish", () => {
      test(
        "gives each partition's records the next offsets, in order",
        Effect.gen(function* () {
          const first = yield* publish(numbers("t", 3))
          const second = yield* publish([record("t", "a", "3"), record("one", "a", "x")])
          const partition = partitionOf("a", 3)
          assert.deepStrictEqual(
            [...first, ...second],
            [
              ...[0, 1, 2, 3].map((offset) => ({ topic: "t", partition, offset })),
              { topic: "one", partition: 0, offset: 0 }
            ]
          )
          assert.deepStrictEqual((yield* read("t", "earliest")).map(text), ["0", "1", "2", "3"])
        })
      )

      test(
        "keeps keys, values and headers exactly",
        Effect.gen(function* () {
          const everyByte = new Uint8Array(256).map((_, i) => i)
          const sent: ReadonlyArray<OutgoingRecord> = [
            { topic: "one", key: null, value: new Uint8Array(0) },
            { topic: "one", key: "", value: everyByte, headers: {} },
            {
              topic: "one",
              key: "ключ \u0000 🗝",
              value: everyByte.subarray(10, 20),
              headers: { ü: "", "": utf8Headers ? "\n🙂" : "\ud800 \n🙂" }
            },
            {
              topic: "one",
              key: "big",
              value: new Uint8Array(1024 * 1024).fill(7),
              headers: { a: "b".repeat(10_000) }
            },
            { topic: "one", key: "odd", value: Buffer.from("hi"), headers: JSON.parse(`{"__proto__":"x","1":"y"}`) }
          ]
          yield* publish(sent)
          const got = yield* read("one", "earliest")
          assert.deepStrictEqual(
            got.map(({ topic, key, value, headers }) => ({ topic, key, value: [...value], headers: { ...headers } })),
            sent.map(({ topic, key, value, headers }) => ({ topic, key, value: [...value], headers: { ...headers } }))
          )
        })
      )

      test(
        "is not affected by later changes of the bytes it was given",
        Effect.gen(function* () {
          const value = Buffer.from("before")
          yield* publish([{ topic: "one", key: null, value }])
          value.write("after!")
          assert.deepStrictEqual((yield* read("one", "earliest")).map(text), ["before"])
        })
      )

      test(
        "spreads records without a key",
        Effect.gen(function* () {
          const positions = yield* publish(Array.from({ length: 9 }, (_, i) => record("t", null, String(i))))
          assert.deepStrictEqual(offsetsOf(positions).sort(), [0, 0, 0, 1, 1, 1, 2, 2, 2])
        })
      )

      test(
        "appends all or nothing",
        Effect.gen(function* () {
          const tooLarge = { topic: "one", key: null, value: new Uint8Array(maxValueBytes + 1) }
          const bad: ReadonlyArray<readonly [OutgoingRecord, BrokerError["reason"]]> = [
            [record("nowhere", "a", "x"), "unknown-topic"],
            [record("t", "\ud800", "x"), "invalid"],
            [tooLarge, "invalid"]
          ]
          for (const [wrong, reason] of bad) {
            const error = yield* Effect.flip(publish([record("t", "a", "x"), wrong, record("one", null, "x")]))
            assert.strictEqual(error.reason, reason)
            assert.strictEqual(error.topic, wrong.topic)
          }
          assert.deepStrictEqual(yield* publish([]), [])
          const [position] = yield* publish([record("t", "a", "good")])
          assert.strictEqual(position!.offset, 0)
          assert.deepStrictEqual((yield* read("t", "earliest")).map(text), ["good"])
          assert.deepStrictEqual(yield* read("one", "earliest"), [])
        })
      )

      test(
        `accepts a value of ${maxValueBytes / 1024 / 1024} MiB`,
        Effect.gen(function* () {
          const value = randomBytes(maxValueBytes)
          yield* publish([{ topic: "one", key: null, value, headers: { more: "x" } }])
          const [got] = yield* read("one", "earliest")
          assert.strictEqual(Buffer.compare(got!.value, value), 0)
        })
      )

      test(
        "of one fiber does not fail for the mistake of another",
        Effect.gen(function* () {
          const outcomes = yield* Effect.forEach(
            Array.from({ length: 50 }, (_, i) => i),
            (i) =>
              Effect.exit(publish([record("one", null, String(i)), record(i === 20 ? "nowhere" : "one", null, "x")])),
            { concurrency: "unbounded" }
          )
          assert.deepStrictEqual(
            outcomes.flatMap((exit, i) => (Exit.isFailure(exit) ? [i] : [])),
            [20]
          )
          const kept = yield* read("one", "earliest")
          assert.strictEqual(kept.length, 98)
          assert.deepStrictEqual(
            offsetsOf(kept),
            kept.map((_, i) => i)
          )
        })
      )
    })

    describe("subscribe", () => {
      test(
        "starts at the beginning and waits for more",
        Effect.gen(function* () {
          yield* publish(numbers("one", 2))
          const member = yield* join({ topics: ["one"] })
          assert.deepStrictEqual((yield* member.take).map(text), ["0", "1"])
          const taking = yield* Effect.forkChild(member.take, { startImmediately: true })
          yield* settle(features)
          assert.isUndefined(taking.pollUnsafe())
          yield* publish(numbers("one", 1, 2))
          assert.deepStrictEqual((yield* Fiber.join(taking)).map(text), ["2"])
        })
      )

      test(
        "keeps the order within each partition",
        Effect.gen(function* () {
          const keys = ["a", "b", "c", "d", "e", "f"]
          yield* publish(Array.from({ length: 600 }, (_, i) => record("t", keys[i % 6]!, String(i))))
          const member = yield* join({ topics: ["t"], window: 512 })
          const taken = yield* takeCount(member, 600)
          for (const key of keys) {
            const values = taken.filter((record) => record.key === key).map((record) => Number(text(record)))
            assert.strictEqual(values.length, 100)
            assert.deepStrictEqual(
              values,
              values.toSorted((a, b) => a - b)
            )
          }
        })
      )

      test(
        "erases what records hold and leaves their places, or says that it cannot",
        Effect.gen(function* () {
          const broker = yield* Broker
          yield* publish([
            record("one", "a", "secret"),
            { ...record("one", "b", "secret of b"), headers: { h: "1" } },
            { ...record("one", "a", "part secret"), headers: { h: "2" } },
            record("one", "a", "plain")
          ])
          const keep = (each: IncomingRecord) => {
            if (!text(each).includes("secret")) return undefined
            return new TextEncoder().encode(text(each) === "secret" ? "" : text(each).replace("secret", "nothing"))
          }
          const erased = yield* broker.erase({ topic: "one", keys: new Set(["a"]), keep })
          const records = yield* read("one", "earliest")
          const member = yield* join({ topics: ["one"] })
          const taken = yield* takeCount(member, 4)
          if (erased === null) {
            assert.deepStrictEqual(records.map(text), ["secret", "secret of b", "part secret", "plain"])
            return
          }
          assert.strictEqual(erased, 2)
          for (const seen of [records, taken]) {
            assert.deepStrictEqual(seen.map(text), ["", "secret of b", "part nothing", "plain"])
            assert.deepStrictEqual(seen.map(isErased), [true, false, false, false])
            assert.deepStrictEqual(
              seen.map(({ headers }) => headers["h"]),
              [undefined, "1", "2", undefined]
            )
            assert.deepStrictEqual(offsetsOf(seen), [0, 1, 2, 3])
          }
          assert.strictEqual(yield* broker.erase({ topic: "one", from: { offset: 1 }, keep }), 1)
          assert.strictEqual((yield* Effect.flip(broker.erase({ topic: "none", keep }))).reason, "unknown-topic")
        })
      )

      test(
        "gives groups everything, each its own",
        Effect.gen(function* () {
          yield* publish(numbers("one", 3))
          const a = yield* join({ topics: ["one"], group: "a" })
          const b = yield* join({ topics: ["one"], group: "b" })
          yield* a.commit(done(...(yield* a.take)))
          assert.deepStrictEqual((yield* b.take).map(text), ["0", "1", "2"])
        })
      )

      test(
        "has at most a window of a partition out, while others go on",
        Effect.gen(function* () {
          const other = ["b", "c", "d"].find((key) => partitionOf(key, 3) !== partitionOf("a", 3))!
          yield* publish(numbers("t", 10))
          const member = yield* join({ topics: ["t"], window: 4 })
          const first = yield* member.take
          assert.deepStrictEqual(offsetsOf(first), [0, 1, 2, 3])
          assert.deepStrictEqual(yield* takeNone(member), [])
          yield* publish([record("t", other, "other")])
          assert.deepStrictEqual((yield* member.take).map(text), ["other"])
          yield* member.commit(done(first[1]!, first[3]!))
          assert.deepStrictEqual(offsetsOf(yield* member.take), [4, 5])
          assert.deepStrictEqual(yield* takeNone(member), [])
        })
      )

      test(
        "wakes a waiting take when a commit makes room",
        Effect.gen(function* () {
          yield* publish(numbers("one", 3))
          const member = yield* join({ topics: ["one"], window: 2 })
          const first = yield* member.take
          const taking = yield* Effect.forkChild(member.take, { startImmediately: true })
          yield* member.commit(done(first[0]!))
          assert.deepStrictEqual(offsetsOf(yield* Fiber.join(taking)), [2])
        })
      )

      test(
        "is fair: a long partition does not hold up a short one",
        Effect.gen(function* () {
          yield* publish([...numbers("one", 2_000), record("out", "a", "short")])
          const member = yield* join({ topics: ["one", "out"], window: 512 })
          const first = yield* member.take
          assert.isAtMost(
            first.findIndex((record) => text(record) === "short"),
            1
          )
          assert.isAtLeast(first.length, 100)
          assert.isAtMost(first.length, 600)
        })
      )

      test(
        "lets one member of a group read a topic",
        Effect.gen(function* () {
          const first = yield* join({ topics: ["one", "t"] })
          assert.strictEqual((yield* Effect.flip(join({ topics: ["one"] }))).reason, "invalid")
          yield* join({ topics: ["out"] })
          yield* join({ topics: ["one"], group: "other" })
          yield* first.close
          yield* join({ topics: ["one"] })
        })
      )

      test(
        "refuses unknown topics and senseless windows",
        Effect.gen(function* () {
          assert.strictEqual((yield* Effect.flip(join({ topics: ["one", "nowhere"] }))).reason, "unknown-topic")
          for (const window of [0, -1, 1.5, Number.NaN, 1_000_000]) {
            assert.strictEqual((yield* Effect.flip(join({ topics: ["one"], window }))).reason, "invalid")
          }
          assert.strictEqual((yield* Effect.flip(join({ topics: [] }))).reason, "invalid")
          yield* join({ topics: ["one"] })
        })
      )

      test(
        "is over when its scope is closed",
        Effect.gen(function* () {
          yield* publish(numbers("one", 1))
          const member = yield* join({ topics: ["one"] })
          const [only] = yield* member.take
          const taking = yield* Effect.forkChild(Effect.flip(member.take), { startImmediately: true })
          yield* member.close
          assert.strictEqual((yield* Fiber.join(taking)).reason, "fenced")
          assert.strictEqual((yield* Effect.flip(member.take)).reason, "fenced")
          const late = member.commit({ outputs: [record("out", "a", "late")], done: [only!] })
          assert.strictEqual((yield* Effect.flip(late)).reason, "fenced")
          assert.deepStrictEqual(yield* read("out", "earliest"), [])
        })
      )
    })

    describe("commit", () => {
      test(
        "appends the outputs and marks the inputs as one",
        Effect.gen(function* () {
          yield* publish(numbers("one", 2))
          const member = yield* join({ topics: ["one"] })
          const taken = yield* member.take
          yield* member.commit({ outputs: [record("out", "a", "result")], done: taken })
          assert.deepStrictEqual((yield* read("out", "earliest")).map(text), ["result"])
          yield* member.close
          assert.deepStrictEqual(yield* takeNone(yield* join({ topics: ["one"] })), [])
        })
      )

      test(
        "that fails does neither",
        Effect.gen(function* () {
          yield* publish(numbers("one", 2))
          const member = yield* join({ topics: ["one"] })
          const taken = yield* member.take
          const outputs = [record("out", "a", "x"), record("nowhere", "a", "x")]
          assert.strictEqual((yield* Effect.flip(member.commit({ outputs, done: taken }))).reason, "unknown-topic")
          assert.deepStrictEqual(yield* read("out", "earliest"), [])
          yield* member.commit({ outputs: [record("out", "a", "y")], done: [taken[1]!] })
          yield* member.close
          assert.deepStrictEqual(offsetsOf(yield* (yield* join({ topics: ["one"] })).take), [0])
          assert.deepStrictEqual((yield* read("out", "earliest")).map(text), ["y"])
        })
      )

      test(
        "brings exactly the unfinished records again, in order, and then new ones",
        Effect.gen(function* () {
          yield* publish(numbers("one", 10))
          const member = yield* join({ topics: ["one"] })
          const taken = yield* member.take
          yield* member.commit(done(taken[1]!, taken[2]!, taken[5]!))
          yield* member.commit(done(taken[0]!, taken[9]!))
          yield* member.close
          yield* publish(numbers("one", 2, 10))
          const next = yield* join({ topics: ["one"] })
          const again = yield* takeCount(next, 7)
          assert.deepStrictEqual(again.map(text), ["3", "4", "6", "7", "8", "10", "11"])
          yield* next.commit(done(...again))
          yield* next.close
          assert.deepStrictEqual(yield* takeNone(yield* join({ topics: ["one"] })), [])
        })
      )

      test(
        "respects a window that is smaller than what an earlier member had out",
        Effect.gen(function* () {
          yield* publish(numbers("one", 8))
          const member = yield* join({ topics: ["one"], window: 6 })
          const taken = yield* member.take
          yield* member.commit(done(taken[3]!))
          yield* member.close
          const next = yield* join({ topics: ["one"], window: 2 })
          const seen: Array<number> = []
          while (seen.length < 7) {
            const records = [...(yield* next.take), ...(yield* takeNone(next))]
            assert.isAtMost(records.length, 2)
            yield* next.commit(done(...records))
            seen.push(...offsetsOf(records))
          }
          assert.deepStrictEqual(seen, [0, 1, 2, 4, 5, 6, 7])
        })
      )

      test(
        "refuses records that are not in hand, and then appends nothing",
        Effect.gen(function* () {
          yield* publish(numbers("one", 3))
          const member = yield* join({ topics: ["one"], window: 2 })
          const taken = yield* member.take
          yield* member.commit(done(taken[1]!))
          const wrong: ReadonlyArray<Position> = [
            taken[1]!,
            { topic: "one", partition: 0, offset: 2 },
            { topic: "one", partition: 1, offset: 0 },
            { topic: "t", partition: 0, offset: 0 }
          ]
          for (const position of wrong) {
            const commit = member.commit({ outputs: [record("out", "a", "x")], done: [taken[0]!, position] })
            assert.strictEqual((yield* Effect.flip(commit)).reason, "invalid")
          }
          assert.deepStrictEqual(yield* read("out", "earliest"), [])
          yield* member.commit(done())
          yield* member.commit(done(taken[0]!))
        })
      )

      test(
        "refuses unfinished records of an earlier member until they have come again",
        Effect.gen(function* () {
          yield* publish(numbers("one", 3))
          const member = yield* join({ topics: ["one"] })
          const taken = yield* member.take
          yield* member.commit(done(taken[1]!))
          yield* member.close
          const next = yield* join({ topics: ["one"] })
          assert.strictEqual((yield* Effect.flip(next.commit(done(taken[2]!)))).reason, "invalid")
          yield* next.commit(done(...(yield* next.take)))
        })
      )

      effect.prop(
        "finishes in any order over any restarts: nothing is lost, nothing finished comes again",
        { steps: Arbitrary.array(Arbitrary.schema(Step), { maxLength: 40 }) },
        ({ steps }) => Effect.scoped(Effect.provide(runSteps(steps, features), layer)),
        { arbitrary: { runs }, timeout: timeout ?? 10_000 }
      )
    })

    describe("read", () => {
      test(
        "starts where it is told",
        Effect.gen(function* () {
          yield* publish(numbers("one", 3))
          yield* ownTime ? TestClock.adjust("1 minute") : Effect.sleep("5 millis")
          yield* publish(numbers("one", 3, 3))
          const times = (yield* read("one", "earliest")).map(({ timestamp }) => timestamp)
          const [first, second] = [times[0]!, times[3]!]
          assert.deepStrictEqual(times, [first, first, first, second, second, second])
          assert.isBelow(first, second)
          if (ownTime) assert.deepStrictEqual([first, second], [0, 60_000])
          const from = (from: ReadFrom) => Effect.map(read("one", from), (records) => records.map(text).join(""))
          assert.strictEqual(yield* from("earliest"), "012345")
          assert.strictEqual(yield* from("latest"), "")
          assert.strictEqual(yield* from({ offset: 4 }), "45")
          assert.strictEqual(yield* from({ offset: 99 }), "")
          assert.strictEqual(yield* from({ time: -1 }), "012345")
          assert.strictEqual(yield* from({ time: first }), "012345")
          assert.strictEqual(yield* from({ time: first + 1 }), "345")
          assert.strictEqual(yield* from({ time: second }), "345")
          assert.strictEqual(yield* from({ time: second + 1 }), "")
        })
      )

      test(
        "reads all partitions, or one",
        Effect.gen(function* () {
          const positions = yield* publish(Array.from({ length: 3_000 }, (_, i) => record("t", `k${i}`, String(i))))
          assert.strictEqual((yield* read("t", "earliest")).length, 3_000)
          for (const partition of [0, 1, 2]) {
            const expected = positions.filter((position) => position.partition === partition)
            assert.deepStrictEqual(offsetsOf(yield* read("t", "earliest", partition)), offsetsOf(expected))
          }
        })
      )

      test(
        "ends where the topic ended when it started",
        Effect.gen(function* () {
          yield* publish(numbers("one", 3))
          const broker = yield* Broker
          const seen = yield* broker.read({ topic: "one", from: "earliest" }).pipe(
            Stream.tap((record) => publish([record])),
            Stream.runCollect
          )
          assert.strictEqual(seen.length, 3)
        })
      )

      test(
        "follows until it is stopped",
        Effect.gen(function* () {
          yield* publish(numbers("one", 1))
          const broker = yield* Broker
          const following = yield* broker
            // When the latest is now can be told only where time stands still.
            .read({ topic: "one", from: ownTime ? "latest" : { offset: 1 }, follow: true })
            .pipe(Stream.take(4), Stream.runCollect, Effect.forkChild({ startImmediately: true }))
          yield* Effect.yieldNow
          yield* publish(numbers("one", 2, 1))
          yield* publish(numbers("t", 2))
          yield* publish(numbers("one", 2, 3))
          assert.deepStrictEqual((yield* Fiber.join(following)).map(text), ["1", "2", "3", "4"])
        })
      )

      test(
        "refuses what does not exist",
        Effect.gen(function* () {
          assert.strictEqual((yield* Effect.flip(read("nowhere", "earliest"))).reason, "unknown-topic")
          assert.strictEqual((yield* Effect.flip(read("t", "earliest", 3))).reason, "invalid")
          assert.strictEqual((yield* Effect.flip(read("t", "earliest", -1))).reason, "invalid")
          assert.strictEqual((yield* Effect.flip(read("t", { offset: -1 }))).reason, "invalid")
        })
      )
    })

    describe("topics", () => {
      test(
        "are created when missing and left alone when there",
        Effect.gen(function* () {
          const broker = yield* Broker
          yield* publish(numbers("one", 1))
          const changed = topic("one", { partitions: 9, retention: Duration.days(9) })
          yield* broker.create([changed, topic("new", { partitions: 2, retention: Duration.infinity }), topic("new")])
          const described = new Map((yield* broker.list).map((topic) => [topic.name, topic]))
          assert.deepStrictEqual([...described.keys()], ["new", "one", "out", "t"])
          const one = described.get("one")!
          assert.strictEqual(one.retentionMs, 86_400_000)
          assert.deepStrictEqual(
            one.partitions.map(({ end, partition, start }) => ({ partition, start, end })),
            [{ partition: 0, start: 0, end: 1 }]
          )
          assert.strictEqual(described.get("new")!.partitions.length, 2)
          assert.strictEqual(described.get("new")!.retentionMs, Number.POSITIVE_INFINITY)
        })
      )

      test(
        "have Kafka's names, and sensible properties",
        Effect.gen(function* () {
          const broker = yield* Broker
          const wrong = [
            ...["", "a b", "ü", ".", "..", "x".repeat(250)].map((name) => topic(name)),
            ...[0, -1, 1.5].map((partitions) => topic("x", { partitions })),
            topic("x", { retention: Duration.zero })
          ]
          for (const spec of wrong) {
            assert.strictEqual((yield* Effect.flip(broker.create([topic("fine"), spec]))).reason, "invalid")
          }
          assert.strictEqual((yield* broker.list).length, 3)
          yield* broker.create([topic("x".repeat(longestName))])
        })
      )

      test(
        "are as they were asked to be",
        Effect.gen(function* () {
          const broker = yield* Broker
          const spec = topic("new", { cleanup: "compact,delete", compression: "lz4", replicas: 1 })
          yield* broker.create([spec])
          const described = yield* broker.list
          assert.isTrue(plan([spec, topic("one", { partitions: 1 })], described).every(({ _tag }) => _tag === "Same"))
          const { leader } = described.find(({ name }) => name === "new")!.partitions[2]!
          if (shared) assert.match(leader!, /:\d+$/)
          else assert.isNull(leader)
        })
      )

      test(
        "are kept longer or shorter, and get more partitions, with all they hold",
        Effect.gen(function* () {
          const broker = yield* Broker
          yield* publish(numbers("one", 3))
          const changes = {
            one: { retention: Duration.days(2), partitions: 3 },
            t: { retention: Duration.infinity, partitions: 4 },
            out: { partitions: 3 }
          }
          const change = ([name, to]: [string, TopicChange]) => broker.alter(name, to)
          yield* Effect.forEach(Object.entries(changes), change, { concurrency: "unbounded" })
          const described = new Map((yield* broker.list).map((topic) => [topic.name, topic]))
          assert.strictEqual(described.get("one")!.retentionMs, 172_800_000)
          assert.strictEqual(described.get("t")!.retentionMs, Number.POSITIVE_INFINITY)
          assert.deepStrictEqual(
            [...described.values()].map(({ partitions }) => partitions.map(({ end }) => end)),
            [
              [3, 0, 0],
              [0, 0, 0],
              [0, 0, 0, 0]
            ]
          )
          const keys = Array.from({ length: 12 }, (_, i) => String(i))
          const positions = yield* publish(keys.map((key) => record("one", key, key)))
          assert.sameMembers([...new Set(positions.map(({ partition }) => partition))], [0, 1, 2])
          const member = yield* join({ topics: ["one"] })
          const taken = yield* takeCount(member, 15)
          assert.sameMembers(taken.map(text), ["0", "1", "2", ...keys])
          yield* member.commit(done(...taken))
          yield* member.close
          assert.deepStrictEqual(yield* takeNone(yield* join({ topics: ["one"] })), [])
        })
      )

      test(
        "are not changed to what cannot be",
        Effect.gen(function* () {
          const broker = yield* Broker
          const reason = (effect: Effect.Effect<unknown, BrokerError>) =>
            Effect.map(Effect.flip(effect), ({ reason }) => reason)
          assert.strictEqual(yield* reason(broker.alter("nowhere", { partitions: 3 })), "unknown-topic")
          assert.strictEqual(yield* reason(broker.remove("nowhere")), "unknown-topic")
          const wrong = [{ partitions: 2 }, { partitions: 3.5 }, { retention: Duration.zero, partitions: 4 }]
          for (const change of wrong) assert.strictEqual(yield* reason(broker.alter("t", change)), "invalid")
          const before = (yield* broker.list).find(({ name }) => name === "t")!
          assert.deepStrictEqual([before.partitions.length, before.retentionMs], [3, 86_400_000])
        })
      )

      test(
        "are gone when removed, and begin anew under the same name",
        Effect.gen(function* () {
          const broker = yield* Broker
          yield* publish([...numbers("one", 3), ...numbers("t", 2)])
          const member = yield* join({ topics: ["one"] })
          yield* member.commit(done(...(yield* member.take)))
          assert.strictEqual((yield* Effect.flip(broker.remove("one"))).reason, "invalid")
          yield* member.close
          yield* broker.remove("one")
          assert.strictEqual((yield* Effect.flip(broker.remove("one"))).reason, "unknown-topic")
          assert.strictEqual((yield* Effect.flip(read("one", "earliest"))).reason, "unknown-topic")
          assert.deepStrictEqual(
            (yield* broker.list).map(({ name }) => name),
            ["out", "t"]
          )
          assert.deepStrictEqual(
            (yield* broker.lag()).filter((lag) => lag.topic === "one"),
            []
          )
          yield* broker.create([topic("one", { partitions: 1 })])
          yield* publish(numbers("one", 1, 7))
          const next = yield* join({ topics: ["one"] })
          const again = yield* next.take
          assert.deepStrictEqual([again.map(text), offsetsOf(again)], [["7"], [0]])
          assert.strictEqual((yield* read("t", "earliest")).length, 2)
        })
      )

      test(
        "may be created by many at once",
        Effect.gen(function* () {
          const broker = yield* Broker
          const create = broker.create([topic("new"), topic("newer")])
          yield* Effect.all([create, create, create], { concurrency: "unbounded" })
          assert.strictEqual((yield* broker.list).length, 5)
        })
      )
    })

    describe("lag", () => {
      test(
        "counts what is not finished",
        Effect.gen(function* () {
          const broker = yield* Broker
          yield* publish(numbers("one", 10))
          const member = yield* join({ topics: ["one"], group: "a", window: 6 })
          const taken = yield* member.take
          yield* member.commit(done(taken[2]!, taken[3]!))
          const ofA = { group: "a", topic: "one", partition: 0 }
          assert.deepStrictEqual(yield* broker.lag("a"), [{ ...ofA, committed: 0, lag: 8 }])
          yield* member.commit(done(taken[0]!, taken[1]!))
          assert.deepStrictEqual(yield* broker.lag("a"), [{ ...ofA, committed: 4, lag: 6 }])
          const other = yield* join({ topics: ["t"], group: "b" })
          yield* publish(numbers("t", 3))
          const [first] = yield* other.take
          yield* other.commit(done(first!))
          yield* member.close
          const all = yield* broker.lag()
          assert.deepStrictEqual(all.map(({ group, lag }) => `${group} ${lag}`).sort(), ["a 6", "b 0", "b 0", "b 2"])
          assert.deepStrictEqual(yield* broker.lag("nobody"), [])
        })
      )
    })

    if (!ownTime) return
    describe("retention", () => {
      const short = topic("short", { partitions: 1, retention: Duration.hours(1) })
      const starts = (start: number) =>
        Broker.use((broker) =>
          Effect.map(broker.list, (topics) =>
            topics.some((t) => t.name === "short" && t.partitions[0]!.start === start)
          )
        )

      test(
        "deletes expired records, whoever has not read them, and uses no offset again",
        Effect.gen(function* () {
          const broker = yield* Broker
          yield* broker.create([short])
          yield* publish(numbers("short", 2_500))
          yield* publish(numbers("one", 5))
          const member = yield* join({ topics: ["short"] })
          const taken = yield* takeCount(member, 256)
          yield* member.commit(done(taken[1]!, taken[3]!))
          yield* member.close
          yield* TestClock.adjust("30 minutes")
          yield* publish(numbers("short", 2, 2_500))
          yield* TestClock.adjust("31 minutes")
          yield* eventually(starts(2_500))
          assert.deepStrictEqual((yield* read("short", "earliest")).map(text), ["2500", "2501"])
          assert.strictEqual((yield* read("short", { offset: 1_000 })).length, 2)
          assert.strictEqual((yield* broker.lag("g"))[0]!.lag, 2)
          assert.strictEqual((yield* read("one", "earliest")).length, 5)

          const next = yield* join({ topics: ["short"] })
          const rest = yield* next.take
          assert.deepStrictEqual(rest.map(text), ["2500", "2501"])
          yield* next.commit(done(...rest))

          yield* TestClock.adjust("2 hours")
          yield* eventually(starts(2_502))
          const [position] = yield* publish(numbers("short", 1))
          assert.strictEqual(position!.offset, 2_502)
          assert.deepStrictEqual(offsetsOf(yield* next.take), [2_502])
        })
      )

      test(
        "does not stand in the way of finishing what is in hand",
        Effect.gen(function* () {
          const broker = yield* Broker
          yield* broker.create([short])
          yield* publish(numbers("short", 3))
          const member = yield* join({ topics: ["short"] })
          const taken = yield* member.take
          yield* TestClock.adjust("2 hours")
          yield* eventually(starts(3))
          yield* member.commit({ outputs: [record("out", "a", "late")], done: taken })
          assert.deepStrictEqual((yield* read("out", "earliest")).map(text), ["late"])
          assert.strictEqual((yield* broker.lag("g"))[0]!.lag, 0)
        })
      )
    })
  })

/** What a member and its surroundings may do; numbers choose among what is possible. */
const Step = Schema.Union([
  Schema.TaggedStruct("Publish", { count: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 12 })) }),
  Schema.TaggedStruct("Take", {}),
  Schema.TaggedStruct("Finish", {
    which: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 30 })))
  }),
  Schema.TaggedStruct("FailToFinish", {}),
  Schema.TaggedStruct("Restart", {})
])

/** Keeps a model beside the broker: what was published, what is in hand, what is finished. */
const runSteps = Effect.fnUntraced(function* (steps: ReadonlyArray<typeof Step.Type>, features: Features) {
  const broker = yield* Broker
  yield* broker.create([topic("t"), topic("out", { partitions: 1 })])
  const options = { topics: ["t"], window: 8 }
  let member = yield* join(options)
  let published = 0
  let waiting = features
  const inHand = new Map<string, IncomingRecord>()
  const finished = new Set<string>()

  const take = Effect.gen(function* () {
    const highest = new Map<number, number>()
    for (const record of yield* takeNow(member, waiting)) {
      assert.isFalse(finished.has(text(record)), "a finished record came again")
      assert.isFalse(inHand.has(text(record)), "a record came twice")
      assert.isBelow(highest.get(record.partition) ?? -1, record.offset, "out of order")
      highest.set(record.partition, record.offset)
      inHand.set(text(record), record)
    }
    for (const partition of [0, 1, 2]) {
      assert.isAtMost([...inHand.values()].filter((record) => record.partition === partition).length, 8)
    }
  })
  const finish = Effect.fnUntraced(function* (records: ReadonlyArray<IncomingRecord>) {
    yield* member.commit({ outputs: records.map((input) => record("out", null, text(input))), done: records })
    for (const record of records) {
      inHand.delete(text(record))
      finished.add(text(record))
    }
  })

  for (const step of steps) {
    if (step._tag === "Publish") {
      yield* broker.publish(
        Array.from({ length: step.count }, () => record("t", `k${published % 7}`, String(published++)))
      )
    } else if (step._tag === "Take") {
      yield* take
    } else if (step._tag === "Finish") {
      const all = [...inHand.values()]
      yield* finish([...new Set(step.which.flatMap((i) => all.slice(i, i + 1)))])
    } else if (step._tag === "FailToFinish") {
      const commit = member.commit({ outputs: [record("nowhere", null, "x")], done: [...inHand.values()] })
      assert.strictEqual(yield* Effect.option(Effect.asVoid(commit)), Option.none())
    } else {
      yield* member.close
      member = yield* join(options)
      inHand.clear()
    }
  }

  yield* member.close
  member = yield* join(options)
  inHand.clear()
  if (features.quiet !== undefined) waiting = { quiet: Duration.seconds(30) }
  while (finished.size < published) {
    yield* take
    assert.isAbove(inHand.size, 0, "a record was lost")
    yield* finish([...inHand.values()])
  }
  const outputs = yield* Stream.runCollect(broker.read({ topic: "out", from: "earliest" }))
  assert.deepStrictEqual(
    outputs.map((record) => Number(text(record))).sort((a, b) => a - b),
    Array.from({ length: published }, (_, i) => i)
  )
})
