/** A page of HTML to the Markdown of what is written on it: no navigation, headings with their anchors, links in full. */
import type TurndownService from "turndown"

export interface HtmlPage {
  readonly title: string | undefined
  readonly text: string
  /** The page asks not to be kept by those who search. */
  readonly unwanted: boolean
  /** Where the page says that it really is. */
  readonly canonical: string | undefined
}

/** What is used of a document; the types of browsers are not those of this program. */
interface Nodes extends Iterable<Element> {
  readonly length: number
}
interface Text {
  readonly textContent: string | null
}
interface Element {
  readonly localName: string
  readonly id: string
  textContent: string | null
  readonly innerHTML: string
  readonly parentElement: Element | null
  readonly firstElementChild: Element | null
  readonly previousElementSibling: Element | null
  readonly childNodes: Iterable<Element>
  readonly ownerDocument: Document
  getAttribute(name: string): string | null
  setAttribute(name: string, value: string): void
  querySelector(selector: string): Element | null
  querySelectorAll(selector: string): Nodes
  append(child: Element | Text): void
  replaceWith(...others: ReadonlyArray<Element | Text>): void
  replaceChildren(...others: ReadonlyArray<Element | Text>): void
  remove(): void
}
interface Document {
  readonly body: Element
  querySelector(selector: string): Element | null
  querySelectorAll(selector: string): Nodes
  createTextNode(text: string): Text
  createElement(name: string): Element
  cloneNode(deep: boolean): Document
}

/** What is around the words of a page, or for machines only. */
const around = [
  "script, style, template, svg, canvas, iframe, object, embed, form, button, input, select, textarea, dialog",
  "nav, aside, footer, [role=navigation], [role=search], [role=banner], [role=contentinfo], [hidden], [aria-hidden=true]",
  "a.headerlink, a.anchor, a.hash-link, a.anchor-link, a.header-anchor, td.linenos, .breadcrumbs, .pagination, .toc"
].join(", ")

/** Where a page that says so has its words, closest first. */
const places = ["[role=main]", "main", "article", "#main-content", "#content", ".markdown-body"]

/** Fewer characters are no page: what holds them was the wrong place. */
const fewest = 40

const textOf = (element: Element | null | undefined): string => element?.textContent?.replace(/\s+/g, " ").trim() ?? ""

const idOf = (heading: Element): string | null => {
  const own = heading.id || heading.querySelector("[id], a[name]")?.getAttribute("id")
  if (own) return own
  const named = heading.querySelector("a[name]")?.getAttribute("name")
  if (named) return named
  const section = heading.parentElement
  if (section?.firstElementChild === heading && /^(section|div)$/i.test(section.localName) && section.id) {
    return section.id
  }
  const before = heading.previousElementSibling
  return before?.localName === "a" && textOf(before) === "" ? before.id || before.getAttribute("name") : null
}

/** Anchors are said behind their heading, where `Markdown` reads them. */
const nameHeadings = (document: Document, root: Element): void => {
  for (const heading of root.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    const id = idOf(heading)
    if (id === null || !/^[\w:.-]+$/.test(id)) continue
    heading.append(document.createTextNode(` {#${id}}`))
  }
}

const completeLinks = (root: Element, url: string | undefined): void => {
  for (const link of root.querySelectorAll("a")) {
    const address = URL.parse(link.getAttribute("href") ?? "", url)
    if (address !== null && /^https?:$/.test(address.protocol)) link.setAttribute("href", address.href)
    else link.replaceWith(...link.childNodes)
  }
}

/** Of a picture only its words can be quoted. */
const describePictures = (document: Document, root: Element): void => {
  for (const picture of root.querySelectorAll("img, picture, video, audio")) {
    picture.replaceWith(document.createTextNode(picture.getAttribute("alt") ?? ""))
  }
}

const languageOf = (block: Element): string => {
  const classes = [block, block.querySelector("code"), block.parentElement, block.parentElement?.parentElement]
    .map((element) => element?.getAttribute("class") ?? "")
    .join(" ")
  return /\b(?:language|lang|highlight-source|highlight|brush:?)-([a-z][\w+#]*)/.exec(classes)?.[1] ?? ""
}

/** Code as one text, whatever colours it. */
const plainCode = (document: Document, root: Element): void => {
  for (const block of root.querySelectorAll("pre")) {
    const code = document.createElement("code")
    const language = languageOf(block)
    if (language !== "" && language !== "default") code.setAttribute("class", `language-${language}`)
    for (const line of block.querySelectorAll("br")) line.replaceWith(document.createTextNode("\n"))
    code.textContent = block.textContent
    block.replaceChildren(code)
  }
}

const inPlace = (document: Document): Element | undefined => {
  for (const place of places) {
    const found = [...document.querySelectorAll(place)]
    if (found.length === 1 && textOf(found[0]).length >= fewest) return found[0]
  }
  return undefined
}

const openDocument = async (html: string): Promise<Document> => {
  const { parseHTML } = await import("linkedom")
  const whole = /<html[\s>]/i.test(html) ? html : `<html><body>${html}</body></html>`
  return (parseHTML(whole) as unknown as { readonly document: Document }).document
}

/** The words of a page that does not say where they are, by how such pages are made. */
const byLooks = async (document: Document): Promise<Element> => {
  const { Readability } = await import("@mozilla/readability")
  const reader = Readability as unknown as new (
    document: Document,
    options: { readonly keepClasses: boolean }
  ) => { parse(): { readonly content: string } | null }
  const article = new reader(document.cloneNode(true), { keepClasses: true }).parse()
  const found = await openDocument(article?.content ?? "")
  return textOf(found.body).length >= fewest ? found.body : document.body
}

const converter = async (): Promise<TurndownService> => {
  const { default: Turndown } = await import("turndown")
  const { gfm } = await import("@truto/turndown-plugin-gfm")
  const service = new Turndown({ headingStyle: "atx", codeBlockStyle: "fenced", bulletListMarker: "-", hr: "---" })
  // Markdown has no words for definitions; Turndown would run them together.
  service.addRule("term", { filter: "dt", replacement: (text) => `\n\n**${text.trim()}**\n` })
  service.addRule("definition", { filter: "dd", replacement: (text) => `\n${text.trim()}\n` })
  const escape = service.escape.bind(service)
  // An anchor is no markup to be escaped, and neither is a line within a name.
  service.escape = (text) =>
    text
      .split(/( \{#[\w:.-]+\})/)
      .map((part, i) => (i % 2 === 1 ? part : escape(part).replace(/(?<=\w)\\_(?=\w)/g, "_")))
      .join("")
  service.use(gfm as TurndownService.Plugin)
  return service
}

/** Reads a page that is at `url`. */
export const read = async (html: string, url?: string): Promise<HtmlPage> => {
  const document = await openDocument(html)
  const meta = (name: string) => document.querySelector(`meta[name="${name}" i]`)?.getAttribute("content") ?? ""
  const unwanted = /\b(noindex|none)\b/i.test(meta("robots"))
  const canonical = document.querySelector('link[rel="canonical"]')?.getAttribute("href")
  const title = textOf(document.querySelector("title"))

  for (const element of document.querySelectorAll(around)) element.remove()
  const root = inPlace(document) ?? (await byLooks(document))
  const owner = root.ownerDocument
  nameHeadings(owner, root)
  completeLinks(root, url)
  describePictures(owner, root)
  plainCode(owner, root)
  return {
    title: title === "" ? undefined : title,
    text: (await converter()).turndown(root.innerHTML).replaceAll("\\\\|", "\\|").trim(),
    unwanted,
    canonical: URL.parse(canonical ?? "", url)?.href
  }
}
