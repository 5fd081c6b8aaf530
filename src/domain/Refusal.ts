/** What is said when there is no answer: what was missing, and what comes nearest. */
import { inert } from "./Inert.ts"

/** Titles that are named, and characters of each that are shown. */
const most = { titles: 3, characters: 80 }

/** Something that was found. */
export interface Near {
  readonly kind: "document" | "chat"
  readonly title: string
}

const titlesOf = (found: ReadonlyArray<Near>): ReadonlyArray<string> => {
  const titles = found
    .filter(({ kind }) => kind === "document")
    .map(({ title }) => inert(title).slice(0, most.characters).trim())
  return [...new Set(titles)].filter((title) => title !== "").slice(0, most.titles)
}

export const reasons = {
  /** What was found is about something else. */
  nothing: "I don't know: I found nothing that answers this.",
  /** What was found is about this, and does not say it. */
  unanswered: "I don't know: what I found is about this, but does not answer it.",
  /** What a model wrote rests on nothing. */
  unproven: "I don't know: I found no passage that says it.",
  /** A model declined. */
  declined: "I can't answer this: the language model declined it for safety reasons."
}
export type Reason = keyof typeof reasons

/** Names the nearest sections, best first. */
export const refusal = (reason: Reason, found: ReadonlyArray<Near>): string => {
  const titles = titlesOf(found).map((title) => `“${title}”`)
  return titles.length === 0 ? reasons[reason] : `${reasons[reason]} The nearest I have is ${titles.join(", ")}.`
}
