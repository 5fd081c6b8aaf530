/** Finds a quote in the passage it was taken from and puts the mark around it. */
import { markEnd, markStart } from "./Markdown.ts"

/** What opens a line and is not part of its words: quote, list, heading and cell signs. */
const linePrefix = /^(?:\s|>|[-*+]\s|\d{1,9}[.)]\s|#{1,6}\s|\|)*/
/** Lines that are form and no words: fences and the row under a table's head. */
const formLine = /^\s*(?:`{3,}.*|~{3,}.*|\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)+\|?)$/

/** The passage with the mark around the quote, or as it is when the quote does not occur. */
export const markQuote = (passage: string, quote: string): string => {
  const text = withoutMarks(passage)
  const found = find(text, withoutMarks(quote).trim())
  if (found === undefined) return text
  const range = onWords(text, found)
  if (range.start >= range.end) return text
  return `${text.slice(0, range.start)}${markStart}${text.slice(range.start, range.end)}${markEnd}${text.slice(range.end)}`
}

export const withoutMarks = (text: string): string => text.replace(/[\uE000\uE001]/gu, "")

interface Range {
  readonly start: number
  readonly end: number
}

/** Verbatim, or else with other white space. */
const find = (text: string, quote: string): Range | undefined => {
  if (quote === "") return undefined
  const start = text.indexOf(quote)
  if (start >= 0) return { start, end: start + quote.length }
  const words = quote.split(/\s+/).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
  const loose = new RegExp(words.join(String.raw`\s+`)).exec(text)
  return loose ? { start: loose.index, end: loose.index + loose[0].length } : undefined
}

/** A mark that began or ended in the form of a line would break the form. */
const onWords = (text: string, range: Range): Range => {
  let { start, end } = range
  for (let line = lineAt(text, start); start < end && start < wordsOf(text, line); line = lineAt(text, start))
    start = wordsOf(text, line)
  for (
    let line = lineAt(text, end);
    start < end && end <= wordsOf(text, line) && line.start > 0;
    line = lineAt(text, end)
  )
    end = line.start - 1
  const row = lineAt(text, end)
  if (/^\s*\|/.test(text.slice(row.start, row.end)))
    end = row.start + text.slice(row.start, end).replace(/[\s|]+$/, "").length
  return { start, end }
}

const lineAt = (text: string, at: number): Range => {
  const start = text.lastIndexOf("\n", at - 1) + 1
  const next = text.indexOf("\n", at)
  return { start, end: next < 0 ? text.length : next }
}

/** Where the words of a line begin; after the line when it has none. */
const wordsOf = (text: string, line: Range): number => {
  const content = text.slice(line.start, line.end)
  if (formLine.test(content)) return line.end + 1
  return line.start + linePrefix.exec(content)![0].length
}
