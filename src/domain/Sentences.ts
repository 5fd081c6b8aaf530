/** Markdown in pieces that can be quoted: sentences, list items, table rows and blocks of code, each verbatim. */
import { closesFence, type Fence, fenceOpenedBy } from "./Chunking.ts"

export interface Sentence {
  /** `text === source.slice(start, end)`; a wrapped sentence keeps its line break. */
  readonly text: string
  readonly start: number
  readonly end: number
  readonly kind: "prose" | "item" | "row" | "code"
}

interface Line {
  readonly text: string
  readonly start: number
  readonly end: number
}

/** Consecutive lines of one kind. A block of kind `none` says nothing by itself: headings, rules, blank lines. */
interface Block {
  readonly kind: Sentence["kind"] | "none"
  readonly start: number
  readonly end: number
}

const heading = /^\s{0,3}#{1,6}\s/
const marker = /^\s*(?:>\s?)*(?:[-*+]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?/
const row = /^\s*\|.*\|\s*$/
const tableRule = /^\s*\|[\s:|-]+\|\s*$/
/** Lines that say nothing by themselves: rules, empty quotes, and tags or pictures alone. */
const silent = /^\s*([-*_]\s*){3,}$|^\s*(?:>\s*)*$|^\s*(?:<[^>]*>\s*|\[?!\[[^\]]*\]\([^)]*\)(?:\]\([^)]*\))?\s*)+$/
const underline = /^\s{0,3}(?:={2,}|-{2,})\s*$/
/** A line at least this long may have been wrapped; a shorter one ends what it says. */
const wrapped = 50
/** A line longer than this was not wrapped, so its end is the end of a paragraph. */
const unwrapped = 160

const linesOf = (source: string): ReadonlyArray<Line> =>
  Array.from(source.matchAll(/[^\n]+/g), (found) => ({
    text: found[0],
    start: found.index,
    end: found.index + found[0].length
  }))

const kindOf = (line: string): Block["kind"] => {
  if (heading.test(line) || silent.test(line) || underline.test(line)) return "none"
  return row.test(line) ? "row" : marker.test(line) ? "item" : "prose"
}

const follows = (before: Line | undefined, line: Line | undefined): boolean =>
  before !== undefined && line !== undefined && line.start === before.end + 1

/** The names of a table's columns, or a heading by its underline. */
const heads = (kind: Block["kind"], next: string): boolean =>
  (kind === "row" && tableRule.test(next)) || (kind === "prose" && underline.test(next))

const kindsOf = (lines: ReadonlyArray<Line>): ReadonlyArray<Block["kind"]> => {
  let fence: Fence | undefined
  const kinds = lines.map(({ text }): Block["kind"] => {
    const inside = fence
    if (inside === undefined) fence = fenceOpenedBy(text)
    else if (closesFence(text, inside)) fence = undefined
    return inside !== undefined && fence !== undefined ? "code" : inside !== fence ? "none" : kindOf(text)
  })
  return kinds.map((kind, i) => (follows(lines[i], lines[i + 1]) && heads(kind, lines[i + 1]!.text) ? "none" : kind))
}

/** Where what a line says begins, after its marker. */
const contentStart = ({ start, text }: Line): number =>
  start + (marker.exec(text)?.[0].length ?? /^[\s>]*/.exec(text)![0].length)

const endsSentence = (line: string) => /[.!?:;]["')\]*_`]*\s*$/.test(line)

/** Whether a line goes on with what the wrapped line before began. */
const goesOn = (before: Line, line: Line): boolean =>
  follows(before, line) &&
  before.text.length >= wrapped &&
  before.text.length <= unwrapped &&
  !(endsSentence(before.text) && /^\s*\p{Lu}/u.test(line.text))

const blocksOf = (source: string): ReadonlyArray<Block> => {
  const lines = linesOf(source)
  const kinds = kindsOf(lines)
  const blocks: Array<Block> = []
  lines.forEach((line, i) => {
    const [kind, last] = [kinds[i]!, blocks.at(-1)]
    const joins =
      (kind === "code" && last?.kind === "code") ||
      (kind === "prose" && (last?.kind === "prose" || last?.kind === "item") && goesOn(lines[i - 1]!, line))
    if (joins) blocks[blocks.length - 1] = { ...last!, end: line.end }
    else blocks.push({ kind, start: kind === "code" ? line.start : contentStart(line), end: line.end })
  })
  return blocks.filter((block) => block.kind !== "none")
}

let segmenter: Intl.Segmenter | undefined
/** Made by the first use: the tables it needs take longer to load than all other modules of `domain`. */
const segments = (text: string) => (segmenter ??= new Intl.Segmenter("en", { granularity: "sentence" })).segment(text)

/** Ends of pieces that go on: abbreviations, and a bold label before what it is about. */
const unfinished =
  /\b(?:e\.g|i\.e|etc|vs?|cf|approx|no|fig|sec|mr|mrs|ms|dr|st|jr|sr|inc|corp|co|ltd)\.\s*$|^\s*(\*\*|__)[^*_]{1,80}\1\s*$/i
/** Ends of sentences in text that is written in lower case. */
const lowerEnd = /(?<=(?:\p{L}{3}|[\d%)"'])[.!?]) +(?=\p{Ll})/u
/** Marks that close what the sentence before opened. */
const closing = /^[*_"'”’)\]]+(?=\s|$)/

/** As long as the text, without line breaks and marks in code that would end a sentence. */
const masked = (text: string) =>
  text.replaceAll("\n", " ").replace(/`[^`]+`/g, (code) => `\`${"x".repeat(code.length - 2)}\``)

/** As the segmenter does, which sees no end before a lower-case letter. */
const segmentsOf = (text: string): ReadonlyArray<{ readonly index: number; readonly segment: string }> =>
  Array.from(segments(text)).flatMap(({ index, segment }) => {
    let at = index
    return segment.split(lowerEnd).map((part) => {
      const start = text.indexOf(part, at)
      at = start + part.length
      return { index: start, segment: part }
    })
  })

const cut = (source: string, start: number, end: number): ReadonlyArray<readonly [start: number, end: number]> => {
  const spans: Array<[number, number]> = []
  for (const { index, segment } of segmentsOf(masked(source.slice(start, end)))) {
    const last = spans.at(-1)
    const from = start + index + (last === undefined ? 0 : (closing.exec(segment)?.[0].length ?? 0))
    if (last !== undefined) last[1] = from
    if (last !== undefined && unfinished.test(source.slice(...last))) last[1] = start + index + segment.length
    else spans.push([from, start + index + segment.length])
  }
  return spans
}

/** Spans without the space around them; code keeps its indentation. */
const trimmed =
  (source: string, kind: Sentence["kind"]) =>
  ([start, end]: readonly [number, number]): Sentence => {
    const raw = source.slice(start, end)
    const text = kind === "code" ? raw.trimEnd() : raw.trim()
    const from = start + (kind === "code" ? 0 : raw.length - raw.trimStart().length)
    return { text, start: from, end: from + text.length, kind }
  }

/** Quotable pieces in order. Headings, rules and fences are left out; code comes without its fence. */
export const sentencesOf = (source: string): ReadonlyArray<Sentence> =>
  blocksOf(source)
    .flatMap(({ kind, start, end }) => {
      const spans = kind === "prose" || kind === "item" ? cut(source, start, end) : [[start, end] as const]
      return spans.map(trimmed(source, kind as Sentence["kind"]))
    })
    .filter((sentence) => /[\p{L}\p{N}]/u.test(sentence.text))
