/** What an answer is on the wire. */
import { Schema } from "effect"
import * as Answer from "../../domain/Answer.ts"
import { described } from "./Describe.ts"

const Citation = described("Citation", "Words the answer rests on, and where they stand", Answer.Citation, {
  n: "Its number in the answer's text: `[1]`",
  quote: "Occurs verbatim in the passage",
  title: "Headings or channel the passage stands under",
  url: "Where a reader finds the passage",
  passage: "The passage the quote is part of"
})
const Timing = described("Timing", "Milliseconds spent in each step", Answer.Timing, {
  queuedMs: "Waiting in the log",
  retrieveMs: "Looking for passages",
  writeMs: "Writing the answer"
})
const AnswerMode = Answer.AnswerMode.annotate({
  identifier: "AnswerMode",
  description:
    "`model`: written by a language model, every sentence backed by a checked quote. `quoted`: quotes, because the model does not answer. `closest`: the nearest passages, because no model is set up."
})

export const answerFields = {
  refused: Schema.Boolean,
  mode: AnswerMode,
  citations: Schema.Array(Citation),
  timing: Timing
}
export const refusedMeans = "Nothing that is known answers the question; the answer says so"
