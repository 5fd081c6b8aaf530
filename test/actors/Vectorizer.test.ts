import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as Supervise from "../../src/actors/Supervise.ts"
import * as Vectorizer from "../../src/actors/Vectorizer.ts"
import { layerMemory as memoryBroker } from "../../src/broker/Memory.ts"
import { Passages } from "../../src/knowledge/Passages.ts"
import { Happenings } from "../../src/runtime/Happenings.ts"
import { layerMemory as memoryVectors } from "../../src/vectors/Memory.ts"
import { VectorStore, VectorStoreError } from "../../src/vectors/VectorStore.ts"
import * as FakeEmbedder from "../fixtures/FakeEmbedder.ts"
import * as Knowledge from "../fixtures/Knowledge.ts"

/** Vectors in memory behind a door that can be shut. */
const store = (problem: { current: VectorStoreError | undefined }, onUpsert: Effect.Effect<void>) =>
  Layer.effect(
    VectorStore,
    Effect.map(VectorStore, (vectors) => ({
      ...vectors,
      upsert: (collection, rows) =>
        Effect.andThen(
          onUpsert,
          problem.current === undefined ? vectors.upsert(collection, rows) : Effect.fail(problem.current)
        )
    }))
  ).pipe(Layer.provide(memoryVectors))

const away = new VectorStoreError({ reason: "unreachable", detail: "Chroma does not answer." })
const refused = new VectorStoreError({ reason: "invalid", detail: "A vector is not one." })

const world = (problem: { current: VectorStoreError | undefined }, onUpsert: Effect.Effect<void> = Effect.void) =>
  Supervise.layer([Vectorizer.actor]).pipe(
    Layer.provideMerge(Knowledge.layer(FakeEmbedder.layer, store(problem, onUpsert))),
    Layer.provide([memoryBroker, Happenings.layer])
  )

const waiting = Passages.use((passages) => passages.countUnembedded("fake"))
const tell = Knowledge.tellSections("kettle", [["Descaling", "Descale the kettle with citric acid."]])

describe("Vectorizer", () => {
  it.effect("waits for a vector store that is away, ready all the while, and catches up when it is back", () => {
    const problem = { current: away as VectorStoreError | undefined }
    return Effect.gen(function* () {
      const supervisor = yield* Supervise.Supervisor
      yield* tell
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual(yield* waiting, 1)
      assert.deepStrictEqual(yield* supervisor.failing, [])
      const [actor] = yield* supervisor.actors
      assert.deepInclude(actor, { state: "running", restarts: 0, inHand: 0, lastError: away.detail })
      assert.isAbove(actor!.retries, 50)

      problem.current = undefined
      yield* TestClock.adjust("15 seconds")
      assert.strictEqual(yield* waiting, 0)
    }).pipe(Effect.provide(world(problem)))
  })

  it.effect("keeps failing when what it asks for can never succeed", () =>
    Effect.gen(function* () {
      const supervisor = yield* Supervise.Supervisor
      yield* tell
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* supervisor.failing, ["vectorizer"])
    }).pipe(Effect.provide(world({ current: refused })))
  )

  it.effect("stops at once while it waits", () => {
    const tried = Deferred.makeUnsafe<void>()
    return Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(
        world({ current: away }, Effect.asVoid(Deferred.succeed(tried, undefined))),
        scope
      )
      yield* Effect.provide(tell, context)
      yield* TestClock.adjust(0)
      yield* Deferred.await(tried)
      yield* Scope.close(scope, Exit.void)
    })
  })
})
