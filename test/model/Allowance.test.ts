/** How much a model may write: a budget for everybody, and a number of answers for each person, anew every day. */
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { Allowance, layer } from "../../src/model/Allowance.ts"
import * as Migrations from "../../src/state/Migrations.ts"
import * as Sqlite from "../../src/state/Sqlite.ts"

const world = (settings: Record<string, string>) =>
  layer.pipe(
    Layer.provideMerge(Migrations.layer),
    Layer.provideMerge(Sqlite.layerClient(":memory:")),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(settings)))
  )

describe("what a model may write", () => {
  it.effect("is not limited unless a setting says so", () =>
    Effect.gen(function* () {
      const allowance = yield* Allowance
      for (let i = 0; i < 50; i++) yield* allowance.wrote("ada")
      yield* allowance.spend(1_000)
      assert.strictEqual(yield* allowance.check("ada"), "open")
    }).pipe(Effect.provide(world({})))
  )

  it.effect("ends with the day's budget, and begins again at midnight UTC", () =>
    Effect.gen(function* () {
      const allowance = yield* Allowance
      yield* TestClock.setTime(Date.UTC(2026, 0, 1, 23, 0))
      for (let i = 0; i < 4; i++) {
        assert.strictEqual(yield* allowance.check("ada"), "open")
        yield* allowance.spend(0.000_25)
      }
      assert.strictEqual(yield* allowance.check("ada"), "budget")
      assert.strictEqual(yield* allowance.check(undefined), "budget")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* allowance.check("ada"), "open")
    }).pipe(Effect.provide(world({ GEMINI_DAILY_BUDGET: "0.001" })))
  )

  it.effect("ends for one person, not for others, after their answers of the day", () =>
    Effect.gen(function* () {
      const allowance = yield* Allowance
      assert.strictEqual(allowance.answersPerPerson, 2)
      for (let i = 0; i < 2; i++) yield* allowance.wrote("ada")
      assert.deepStrictEqual(
        [yield* allowance.check("ada"), yield* allowance.check("bob"), yield* allowance.check(undefined)],
        ["person", "open", "open"]
      )
      yield* TestClock.adjust("1 day")
      assert.strictEqual(yield* allowance.check("ada"), "open")
      yield* allowance.wrote("bob")
      const sql = yield* SqlClient.SqlClient
      const rows = yield* sql`SELECT asker_id FROM model_answers`
      assert.deepStrictEqual(rows, [{ asker_id: "bob" }], "nothing is kept of yesterday")
    }).pipe(Effect.provide(world({ GEMINI_ANSWERS_PER_PERSON: "2" })))
  )

  it.effect("is not held up by counts that cannot be kept", () =>
    Effect.gen(function* () {
      const allowance = yield* Allowance
      const sql = yield* SqlClient.SqlClient
      yield* sql`DROP TABLE model_costs`
      yield* allowance.spend(1)
      assert.strictEqual(yield* allowance.check("ada"), "open")
    }).pipe(Effect.provide(world({ GEMINI_DAILY_BUDGET: "1" })))
  )
})
