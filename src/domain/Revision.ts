/** What is left of an answer once a source no longer says what was quoted of it. Pure. */
import type { Answer, Citation } from "./Answer.ts"
import { referredTo } from "./Citations.ts"

/** What became of a source: it is gone, or it says something else now. */
export type Change = "deleted" | "changed"

/** Instead of an answer of which nothing is left. */
export const retracted: Record<Change, string> = {
  deleted: "This answer quoted something that was deleted since, so it is taken back.",
  changed: "This answer quoted something that was changed since and no longer says so, so it is taken back."
}

/** Below an answer of which something is left. */
export const notes: Record<Change, string> = {
  deleted: "*Something quoted here was deleted since, and left out.*",
  changed: "*Something quoted here was changed since and no longer says so, and left out.*"
}

/** Each sentence with the number it ends with; the last one may have none. */
const sentence = /\S[\s\S]*?\[\d{1,3}\][.,;:!?]*(?=\s|$)|\S[\s\S]*$/g

/** Pieces that stand or fall as one: a quote with its lines, a line of a list, a sentence with its number. */
const withoutIn = (block: string, gone: ReadonlySet<number>): string => {
  const stays = (piece: string) => !referredTo(piece).some((n) => gone.has(n))
  if (block.startsWith(">")) return stays(block) ? block : ""
  return block
    .split("\n")
    .map((line) => (/^[-*] /.test(line) ? [line] : (line.match(sentence) ?? [])).filter(stays).join(" "))
    .filter((line) => line !== "")
    .join("\n")
}

/** White space and case aside. */
const folded = (text: string): string =>
  text
    .replaceAll(/[\s>]+/g, " ")
    .trim()
    .toLowerCase()

const repeats = (text: string, quotes: ReadonlyArray<Citation>): boolean =>
  quotes.some(({ quote }) => folded(text).includes(folded(quote)))

/**
 * The answer without what rests on these citations, by their numbers, and with a note that says so; the same answer when
 * it has none of them. Nothing of it is left when no citation is, or when what is left would still repeat a quote.
 */
export const withoutCitations = (answer: Answer, numbers: ReadonlySet<number>, change: Change): Answer => {
  const gone = answer.citations.filter(({ n }) => numbers.has(n))
  if (gone.length === 0) return answer
  const citations = answer.citations.filter(({ n }) => !numbers.has(n))
  const text = answer.text
    .split("\n\n")
    .filter((block) => !Object.values(notes).includes(block))
    .map((block) => withoutIn(block, numbers))
    .filter((block) => block !== "")
    .join("\n\n")
  if (citations.length === 0 || referredTo(text).length === 0 || repeats(text, gone))
    return { ...answer, text: retracted[change], refused: true, citations: [] }
  return { ...answer, text: `${text}\n\n${notes[change]}`, citations }
}

/** The message that a passage of chat is; `undefined` for passages of documents. */
export const messageIdOf = (passageId: string): string | undefined => /^(.+)~[\w-]{22}$/.exec(passageId)?.[1]
