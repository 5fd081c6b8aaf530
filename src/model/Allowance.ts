/** How much a model may write: for how much money a day, and how often for one person. */
import { Clock, Config, Context, DateTime, Effect, Layer, Metric, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import * as Setting from "../runtime/Setting.ts"

const Positive = Schema.FiniteFromString.check(Schema.isGreaterThan(0))

export const dailyBudget = Setting.optional("GEMINI_DAILY_BUDGET", {
  description: "Most to spend on Gemini a day (UTC), after which answers are quotes; absent: no limit",
  expected: "US dollars, such as 2.50",
  config: (name) => Config.schema(Positive, name)
})

export const answersPerPerson = Setting.optional("GEMINI_ANSWERS_PER_PERSON", {
  description:
    "Most answers that Gemini writes for one person a day (UTC), after which theirs are quotes; absent: no limit",
  expected: "a whole number from 1",
  config: (name) => Config.schema(Positive.check(Schema.isInt()), name)
})

export const settings: ReadonlyArray<Setting.Setting<any>> = [dailyBudget, answersPerPerson]

const spentToday = Metric.gauge("rtfm_model_spent_today_dollars", {
  description: "What the model cost today (UTC), by the prices that are set"
})

export class Allowance extends Context.Service<
  Allowance,
  {
    /** Whether a model may write for this person now, and what is used up if not. */
    check(askerId: string | undefined): Effect.Effect<"open" | "budget" | "person">
    /** Adds to what was spent today. */
    spend(dollars: number): Effect.Effect<void>
    /** A model wrote an answer for this person. */
    wrote(askerId: string | undefined): Effect.Effect<void>
    readonly answersPerPerson: number | undefined
  }
>()("rtfm/model/Allowance") {}

/** As `2026-11-20`. */
const today = Effect.map(Clock.currentTimeMillis, (now) => DateTime.formatIsoDateUtc(DateTime.makeUnsafe(now)))

const micro = 1_000_000

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const budget = Option.getOrUndefined(yield* dailyBudget.config)
  const perPerson = Option.getOrUndefined(yield* answersPerPerson.config)

  /** A count that cannot be kept stops no answer. */
  const orElse =
    <A>(otherwise: A) =>
    <E extends { readonly message: string }>(effect: Effect.Effect<A, E>) =>
      Effect.catch(effect, (error) =>
        Effect.as(Effect.logWarning(`What the model used could not be kept: ${error.message}`), otherwise)
      )

  const spent = Effect.fnUntraced(function* (day: string) {
    const rows = yield* sql<{ micros: number }>`SELECT micros FROM model_costs WHERE day = ${day}`
    return Number(rows[0]?.micros ?? 0) / micro
  })
  const written = Effect.fnUntraced(function* (day: string, askerId: string) {
    const rows = yield* sql<{ answers: number }>`
      SELECT answers FROM model_answers WHERE day = ${day} AND asker_id = ${askerId}`
    return Number(rows[0]?.answers ?? 0)
  })

  const check = Effect.fn("Allowance.check")(function* (askerId: string | undefined) {
    const day = yield* today
    if (budget !== undefined && (yield* spent(day)) >= budget) return "budget"
    if (perPerson === undefined || askerId === undefined) return "open"
    return (yield* written(day, askerId)) >= perPerson ? "person" : "open"
  }, orElse<"open" | "budget" | "person">("open"))

  const spend = Effect.fn("Allowance.spend")(function* (dollars: number) {
    if (dollars === 0) return
    const day = yield* today
    const micros = Math.round(dollars * micro)
    yield* sql`
      INSERT INTO model_costs (day, micros) VALUES (${day}, ${micros})
      ON CONFLICT (day) DO UPDATE SET micros = model_costs.micros + ${micros}`
    yield* Metric.update(spentToday, yield* spent(day))
  }, orElse<void>(undefined))

  const wrote = Effect.fn("Allowance.wrote")(function* (askerId: string | undefined) {
    if (askerId === undefined || perPerson === undefined) return
    const day = yield* today
    yield* sql`DELETE FROM model_answers WHERE day < ${day}`
    yield* sql`
      INSERT INTO model_answers (day, asker_id, answers) VALUES (${day}, ${askerId}, 1)
      ON CONFLICT (day, asker_id) DO UPDATE SET answers = model_answers.answers + 1`
  }, orElse<void>(undefined))

  return Allowance.of({ check, spend, wrote, answersPerPerson: perPerson })
})

export const layer = Layer.effect(Allowance, make)

/** No limits, nothing kept. */
export const layerUnlimited = Layer.succeed(Allowance, {
  check: () => Effect.succeed("open"),
  spend: () => Effect.void,
  wrote: () => Effect.void,
  answersPerPerson: undefined
})
