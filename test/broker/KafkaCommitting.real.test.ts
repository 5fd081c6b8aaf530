/** What transactions and members commit, and in whose name: a test for each thing that may go wrong. */
import { assert, describe } from "@effect/vitest"
import { Duration, Effect, Fiber, Schedule } from "effect"
import type { IncomingRecord } from "../../src/broker/Broker.ts"
import { close, makeMember } from "../../src/broker/kafka/Client.ts"
import { isLate } from "../../src/broker/kafka/Errors.ts"
import type { Options } from "../../src/broker/kafka/KafkaSettings.ts"
import { type Mark, TransactionalProducer } from "../../src/broker/kafka/TransactionalProducer.ts"
import { record, takeCount, text } from "../contract/Broker.ts"
import * as KafkaServer from "../fixtures/KafkaServer.ts"
import {
  acquireAdmin,
  acquireProducer,
  done,
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

describe("What is committed to Kafka", { concurrent: true }, () => {
  test("starts again under its own name, also where its predecessor left a transaction open", () =>
    Effect.gen(function* () {
      const { options, first } = yield* world
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
      const { options, first } = yield* world
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
      const { options, first } = yield* world
      yield* first.publish(numbers("t", 30))
      yield* takeCount(yield* first.subscribe(["t"]), 30)
      yield* first.stop
      const second = yield* replica(options)
      assert.strictEqual((yield* takeCount(yield* second.subscribe(["t"]), 30)).length, 30)
    }))

  test("replaces a producer that was shut out", () =>
    Effect.gen(function* () {
      const { options, first } = yield* world
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
      const { first } = yield* world
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
      const { options, first } = yield* world
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
      const { options, first } = yield* world
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
      const { options, first } = yield* world
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
      const { options, first } = yield* world
      yield* first.subscribe(["t"])
      const admin = yield* acquireAdmin(options)
      const group = `${options.prefix}g`
      assert.strictEqual((yield* Effect.promise(() => admin.listGroups({}))).get(group)!.groupType, "classic")
      const described = yield* Effect.promise(() => admin.describeGroups({ groups: [group] }))
      const [member] = [...described.get(group)!.members.values()]
      assert.match(member!.groupInstanceId!, /^one\.[0-9a-f]{8}$/)
    }))

  test("fails for a topic that is gone, and does not try for ever", () =>
    Effect.gen(function* () {
      const { options, first } = yield* world
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

describe("A Kafka that is gone after a commit, before its answer", () => {
  test("gets another member under the name", () =>
    Effect.gen(function* () {
      const { first, options } = yield* world
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
      const { options, first } = yield* worldOn(older())
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
