/** Text of a section cut into passages that overlap, each a verbatim part of it. */

/** Raised when the same text is cut otherwise: vectors of passages cut in different ways do not mix. */
export const chunkerVersion: number = 1

/** Words of a passage, and words from the start of one to the start of the next. */
export const passageWords = 110
export const passageStride = 90

/** A passage and where it stands in its section: `text === section.slice(start, end)`. */
export interface Cut {
  readonly text: string
  readonly start: number
  readonly end: number
}

/** A code fence that is open: what closes it. */
export interface Fence {
  readonly mark: "`" | "~"
  readonly length: number
  /** It stands in a block quote. */
  readonly quoted: boolean
  /** Columns that every line in it is indented by; more than 0 in a list item. */
  readonly column: number
}

/** Block quotes and list items that a fence may stand in, then its marks. */
const opening = /^((?:[ \t]|>|(?:[-*+]|\d{1,9}[.)])[ \t])*)(`{3,}(?=[^`]*$)|~{3,})/

/** The fence a line opens, at any indentation; `column` is where the list item's text begins that it stands in. */
export const fenceOpenedBy = (line: string, column = 0): Fence | undefined => {
  const found = opening.exec(line)
  if (found === null) return undefined
  const [, prefix = "", marks = ""] = found
  const quoted = prefix.includes(">")
  return {
    mark: marks.startsWith("~") ? "~" : "`",
    length: marks.length,
    quoted,
    column: !quoted && /\S/.test(prefix) ? prefix.length : column
  }
}

export const closesFence = (line: string, fence: Fence): boolean => {
  const marks = line.replace(fence.quoted ? /^[\s>]*/ : /^\s*/, "").trimEnd()
  return marks.length >= fence.length && marks === fence.mark.repeat(marks.length)
}

/** The line stands outside the quote or list item that the fence is in, so the fence has ended before it. */
export const leavesFence = (line: string, fence: Fence): boolean =>
  fence.quoted ? !/^\s*>/.test(line) : /\S/.test(line) && line.search(/\S/) < fence.column

interface Span {
  readonly start: number
  readonly end: number
}

const spansOf = (text: string, pattern: RegExp): ReadonlyArray<Span> =>
  Array.from(text.matchAll(pattern), (found) => ({ start: found.index, end: found.index + found[0].length }))

/** Fences from their opening line to their closing one, or to the end of what they stand in. */
const fencesIn = (text: string): ReadonlyArray<Span> => {
  const fences: Array<Span> = []
  let open: (Fence & { readonly start: number }) | undefined
  for (const line of spansOf(text, /[^\n]+/g)) {
    const content = text.slice(line.start, line.end)
    const left = open !== undefined && leavesFence(content, open)
    if (open !== undefined && (left || closesFence(content, open))) {
      fences.push({ start: open.start, end: left ? line.start : line.end })
      open = undefined
      if (!left) continue
    }
    if (open === undefined) {
      const fence = fenceOpenedBy(content)
      if (fence !== undefined) open = { ...fence, start: line.start }
    }
  }
  return open === undefined ? fences : [...fences, { start: open.start, end: text.length }]
}

/** The same fences counted in words: `end` is the first word after one. */
const fencesInWords = (text: string, words: ReadonlyArray<Span>): ReadonlyArray<Span> => {
  const wordAt = (offset: number) => {
    const at = words.findIndex((word) => word.start >= offset)
    return at === -1 ? words.length : at
  }
  return fencesIn(text).map((fence) => ({ start: wordAt(fence.start), end: wordAt(fence.end) }))
}

/**
 * Passages of at most 110 words, one every 90. None starts inside a code fence that fits into a passage: it starts at
 * the fence instead, or behind it when the passage before holds the fence whole.
 */
export const passagesOf = (text: string): ReadonlyArray<Cut> => {
  const words = spansOf(text, /\S+/g)
  const fences = fencesInWords(text, words).filter((fence) => fence.end - fence.start <= passageWords)
  const startAfter = (previous: number) => {
    const start = previous + passageStride
    const fence = fences.find((fence) => fence.start < start && start < fence.end)
    return fence === undefined ? start : fence.start > previous ? fence.start : fence.end
  }
  const cuts: Array<Cut> = []
  let first = 0
  while (first < words.length) {
    const last = Math.min(first + passageWords, words.length)
    const [start, end] = [words[first]!.start, words[last - 1]!.end]
    cuts.push({ text: text.slice(start, end), start, end })
    if (last === words.length) break
    first = startAfter(first)
  }
  return cuts
}
