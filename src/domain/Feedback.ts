/** What people think of an answer. */
import { Schema } from "effect"
import { Millis } from "./ChatMessage.ts"

export const Verdict = Schema.Literals(["helpful", "unhelpful"])
export type Verdict = typeof Verdict.Type

/** Most characters of a reason. */
export const longestReason = 500

/** One person's, the latest they gave. */
export const Opinion = Schema.Struct({
  /** Who gave it, as their platform knows them. */
  by: Schema.NonEmptyString,
  verdict: Verdict,
  /** In their own words. */
  reason: Schema.optionalKey(Schema.NonEmptyString),
  at: Millis
})
export type Opinion = typeof Opinion.Type
