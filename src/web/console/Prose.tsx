/** Markdown on the page: every node is made here, so text can never become markup. */
import type { Signal } from "@preact/signals"
import { createContext, h, type VNode } from "preact"
import { useContext, useMemo } from "preact/hooks"
import type { Citation } from "../../domain/Answer.ts"
import { CitationButton, CitationPanel } from "./Citation.tsx"
import { CodeBlock } from "./CodeBlock.tsx"
import { type Block, type Inline, parse } from "./Markdown.ts"
import { TextPieces } from "./TextPieces.tsx"

/** The citations a text refers to and which of its references are open, by `at`. */
export interface Cited {
  readonly citations: ReadonlyMap<number, Citation>
  readonly open: Signal<ReadonlySet<number>>
  /** Begins the ids of the panels. */
  readonly id: string
}

interface Props {
  readonly source: string
  readonly breaks?: boolean
  readonly cited?: Cited | undefined
  /** The level a first heading takes; absent: headings are bold lines. */
  readonly headings?: number
  /** The question whose words are to stand out. */
  readonly question?: string | undefined
}

interface Setting {
  readonly cited: Cited | undefined
  readonly headings: number | undefined
  readonly question: string | undefined
}

const Around = createContext<Setting>({ cited: undefined, headings: undefined, question: undefined })

export const Prose = ({ source, breaks = false, cited, headings, question }: Props) => {
  const blocks = useMemo(
    () => parse(source, { breaks, citations: new Set(cited?.citations.keys()) }),
    [source, breaks, cited]
  )
  const setting = useMemo(() => ({ cited, headings, question }), [cited, headings, question])
  return (
    <Around.Provider value={setting}>
      <Blocks blocks={blocks} />
    </Around.Provider>
  )
}

export const ProseBlocks = ({
  blocks,
  headings
}: {
  readonly blocks: ReadonlyArray<Block>
  readonly headings: number
}) => {
  const setting = useMemo(() => ({ cited: undefined, headings, question: undefined }), [headings])
  return (
    <Around.Provider value={setting}>
      <Blocks blocks={blocks} />
    </Around.Provider>
  )
}

const Blocks = ({ blocks }: { readonly blocks: ReadonlyArray<Block> }) => (
  <>
    {blocks.map((block, index) => (
      <BlockView key={index} block={block} />
    ))}
  </>
)

const BlockView = ({ block }: { readonly block: Block }) => {
  switch (block.type) {
    case "paragraph":
      return (
        <WithPanels inlines={block.children}>
          <p dir="auto">
            <Inlines inlines={block.children} />
          </p>
        </WithPanels>
      )
    case "heading":
      return <Heading level={block.level} inlines={block.children} />
    case "code":
      return <CodeBlock pieces={block.children} language={block.language} />
    case "quote":
      return (
        <blockquote>
          <Blocks blocks={block.blocks} />
        </blockquote>
      )
    case "list":
      return <List block={block} />
    case "table":
      return <Table block={block} />
    case "rule":
      return <hr />
  }
}

const Heading = ({ level, inlines }: { readonly level: number; readonly inlines: ReadonlyArray<Inline> }) => {
  const { headings } = useContext(Around)
  const content = <Inlines inlines={inlines} />
  return (
    <WithPanels inlines={inlines}>
      {headings === undefined ? (
        <p class="heading" dir="auto">
          {content}
        </p>
      ) : (
        h(`h${Math.min(6, headings + level - 1)}`, { dir: "auto" }, content)
      )}
    </WithPanels>
  )
}

const List = ({ block }: { readonly block: Extract<Block, { type: "list" }> }) => {
  const items = block.items.map((blocks, index) => (
    <li key={index} dir="auto">
      <Blocks blocks={blocks} />
    </li>
  ))
  return block.ordered ? <ol start={block.start}>{items}</ol> : <ul>{items}</ul>
}

const Table = ({ block }: { readonly block: Extract<Block, { type: "table" }> }) => (
  <WithPanels inlines={[...block.head, ...block.rows.flat()].flat()}>
    <div class="table-frame" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {block.head.map((cell, index) => (
              <th key={index}>
                <Inlines inlines={cell} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {block.rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column}>
                  <Inlines inlines={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  </WithPanels>
)

const Inlines = ({ inlines }: { readonly inlines: ReadonlyArray<Inline> }) => (
  <>
    {runs(inlines).map((run, index) =>
      run.length === 1 ? (
        <InlineView key={index} inline={run[0]!} />
      ) : (
        <span key={index} class="together">
          {run.map((inline, at) => (
            <InlineView key={at} inline={inline} />
          ))}
        </span>
      )
    )}
  </>
)

/** Citations share a run with the last word before them, so that no line breaks between. */
const runs = (inlines: ReadonlyArray<Inline>): ReadonlyArray<ReadonlyArray<Inline>> => {
  const all: Array<Array<Inline>> = []
  for (const inline of inlines) {
    const run = all.at(-1)
    const last = run?.at(-1)
    if (inline.type !== "cite" || run === undefined || last === undefined) {
      all.push([inline])
    } else if (last.type === "text") {
      const word = /\S{1,30}\s?$/.exec(last.text)?.[0] ?? ""
      run[0] = { ...last, text: last.text.slice(0, last.text.length - word.length) }
      all.push([{ ...last, text: word }, inline])
    } else {
      run.push(inline)
    }
  }
  return all
}

const InlineView = ({ inline }: { readonly inline: Inline }) => {
  const { cited, question } = useContext(Around)
  switch (inline.type) {
    case "text":
      return <TextPieces pieces={[inline]} question={question} />
    case "strong":
      return <strong>{inner(inline)}</strong>
    case "em":
      return <em>{inner(inline)}</em>
    case "strike":
      return <s>{inner(inline)}</s>
    case "code":
      return (
        <code>
          <TextPieces pieces={inline.children} />
        </code>
      )
    case "link":
      return (
        <a href={inline.href} target="_blank" rel="noopener noreferrer nofollow">
          {inner(inline)}
        </a>
      )
    case "mention":
      return <span class="mention">{inline.text}</span>
    case "break":
      return <br />
    case "cite":
      return cited ? <CitationButton cited={cited} n={inline.n} at={inline.at} /> : null
  }
}

const inner = (inline: { readonly children: ReadonlyArray<Inline> }) => <Inlines inlines={inline.children} />

/** A block and, under it, the passages of the citations in it that are open. */
const WithPanels = ({ inlines, children }: { readonly inlines: ReadonlyArray<Inline>; readonly children: VNode }) => {
  const { cited } = useContext(Around)
  const places = useMemo(() => placesIn(inlines), [inlines])
  if (!cited || places.length === 0) return children
  return (
    <>
      {children}
      {places
        .filter(({ at }) => cited.open.value.has(at))
        .map(({ n, at }) => (
          <CitationPanel key={at} cited={cited} n={n} at={at} />
        ))}
    </>
  )
}

const placesIn = (inlines: ReadonlyArray<Inline>): ReadonlyArray<Extract<Inline, { type: "cite" }>> =>
  inlines.flatMap((inline) => {
    if (inline.type === "cite") return [inline]
    return "children" in inline ? placesIn(inline.children) : []
  })
