/** Markdown to a tree of the few forms the page shows; whatever is not understood, markup above all, stays text. */

export interface Text {
  readonly type: "text"
  readonly text: string
  /** Part of a quote; see `Quote.ts`. */
  readonly marked: boolean
}

export type Inline =
  | Text
  | { readonly type: "strong" | "em" | "strike"; readonly children: ReadonlyArray<Inline> }
  | { readonly type: "code"; readonly children: ReadonlyArray<Text> }
  | { readonly type: "link"; readonly href: string; readonly children: ReadonlyArray<Inline> }
  /** `at` tells apart the places where one citation is referred to, from 0 in reading order. */
  | { readonly type: "cite"; readonly n: number; readonly at: number }
  | { readonly type: "mention"; readonly text: string }
  | { readonly type: "break" }

export type Block =
  | { readonly type: "paragraph"; readonly children: ReadonlyArray<Inline> }
  | { readonly type: "heading"; readonly level: number; readonly children: ReadonlyArray<Inline> }
  | { readonly type: "code"; readonly language: string; readonly children: ReadonlyArray<Text> }
  | { readonly type: "quote"; readonly blocks: ReadonlyArray<Block> }
  | {
      readonly type: "list"
      readonly ordered: boolean
      readonly start: number
      readonly items: ReadonlyArray<ReadonlyArray<Block>>
    }
  | {
      readonly type: "table"
      readonly head: ReadonlyArray<ReadonlyArray<Inline>>
      readonly rows: ReadonlyArray<ReadonlyArray<ReadonlyArray<Inline>>>
    }
  | { readonly type: "rule" }

export interface Options {
  /** Numbers that are citations: `[n]` of any other number stays text. */
  readonly citations?: ReadonlySet<number>
  /** A line break in the source is one on the page, as people expect in a chat. */
  readonly breaks?: boolean
}

/** Private characters around what is to be marked; `Quote.ts` puts them in, and texts from outside lose theirs. */
export const markStart = "\uE000"
export const markEnd = "\uE001"

const deepest = 5
/** Bounds on what stands between two delimiters keep hostile text from taking quadratic time. */
const inlineToken = new RegExp(
  [
    String.raw`\\(?<escaped>[!-/:-@[-\x60{-~])`,
    String.raw`(?<ticks>\x60{1,3})(?!\x60)(?<code>[^]{0,2000}?[^\x60])\k<ticks>(?!\x60)`,
    String.raw`!\[(?<alt>[^\]\n]{0,300})\]\([^)\n]{0,2000}\)`,
    String.raw`\[(?<label>[^\][\n]{1,500})\]\(<?(?<target>[^\s()<>]{1,1000}(?:\([^\s()<>]{0,200}\)[^\s()<>]{0,500})?)>?(?:\s+"[^"\n]{0,300}")?\)`,
    String.raw`\[(?<cite>\d{1,3})\]`,
    String.raw`(?<url>https?:\/\/[^\s<>"\x60]{1,2000})`,
    String.raw`(?<stars>\*{1,2})(?=[^\s*])(?<starred>[^]{0,2000}?[^\s*])\k<stars>(?!\*)`,
    String.raw`(?<!\w)(?<lines>_{1,2})(?=[^\s_])(?<lined>[^]{0,2000}?[^\s_])\k<lines>(?!\w)`,
    String.raw`~~(?=\S)(?<struck>[^]{0,2000}?\S)~~`,
    String.raw`(?<![\w@])(?<mention>@rtfm)\b`,
    String.raw`(?<newline>\n)`
  ].join("|"),
  "gi"
)

const fence = /^ {0,3}(`{3,}|~{3,})\s*([\w+#.-]*)[^`]*$/
const heading = /^ {0,3}(#{1,6})\s+(.*?)(?:\s+#+)?\s*$/
const rule = /^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$/
const quoted = /^ {0,3}>\s?/
const item = /^( {0,3})([-*+]|\d{1,9}[.)])( {1,4})(?=\S)/
const delimiterRow = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/

export const isHttp = (href: string): boolean => /^https?:\/\//i.test(href) && URL.canParse(href)

export const parse = (source: string, options: Options = {}): ReadonlyArray<Block> => new Parser(options).blocks(source)

/** The words of a tree without their form. */
export const plain = (inlines: ReadonlyArray<Inline>): string =>
  inlines
    .map((inline) => {
      if (inline.type === "text" || inline.type === "mention") return inline.text
      if (inline.type === "break") return " "
      return inline.type === "cite" ? "" : plain(inline.children)
    })
    .join("")

/** Blocks are read in reading order, so one switch tells whether the text at hand is inside the mark. */
class Parser {
  private marking = false
  private cites = 0
  private readonly options: Options

  constructor(options: Options) {
    this.options = options
  }

  blocks(source: string, depth = 0): ReadonlyArray<Block> {
    const lines = source.replaceAll("\t", "    ").split(/\r\n|\r|\n/)
    const blocks: Array<Block> = []
    for (let at = 0; at < lines.length;) {
      if (lines[at]!.trim() === "") at++
      else at = this.block(lines, at, depth, blocks)
    }
    return blocks
  }

  /** Reads the block that starts at a line, and tells the line after it. */
  private block(lines: ReadonlyArray<string>, at: number, depth: number, blocks: Array<Block>): number {
    const line = lines[at]!
    const opening = fence.exec(line)
    if (opening) return this.code(lines, at, opening, blocks)
    const title = heading.exec(line)
    if (title) {
      blocks.push({ type: "heading", level: title[1]!.length, children: this.inline(title[2]!) })
      return at + 1
    }
    if (rule.test(line)) {
      blocks.push({ type: "rule" })
      return at + 1
    }
    if (depth < deepest && quoted.test(line)) return this.quote(lines, at, depth, blocks)
    if (depth < deepest && item.test(line)) return this.list(lines, at, depth, blocks)
    if (startsTable(lines, at)) return this.table(lines, at, blocks)
    return this.paragraph(lines, at, depth, blocks)
  }

  private code(lines: ReadonlyArray<string>, at: number, opening: RegExpExecArray, blocks: Array<Block>): number {
    const closing = new RegExp(`^ {0,3}${opening[1]![0]}{${opening[1]!.length},}\\s*$`)
    let end = at + 1
    while (end < lines.length && !closing.test(lines[end]!)) end++
    blocks.push({ type: "code", language: opening[2]!, children: this.leaf(lines.slice(at + 1, end).join("\n")) })
    return end + 1
  }

  private quote(lines: ReadonlyArray<string>, at: number, depth: number, blocks: Array<Block>): number {
    let end = at
    while (end < lines.length && quoted.test(lines[end]!)) end++
    const inner = lines.slice(at, end).map((line) => line.replace(quoted, ""))
    blocks.push({ type: "quote", blocks: this.blocks(inner.join("\n"), depth + 1) })
    return end
  }

  private list(lines: ReadonlyArray<string>, at: number, depth: number, blocks: Array<Block>): number {
    const marker = item.exec(lines[at]!)![2]!
    const ordered = /\d/.test(marker)
    const items: Array<ReadonlyArray<Block>> = []
    let end = at
    while (end < lines.length && isSibling(lines[end]!, ordered)) {
      const first = item.exec(lines[end]!)!
      const indent = first[0].length
      const inner = [lines[end]!.slice(indent)]
      end++
      while (end < lines.length && belongsToItem(lines, end, indent)) inner.push(outdent(lines[end++]!, indent))
      items.push(this.blocks(inner.join("\n"), depth + 1))
      const next = lines.findIndex((line, index) => index >= end && line.trim() !== "")
      if (next > end && isSibling(lines[next]!, ordered)) end = next
    }
    blocks.push({ type: "list", ordered, start: ordered ? Number.parseInt(marker, 10) : 1, items })
    return end
  }

  private table(lines: ReadonlyArray<string>, at: number, blocks: Array<Block>): number {
    const head = cells(lines[at]!).map((cell) => this.inline(cell))
    const rows: Array<ReadonlyArray<ReadonlyArray<Inline>>> = []
    let end = at + 2
    for (; end < lines.length && lines[end]!.includes("|"); end++) {
      const row = cells(lines[end]!)
      rows.push(head.map((_, column) => this.inline(row[column] ?? "")))
      this.pass(row.slice(head.length).join(""))
    }
    blocks.push({ type: "table", head, rows })
    return end
  }

  private paragraph(lines: ReadonlyArray<string>, at: number, depth: number, blocks: Array<Block>): number {
    let end = at + 1
    while (end < lines.length && !endsParagraph(lines, end, depth)) end++
    const text = lines
      .slice(at, end)
      .map((line) => line.trim())
      .join("\n")
    blocks.push({ type: "paragraph", children: this.inline(text) })
    return end
  }

  private inline(source: string, depth = 0): ReadonlyArray<Inline> {
    if (depth > deepest) return this.leaf(source)
    const inlines: Array<Inline> = []
    let from = 0
    for (const match of source.matchAll(inlineToken)) {
      // A link that ends early gives its rest back to the text, which the next match must not overlap.
      const taken = this.token(match, depth, () => inlines.push(...this.leaf(source.slice(from, match.index))))
      if (taken === undefined) continue
      inlines.push(...taken.inlines)
      from = match.index + taken.length
    }
    inlines.push(...this.leaf(source.slice(from)))
    return inlines
  }

  /** What a match stands for; `before` adds the text up to it, and is not called when the match stays text. */
  private token(
    match: RegExpExecArray,
    depth: number,
    before: () => void
  ): { readonly inlines: ReadonlyArray<Inline>; readonly length: number } | undefined {
    const part = match.groups!
    const whole = (inlines: () => ReadonlyArray<Inline>) => {
      before()
      return { inlines: inlines(), length: match[0].length }
    }
    if (part["escaped"] !== undefined) return whole(() => this.leaf(part["escaped"]!))
    if (part["code"] !== undefined) return whole(() => [{ type: "code", children: this.leaf(codeText(part["code"]!)) }])
    if (part["alt"] !== undefined) return whole(() => [...this.leaf(part["alt"]!), ...this.pass(after(match, "alt"))])
    if (part["label"] !== undefined) return whole(() => this.link(match, part["label"]!, part["target"]!, depth))
    if (part["cite"] !== undefined) {
      const n = Number(part["cite"])
      if (!this.options.citations?.has(n)) return undefined
      return whole(() => [{ type: "cite", n, at: this.cites++ }])
    }
    if (part["url"] !== undefined) return this.bareLink(part["url"], before)
    if (part["starred"] !== undefined) return whole(() => this.span(part["stars"]!, part["starred"]!, depth))
    if (part["lined"] !== undefined) return whole(() => this.span(part["lines"]!, part["lined"]!, depth))
    if (part["struck"] !== undefined)
      return whole(() => [{ type: "strike", children: this.inline(part["struck"]!, depth + 1) }])
    if (part["mention"] !== undefined) return whole(() => [{ type: "mention", text: part["mention"]! }])
    return this.options.breaks ? whole(() => [{ type: "break" }]) : undefined
  }

  private span(delimiter: string, text: string, depth: number): ReadonlyArray<Inline> {
    return [{ type: delimiter.length === 2 ? "strong" : "em", children: this.inline(text, depth + 1) }]
  }

  /** Only `http` and `https` lead anywhere: of other links the words remain. */
  private link(match: RegExpExecArray, label: string, target: string, depth: number): ReadonlyArray<Inline> {
    const children = this.inline(label, depth + 1)
    this.pass(after(match, "label"))
    const href = target.replaceAll(markStart, "").replaceAll(markEnd, "")
    return isHttp(href) ? [{ type: "link", href, children }] : children
  }

  private bareLink(match: string, before: () => void) {
    const trimmed = match.replace(/[.,;:!?'"*_~\]\uE000\uE001]+$/u, "")
    const text = trimmed.includes("(") ? trimmed : trimmed.replace(/\)+$/u, "")
    const href = text.replaceAll(markStart, "").replaceAll(markEnd, "")
    if (!isHttp(href)) return undefined
    before()
    return { inlines: [{ type: "link" as const, href, children: this.leaf(text) }], length: text.length }
  }

  /** Text as it is, cut where the mark begins and ends. */
  private leaf(text: string): ReadonlyArray<Text> {
    const texts: Array<Text> = []
    for (const piece of text.split(/([\uE000\uE001])/u)) {
      if (!this.turn(piece) && piece !== "") texts.push({ type: "text", text: piece, marked: this.marking })
    }
    return texts
  }

  /** Reads over what is not shown: a mark may begin or end in it. */
  private pass(text: string): ReadonlyArray<never> {
    for (const char of text) this.turn(char)
    return []
  }

  private turn(piece: string): boolean {
    if (piece !== markStart && piece !== markEnd) return false
    this.marking = piece === markStart
    return true
  }
}

/** What stands after a part of a match. */
const after = (match: RegExpExecArray, part: string): string =>
  match[0].slice(match[0].indexOf(match.groups![part]!) + match.groups![part]!.length)

/** Code may be padded by one space on each side, so that it can begin with a backtick. */
const codeText = (text: string): string => (/^ .*\S.* $/s.test(text) ? text.slice(1, -1) : text)

const isSibling = (line: string, ordered: boolean): boolean => {
  const match = item.exec(line)
  return match !== null && !rule.test(line) && /\d/.test(match[2]!) === ordered
}

/** Indented lines, blank lines before them, and the lazy rest of a paragraph belong to the item above. */
const belongsToItem = (lines: ReadonlyArray<string>, at: number, indent: number): boolean => {
  const line = lines[at]!
  if (line.trim() === "") {
    const next = lines[at + 1]
    return next !== undefined && next.trim() !== "" && indentOf(next) >= Math.min(indent, 2)
  }
  if (indentOf(line) >= Math.min(indent, 2)) return true
  return lines[at - 1]!.trim() !== "" && !endsParagraph(lines, at, 0)
}

const indentOf = (line: string): number => line.length - line.trimStart().length

const outdent = (line: string, indent: number): string => line.slice(Math.min(indent, indentOf(line)))

const startsTable = (lines: ReadonlyArray<string>, at: number): boolean =>
  lines[at]!.includes("|") && (lines[at + 1]?.includes("|") ?? false) && delimiterRow.test(lines[at + 1]!)

const endsParagraph = (lines: ReadonlyArray<string>, at: number, depth: number): boolean => {
  const line = lines[at]!
  if (line.trim() === "" || fence.test(line) || heading.test(line) || rule.test(line)) return true
  return (depth < deepest && (quoted.test(line) || item.test(line))) || startsTable(lines, at)
}

const cells = (line: string): ReadonlyArray<string> =>
  line
    .trim()
    .replace(/^\|/, "")
    .replace(/\|$/, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"))
