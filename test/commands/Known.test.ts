/** What there is to read is waited for, not for ever, and nothing is not taken for something. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { Supervisor } from "../../src/actors/Supervise.ts"
import { Broker } from "../../src/broker/Broker.ts"
import * as Known from "../../src/commands/Known.ts"
import { Documents } from "../../src/docs/Documents.ts"
import type { ActorState } from "../../src/domain/Happening.ts"
import { Passages } from "../../src/knowledge/Passages.ts"

const readme = {
  id: "rtfm-bot/README.md",
  path: "README.md",
  title: "rtfm-bot",
  url: "/#/documents/rtfm-bot%2FREADME.md",
  chunks: 3,
  ingestedAt: 1
}

/** A system that is where the test says. */
const at = (place: { taken: boolean; ownDocs: ActorState; lag: number | undefined; rows: number }) => {
  const actor = { name: "own-docs", route: "", restarts: 0, inHand: 0, handled: 0, lag: null, deadLetters: 0 }
  const partition = { group: "document-indexer", topic: "document-chunks", partition: 0, committed: 0 }
  return Layer.mergeAll(
    Layer.mock(Supervisor, {
      actors: Effect.sync(() => [{ ...actor, state: place.ownDocs, retries: 0, lastError: null }])
    }),
    Layer.mock(Broker, {
      lag: () => Effect.sync(() => (place.lag === undefined ? [] : [{ ...partition, lag: place.lag }]))
    }),
    Layer.mock(Documents, { get: () => Effect.sync(() => (place.taken ? Option.some(readme) : Option.none())) }),
    Layer.mock(Passages, { documentFrequency: () => Effect.sync(() => ({ rows: place.rows, frequency: new Map() })) })
  )
}

const asked = Effect.fnUntraced(function* (seconds: number) {
  const fiber = yield* Effect.forkChild(Known.within(seconds))
  yield* TestClock.adjust("1 second")
  return fiber
})

describe("What is known, before a question is asked", () => {
  it.effect("is waited for until the bot's own docs are in the log, and all that is there can be found", () => {
    const place = { taken: false, ownDocs: "running" as ActorState, lag: 0 as number | undefined, rows: 5 }
    return Effect.gen(function* () {
      const fiber = yield* asked(30)
      assert.isUndefined(fiber.pollUnsafe())
      Object.assign(place, { taken: true, lag: undefined })
      yield* TestClock.adjust("1 second")
      assert.isUndefined(fiber.pollUnsafe())
      place.lag = 7
      yield* TestClock.adjust("1 second")
      assert.isUndefined(fiber.pollUnsafe())
      place.lag = 0
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
    }).pipe(Effect.provide(at(place)))
  })

  it.effect("is there at once where it was read before", () =>
    Known.within(30).pipe(Effect.provide(at({ taken: true, ownDocs: "running", lag: 0, rows: 5 })))
  )

  it.effect("does without own docs that cannot be read", () =>
    Known.within(30).pipe(Effect.provide(at({ taken: false, ownDocs: "restarting", lag: 0, rows: 5 })))
  )

  it.effect("is not waited for longer than was asked", () =>
    Effect.gen(function* () {
      const fiber = yield* asked(5)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("4 seconds")
      const { message } = yield* Effect.flip(Fiber.join(fiber))
      assert.match(message, /^After 5 seconds documents are still being read\. /)
    }).pipe(Effect.provide(at({ taken: true, ownDocs: "running", lag: 7, rows: 5 })))
  )

  it.effect("is nothing, and a sentence says so", () =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(Known.within(30))
      assert.match(message, /^Nothing is known yet\. .*rtfm ingest /)
    }).pipe(Effect.provide(at({ taken: false, ownDocs: "stopped", lag: 0, rows: 0 })))
  )
})
