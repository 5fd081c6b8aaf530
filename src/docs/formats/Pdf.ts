/** A PDF file to Markdown: a section for each page, with the anchor by which browsers open it. */

/** More pages are a library and no document. */
const mostPages = 2_000
/** Characters; no manual has as many, and a page may say the same for ever. */
const mostText = 8 * 1024 * 1024

interface Item {
  readonly str: string
  readonly hasEOL: boolean
  readonly height: number
  readonly transform: ReadonlyArray<number>
}

/** Text that Markdown would take for headings or fences stays text. */
const asText = (line: string): string => line.replace(/^( {0,3})(#{1,6}(?=\s|$)|`{3}|~{3}|[-=]+\s*$)/, "$1\\$2")

/** Lines one below the other; a gap of more than a line parts paragraphs. */
const textOf = (items: ReadonlyArray<Item>): string => {
  const lines: Array<string> = []
  let line = ""
  let last: number | undefined
  const end = (at: number | undefined, height: number) => {
    if (line.trim() === "") return
    if (last !== undefined && at !== undefined && last - at > height * 1.8) lines.push("")
    lines.push(asText(line.trim()))
    last = at
    line = ""
  }
  for (const { hasEOL, height, str, transform } of items) {
    line += str
    if (hasEOL) end(transform[5], height || 10)
  }
  end(undefined, 10)
  return lines.join("\n")
}

export class PdfProblem extends Error {}

const open = async (bytes: Uint8Array) => {
  const { getDocumentProxy } = await import("unpdf")
  try {
    // The library takes no `Buffer`, and what it is given it keeps.
    return await getDocumentProxy(new Uint8Array(bytes), {
      maxImageSize: 1,
      stopAtErrors: false,
      verbosity: 0,
      useSystemFonts: false
    })
  } catch (cause) {
    throw new PdfProblem(
      cause instanceof Error && cause.name === "PasswordException"
        ? "needs a password"
        : "is not a PDF file that can be read"
    )
  }
}

const titleOf = async (pdf: Awaited<ReturnType<typeof open>>): Promise<string | undefined> => {
  const { info } = await pdf.getMetadata().catch(() => ({ info: {} }))
  const title = (info as { readonly Title?: unknown }).Title
  return typeof title === "string" && title.trim() !== "" ? title.trim() : undefined
}

export const read = async (
  bytes: Uint8Array
): Promise<{ readonly title: string | undefined; readonly text: string }> => {
  const pdf = await open(bytes)
  if (pdf.numPages > mostPages) throw new PdfProblem(`has ${pdf.numPages} pages, more than ${mostPages}`)
  const pages: Array<string> = []
  let length = 0
  for (let number = 1; number <= pdf.numPages; number++) {
    const page = await pdf.getPage(number)
    const { items } = await page.getTextContent()
    const text = textOf(items.filter((item): item is typeof item & Item => "str" in item))
    page.cleanup()
    length += text.length
    if (length > mostText) throw new PdfProblem("has more text than 8 MiB")
    if (text !== "") pages.push(`## Page ${number} {#page=${number}}\n\n${text}`)
  }
  if (pages.length === 0) throw new PdfProblem("has no text; its pages may be pictures")
  return { title: await titleOf(pdf), text: pages.join("\n\n") }
}
