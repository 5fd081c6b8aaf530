/** What a model is shown of what was found: passages with numbers, as data, without what speaks to it. */
import type { Citation } from "../domain/Answer.ts"
import { wordsQuoted } from "../domain/Citations.ts"
import { inert } from "../domain/Inert.ts"
import type { QueryContext } from "../domain/Question.ts"
import { leftOut, screened } from "../domain/Screening.ts"
import { wordsOf } from "../domain/Terms.ts"
import type { Passage } from "../knowledge/Passages.ts"
import type { Found } from "../knowledge/Retriever.ts"

/** Chunks that are shown, and characters of all of them. */
const most = { chunks: 8, characters: 24_000 }
const longestTitle = 120

export interface Source {
  /** From 1, in the order of relevance. */
  readonly id: number
  readonly kind: "document" | "chat"
  /** Headings of a section, or who said it. */
  readonly title: string
  /** As it is known. */
  readonly text: string
  /** As a model sees it. */
  readonly shown: string
  readonly editedAt: number
  readonly url: string
  /** What it is cut into, to be cited; one message for chat. */
  readonly passages: ReadonlyArray<Passage>
}

/** Screening costs up to a millisecond a passage, and the same ones are found again and again. */
const screenedBefore = new Map<string, string>()
const remembered = 2_000

const screenedOnce = (text: string): string => {
  const known = screenedBefore.get(text)
  if (known !== undefined) return known
  if (screenedBefore.size >= remembered) screenedBefore.clear()
  const result = screened(text)
  screenedBefore.set(text, result)
  return result
}

const labelOf = (text: string) => screenedOnce(inert(text)).slice(0, longestTitle)

/** Characters of a section that are shown, and how many of them come before the passage that fits best. */
const excerpt = { most: 3_000, before: 1_000 }

/** A section, or of a long one what stands around its best passage, whole lines. */
const excerptOf = ({ bestPassageId, chunk: { passages, text } }: Found): string => {
  if (text.length <= excerpt.most) return text
  const best = passages.find(({ id }) => id === bestPassageId)
  const from = Math.max(0, (best === undefined ? 0 : text.indexOf(best.text)) - excerpt.before)
  const start = from === 0 ? 0 : Math.max(text.lastIndexOf("\n", from) + 1, from - excerpt.before)
  const end = text.lastIndexOf("\n", start + excerpt.most)
  return text.slice(start, end > start + excerpt.before ? end : start + excerpt.most)
}

const partsOf = (found: Found): ReadonlyArray<Omit<Source, "id">> => {
  const { chunk } = found
  const { editedAt, kind, passages } = chunk
  return kind === "document"
    ? [
        {
          kind,
          editedAt,
          passages,
          title: labelOf(chunk.title),
          text: chunk.text,
          shown: screenedOnce(excerptOf(found)),
          url: chunk.url
        }
      ]
    : passages.map((passage) => ({
        kind,
        editedAt,
        passages: [passage],
        title: labelOf(passage.authorName ?? chunk.title),
        text: passage.text,
        shown: screenedOnce(passage.text),
        url: passage.url
      }))
}

/** Without those that say, word for word, what a better one says; a word or a figure more is something else. */
const distinct = <A extends { readonly shown: string }>(parts: ReadonlyArray<A>): ReadonlyArray<A> => {
  const seen = new Set<string>()
  return parts.filter(({ shown }) => {
    const words = wordsOf(shown).join(" ")
    return !seen.has(words) && seen.add(words) !== undefined
  })
}

/** Best first, as many as there is room for; what nothing is left of is not shown. */
export const sourcesOf = (found: ReadonlyArray<Found>): ReadonlyArray<Source> => {
  const parts = found
    .slice(0, most.chunks)
    .flatMap(partsOf)
    .filter(({ shown }) => shown.replaceAll(leftOut, "").trim() !== "")
  let room = most.characters
  return distinct(parts)
    .filter(({ shown }) => (room -= shown.length) >= 0)
    .map((part, i) => ({ ...part, id: i + 1 }))
}

/** Messages before a question that a model is shown, and characters of each. */
const mostBefore = { messages: 6, characters: 600 }

const conversationOf = ({ before, title }: QueryContext) => ({
  ...(title !== undefined && { title: labelOf(title) }),
  before: before.slice(-mostBefore.messages).map(({ bot, name, text }) => ({
    by: bot ? "the bot" : labelOf(name),
    text: screenedOnce(text.slice(0, mostBefore.characters))
  }))
})

/** As the model reads them: JSON, so that no text can end where it stands and become something else. */
export const dataOf = (question: string, sources: ReadonlyArray<Source>, context: QueryContext | undefined): string =>
  JSON.stringify({
    ...(context !== undefined && { conversation: conversationOf(context) }),
    question,
    passages: sources.map(({ editedAt, id, kind, shown, title }) => ({
      id,
      ...(kind === "chat" ? { said_by: title } : { section: title }),
      date: new Date(editedAt).toISOString().slice(0, 10),
      text: shown
    }))
  })

/** Of a source's own words. */
export const citationOf = (source: Source, quote: string, n: number): Citation => {
  const holder = source.passages.find(({ text }) => text.includes(quote))
  return {
    n,
    quote,
    title: source.title,
    url: holder?.url ?? source.url,
    passageId: (holder ?? source.passages[0]!).id,
    // A quote longer than the overlap of two passages may be whole in neither, but is in the section.
    passage: holder?.text ?? source.text
  }
}

/** The source's own words that a quote repeats, if the model was shown them. */
export const wordsShown = ({ shown, text }: Source, quote: string): string | undefined =>
  wordsQuoted(shown, quote) === undefined ? undefined : wordsQuoted(text, quote)
