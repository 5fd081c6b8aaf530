/** The fields that requests of several groups have, and how those fail. */
import { Schema } from "effect"
import { maxQuestionLength } from "../../domain/Question.ts"
import * as Problem from "../Problem.ts"
import { described } from "./Describe.ts"

/** Bounds of what the text fields of a request take. */
export const Text = Schema.String.check(
  Schema.isMinLength(1, { message: "Expected some text" }),
  Schema.isMaxLength(maxQuestionLength, { message: `Expected at most ${maxQuestionLength} characters` })
)
export const Name = Schema.String.check(
  Schema.isPattern(/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,39}$/u, {
    message: "Expected 1 to 40 letters, digits, spaces, dots, dashes or underscores, the first a letter or digit"
  })
)
export const Id = Schema.String.check(
  Schema.isMinLength(1, { message: "Expected an id" }),
  Schema.isMaxLength(500, { message: "Expected at most 500 characters" })
)
export const whole = (minimum: number, maximum: number) =>
  Schema.optionalKey(
    Schema.FiniteFromString.check(
      Schema.isInt({ message: "Expected a whole number" }),
      Schema.isBetween({ minimum, maximum }, { message: `Expected a number from ${minimum} to ${maximum}` })
    )
  )

export const Millis = Schema.Int.annotate({ description: "Milliseconds since the Unix epoch" })

export const Person = described(
  "Person",
  "Who writes a message of the local chat",
  Schema.Struct({
    id: Schema.String.check(
      Schema.isPattern(/^[A-Za-z0-9_-]{1,64}$/, { message: "Expected 1 to 64 letters, digits, underscores or dashes" })
    ),
    name: Name
  }),
  { id: "The same person keeps the same id; it decides whose messages may be edited", name: "What others see" }
)

export const idempotencyKey = {
  "idempotency-key": Schema.optionalKey(
    Schema.String.check(
      Schema.isMinLength(1, { message: "Expected at least 1 character" }),
      Schema.isMaxLength(200, { message: "Expected at most 200 characters" })
    )
  )
}

export const idempotencyParameter = {
  "idempotency-key": { description: "The same key is the same message, however often and whenever it is sent" }
}

export const problems = [Problem.NotFound, Problem.Invalid] as const
export const bodyProblems = [...problems, Problem.ContentTooLarge, Problem.UnsupportedMediaType] as const
