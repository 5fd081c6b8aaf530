import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Broker, type IncomingRecord } from "../../src/broker/Broker.ts"
import { toDeadLetter } from "../../src/broker/DeadLetter.ts"
import * as DeadLetters from "../../src/broker/DeadLetters.ts"
import { layerMemory } from "../../src/broker/Memory.ts"
import * as Topics from "../../src/domain/Topics.ts"

const failed = (offset: number): IncomingRecord => ({
  topic: Topics.messages.name,
  partition: 1,
  offset,
  key: "channel",
  value: new TextEncoder().encode(`value ${offset}`),
  headers: { trace: String(offset) },
  timestamp: 5
})
const failure = { reason: "exhausted", error: "no", actor: "indexer", attempts: 2, firstFailedAt: 7 } as const

const broken = Effect.gen(function* () {
  const broker = yield* Broker
  yield* broker.create(Topics.all)
  yield* broker.publish([1, 2, 3].map((offset) => toDeadLetter(failed(offset), failure)))
})
const sentBack = Broker.use((broker) =>
  Stream.runCollect(broker.read({ topic: Topics.messages.name, from: "earliest" }))
)

describe("DeadLetters", () => {
  it.effect("lists what waits with its context", () =>
    Effect.gen(function* () {
      yield* broken
      const letters = yield* DeadLetters.list({})
      assert.strictEqual(letters.length, 3)
      const { actor, attempts, error, firstFailedAt, headers, key, origin, reason } = letters[2]!
      assert.deepStrictEqual(
        { actor, attempts, error, firstFailedAt, headers, key, origin, reason },
        {
          ...failure,
          key: "channel",
          headers: { trace: "1" },
          origin: { topic: Topics.messages.name, partition: 1, offset: 1 }
        }
      )
      assert.strictEqual((yield* DeadLetters.list({ limit: 1 })).length, 1)
      assert.strictEqual((yield* DeadLetters.list({ topic: Topics.queries.name })).length, 0)
    }).pipe(Effect.provide(layerMemory))
  )

  it.effect("sends chosen ones back once, as they were, and then the rest", () =>
    Effect.gen(function* () {
      yield* broken
      const [newest] = yield* DeadLetters.list({})
      const one = { topic: Topics.messages.name, positions: [newest!] }
      assert.lengthOf((yield* DeadLetters.redrive(one)).sent, 1)
      assert.lengthOf((yield* DeadLetters.redrive(one)).sent, 0)
      const [back] = yield* sentBack
      assert.deepStrictEqual(
        [new TextDecoder().decode(back!.value), back!.key, back!.headers],
        ["value 3", "channel", { trace: "3" }]
      )
      assert.deepStrictEqual((yield* DeadLetters.list({})).map(({ origin }) => origin.offset).toSorted(), [1, 2])
      assert.lengthOf((yield* DeadLetters.redrive({ topic: Topics.messages.name })).sent, 2)
      assert.deepStrictEqual(yield* DeadLetters.list({}), [])
      assert.strictEqual((yield* sentBack).length, 3)
    }).pipe(Effect.provide(layerMemory))
  )

  it.effect("keeps what would only fail again, unless somebody insists", () =>
    Effect.gen(function* () {
      const broker = yield* Broker
      const topic = Topics.messages.name
      yield* broker.create(Topics.all)
      const reasons = ["undecodable", "rejected", "exhausted", "defect"] as const
      yield* broker.publish(reasons.map((reason, offset) => toDeadLetter(failed(offset), { ...failure, reason })))
      const trial = yield* DeadLetters.redrive({ topic, dryRun: true })
      const reasonsOf = (letters: ReadonlyArray<{ readonly reason: string }>) => letters.map(({ reason }) => reason)
      assert.deepStrictEqual(reasonsOf(trial.sent), ["exhausted", "defect"])
      assert.deepStrictEqual(reasonsOf(trial.refused), ["undecodable", "rejected"])
      assert.deepStrictEqual(yield* sentBack, [])
      assert.deepStrictEqual(yield* DeadLetters.redrive({ topic }), trial)
      const named = { topic, positions: trial.refused }
      assert.lengthOf((yield* DeadLetters.redrive(named)).sent, 0)
      assert.lengthOf(yield* sentBack, 2)
      assert.deepStrictEqual((yield* DeadLetters.redrive({ ...named, force: true })).sent, trial.refused)
      assert.lengthOf(yield* sentBack, 4)
      assert.deepStrictEqual(yield* DeadLetters.list({}), [])
    }).pipe(Effect.provide(layerMemory))
  )

  it.effect("sends back the oldest of a time, as many as wanted", () =>
    Effect.gen(function* () {
      const broker = yield* Broker
      const topic = Topics.messages.name
      yield* broker.create(Topics.all)
      for (const offset of [1, 2, 3, 4]) {
        yield* broker.publish([toDeadLetter({ ...failed(offset), key: String(offset) }, failure)])
        yield* TestClock.adjust("1 second")
      }
      const offsets = (report: DeadLetters.Redriven) => report.sent.map(({ origin }) => origin.offset)
      assert.deepStrictEqual(offsets(yield* DeadLetters.redrive({ topic, since: 1_000, limit: 2 })), [2, 3])
      assert.deepStrictEqual(offsets(yield* DeadLetters.redrive({ topic, since: 1_000 })), [4])
      assert.deepStrictEqual(offsets(yield* DeadLetters.redrive({ topic })), [1])
    }).pipe(Effect.provide(layerMemory))
  )
})
