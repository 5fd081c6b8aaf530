/** What Discord makes of text: how long a message may be, where it may be cut, and what must be escaped. */

/** Characters of one message. Discord counts code points; UTF-16 units are never fewer, so this is always safe. */
export const longestMessage = 2000

/** Characters of an embed's parts, and of all embeds of a message together. */
export const embedLimits = {
  title: 256,
  description: 4096,
  field: 1024,
  fieldName: 256,
  fields: 25,
  footer: 2048,
  all: 6000
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" })

/** At most `limit` units, cut between what a reader takes for characters; what was cut off is marked. */
export const shorten = (text: string, limit: number): string => {
  if (text.length <= limit) return text
  return `${pieces(text, limit - 1)[0]!.trimEnd()}…`
}

/** Text of any length in pieces of at most `limit` units; an emoji of several code points stays whole if it fits. */
const pieces = (text: string, limit: number): ReadonlyArray<string> => {
  const result: Array<string> = []
  let piece = ""
  const add = (part: string) => {
    if (piece.length + part.length > limit && piece !== "") {
      result.push(piece)
      piece = ""
    }
    piece += part
  }
  for (const { segment } of graphemes.segment(text)) {
    if (segment.length <= limit) add(segment)
    else for (const codePoint of segment) add(codePoint)
  }
  return piece === "" ? result : [...result, piece]
}

/** What is not cut within a line while it fits: links, inline code, mentions, words. */
const atom = /!?\[[^\]\n]*\]\((?:<[^>\n]*>|[^)\n]*)\)|<[^>\s]+>|(`+)(?!`)[^\n]*?(?<!`)\1(?!`)|\s+|[^\s[<`]+|./gsu

/** A line in parts of at most `limit`, cut between atoms. */
const cutLine = (line: string, limit: number): ReadonlyArray<string> => {
  const parts: Array<string> = []
  let part = ""
  for (const [found] of line.matchAll(atom)) {
    for (const bit of found.length > limit ? pieces(found, limit) : [found]) {
      if (part.length + bit.length > limit && part !== "") {
        parts.push(part)
        part = ""
      }
      part += bit
    }
  }
  return part === "" && parts.length > 0 ? parts : [...parts, part]
}

interface Fence {
  /** As it was opened, language included, with what stands before it on the line, such as the mark of a quote. */
  readonly opening: string
  readonly closing: string
}

const fenceIn = (line: string): Fence | undefined => {
  const [, before, ticks] = /^((?:> ?)?\s{0,3})(`{3,}|~{3,})[^`]*$/.exec(line) ?? []
  return ticks === undefined ? undefined : { opening: line, closing: `${before}${ticks}` }
}
const closes = (line: string, { closing }: Fence): boolean => {
  const mark = closing.trimStart().replace(/^> ?/, "")
  const inner = line.replace(/^> ?/, "").trim()
  return inner.length >= mark.length && inner === mark[0]!.repeat(inner.length)
}

/** A stretch that had better stay together: a paragraph, a list item, a fence. */
interface Block {
  readonly lines: ReadonlyArray<string>
  readonly fence?: Fence
}

const isListItem = (line: string): boolean => /^\s*(?:[-*+]|\d+[.)])\s/.test(line)

const blocksOf = (text: string): ReadonlyArray<Block> => {
  const blocks: Array<{ lines: Array<string>; fence?: Fence }> = []
  let fence: Fence | undefined
  let fresh = true
  for (const line of text.split("\n")) {
    const current = blocks.at(-1)
    if (fence !== undefined && current !== undefined) {
      current.lines.push(line)
      if (!closes(line, fence)) continue
      fence = undefined
      fresh = true
      continue
    }
    fence = fenceIn(line)
    if (fence !== undefined) blocks.push({ lines: [line], fence })
    else if (fresh || isListItem(line) || current === undefined || line.trim() === "") blocks.push({ lines: [line] })
    else current.lines.push(line)
    fresh = line.trim() === ""
  }
  return blocks
}

const lengthOf = (lines: ReadonlyArray<string>): number => lines.reduce((sum, line) => sum + line.length + 1, -1)

/** Blank lines say nothing at either end of a message. */
const trimBlank = (lines: ReadonlyArray<string>): ReadonlyArray<string> => {
  const first = lines.findIndex((line) => line.trim() !== "")
  return first < 0 ? [] : lines.slice(first, lines.findLastIndex((line) => line.trim() !== "") + 1)
}

/**
 * Text as messages of at most `limit` characters. A fence, a list item, a paragraph or a link that fits into a message
 * is never cut; a fence that does not is closed where it is cut and opened again. Nothing but blank space is lost.
 */
export const split = (text: string, limit = longestMessage): ReadonlyArray<string> => {
  const parts: Array<string> = []
  let part: Array<string> = []

  const flush = () => {
    const lines = trimBlank(part)
    if (lines.length > 0) parts.push(lines.join("\n"))
    part = []
  }
  const fits = (lines: ReadonlyArray<string>, room = 0) => lengthOf([...part, ...lines]) + room <= limit
  const append = (lines: ReadonlyArray<string>) => part.push(...lines)

  const addLoose = (lines: ReadonlyArray<string>) => {
    for (const line of lines)
      for (const piece of line.length > limit ? cutLine(line, limit) : [line]) {
        if (!fits([piece])) flush()
        append([piece])
      }
  }
  const addFence = (lines: ReadonlyArray<string>, { closing, opening }: Fence) => {
    const frame = opening.length + closing.length + 2
    // A fence whose own line leaves no room for code is no fence anybody meant.
    if (frame * 2 > limit) return addLoose(lines)
    const body = lines.slice(1, lines.length > 1 && closes(lines.at(-1)!, { closing, opening }) ? -1 : undefined)
    flush()
    append([opening])
    for (const line of body)
      for (const piece of line.length > limit - frame ? pieces(line, limit - frame) : [line]) {
        if (!fits([piece], closing.length + 1)) {
          append([closing])
          flush()
          append([opening])
        }
        append([piece])
      }
    append([closing])
  }

  for (const { fence, lines } of blocksOf(text)) {
    if (fits(lines)) append(lines)
    else if (lengthOf(lines) <= limit) {
      flush()
      append(lines)
    } else if (fence === undefined) addLoose(lines)
    else addFence(lines, fence)
  }
  flush()
  return parts
}

/** Text that is shown as it is: nothing in it is formatting, a link or a mention. */
export const escape = (text: string): string =>
  neutralise(text)
    .replaceAll(/[\\`*_~|[\]()<>]/g, "\\$&")
    .replaceAll(/^(\s*\d*)([#>.-])(?=\s|#)/gm, "$1\\$2")

/** Breaks the words that could call everybody, whatever else keeps them from it. */
export const neutralise = (text: string): string => text.replaceAll(/@(?=everyone|here)/g, "@\u200b")

/** A link that shows no preview. A title may be anything; an address that is none is left out. */
export const link = (title: string, url: string): string => {
  const words = shorten(title.replaceAll(/\s+/g, " ").trim(), 120)
  if (!/^https?:\/\/[^\s<>]+$/.test(url)) return escape(words)
  return `[${escape(words)}](<${url.replaceAll("(", "%28").replaceAll(")", "%29")}>)`
}
