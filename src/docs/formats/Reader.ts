/** Bytes of a document to its Markdown, whatever its kind. May take any time and memory, so `Converter` runs it apart. */
import * as Charset from "./Charset.ts"
import type { Kind } from "./Formats.ts"
import * as Html from "./Html.ts"
import * as OpenApi from "./OpenApi.ts"
import * as Pdf from "./Pdf.ts"

/** Raised when the same bytes give another text, so that what has not changed elsewhere is read again. */
export const readerVersion = 1

export interface Original {
  readonly kind: Kind
  readonly bytes: Uint8Array
  /** What the server said it is. */
  readonly contentType?: string
  /** Where it was read, for links in it. */
  readonly url?: string
}

export interface Converted {
  /** Markdown, or the text itself when that is what it is. */
  readonly text: string
  readonly title?: string
  /** Where a page says that it really is. */
  readonly canonical?: string
}

/** Why there is no text, as the end of a sentence that begins with the document's name. */
export interface Refused {
  readonly refused: string
  /** It is of a kind that nobody asked for: not worth a word in a folder of all sorts. */
  readonly foreign?: true
}

const refused = (refused: string): Refused => ({ refused })

const ofHtml = async (text: string, url: string | undefined): Promise<Converted | Refused> => {
  const page = await Html.read(text, url)
  if (page.unwanted) return refused("asks not to be indexed (robots: noindex)")
  if (page.text === "") return refused("has no text; it may be made by scripts in the browser")
  return {
    text: page.text,
    ...(page.title !== undefined && { title: page.title }),
    ...(page.canonical !== undefined && { canonical: page.canonical })
  }
}

const ofData = async (text: string): Promise<Converted | Refused> => {
  const found = await OpenApi.read(text)
  if (found === undefined) return { refused: "is no OpenAPI document", foreign: true }
  return { text: found.text, ...(found.title !== undefined && { title: found.title }) }
}

const ofText = async ({ bytes, contentType, kind, url }: Original): Promise<Converted | Refused> => {
  const decoded = Charset.decode(bytes, contentType)
  if ("expected" in decoded) {
    return kind === "data" ? { refused: "is no text", foreign: true } : refused(`is not ${decoded.expected} text`)
  }
  if (kind === "html") return ofHtml(decoded.text, url)
  if (kind === "data") return ofData(decoded.text)
  return { text: decoded.text }
}

const ofPdf = async (bytes: Uint8Array): Promise<Converted> => {
  const { text, title } = await Pdf.read(bytes)
  return { text, ...(title !== undefined && { title }) }
}

const whyOf = (cause: unknown, kind: Kind): string => {
  if (cause instanceof Pdf.PdfProblem) return cause.message
  if (cause instanceof RangeError && /call stack/i.test(cause.message)) return "is nested too deeply"
  const { message } = cause instanceof Error ? cause : { message: String(cause) }
  return `is not ${kind === "data" ? "JSON or YAML" : kind.toUpperCase()} that can be read: ${message.split("\n")[0]}`
}

/** Never rejects. */
export const read = (original: Original): Promise<Converted | Refused> =>
  (original.kind === "pdf" ? ofPdf(original.bytes) : ofText(original)).catch((cause) =>
    refused(whyOf(cause, original.kind))
  )
