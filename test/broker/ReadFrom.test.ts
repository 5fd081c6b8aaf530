import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as ReadFrom from "../../src/broker/ReadFrom.ts"

describe("ReadFrom", () => {
  it("is a name, an offset or a time", () => {
    const parsed = (text: string) => Result.getOrThrow(ReadFrom.parse(text))
    assert.strictEqual(parsed("earliest"), "earliest")
    assert.strictEqual(parsed("latest"), "latest")
    assert.deepStrictEqual(parsed("offset=0"), { offset: 0 })
    assert.deepStrictEqual(parsed("time=2026-01-31T08:00:00Z"), { time: Date.UTC(2026, 0, 31, 8) })
    assert.deepStrictEqual(parsed("time=2026-01-31T09:00:00.5+01:00"), { time: Date.UTC(2026, 0, 31, 8, 0, 0, 500) })
    assert.deepStrictEqual(parsed("time=2026-01-31"), { time: Date.UTC(2026, 0, 31) })
  })

  it("says what it expects of anything else", () => {
    for (const text of ["", "first", "offset=", "offset=-1", "offset=1.5", "time=now", "time=5", "time=2026-13-01"]) {
      assert.strictEqual(Result.getOrThrow(Result.flip(ReadFrom.parse(text))), `Expected ${ReadFrom.expected}`, text)
    }
  })
})
