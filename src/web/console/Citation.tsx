/** A numbered citation, and the passage it opens in place with the quote under the highlighter. */
import { useLayoutEffect, useMemo, useRef } from "preact/hooks"
import type { Citation } from "../../domain/Answer.ts"
import { Icon } from "./Icon.tsx"
import { markStart } from "./Markdown.ts"
import { type Cited, Prose } from "./Prose.tsx"
import { markQuote } from "./Quote.ts"
import { addressInPage, parseRoute } from "./Route.ts"
import { SourceLink } from "./SourceLink.tsx"
import { texts } from "./texts.ts"

interface Place {
  readonly cited: Cited
  readonly n: number
  readonly at: number
}

const panelId = ({ cited, at }: Pick<Place, "cited" | "at">) => `${cited.id}-${at}`

export const toggle = (cited: Cited, at: number): void => {
  const open = new Set(cited.open.peek())
  if (!open.delete(at)) open.add(at)
  cited.open.value = open
}

export const CitationButton = ({ cited, n, at }: Place) => {
  const open = cited.open.value.has(at)
  return (
    <button
      type="button"
      class="citation"
      data-citation={n}
      aria-expanded={open}
      aria-controls={panelId({ cited, at })}
      aria-label={texts.answer.citation(n)}
      title={cited.citations.get(n)?.title}
      onClick={() => toggle(cited, at)}
    >
      {n}
    </button>
  )
}

export const CitationPanel = ({ cited, n, at }: Place) => {
  const citation = cited.citations.get(n)
  if (!citation) return null
  const id = panelId({ cited, at })
  const close = () => {
    toggle(cited, at)
    document.querySelector<HTMLElement>(`[aria-controls="${CSS.escape(id)}"]`)?.focus()
  }
  return (
    <div id={id} class="passage" role="group" data-panel aria-label={texts.answer.citationOf(n, citation.title)}>
      <header>
        <span class="number">{n}</span>
        <bdi>{citation.title}</bdi>
        <button type="button" class="icon-button" aria-label={texts.answer.closeCitation(n)} data-close onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      <PassageText citation={citation} />
    </div>
  )
}

const PassageText = ({ citation }: { readonly citation: Citation }) => {
  const marked = useMemo(() => markQuote(citation.passage.replace(danglingSign, ""), citation.quote), [citation])
  const text = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => showMark(text.current), [])
  return (
    <>
      <div class="text" ref={text}>
        <Prose source={marked} />
      </div>
      <footer>
        {marked.includes(markStart) && <span class="tag ok">{texts.answer.found}</span>}
        <SourceLink url={citation.url} quote={citation.quote}>
          {sourceName(citation.url)}
        </SourceLink>
      </footer>
    </>
  )
}

/** A passage may end with the sign of what comes next in its source. */
const danglingSign = /\n\s*(?:[-*+#]|\d+[.)]|-{3,}|#{2,6})\s*$/

/** In a long passage the quote may stand far down; a few lines before it stay in view. */
const showMark = (text: HTMLElement | null): void => {
  const mark = text?.querySelector("mark")
  if (text && mark) text.scrollTop += mark.getBoundingClientRect().top - text.getBoundingClientRect().top - before
  text?.parentElement?.scrollIntoView({ block: "nearest" })
}

/** Pixels. */
const before = 64

/** Where the link leads, in words or as host and path. */
const sourceName = (url: string): string => {
  const address = addressInPage(url)
  if (address !== undefined)
    return parseRoute(address).view === "chat" ? texts.answer.toMessage : texts.answer.toDocument
  return URL.canParse(url) ? `${new URL(url).host}${new URL(url).pathname}` : url
}
