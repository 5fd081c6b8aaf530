/** A question as it stands alone: a follow-up takes along what it leaves out, from where it was asked. */
import type { QueryContext } from "./Question.ts"
import { termsOf } from "./Terms.ts"

/** Words that stand for something said before. */
const pointing =
  /\b(?:it|its|itself|that|this|these|those|they|them|their|there|he|she|him|her|his|hers|one|ones|same|instead|else|otherwise|former|latter|again|too|also|such)\b/i
/** How a follow-up begins. */
const going =
  /^\s*(?:and|but|or|so|then|why|how come|what about|how about|what if|which|in that case|if so|even|not)\b/i

/** A question of as few telling words may be about anything. */
const fewTerms = { alone: 1, pointing: 4 }

/** Whether a question may mean nothing without what was said before. */
export const leansOnContext = (question: string): boolean => {
  const terms = termsOf(question).stems.length
  if (terms <= fewTerms.alone) return true
  return terms <= fewTerms.pointing && (pointing.test(question) || going.test(question))
}

/** Of what was said before, enough to know what it was about. */
const longest = 400

/** What was asked before: the last that somebody said; an answer of a program repeats what it was asked. */
const askedBefore = ({ before }: QueryContext): string | undefined =>
  before.findLast(({ bot, text }) => !bot && text.trim() !== "")?.text.slice(0, longest)

/** To search by, and to tell questions apart by. */
export const standalone = (question: string, context: QueryContext | undefined): string => {
  if (context === undefined) return question
  const leans = leansOnContext(question)
  const before = leans ? askedBefore(context) : undefined
  const title = before === undefined && (leans || context.before.length === 0) ? context.title : undefined
  return [title, before, question].filter((part) => part !== undefined && part.trim() !== "").join("\n")
}
