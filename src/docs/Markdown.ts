/** Markdown to the sections that are found: headings become titles, front matter becomes data, comments go. */
import { Yaml } from "effect/encoding"
import { closesFence, type Fence, fenceOpenedBy, leavesFence } from "../domain/Chunking.ts"

/** What stands under one heading, before the next of any level. */
export interface Section {
  /** From the outermost to its own, without markup; none for what stands before the first heading. */
  readonly headings: ReadonlyArray<string>
  /** The anchor GitHub would give its heading; empty before the first. */
  readonly slug: string
  /** As written, but without comments. Never empty. */
  readonly text: string
}

export interface Page {
  /** From the front matter, else the first heading of the first level. */
  readonly title: string | undefined
  readonly frontMatter: Readonly<Record<string, unknown>>
  readonly sections: ReadonlyArray<Section>
}

interface Line {
  readonly text: string
  readonly code: boolean
  /** It stands in a list item. */
  readonly nested: boolean
}

// Front matter

const frontMatterBlock = /^---[ \t]*\n(?:([^]*?)\n)?(?:---|\.\.\.)[ \t]*(?:\n|$)/

/** What can be read of front matter that is not quite YAML: `title: Kafka: the log` is common. */
const plainFields = (yaml: string): Record<string, unknown> | undefined => {
  const fields = Array.from(yaml.matchAll(/^([\w-]+):(.*\S)/gm), ([, key, value = ""]) => [key, value.trim()])
  return fields.length === 0 ? undefined : Object.fromEntries(fields)
}

const fieldsIn = (yaml: string): Record<string, unknown> | undefined => {
  try {
    const data = yaml.trim() === "" ? {} : Yaml.parse(yaml)
    return typeof data === "object" && data !== null && !Array.isArray(data) ? { ...data } : undefined
  } catch {
    return plainFields(yaml)
  }
}

/** A rule that happens to open a page is no front matter. */
const splitFrontMatter = (text: string): { readonly frontMatter: Record<string, unknown>; readonly body: string } => {
  const block = frontMatterBlock.exec(text)
  const frontMatter = block === null ? undefined : fieldsIn(block[1] ?? "")
  return frontMatter === undefined
    ? { frontMatter: {}, body: text }
    : { frontMatter, body: text.slice(block![0].length) }
}

// Lines

const listItem = /^([ \t]*(?:[-*+]|\d{1,9}[.)]))([ \t]+|$)/
const indentOf = (line: string): number => Math.max(0, line.search(/\S/))

/** Where the text of the list item begins that a line stands in; 0 outside lists. */
const listColumn = (line: string, column: number): number => {
  if (line.trim() === "") return column
  const item = listItem.exec(line)
  if (item !== null && indentOf(line) <= column + 3) {
    const space = item[2]!.length
    return item[1]!.length + (space === 0 || space > 4 ? 1 : space)
  }
  return Math.min(column, indentOf(line))
}

/**
 * A line without its comments, and whether one is still open at its end. Comments in code spans are code; one that
 * nothing closes is text.
 */
const withoutComments = (line: string, closedLater: boolean): { readonly text: string; readonly open: boolean } => {
  let text = ""
  let at = 0
  const unclosed = new Set<string>()
  for (const mark of line.matchAll(/`+|<!--/g)) {
    const [close, skip] = mark[0] === "<!--" ? ["-->", 4] : [mark[0], mark[0].length]
    if (mark.index < at || unclosed.has(close)) continue
    const end = line.indexOf(close, mark.index + skip)
    const isComment = close === "-->"
    if (end === -1 && isComment && closedLater) return { text: text + line.slice(at, mark.index), open: true }
    if (end === -1) {
      unclosed.add(close)
      continue
    }
    text += line.slice(at, isComment ? mark.index : end + close.length)
    at = end + close.length
  }
  return { text: text + line.slice(at), open: false }
}

/** HTML whose text is taken as it is, up to its end tag. */
const rawHtml = /^ {0,3}<(pre|script|style|textarea)\b/i

/** The lines with code told apart and comments taken out. */
const linesOf = (body: string, mdx: boolean): ReadonlyArray<Line> => {
  const lines: Array<Line> = []
  const rows = body.split("\n")
  const lastClose = rows.findLastIndex((row) => row.includes("-->"))
  let fence: Fence | undefined
  let raw: string | undefined
  let column = 0
  let inComment = false

  const read = (row: string, at: number) => {
    if (fence !== undefined && leavesFence(row, fence)) fence = undefined
    if (fence !== undefined) {
      lines.push({ text: row, code: true, nested: column > 0 })
      if (closesFence(row, fence)) fence = undefined
      return
    }
    raw ??= inComment ? undefined : rawHtml.exec(row)?.[1]
    if (raw !== undefined) {
      lines.push({ text: row, code: true, nested: column > 0 })
      if (row.toLowerCase().includes(`</${raw.toLowerCase()}>`)) raw = undefined
      return
    }
    const closed = inComment ? row.indexOf("-->") : -3
    if (closed === -1) return
    const { open, text } = withoutComments(row.slice(closed + 3), at < lastClose)
    inComment = open
    if (mdx && /^(?:import|export)\s/.test(text)) return
    column = listColumn(text, column)
    if (indentOf(text) <= column + 3) fence = fenceOpenedBy(text, column)
    lines.push({ text, code: fence !== undefined, nested: column > 0 })
  }
  rows.forEach(read)
  return lines
}

// Headings

const withoutMarkup = (text: string): string =>
  text
    .replace(/!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])?/g, "")
    .replace(/\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])/g, "$1")
    .replace(/(?<!\\)<((?:https?|mailto):[^>\s]+)>/g, "$1")
    .replace(/(?<!\\)<\/?[A-Za-z][^>]*>/g, "")
    .replace(/(\*\*|\*|~~)(?=\S)(.+?)(?<=\S)\1/g, "$2")
    .replace(/(?<!\w)(__|_)(?=\S)(.+?)(?<=\S)\1(?!\w)/g, "$2")
    .replace(/\\([!-/:-@[-`{-~])/g, "$1")

/** A heading as a reader sees it: code as it is, the rest without markup. */
const plain = (heading: string): string => {
  const code: Array<string> = []
  // NUL, which no heading holds, stands for a code span, so that links around code are seen whole.
  const rest = heading.replaceAll("\0", "").replace(/(`+)([^`]+)\1/g, (_span, _marks, inside: string) => {
    code.push(inside)
    return "\0"
  })
  return withoutMarkup(rest)
    .replaceAll("\0", () => code.shift() ?? "")
    .replace(/\s+/g, " ")
    .trim()
}

/** The anchor GitHub gives a heading. */
export const slugOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "")
    .replaceAll(" ", "-")

interface Heading {
  readonly level: number
  readonly text: string
  /** Given as `{#id}`. */
  readonly id: string | undefined
}

const headingFrom = (level: number, source: string): Heading => {
  const id = /\s*\{#([\w:.=-]+)\}\s*$/.exec(source)
  return { level, text: plain(id === null ? source : source.slice(0, id.index)), id: id?.[1] }
}

const atx = /^ {0,3}(#{1,6})(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*$/
const html = /^\s*<h([1-6])\b[^>]*>(.*)<\/h\1>\s*$/i
const underline = /^ {0,3}(?:(=+)|-+)[ \t]*$/
/** Quotes, tables, HTML and indented code, and a list item that begins: their lines are no heading when underlined. */
const noParagraph = /^(?: {4}|\t| {0,3}(?:[-*+][ \t]|\d{1,9}[.)][ \t]|>|\||<\/?[A-Za-z!]))/
/** In characters; longer lines are text, whatever they begin with. */
const longestHeading = 1_000
const rule = /^ {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$/

/** How many lines the paragraph has that `line` ends: 0 outside paragraphs, `undefined` until the next blank line. */
const paragraphAt = (line: Line, before: number | undefined): number | undefined => {
  if (line.code || line.text.trim() === "" || rule.test(line.text)) return 0
  if (before === undefined || line.nested) return undefined
  if (before > 0 && /^(?: {4}|\t)/.test(line.text)) return before + 1
  return noParagraph.test(line.text) ? undefined : before + 1
}

// Sections

/** Headings cut a page into sections; a section whose heading is all there is has no text and is left out. */
const sectionsOf = (lines: ReadonlyArray<Line>) => {
  const sections: Array<Section> = []
  /** By slug, how many like it were wanted before. */
  const taken = new Map<string, number>()
  const path: Array<Heading> = []
  let first: string | undefined
  let slug = ""
  let body: Array<string> = []
  /** An underline makes all lines of its paragraph a heading. */
  let paragraph: number | undefined = 0

  const close = () => {
    const text = body
      .join("\n")
      .replace(/^(?:[ \t]*\n)+/, "")
      .trimEnd()
    body = []
    const headings = path.map((heading) => heading.text).filter((text) => text !== "")
    if (text !== "") sections.push({ headings, slug, text })
  }
  const unique = (wanted: string): string => {
    let n = taken.get(wanted) ?? 0
    let slug = n === 0 ? wanted : `${wanted}-${n}`
    while (taken.has(slug)) slug = `${wanted}-${++n}`
    taken.set(slug, 1).set(wanted, n + 1)
    return slug
  }
  const open = (heading: Heading) => {
    close()
    while ((path.at(-1)?.level ?? 0) >= heading.level) path.pop()
    path.push(heading)
    slug = unique(heading.id ?? slugOf(heading.text))
    if (heading.level === 1) first ??= heading.text
    paragraph = 0
  }

  for (const line of lines) {
    const found = line.code || line.text.length > longestHeading ? null : (atx.exec(line.text) ?? html.exec(line.text))
    const under: RegExpExecArray | null = !line.code && paragraph ? underline.exec(line.text) : null
    const above = under === null ? [] : body.slice(-paragraph!).map((line) => line.trim())
    if (found !== null) {
      const level = found[1]!.startsWith("#") ? found[1]!.length : Number(found[1])
      open(headingFrom(level, found[2] ?? ""))
    } else if (under !== null && above.join(" ").length <= longestHeading) {
      body.splice(-paragraph!)
      open(headingFrom(under[1] === undefined ? 2 : 1, above.join(" ")))
    } else {
      body.push(line.text)
      paragraph = under === null ? paragraphAt(line, paragraph) : undefined
    }
  }
  close()
  return { sections, first }
}

/** Reads a page; never fails, whatever the text is. `mdx` drops imports and exports. */
export const parse = (source: string, options: { readonly mdx?: boolean } = {}): Page => {
  const text = source.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n")
  const { body, frontMatter } = splitFrontMatter(text)
  const { first, sections } = sectionsOf(linesOf(body, options.mdx ?? false))
  const { title } = frontMatter
  return {
    title: typeof title === "string" && title.trim() !== "" ? title.trim() : first === "" ? undefined : first,
    frontMatter,
    sections
  }
}
