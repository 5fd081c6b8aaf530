import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Exit, Fiber, Layer, Queue, Schema, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Actor from "../../src/actors/Actor.ts"
import * as Supervise from "../../src/actors/Supervise.ts"
import { Broker, BrokerError, type OutgoingRecord } from "../../src/broker/Broker.ts"
import { fromRecord } from "../../src/broker/DeadLetter.ts"
import { layerMemory } from "../../src/broker/Memory.ts"
import * as Topics from "../../src/domain/Topics.ts"
import { Happenings } from "../../src/runtime/Happenings.ts"
import * as Runtime from "../../src/runtime/Ways.ts"

/** A record of the tests: a key, a number, and what is to become of it. */
const Work = Schema.Struct({ key: Schema.String, n: Schema.Int })
type Work = typeof Work.Type
const work = Topics.topic({ name: "work", schema: Work, key: ({ key }) => key, retention: "1 day", description: "" })
const made = Topics.topic({ name: "made", schema: Work, key: ({ key }) => key, retention: "1 day", description: "" })

class Refused extends Schema.TaggedError<Refused>()("Refused", { retryable: Schema.Boolean }) {
  override get message() {
    return "refused"
  }
}

const World = Layer.mergeAll(layerMemory, Happenings.layer)

const record = (value: Work): OutgoingRecord => ({ topic: "work", key: value.key, value: work.encode(value) })
const publish = (...values: ReadonlyArray<Work>) => Broker.use((broker) => broker.publish(values.map(record)))
const createTopics = Broker.use((broker) =>
  broker.create([work, made, Topics.deadLetters(work), Topics.deadLetters(made)])
)

const start = (definition: Effect.Effect<Supervise.Actor, never, Broker>) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const context = yield* Layer.buildWithScope(Supervise.layer([definition]), scope)
    return { scope, supervisor: Effect.provide(Supervise.Supervisor, context) }
  })

const lag = Broker.use((broker) =>
  Effect.map(broker.lag("worker"), (all) => all.reduce((sum, each) => sum + each.lag, 0))
)
const deadLetters = Broker.use((broker) =>
  broker.read({ topic: "work.dlq", from: "earliest" }).pipe(Stream.map(fromRecord), Stream.runCollect)
)

describe("Actor", () => {
  it.effect("keeps the order of a key while other keys go on", () =>
    Effect.gen(function* () {
      yield* createTopics
      const gate = yield* Deferred.make<void>()
      const seen: Array<string> = []
      yield* start(
        Actor.oneByOne({
          name: "worker",
          from: work,
          to: "nothing",
          handle: ({ key, n }) =>
            (key === "slow" && n === 1 ? Deferred.await(gate) : Effect.void).pipe(
              Effect.andThen(Effect.sync(() => void seen.push(`${key}${n}`))),
              Effect.as([])
            )
        })
      )
      yield* publish({ key: "slow", n: 1 }, { key: "slow", n: 2 }, { key: "a", n: 1 }, { key: "a", n: 2 })
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(seen, ["a1", "a2"])
      assert.strictEqual(yield* lag, 2)
      yield* Deferred.succeed(gate, undefined)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(seen, ["a1", "a2", "slow1", "slow2"])
      assert.strictEqual(yield* lag, 0)
    }).pipe(Effect.provide(World))
  )

  it.effect(
    "handles records of a key abreast and hands on what they make in order, over failures and dead letters",
    () =>
      Effect.gen(function* () {
        yield* createTopics
        const gates = { 1: yield* Deferred.make<void>(), 2: yield* Deferred.make<void>() }
        const next: Array<string> = []
        let tries = 0
        const { scope } = yield* start(
          Actor.oneByOne({
            name: "worker",
            from: work,
            to: "made",
            abreast: 3,
            handle: Effect.fnUntraced(function* (value, _, isNext) {
              const { key, n } = value
              if (n === 1 || n === 2) yield* Deferred.await(gates[n])
              next.push(`${key}${n} ${isNext() ? "next" : "early"}`)
              if (n === 1 && ++tries === 1) return yield* new Refused({ retryable: true })
              if (n === 2) return yield* new Refused({ retryable: false })
              return [{ topic: "made", key, value: made.encode(value) }]
            })
          })
        )
        const outputs = Broker.use((broker) =>
          broker.read({ topic: "made", from: "earliest" }).pipe(
            Stream.map(({ key, value }) => `${key}${JSON.parse(new TextDecoder().decode(value)).n}`),
            Stream.runCollect
          )
        )
        yield* publish(
          { key: "a", n: 1 },
          { key: "a", n: 2 },
          { key: "a", n: 3 },
          { key: "a", n: 4 },
          { key: "b", n: 5 }
        )
        yield* TestClock.adjust(0)
        assert.deepStrictEqual(next, ["b5 next", "a3 early"])
        assert.deepStrictEqual(yield* outputs, ["b5"])
        assert.strictEqual(yield* lag, 4)
        yield* Deferred.succeed(gates[2], undefined)
        yield* TestClock.adjust(0)
        assert.deepStrictEqual(yield* deadLetters, [], "a dead letter waits for its turn, too")
        yield* Deferred.succeed(gates[1], undefined)
        yield* TestClock.adjust(0)
        assert.deepStrictEqual(yield* outputs, ["b5"], "the first failed, and the others wait for it")
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(
          (yield* outputs).filter((output) => output !== "b5"),
          ["a1", "a3", "a4"]
        )
        assert.strictEqual((yield* deadLetters).length, 1)
        assert.strictEqual(yield* lag, 0)
        yield* Scope.close(scope, Exit.void)
      }).pipe(Effect.provide(World))
  )

  it.effect("leaves what is done early to the next start when a shutdown comes before its turn", () =>
    Effect.gen(function* () {
      yield* createTopics
      const handled: Array<number> = []
      const worker = Actor.oneByOne({
        name: "worker",
        from: work,
        to: "made",
        abreast: 2,
        handle: (value) => {
          handled.push(value.n)
          return value.n === 1 && handled.length < 3
            ? Effect.fail(new Refused({ retryable: true }))
            : Effect.succeed([{ topic: "made", key: value.key, value: made.encode(value) }])
        }
      })
      const { scope } = yield* start(worker)
      yield* publish({ key: "a", n: 1 }, { key: "a", n: 2 })
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(handled, [1, 2])
      const outputs = Broker.use((broker) =>
        broker.read({ topic: "made", from: "earliest" }).pipe(
          Stream.map(({ value }) => JSON.parse(new TextDecoder().decode(value)).n),
          Stream.runCollect
        )
      )
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(yield* outputs, [], "nothing of it is there before its turn")
      yield* start(worker)
      while ((yield* outputs).length < 2) yield* TestClock.adjust(0)
      assert.deepStrictEqual(yield* outputs, [1, 2])
      assert.strictEqual(yield* lag, 0)
    }).pipe(Effect.provide(World))
  )

  it.effect("leaves the way of a record: its tries, its outputs, its commit, its dead letter", () =>
    Effect.gen(function* () {
      yield* createTopics
      let tries = 0
      yield* start(
        Actor.oneByOne({
          name: "worker",
          from: { ...work, about: ({ n }) => (n === 9 ? undefined : `number-${n}`) },
          to: "made",
          handle: (value) => {
            if (value.n === 9) return Effect.fail(new Refused({ retryable: false }))
            return ++tries === 1
              ? Effect.fail(new Refused({ retryable: true }))
              : Effect.succeed([{ topic: "made", key: value.key, value: made.encode(value) }])
          }
        })
      )
      yield* publish({ key: "a", n: 1 })
      yield* TestClock.adjust("1 second")
      yield* publish({ key: "a", n: 9 })
      yield* TestClock.adjust(0)
      const ways = yield* Runtime.Ways
      const [visit] = ways.of("number-1")!.visits
      assert.strictEqual(visit!.actor, "worker")
      assert.deepStrictEqual(
        visit!.attempts.map(({ error, nextAt }) => [error, nextAt !== null]),
        [
          ["refused", true],
          [null, false]
        ]
      )
      assert.strictEqual(visit!.attempts[1]!.startedAt, visit!.attempts[0]!.nextAt)
      assert.deepStrictEqual(visit!.outputs, ["made"])
      assert.isAtLeast(visit!.committedAt!, visit!.attempts[1]!.endedAt!)
      const place = { ...visit!, offset: visit!.offset + 1 }
      const [rejected] = ways.of(`${place.topic}/${place.partition}/${place.offset}`)!.visits
      assert.deepStrictEqual(rejected!.deadLetter, { reason: "rejected", error: "refused" })
      assert.deepStrictEqual(rejected!.outputs, ["work.dlq"])
    }).pipe(Effect.provide(Runtime.layer.pipe(Layer.provideMerge(World))))
  )

  it.effect("tries again with growing waits, its key waiting and no other", () =>
    Effect.gen(function* () {
      yield* createTopics
      const attempts: Array<number> = []
      const seen: Array<string> = []
      const { supervisor } = yield* start(
        Actor.oneByOne({
          name: "worker",
          from: work,
          to: "nothing",
          handle: Effect.fnUntraced(function* ({ key, n }) {
            if (key === "bad" && n === 1 && attempts.length < 3) {
              attempts.push(
                yield* Effect.map(
                  Effect.clockWith((clock) => clock.currentTimeMillis),
                  Number
                )
              )
              return yield* new Refused({ retryable: true })
            }
            seen.push(`${key}${n}`)
            return []
          })
        })
      )
      yield* publish({ key: "bad", n: 1 }, { key: "bad", n: 2 }, { key: "good", n: 1 })
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(seen, ["good1"])
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(seen, ["good1", "bad1", "bad2"])
      const [first, second, third] = attempts
      assert.isAtLeast(second! - first!, 160)
      assert.isAtLeast(third! - second!, 320)
      assert.strictEqual((yield* Effect.flatMap(supervisor, ({ actors }) => actors))[0]!.retries, 3)
      assert.deepStrictEqual(yield* deadLetters, [])
    }).pipe(Effect.provide(World))
  )

  it.effect("makes a dead letter of what is undecodable, rejected, exhausted or defective, with its context", () =>
    Effect.gen(function* () {
      yield* createTopics
      const broker = yield* Broker
      yield* start(
        Actor.oneByOne({
          name: "worker",
          from: work,
          to: "nothing",
          attempts: 3,
          handle: ({ key }) =>
            key === "rejected"
              ? Effect.fail(new Refused({ retryable: false }))
              : key === "exhausted"
                ? Effect.fail(new Refused({ retryable: true }))
                : key === "defect"
                  ? Effect.die(new Error("a bug"))
                  : Effect.succeed([])
        })
      )
      const bytes = new TextEncoder()
      yield* broker.publish([
        { topic: "work", key: "k", value: bytes.encode("{not json"), headers: { trace: "1" } },
        { topic: "work", key: "k", value: bytes.encode(`{"key":"k","n":"one"}`) }
      ])
      yield* publish(...["rejected", "exhausted", "defect", "fine"].map((key) => ({ key, n: 1 })))
      yield* TestClock.adjust("1 minute")
      const letters = yield* deadLetters
      const outcome = new Map(letters.map((letter) => [letter.error, letter]))
      assert.strictEqual(letters.length, 5)
      assert.strictEqual(yield* lag, 0)
      const notJson = outcome.get("The value is not JSON in UTF-8")!
      assert.deepStrictEqual(
        [notJson.reason, notJson.actor, notJson.key, notJson.headers, notJson.origin.topic, notJson.attempts],
        ["undecodable", "worker", "k", { trace: "1" }, "work", 1]
      )
      assert.strictEqual(new TextDecoder().decode(notJson.value), "{not json")
      assert.deepStrictEqual(letters.map(({ attempts, reason }) => `${reason} ${attempts}`).toSorted(), [
        "defect 3",
        "exhausted 3",
        "rejected 1",
        "undecodable 1",
        "undecodable 1"
      ])
      assert.isFalse([...outcome.keys()].some((error) => error.includes(`"one"`)))
    }).pipe(Effect.provide(World))
  )

  it.effect("waits for room on the disk for as long as that takes", () =>
    Effect.gen(function* () {
      yield* createTopics
      let full = true
      const { supervisor } = yield* start(
        Actor.oneByOne({
          name: "worker",
          from: work,
          to: "nothing",
          handle: () =>
            full
              ? Effect.fail(new BrokerError({ reason: "full", detail: "There is no room left." }))
              : Effect.succeed([])
        })
      )
      yield* publish({ key: "k", n: 1 })
      yield* TestClock.adjust("1 hour")
      const [status] = yield* Effect.flatMap(supervisor, ({ actors }) => actors)
      assert.deepInclude(status, { deadLetters: 0, restarts: 0, lastError: "There is no room left." })
      full = false
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* lag, 0)
      assert.deepStrictEqual(yield* deadLetters, [])
    }).pipe(Effect.provide(World))
  )

  it.effect("hands over batches, and goes on one by one when a batch fails", () =>
    Effect.gen(function* () {
      yield* createTopics
      const sizes: Array<number> = []
      yield* start(
        Actor.inBatches({
          name: "worker",
          from: work,
          to: "nothing",
          batch: 100,
          attempts: 2,
          handleBatch: (deliveries) =>
            Effect.suspend(() => {
              sizes.push(deliveries.length)
              return deliveries.some(({ value }) => value.n === 13)
                ? Effect.fail(new Refused({ retryable: false }))
                : Effect.succeed([])
            })
        })
      )
      yield* publish(...Array.from({ length: 20 }, (_, n) => ({ key: `k${n % 3}`, n })))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(sizes[0], 20)
      assert.strictEqual(sizes.length, 21)
      assert.strictEqual((yield* deadLetters).length, 1)
      assert.strictEqual(yield* lag, 0)
    }).pipe(Effect.provide(World))
  )

  it.effect("waits as long as a failure asks, the batch whole and the attempt not counted, other keys going on", () =>
    Effect.gen(function* () {
      yield* createTopics
      const seen: Array<string> = []
      let open = false
      yield* start(
        Actor.inBatches({
          name: "worker",
          from: work,
          to: "nothing",
          batch: 10,
          oneKey: true,
          attempts: 1,
          handleBatch: (deliveries) =>
            Effect.suspend(() => {
              const [first] = deliveries
              if (first!.value.key === "slow" && !open) return Effect.fail({ retryAfter: 60_000 })
              seen.push(deliveries.map(({ value: { key, n } }) => key + n).join(" "))
              return Effect.succeed([])
            })
        })
      )
      yield* publish({ key: "slow", n: 1 }, { key: "slow", n: 2 }, { key: "a", n: 1 }, { key: "b", n: 1 })
      yield* TestClock.adjust("3 minutes")
      assert.deepStrictEqual(seen.toSorted(), ["a1", "b1"])
      yield* publish({ key: "slow", n: 3 })
      yield* TestClock.adjust("10 seconds")
      open = true
      yield* TestClock.adjust("49 seconds")
      assert.strictEqual(yield* lag, 3)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(seen.at(-1), "slow1 slow2 slow3")
      assert.strictEqual(yield* lag, 0)
    }).pipe(Effect.provide(World))
  )

  it.effect("commits outputs with inputs: a crash before the commit repeats both, after it neither", () =>
    Effect.gen(function* () {
      yield* createTopics
      const handled: Array<number> = []
      const definition = (hangAt: number) =>
        Actor.oneByOne({
          name: "worker",
          from: work,
          to: "made",
          handle: (value) =>
            Effect.suspend(() => {
              handled.push(value.n)
              return value.n === hangAt
                ? Effect.never
                : Effect.succeed([{ topic: "made", key: value.key, value: made.encode(value) }])
            })
        })
      const first = yield* start(definition(2))
      yield* publish(...[1, 2, 3, 4].map((n) => ({ key: `k${n}`, n })))
      yield* TestClock.adjust(0)
      const stopping = yield* Effect.forkChild(Scope.close(first.scope, Exit.void))
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(stopping)
      assert.deepStrictEqual(handled.toSorted(), [1, 2, 3, 4])
      yield* start(definition(0))
      const broker = yield* Broker
      const outputs = yield* broker
        .read({ topic: "made", from: "earliest", follow: true })
        .pipe(Stream.take(4), Stream.runCollect)
      assert.deepStrictEqual(handled.slice(4), [2])
      const written = (yield* broker.list).find(({ name }) => name === "made")!
      assert.strictEqual(
        written.partitions.reduce((sum, { end }) => sum + end, 0),
        4
      )
      assert.deepStrictEqual(outputs.map(({ key }) => key).toSorted(), ["k1", "k2", "k3", "k4"])
    }).pipe(Effect.provide(World))
  )

  it.effect("finishes what is in hand on shutdown and leaves the rest for the next start", () =>
    Effect.gen(function* () {
      yield* createTopics
      const log: Array<string> = []
      const started = yield* Queue.unbounded<void>()
      const { scope } = yield* start(
        Actor.oneByOne({
          name: "worker",
          from: work,
          to: "nothing",
          handle: ({ n }) =>
            Effect.sync(() => void log.push(`begin ${n}`)).pipe(
              Effect.andThen(Queue.offer(started, undefined)),
              Effect.andThen(Effect.sleep("1 second")),
              Effect.andThen(Effect.sync(() => void log.push(`end ${n}`))),
              Effect.as([])
            )
        })
      )
      yield* publish({ key: "k", n: 1 }, { key: "k", n: 2 })
      yield* Queue.take(started)
      const stopping = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(stopping)
      assert.deepStrictEqual(log, ["begin 1", "end 1"])
      assert.strictEqual(yield* lag, 1)
    }).pipe(Effect.provide(World))
  )

  it.effect("reads its topic to the end on shutdown when it is asked to", () =>
    Effect.gen(function* () {
      yield* createTopics
      const { scope } = yield* start(
        Actor.oneByOne({
          name: "worker",
          from: work,
          to: "nothing",
          drainToEnd: true,
          handle: () => Effect.as(Effect.sleep("1 second"), [])
        })
      )
      yield* publish({ key: "k", n: 1 }, { key: "k", n: 2 }, { key: "k", n: 3 })
      yield* TestClock.adjust(0)
      const stopping = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(stopping)
      assert.strictEqual(yield* lag, 0)
    }).pipe(Effect.provide(World))
  )

  it.effect("gives up after the grace, and the next start goes on from there", () =>
    Effect.gen(function* () {
      yield* createTopics
      const handled: Array<string> = []
      const definition = (name: string, then: Effect.Effect<unknown>) =>
        Actor.oneByOne({
          name: "worker",
          from: work,
          to: "nothing",
          handle: () => Effect.sync(() => void handled.push(name)).pipe(Effect.andThen(then), Effect.as([]))
        })
      const { scope } = yield* start(definition("stuck", Effect.never))
      yield* publish({ key: "k", n: 1 })
      yield* TestClock.adjust(0)
      const stopping = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(stopping)
      yield* start(definition("next", Effect.void))
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(handled, ["stuck", "next"])
    }).pipe(Effect.provide(World))
  )
})

describe("Supervise", () => {
  const failing = (starts: Array<number>, fatal = false) =>
    Effect.sync((): Supervise.Actor => ({
      name: "fragile",
      route: "",
      group: null,
      vitals: Supervise.vitals(),
      run: Effect.clockWith((clock) => clock.currentTimeMillis).pipe(
        Effect.tap((now) => Effect.sync(() => void starts.push(now))),
        Effect.andThen(fatal ? Effect.fail({ fatal: true, message: "wrong token" }) : Effect.die(new Error("oops")))
      ),
      drain: Effect.void
    }))

  it.effect("starts an actor again with growing waits, counts it, and is not ready when it keeps failing", () =>
    Effect.gen(function* () {
      const starts: Array<number> = []
      const { supervisor } = yield* start(failing(starts))
      const { actors, failing: failingActors } = yield* supervisor
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(yield* failingActors, [])
      yield* TestClock.adjust("10 minutes")
      assert.isAbove(starts.length, 10)
      assert.isAtMost(starts.at(-1)! - starts.at(-2)!, Duration.toMillis("36 seconds"))
      const [status] = yield* actors
      assert.strictEqual(status!.restarts, starts.length)
      assert.strictEqual(status!.lastError, "oops")
      assert.deepStrictEqual(yield* failingActors, ["fragile"])
    }).pipe(Effect.provide(World))
  )

  it.effect("is ready again when a start lasts, though no record comes", () =>
    Effect.gen(function* () {
      let starts = 0
      const quiet = Effect.map(failing([]), (actor) => ({
        ...actor,
        run: Effect.suspend(() => (++starts > 4 ? Effect.never : Effect.die(new Error("oops"))))
      }))
      const { supervisor } = yield* start(quiet)
      const { failing: failingActors } = yield* supervisor
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(starts, 5)
      assert.deepStrictEqual(yield* failingActors, ["fragile"])
      yield* TestClock.adjust("25 seconds")
      assert.deepStrictEqual(yield* failingActors, [])
    }).pipe(Effect.provide(World))
  )

  it.effect("stops without waiting for an actor that waits to be started again", () =>
    Effect.gen(function* () {
      const starts: Array<number> = []
      const { scope } = yield* start(failing(starts))
      yield* TestClock.adjust("1 minute")
      const before = starts.length
      // The clock stands still from here on: a stop that waited would never return.
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(starts.length, before)
    }).pipe(Effect.provide(World))
  )

  it.effect("reports what no new start can mend", () =>
    Effect.gen(function* () {
      const { supervisor } = yield* start(failing([], true))
      const { fatal } = yield* supervisor
      assert.strictEqual((yield* Effect.flip(fatal)).message, "wrong token")
    }).pipe(Effect.provide(World))
  )
})
