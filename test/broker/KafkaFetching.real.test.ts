/** What readers and members are given, however brokers and other members come and go: a test for each. */
import { assert, describe } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, type Scope, Stream } from "effect"
import { randomBytes } from "node:crypto"
import { channel } from "node:diagnostics_channel"
import { Broker, type BrokerError, type Subscription } from "../../src/broker/Broker.ts"
import * as Directory from "../../src/broker/kafka/Directory.ts"
import * as Fetching from "../../src/broker/kafka/Fetching.ts"
import { layerOptions } from "../../src/broker/Kafka.ts"
import * as Prepare from "../../src/broker/Prepare.ts"
import { record, takeCount, text, topic } from "../contract/Broker.ts"
import * as KafkaServer from "../fixtures/KafkaServer.ts"
import {
  acquireAdmin,
  acquireProducer,
  done,
  eventually,
  numbers,
  replica,
  test,
  transact,
  unique,
  values,
  worldOn
} from "./KafkaReplicas.ts"
const server = KafkaServer.forFile(KafkaServer.make)
const world = Effect.suspend(() => worldOn(server()))

describe("What is read from Kafka", { concurrent: true }, () => {
  test("gives out no record of an aborted transaction, to readers and to members", () =>
    Effect.gen(function* () {
      const { options, first } = yield* world
      const producer = yield* acquireProducer(options, unique("tx"))
      const other = yield* acquireProducer(options, unique("tx"))
      const to = `${options.prefix}one`
      const inner = [...Array(6).keys()]
      for (const i of inner) {
        yield* transact(producer, to, [`bad ${i}`, `bad too ${i}`], "abort")
        yield* transact(producer, to, [`good ${i}`], "commit")
        yield* transact(other, to, [`bad again ${i}`], "abort")
      }
      yield* transact(other, to, ["bad at last"], "abort")
      const good = inner.map((i) => `good ${i}`)
      assert.deepStrictEqual(values(yield* first.read("one")), good)
      const member = yield* first.subscribe(["one"])
      const taken = yield* takeCount(member, good.length)
      assert.deepStrictEqual(values(taken), good)
      yield* member.commit(done(...taken))
      const lag = first.provide(Broker.use((broker) => broker.lag("g")))
      yield* eventually(Effect.map(lag, (lags) => lags.every(({ lag }) => lag === 0)))
    }))

  test("gives out every committed record, whatever its producer aborted without having written it", () =>
    Effect.gen(function* () {
      const { options, first } = yield* world
      const producer = yield* acquireProducer(options, unique("tx"))
      const to = `${options.prefix}one`
      yield* transact(producer, to, ["bad"], "abort")
      yield* transact(producer, to, ["good", "good too"], "commit")
      yield* Effect.promise(async () => {
        const empty = await producer.beginTransaction()
        const metadata = await producer.metadata({ topics: [to] })
        await empty.addPartitions(metadata, [{ topic: to, partition: 0, value: Buffer.of() }])
        await empty.abort()
      })
      yield* transact(producer, to, ["good at last"], "commit")
      assert.deepStrictEqual(values(yield* first.read("one")), ["good", "good at last", "good too"])
    }))

  test("reads ahead a little, however much there is, and leaves out what it has enough of", () =>
    Effect.gen(function* () {
      const { options, first } = yield* world
      const value = () => randomBytes(300).toString("hex")
      for (let i = 0; i < 20; i++) yield* first.publish(Array.from({ length: 500 }, () => record("one", "a", value())))
      yield* first.publish(Array.from({ length: 4 }, () => record("t", "a", "x")))
      const admin = yield* acquireAdmin(options)
      const directory = Directory.make(options, admin)
      const source = (topic: string, partition: number): Fetching.Source => ({
        topic,
        partition,
        next: 0,
        buffer: [],
        wants: () => true
      })
      const long = source("one", 0)
      const short = [0, 1, 2].map((partition) => source("t", partition))
      const fetching = yield* Fetching.make(
        options,
        [yield* directory.get("one"), yield* directory.get("t")],
        [long, ...short]
      )
      fetching.pump()
      yield* eventually(Effect.sync(() => short.some(({ buffer }) => buffer.length === 4) && long.buffer.length >= 512))
      const ahead = long.buffer.length
      assert.isAbove(ahead, 200)
      assert.isBelow(ahead, 2_000)
      yield* first.publish([record("t", "a", "y")])
      yield* eventually(Effect.sync(() => short.some(({ buffer }) => buffer.length === 5)))
      assert.strictEqual(long.buffer.length, ahead)
      long.buffer.splice(0)
      fetching.pump()
      yield* eventually(Effect.sync(() => long.buffer.length > 200))
      assert.strictEqual(long.buffer[0]!.offset, ahead)
    }))

  test("reads ahead no more of what is compressed very well", () =>
    Effect.gen(function* () {
      const { options, first } = yield* world
      const same = Array.from({ length: 500 }, () => record("one", "a", "x".repeat(600)))
      for (let i = 0; i < 40; i++) yield* first.publish(same)
      const admin = yield* acquireAdmin(options)
      const source: Fetching.Source = { topic: "one", partition: 0, next: 0, buffer: [], wants: () => true }
      const fetching = yield* Fetching.make(options, [yield* Directory.make(options, admin).get("one")], [source])
      for (let i = 0; i < 5; i++) {
        const before = source.next
        fetching.pump()
        yield* eventually(Effect.sync(() => source.next > before))
        // Three of the batches are more than are aimed at.
        assert.isAtMost(source.next - before, 2_500)
        source.buffer.splice(0)
      }
    }))
})

interface Taking {
  readonly take: Subscription["take"]
  readonly commit: Subscription["commit"]
}

/** Makes every record of `t` one of `out`, until it fails. */
const copying = (member: Taking) =>
  Effect.forever(
    Effect.flatMap(member.take, (records) =>
      member.commit({ outputs: records.map((input) => record("out", "a", text(input))), done: records })
    )
  )

/** Who has records in hand when the partitions are shared out anew subscribes again. */
const copyingAll = ({ subscribe }: Effect.Success<ReturnType<typeof replica>>) =>
  Effect.scoped(Effect.flatMap(subscribe(["t"]), copying)).pipe(
    Effect.retry({ while: ({ reason }) => reason === "fenced" })
  )

describe("Members of a group in several processes", { concurrent: true }, () => {
  test("share the partitions; who has records in hand that are another's now is told, and nothing is done twice", () =>
    Effect.gen(function* () {
      const { options, first } = yield* world
      yield* first.publish(numbers("t", 60))
      const busy = yield* first.subscribe(["t"])
      const taken = yield* takeCount(busy, 60)
      yield* busy.commit({
        outputs: taken.slice(0, 10).map((input) => record("out", "a", text(input))),
        done: taken.slice(0, 10)
      })
      const second = yield* replica(options, "two")
      const other = yield* second.subscribe(["t"])
      assert.strictEqual((yield* Effect.flip(busy.take)).reason, "fenced")
      const late = busy.commit({ outputs: [record("out", "a", "late")], done: taken.slice(10) })
      assert.strictEqual((yield* Effect.flip(late)).reason, "fenced")
      yield* busy.close
      yield* other.close
      yield* Effect.forkScoped(copyingAll(first))
      yield* Effect.forkScoped(copyingAll(second))
      yield* eventually(Effect.map(first.read("out"), (records) => records.length >= 60))
      assert.deepStrictEqual(
        values(yield* first.read("out")),
        numbers("", 60)
          .map((each) => Buffer.from(each.value).toString())
          .sort()
      )
    }))

  test("go on unnoticed when nothing is in hand", () =>
    Effect.gen(function* () {
      const { options, first } = yield* world
      const copied = (count: number) => eventually(Effect.map(first.read("out"), (records) => records.length >= count))
      const staying = yield* Effect.forkScoped(copying(yield* first.subscribe(["t"])))
      yield* first.publish(numbers("t", 30))
      yield* copied(30)
      const second = yield* replica(options, "two")
      const leaving = yield* Effect.forkScoped(copying(yield* second.subscribe(["t"])))
      yield* first.publish(numbers("t", 30, 30))
      yield* copied(60)
      assert.isUndefined(leaving.pollUnsafe())
      yield* second.stop
      const admin = yield* acquireAdmin(options)
      const group = `${options.prefix}g`
      const described = Effect.promise(() => admin.describeGroups({ groups: [group] }))
      yield* eventually(
        Effect.map(
          described,
          (groups) => groups.get(group)!.members.size === 1 && `${groups.get(group)!.state}`.toUpperCase() === "STABLE"
        )
      )
      yield* first.publish(numbers("t", 30, 60))
      yield* copied(90)
      assert.deepStrictEqual(values(yield* first.read("out")), values(yield* first.read("t")))
      assert.isUndefined(staying.pollUnsafe())
    }))

  test("leave at once when there is another to take over", () =>
    Effect.gen(function* () {
      const { options, first } = yield* world
      yield* Effect.forkScoped(copyingAll(first))
      const second = yield* replica(options, "two")
      const leaving = yield* second.subscribe(["t"])
      yield* first.publish(numbers("t", 30))
      yield* leaving.take
      yield* second.stop
      const lag = first.provide(Broker.use((broker) => broker.lag("g")))
      const [time] = yield* Effect.timed(eventually(Effect.map(lag, (lags) => lags.every(({ lag }) => lag === 0))))
      // Without leaving it would be the session timeout of 6 s.
      assert.isBelow(Duration.toMillis(time), 5_000)
    }))

  test("keep the place of the last one that stops, for its next start", () =>
    Effect.gen(function* () {
      const { options, first } = yield* world
      yield* first.subscribe(["t"])
      yield* first.stop
      const admin = yield* acquireAdmin(options)
      const group = `${options.prefix}g`
      const described = yield* Effect.promise(() => admin.describeGroups({ groups: [group] }))
      assert.strictEqual(described.get(group)!.members.size, 1)
      const again = yield* replica(options)
      const [time] = yield* Effect.timed(again.subscribe(["t"]))
      assert.isBelow(Duration.toMillis(time), 3_000)
    }))

  test("with the same name: the older is told that it has to end, and does not come back", () =>
    Effect.gen(function* () {
      const { options, first } = yield* world
      const older = yield* first.subscribe(["t"])
      const fate = yield* Effect.forkScoped(Effect.flip(older.take))
      const second = yield* replica(options)
      const newer = yield* second.subscribe(["t"])
      const error: BrokerError = yield* Fiber.join(fate)
      assert.deepStrictEqual([error.reason, error.fatal], ["fenced", true])
      assert.include(error.detail, "REPLICA_ID")
      yield* second.publish(numbers("t", 3))
      yield* newer.commit(done(...(yield* takeCount(newer, 3))))
    }))
})

/** When which client says that it is there. */
const beats = Effect.acquireRelease(
  Effect.sync(() => {
    const times: Array<number> = []
    const heard = (request: unknown) => {
      if ((request as { readonly apiKey: number }).apiKey === heartbeat) times.push(performance.now())
    }
    const requests = channel("tracing:plt:kafka:connections:api:start")
    requests.subscribe(heard)
    return { times, stop: () => requests.unsubscribe(heard) }
  }),
  ({ stop }) => Effect.sync(stop)
)

/** The protocol's number for it. */
const heartbeat = 12

describe("Members of several groups in one process", () => {
  test("say at the same moment that they are there", () =>
    Effect.gen(function* () {
      const { first } = yield* world
      const subscribe = (group: string) =>
        first.provide(Broker.use((broker) => broker.subscribe({ topics: ["t"], group })))
      const { times } = yield* beats
      for (const group of ["a", "b", "c", "d", "e"]) {
        yield* subscribe(group)
        // Not all begin at the same moment.
        yield* Effect.sleep("150 millis")
      }
      const together = () => times.some((time) => times.filter((other) => Math.abs(other - time) < 20).length >= 5)
      yield* eventually(Effect.sync(together))
    }))
})

describe("Kafka's retention", () => {
  test("deletes what nobody has read, uses no offset again, and counts what was in hand as finished", () =>
    Effect.gen(function* () {
      const { first } = yield* world
      const short = topic("short", { partitions: 1, retention: Duration.seconds(2) })
      yield* first.provide(Broker.use((broker) => broker.create([short])))
      yield* first.publish(numbers("short", 20))
      const member = yield* first.subscribe(["short"], 4)
      const taken = yield* member.take
      yield* member.commit(done(taken[1]!))
      yield* member.close
      const start = Effect.map(
        first.provide(Broker.use((broker) => broker.list)),
        (all) => all.find(({ name }) => name === "short")!.partitions[0]!.start
      )
      yield* eventually(Effect.map(start, (offset) => offset === 20))
      const [position] = yield* first.publish(numbers("short", 1, 20))
      assert.strictEqual(position!.offset, 20)
      const next = yield* first.subscribe(["short"], 4)
      const fresh = yield* next.take
      assert.deepStrictEqual(values(fresh), ["20"])
      yield* next.commit(done(...fresh))
      const lags = yield* first.provide(Broker.use((broker) => broker.lag("g")))
      assert.deepStrictEqual(
        lags.map(({ lag }) => lag),
        [0]
      )
    }))
})

describe("A Kafka that goes away", () => {
  test("is waited for by who takes, and its connections' ends are nobody's uncaught exception", () =>
    Effect.gen(function* () {
      const { first } = yield* world
      // A broker that is away for long is told, and then it is for the member to come back.
      const takingAll = Effect.scoped(Effect.flatMap(first.subscribe(["t"]), (member) => takeCount(member, 3)))
      const taking = yield* Effect.forkScoped(Effect.retry(takingAll, { while: ({ retryable }) => retryable }))
      yield* server().kill
      yield* server().start
      yield* first.publish(numbers("t", 3)).pipe(Effect.retry({ while: ({ retryable }) => retryable, times: 5 }))
      assert.strictEqual((yield* Fiber.join(taking)).length, 3)
    }))

  test("is said within 10 s, to every caller, and no start fails for it", () =>
    Effect.gen(function* () {
      const { first, options } = yield* world
      yield* first.publish(numbers("t", 1))
      const member = yield* first.subscribe(["t"])
      const [taken] = yield* member.take
      yield* server().kill
      const broker = yield* first.provide(Broker)
      const calls: ReadonlyArray<Effect.Effect<unknown, BrokerError, Scope.Scope>> = [
        broker.publish(numbers("t", 1)),
        broker.publish(numbers("t", 30)),
        member.commit(done(taken!)),
        broker.list,
        broker.lag(),
        broker.create([topic("new")]),
        broker.subscribe({ topics: ["t"], group: "new" }),
        Stream.runDrain(broker.read({ topic: "t", from: "earliest" }))
      ]
      const outcomes = yield* Effect.forEach(calls, (call) => Effect.timed(Effect.flip(call)), {
        concurrency: "unbounded"
      })
      for (const [time, error] of outcomes) {
        assert.strictEqual(error.reason, "unreachable")
        assert.isTrue(error.retryable)
        assert.include(error.detail, `Kafka at ${server().bootstrap} does not answer`)
        assert.include(error.detail, "ECONNREFUSED")
        assert.isBelow(Duration.toMillis(time), 10_000)
      }
      const later = layerOptions({ ...options, replica: "later" })
      const prepared = Prepare.layer([topic("later")]).pipe(Layer.provideMerge(later))
      const [time, context] = yield* Effect.timed(Layer.build(prepared))
      assert.isBelow(Duration.toMillis(time), 10_500)
      yield* server().start
      const names = Broker.use((broker) => Effect.map(broker.list, (all) => all.map(({ name }) => name)))
      yield* eventually(
        Effect.map(
          Effect.orElseSucceed(Effect.provideContext(names, context), (): Array<string> => []),
          (all) => all.includes("later")
        )
      )
    }))

  test("that stands still is given up within 10 s, and taken up again", () =>
    Effect.gen(function* () {
      const { first } = yield* world
      yield* first.publish(numbers("t", 3))
      yield* server().pause
      const [time, errors] = yield* Effect.timed(
        Effect.all([Effect.flip(first.publish(numbers("t", 30))), Effect.flip(first.publish(numbers("one", 1)))], {
          concurrency: "unbounded"
        })
      ).pipe(Effect.ensuring(server().resume))
      assert.deepStrictEqual(
        errors.map(({ reason }) => reason),
        ["unreachable", "unreachable"]
      )
      assert.isBelow(Duration.toMillis(time), 10_000)
      yield* first.publish(numbers("t", 30)).pipe(Effect.retry({ while: ({ retryable }) => retryable, times: 5 }))
    }))
})
