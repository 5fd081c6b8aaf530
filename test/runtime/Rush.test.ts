import { assert, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { Rush } from "../../src/runtime/Rush.ts"

it.live("what can wait waits for the end of a rush, and where there is none not at all", () =>
  Effect.gen(function* () {
    const rush = yield* Rush
    assert.isTrue(Exit.isSuccess(Effect.runSyncExit(rush.over)))
    yield* rush.felt
    const felt = performance.now()
    yield* rush.over
    assert.isAtLeast(performance.now() - felt, 50)
  })
)
