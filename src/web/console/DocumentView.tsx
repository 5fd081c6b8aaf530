/** A document as it was read, opened at a section, with the quote that led here under the highlighter. */
import { useEffect, useMemo } from "preact/hooks"
import type { DocumentText } from "./api.ts"
import * as api from "./api.ts"
import { Icon } from "./Icon.tsx"
import { useLoaded } from "./Loaded.ts"
import { type Block, parse, plain } from "./Markdown.ts"
import { ProseBlocks } from "./Prose.tsx"
import { markQuote } from "./Quote.ts"
import { addressInPage, documentsAddress } from "./Route.ts"
import { connection, documentsVersion, quoted } from "./state.ts"
import { texts } from "./texts.ts"
import { depthOf, ownTitle } from "./Title.ts"
import { TopBar } from "./TopBar.tsx"

interface Props {
  readonly id: string
  /** The last part of the section's address. */
  readonly section: string | undefined
}

export const DocumentView = ({ id, section }: Props) => {
  const document = useLoaded(() => api.document(id), [id, documentsVersion.value, connection.value.state])
  return (
    <main class="view">
      <TopBar title={document.state === "ready" ? document.value.title : texts.documents.title}>
        <a class="back" href={documentsAddress()}>
          {texts.documents.all}
        </a>
      </TopBar>
      <div class="scroll" tabIndex={0} role="region" aria-label={texts.documents.title}>
        <div class="sheet with-contents">
          {document.state === "loading" && <p class="quiet">{texts.documents.loading}</p>}
          {document.state === "failed" && (
            <p class="quiet">{document.problem.status === 404 ? texts.documents.missing : texts.documents.failed}</p>
          )}
          {document.state === "ready" && <Sections document={document.value} wanted={section} />}
        </div>
      </div>
    </main>
  )
}

type Section = DocumentText["sections"][number]

/** The part of a section's address that names it in the document. */
const nameOf = (section: Section): string => {
  const last = (addressInPage(section.url) ?? section.url).split(/[/#]/).at(-1) ?? ""
  return last === "" ? section.id : safelyDecoded(last)
}

/** In this page, also when readers elsewhere find the document on a site of its own. */
const addressOf = (documentId: string, section: Section): string =>
  addressInPage(section.url) ?? documentsAddress(documentId, nameOf(section))

const safelyDecoded = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

const Sections = ({
  document: shown,
  wanted
}: {
  readonly document: DocumentText
  readonly wanted: string | undefined
}) => {
  const target = shown.sections.findIndex((section) => nameOf(section) === wanted || section.id === wanted)
  useEffect(() => {
    const element = document.getElementById(target < 0 ? sectionId(0) : sectionId(target))
    const mark = element?.querySelector("mark")
    element?.focus({ preventScroll: true })
    if (mark) mark.scrollIntoView({ block: "center" })
    else element?.scrollIntoView({ block: target <= 0 ? "end" : "start" })
  }, [target])
  return (
    <>
      <nav class="contents" aria-label={texts.documents.contents}>
        <details open={matchMedia(beside).matches}>
          <summary>{texts.documents.contents}</summary>
          <ol>
            {shown.sections.map((section, index) => (
              <li key={section.id} class={`depth-${Math.min(3, depthOf(section.title))}`}>
                <a href={addressOf(shown.id, section)} aria-current={index === target ? "location" : undefined}>
                  <bdi>{ownTitle(section.title)}</bdi>
                </a>
              </li>
            ))}
          </ol>
        </details>
      </nav>
      <div class="document">
        {shown.sections.map((section, index) => (
          <SectionView key={section.id} documentId={shown.id} section={section} index={index} />
        ))}
      </div>
    </>
  )
}

/** Where there is room for the list of sections beside the document. */
const beside = "(min-width: 1081px)"

const sectionId = (index: number) => `section-${index}`

interface SectionProps {
  readonly documentId: string
  readonly section: Section
  readonly index: number
}

const SectionView = ({ documentId, section, index }: SectionProps) => {
  const address = addressOf(documentId, section)
  const quote = quoted.value !== undefined && isHere(quoted.value.address, section) ? quoted.value.quote : undefined
  const blocks = useMemo(() => body(section, quote), [section, quote])
  return (
    <section id={sectionId(index)} tabIndex={-1} aria-label={section.title}>
      <h2 class={`depth-${Math.min(3, depthOf(section.title))}`}>
        <bdi>{ownTitle(section.title)}</bdi>
        <a class="anchor" href={address} aria-label={texts.documents.linkTo(ownTitle(section.title))}>
          <Icon name="link" />
        </a>
      </h2>
      <ProseBlocks blocks={blocks} headings={3} />
    </section>
  )
}

const isHere = (address: string, section: Section): boolean => addressInPage(section.url) === address

/** Without a heading that says the title again. */
const body = (section: Section, quote: string | undefined): ReadonlyArray<Block> => {
  const blocks = parse(quote === undefined ? section.text : markQuote(section.text, quote))
  const [first, ...rest] = blocks
  const repeats =
    (first?.type === "heading" || first?.type === "paragraph") &&
    plain(first.children).trim() === ownTitle(section.title)
  return repeats ? rest : blocks
}
