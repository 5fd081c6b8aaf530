/** The ways of records, as the recorder keeps them. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Stream } from "effect"
import { Happenings } from "../../src/runtime/Happenings.ts"
import * as Runtime from "../../src/runtime/Ways.ts"

const layer = Runtime.layer.pipe(Layer.provideMerge(Happenings.layer))
const record = (topic: string, offset: number) => ({ topic, partition: 1, offset, key: "k", timestamp: 10 })

it.effect("brings together what actors had about one thing, and finds it by any of its records", () =>
  Effect.gen(function* () {
    const ways = yield* Runtime.Ways
    ways.taken("indexer", record("discord-messages", 4), "m1", 11)
    const answering = ways.taken("answerer", record("bot-queries", 7), "m1", 12)
    answering.committedAt = 20
    ways.taken("indexer", record("discord-messages", 5), "m2", 13)
    const way = ways.of("m1")!
    assert.deepStrictEqual(
      way.visits.map(({ actor, committedAt, offset }) => [actor, offset, committedAt]),
      [
        ["indexer", 4, null],
        ["answerer", 7, 20]
      ]
    )
    assert.deepStrictEqual(ways.of("bot-queries/1/7"), way)
    assert.strictEqual(ways.of("bot-queries/1/8"), undefined)
  }).pipe(Effect.provide(layer))
)

it.effect("knows what was done afterwards with what an actor wrote, in parts or at once", () =>
  Effect.gen(function* () {
    const ways = yield* Runtime.Ways
    ways.taken("indexer", record("discord-messages", 4), "m1", 11)
    ways.taken("answerer", record("bot-queries", 7), "m1", 12)
    const happenings = yield* Happenings
    const told = yield* Effect.forkChild(Stream.runHead(happenings.since()), { startImmediately: true })
    ways.watch("m1", 13)
    yield* ways.worked(["m1", "m1", "unknown"], /indexer$/, { actor: "vectorizer", startedAt: 20, endedAt: 30 })
    yield* ways.worked(["m1"], /indexer$/, { actor: "vectorizer", startedAt: 40, endedAt: 50 })
    assert.deepStrictEqual(
      ways.of("m1")!.visits.map(({ later }) => later),
      [[{ actor: "vectorizer", startedAt: 20, endedAt: 50 }], undefined]
    )
    assert.strictEqual(ways.of("unknown"), undefined)
    assert.deepInclude(yield* Fiber.join(told), { _tag: "Some" })
  }).pipe(Effect.provide(layer))
)

it.effect("a record that tells of nothing stands for itself", () =>
  Effect.gen(function* () {
    const ways = yield* Runtime.Ways
    ways.taken("commander", record("discord-commands", 2), undefined, 11)
    assert.strictEqual(ways.of("discord-commands/1/2")!.id, "discord-commands/1/2")
  }).pipe(Effect.provide(layer))
)

it.effect("keeps a bounded number, the newest", () =>
  Effect.gen(function* () {
    const ways = yield* Runtime.Ways
    for (let n = 0; n < 60; n++) ways.taken("document-indexer", record("document-chunks", n), "large", n)
    assert.strictEqual(ways.of("large")!.visits.length, 40)
    assert.strictEqual(ways.of("large")!.visits.at(-1)!.offset, 59)
    for (let n = 0; n < 4_960; n++) ways.taken("indexer", record("discord-messages", n), `m${n}`, n)
    assert.strictEqual(ways.of("large")!.id, "large")
    ways.taken("indexer", record("discord-messages", 4_960), "m4960", 4_960)
    assert.strictEqual(ways.of("large"), undefined)
    assert.strictEqual(ways.of("m0"), undefined)
    assert.strictEqual(ways.of("m1000")!.id, "m1000")
    assert.strictEqual(ways.of("m4960")!.id, "m4960")
  }).pipe(Effect.provide(layer))
)

it.effect("tells of changes only where somebody looks, and only for a while", () =>
  Effect.gen(function* () {
    const ways = yield* Runtime.Ways
    const happenings = yield* Happenings
    const told = yield* happenings.since().pipe(
      Stream.take(2),
      Stream.map(({ happening }) => (happening.type === "way.changed" ? happening.id : "")),
      Stream.runCollect,
      Effect.forkChild({ startImmediately: true })
    )
    const [one, other] = ["m1", "m2"].map((id) => ways.taken("indexer", record("discord-messages", 1), id, 0))
    yield* ways.changed([one!])
    ways.watch("m2", 0)
    yield* ways.changed([other!])
    yield* ways.changed([one!])
    ways.watch("m1", 60_001)
    yield* ways.changed([other!])
    yield* ways.changed([one!])
    assert.deepStrictEqual(yield* Fiber.join(told), ["m2", "m1"])
  }).pipe(Effect.provide(layer))
)
