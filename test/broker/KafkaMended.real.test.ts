/** What the client does wrong by itself, and how it fares with brokers and members that come and go: a test for each. */
import { assert, describe, it } from "@effect/vitest"
import type { Producer } from "@platformatic/kafka"
import { Duration, Effect, Exit, Fiber, Layer, Schedule, Scope, Stream } from "effect"
import { randomBytes } from "node:crypto"
import { channel } from "node:diagnostics_channel"
import {
  Broker,
  type BrokerError,
  type IncomingRecord,
  type OutgoingRecord,
  type Position,
  type Subscription
} from "../../src/broker/Broker.ts"
import * as Directory from "../../src/broker/kafka/Directory.ts"
import * as Fetching from "../../src/broker/kafka/Fetching.ts"
import type { Options } from "../../src/broker/kafka/KafkaSettings.ts"
import { close, makeAdmin, makeMember, makeTransactionalProducer } from "../../src/broker/kafka/Client.ts"
import { isLate } from "../../src/broker/kafka/Errors.ts"
import { type Mark, TransactionalProducer } from "../../src/broker/kafka/TransactionalProducer.ts"
import { layerOptions } from "../../src/broker/Kafka.ts"
import * as Prepare from "../../src/broker/Prepare.ts"
import { join, record, takeCount, text, topic } from "../contract/Broker.ts"
import * as KafkaServer from "../fixtures/KafkaServer.ts"

const server = KafkaServer.forFile(KafkaServer.make)

const unique = (name: string) => `${name}-${randomBytes(4).toString("hex")}`

/** Names of its own for everything. */
const optionsOf = (replica = "one"): Options => ({
  servers: [server().bootstrap],
  replica,
  prefix: `${unique("t")}.`
})

/** What a process with these options would have, until the scope of the effect that uses it closes. */
const replica = Effect.fnUntraced(function* (options: Options, name = options.replica) {
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
const world = Effect.fnUntraced(function* (name?: string) {
  const options = optionsOf(name)
  const first = yield* replica(options)
  yield* first.provide(create)
  return { options, first }
})

const values = (records: ReadonlyArray<IncomingRecord>) => records.map(text).sort()
const done = (...positions: ReadonlyArray<Position>) => ({ outputs: [], done: positions })
const numbers = (to: string, count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => record(to, `k${i % 10}`, String(from + i)))

const acquireProducer = (options: Options, id: string) =>
  Effect.acquireRelease(
    Effect.sync(() => makeTransactionalProducer(options, id)),
    (producer) => close(producer)
  )

const acquireAdmin = (options: Options) =>
  Effect.acquireRelease(
    Effect.sync(() => makeAdmin(options)),
    (admin) => close(admin)
  )

const transact = (producer: Producer, to: string, words: ReadonlyArray<string>, end: "commit" | "abort") =>
  Effect.promise(async () => {
    const transaction = await producer.beginTransaction()
    await transaction.send({
      messages: words.map((word) => ({ topic: to, partition: 0, key: Buffer.from("a"), value: Buffer.from(word) }))
    })
    await transaction[end]()
  })

/** A member that has joined, with the one partition of `one`. */
const acquireMember = Effect.fnUntraced(function* (options: Options, name: string) {
  const topic = `${options.prefix}one`
  const member = yield* Effect.acquireRelease(
    Effect.sync(() => makeMember(options, `${options.prefix}g`, name)),
    (member) => close(member)
  )
  member.topics.track(topic)
  yield* Effect.promise(() => member.joinGroup({}))
  const { generationId: generation, memberId } = member
  const markOf = (committed: number): Mark => ({ topic, partition: 0, committed, metadata: "" })
  return {
    member,
    markOf,
    committed: Effect.map(
      Effect.promise(() => member.committed([{ topic, partitions: [0] }])),
      (all) => all.map(({ offset }) => offset)
    ),
    /** What it failed with. */
    commitMarks: (producer: TransactionalProducer, committed: number): Effect.Effect<unknown> =>
      Effect.promise(() =>
        producer
          .commitMarks({ member, generation, memberId: memberId! }, [markOf(committed)], () => {})
          .then(
            () => undefined,
            (error: unknown) => error
          )
      )
  }
})

/** A transaction that has marked something, and is open. */
const marking = (
  producer: TransactionalProducer,
  { markOf, member }: Effect.Success<ReturnType<typeof acquireMember>>,
  committed: number
) =>
  Effect.promise(async () => {
    const { coordinatorId, generationId, groupId, memberId } = member
    const consumer = { groupId, generationId, memberId, coordinatorId }
    const mark = markOf(committed)
    const transaction = await producer.beginTransaction()
    await transaction.addConsumer(member)
    producer.mark(member.groupInstanceId, [mark])
    await transaction.addOffset({ ...mark, offset: 0n, metadata: { consumer } } as never)
    return transaction
  })

const test = <A, E>(title: string, body: () => Effect.Effect<A, E, Scope.Scope>) => it.live(title, body, 90_000)

const eventually = <E, R>(check: Effect.Effect<boolean, E, R>) =>
  check.pipe(
    Effect.repeat({ schedule: Schedule.spaced("50 millis"), until: (holds) => holds }),
    Effect.timeout("40 seconds")
  )

describe("Kafka, mended", { concurrent: true }, () => {
  test("gives out no record of an aborted transaction, to readers and to members", () =>
    Effect.gen(function* () {
      const { options, first } = yield* world()
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
      const { options, first } = yield* world()
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

  test("starts again under its own name, also where its predecessor left a transaction open", () =>
    Effect.gen(function* () {
      const { options, first } = yield* world()
      const several = [record("t", "a", "1"), record("one", null, "1")]
      yield* first.publish(several)
      yield* first.stop
      const left = yield* acquireProducer(options, `${options.prefix}publish.one`)
      const transaction = yield* Effect.promise(() => left.beginTransaction())
      const value = Buffer.from("never")
      yield* Effect.promise(() =>
        transaction.send({ messages: [{ topic: `${options.prefix}one`, partition: 0, value }] })
      )
      const second = yield* replica(options)
      yield* second.publish(several)
      assert.deepStrictEqual(values(yield* second.read("one")), ["1", "1"])
    }))

  test("commits every partition of a transaction, and transactions asked for at once", () =>
    Effect.gen(function* () {
      const { options, first } = yield* world()
      yield* first.publish(numbers("t", 90))
      const member = yield* first.subscribe(["t"])
      const taken = yield* takeCount(member, 90)
      assert.strictEqual(new Set(taken.map(({ partition }) => partition)).size, 3)
      const outputs = (records: ReadonlyArray<IncomingRecord>) =>
        records.map((input) => record("out", input.key, text(input)))
      yield* member.commit({ outputs: outputs(taken.slice(0, 30)), done: taken.slice(0, 30) })
      yield* Effect.forEach(taken.slice(30, 80), (one) => member.commit({ outputs: outputs([one]), done: [one] }), {
        concurrency: "unbounded"
      })
      yield* first.stop
      const second = yield* replica(options)
      const again = yield* takeCount(yield* second.subscribe(["t"]), 10)
      assert.deepStrictEqual(values(again), values(taken.slice(80)))
      assert.deepStrictEqual(values(yield* second.read("out")), values(taken.slice(0, 80)))
    }))

  test("commits nothing by itself", () =>
    Effect.gen(function* () {
      const { options, first } = yield* world()
      yield* first.publish(numbers("t", 30))
      yield* takeCount(yield* first.subscribe(["t"]), 30)
      yield* first.stop
      const second = yield* replica(options)
      assert.strictEqual((yield* takeCount(yield* second.subscribe(["t"]), 30)).length, 30)
    }))

  test("fails for a topic that is gone, and does not try for ever", () =>
    Effect.gen(function* () {
      const { options, first } = yield* world()
      yield* first.publish(numbers("one", 1))
      const admin = yield* acquireAdmin(options)
      yield* Effect.promise(() => admin.deleteTopics({ topics: [`${options.prefix}one`] }))
      // The leader of the partition hears of it a little later.
      const [time, error] = yield* Effect.timed(Effect.flip(first.publish(numbers("one", 1)))).pipe(
        Effect.retry(Schedule.spaced("50 millis")),
        Effect.timeout("40 seconds")
      )
      assert.strictEqual(error.reason, "unknown-topic")
      assert.isBelow(Duration.toMillis(time), 10_000)
    }))

  test("reads ahead a little, however much there is, and leaves out what it has enough of", () =>
    Effect.gen(function* () {
      const { options, first } = yield* world()
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
      const { options, first } = yield* world()
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

  test("replaces a producer that was shut out", () =>
    Effect.gen(function* () {
      const { options, first } = yield* world()
      const several = (word: string) => [record("t", "a", word), record("one", null, word)]
      yield* first.publish(several("1"))
      // Another process of that name takes both of the ids that are used in turns.
      for (const id of ["publish.one", "publish.one.2"]) {
        const intruder = yield* acquireProducer(options, `${options.prefix}${id}`)
        yield* transact(intruder, `${options.prefix}one`, [id === "publish.one" ? "2" : "2 too"], "commit")
      }
      assert.strictEqual((yield* Effect.flip(first.publish(several("lost")))).reason, "fenced")
      yield* first.publish(several("3")).pipe(Effect.retry({ while: ({ reason }) => reason === "fenced", times: 1 }))
      assert.deepStrictEqual(values(yield* first.read("one")), ["1", "2", "2 too", "3"])
    }))

  test("makes many transactions a second, one after another", () =>
    Effect.gen(function* () {
      const { first } = yield* world()
      yield* first.publish(numbers("one", 40))
      const member = yield* first.subscribe(["one"])
      const taken = yield* takeCount(member, 40)
      const one = (input: IncomingRecord) => member.commit({ outputs: [record("out", "a", "x")], done: [input] })
      const [time] = yield* Effect.timed(Effect.forEach(taken, one, { discard: true }))
      // With the client's own waits it is one a second.
      assert.isBelow(Duration.toMillis(time), 10_000)
    }))

  test("waits for offsets that are being committed", () =>
    Effect.gen(function* () {
      const { options, first } = yield* world()
      yield* first.publish(numbers("one", 5))
      const joined = yield* acquireMember(options, "member")
      const transaction = yield* marking(yield* acquireProducer(options, unique("tx")), joined, 3)
      const asking = yield* Effect.forkChild(joined.committed, { startImmediately: true })
      // A second question is answered after the first, were that not waiting.
      const admin = yield* acquireAdmin(options)
      for (let i = 0; i < 20; i++) {
        yield* Effect.promise(() => admin.listConsumerGroupOffsets({ groups: [`${options.prefix}g`] }))
      }
      assert.isUndefined(asking.pollUnsafe())
      yield* Effect.promise(() => transaction.commit())
      assert.deepStrictEqual(yield* Fiber.join(asking), [3])
    }))

  test("counts what was marked last, in whatever order the transactions end", () =>
    Effect.gen(function* () {
      const { options, first } = yield* world()
      yield* first.publish(numbers("one", 9))
      const joined = yield* acquireMember(options, "member")
      const producers = [yield* acquireProducer(options, unique("tx")), yield* acquireProducer(options, unique("tx"))]
      const [older, newer] = yield* Effect.forEach(producers, (producer, i) => marking(producer, joined, 3 + i))
      yield* Effect.promise(() => newer!.commit())
      yield* Effect.promise(() => older!.commit())
      assert.deepStrictEqual(yield* joined.committed, [4])
      const open = yield* marking(producers[0]!, joined, 5)
      yield* joined.commitMarks(producers[1]!, 6)
      yield* Effect.promise(() => open.commit())
      assert.deepStrictEqual(yield* joined.committed, [6])
    }))

  test("refuses what a member has marked, and nobody has heard of, once there is another of its name", () =>
    Effect.gen(function* () {
      const { options, first } = yield* world()
      yield* first.publish(numbers("one", 9))
      const producer = yield* acquireProducer(options, unique("tx"))
      yield* transact(producer, `${options.prefix}one`, ["so that it knows its way"], "commit")
      const before = yield* acquireMember(options, "member")
      yield* before.commitMarks(producer, 2)
      const after = yield* acquireMember(options, "member")
      yield* after.commitMarks(producer, 3)
      assert.isTrue(isLate(yield* before.commitMarks(producer, 1)))
      assert.deepStrictEqual(yield* after.committed, [3])
    }))

  test("asks for the classic protocol and gives members their names", () =>
    Effect.gen(function* () {
      const { options, first } = yield* world()
      yield* first.subscribe(["t"])
      const admin = yield* acquireAdmin(options)
      const group = `${options.prefix}g`
      assert.strictEqual((yield* Effect.promise(() => admin.listGroups({}))).get(group)!.groupType, "classic")
      const described = yield* Effect.promise(() => admin.describeGroups({ groups: [group] }))
      const [member] = [...described.get(group)!.members.values()]
      assert.match(member!.groupInstanceId!, /^one\.[0-9a-f]{8}$/)
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
      const { options, first } = yield* world()
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
      const { options, first } = yield* world()
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
      const { options, first } = yield* world()
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
      const { options, first } = yield* world()
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
      const { options, first } = yield* world()
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
      const { first } = yield* world()
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
      const { first } = yield* world()
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

/** Commits without outputs are carried out, and then the connection is gone. */
const withoutAnswer = <A, E>(effect: Effect.Effect<A, E>) => {
  const { commitMarks } = TransactionalProducer.prototype
  return Effect.acquireUseRelease(
    Effect.sync(() => {
      TransactionalProducer.prototype.commitMarks = async function (...args) {
        await commitMarks.apply(this, args)
        throw Object.assign(new Error("Connection closed"), { code: "PLT_KFK_NETWORK" })
      }
    }),
    () => effect,
    () => Effect.sync(() => (TransactionalProducer.prototype.commitMarks = commitMarks))
  )
}

describe("A Kafka that goes away", () => {
  test("is waited for by who takes, and its connections' ends are nobody's uncaught exception", () =>
    Effect.gen(function* () {
      const { first } = yield* world()
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
      const { first, options } = yield* world()
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
      const { first } = yield* world()
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

  test("after a commit, before its answer, gets another member under the name", () =>
    Effect.gen(function* () {
      const { first, options } = yield* world()
      yield* first.publish(numbers("one", 6))
      const admin = yield* acquireAdmin(options)
      const group = `${options.prefix}g`
      const memberIds = Effect.map(
        Effect.promise(() => admin.describeGroups({ groups: [group] })),
        (groups) => [...groups.get(group)!.members.keys()]
      )
      let older: string | undefined
      const failing = Effect.gen(function* () {
        const before = yield* first.subscribe(["one"])
        const taken = yield* takeCount(before, 6)
        ;[older] = yield* memberIds
        yield* withoutAnswer(before.commit(done(...taken.slice(0, 3))))
      })
      assert.strictEqual((yield* Effect.flip(Effect.scoped(failing))).reason, "unreachable")
      const after = yield* first.subscribe(["one"])
      const [newer, ...others] = yield* memberIds
      assert.notStrictEqual(newer, older)
      assert.deepStrictEqual(others, [])
      const again = yield* takeCount(after, 3)
      assert.deepStrictEqual(values(again), ["3", "4", "5"])
      yield* after.commit(done(...again))
    }))
})

describe("A Kafka whose transactions are of the first kind", () => {
  const older = KafkaServer.forFile(KafkaServer.makeOlder)

  test("commits outputs and inputs as one all the same", () =>
    Effect.gen(function* () {
      const options = { ...optionsOf(), servers: [older().bootstrap] }
      const first = yield* replica(options)
      yield* first.provide(create)
      yield* first.publish(numbers("t", 30))
      const member = yield* first.subscribe(["t"])
      const taken = yield* takeCount(member, 30)
      const outputs = (records: ReadonlyArray<IncomingRecord>) =>
        records.map((input) => record("out", "a", text(input)))
      for (const some of [taken.slice(0, 5), taken.slice(5, 15), taken.slice(15, 20)])
        yield* member.commit({ outputs: outputs(some), done: some })
      yield* member.commit(done(...taken.slice(20, 25)))
      yield* first.stop
      const second = yield* replica(options)
      const again = yield* takeCount(yield* second.subscribe(["t"]), 5)
      assert.deepStrictEqual(values(again), values(taken.slice(25)))
      assert.deepStrictEqual(values(yield* second.read("out")), values(taken.slice(0, 20)))
    }))
})
