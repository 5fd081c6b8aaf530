/** What a sitemap or an `llms.txt` lists. */
import { gunzipSync } from "node:zlib"

export interface Listed {
  readonly pages: ReadonlyArray<string>
  /** Further sitemaps. */
  readonly sitemaps: ReadonlyArray<string>
}

const largestUnpacked = 16 * 1024 * 1024

const locationsOf = (entries: unknown): ReadonlyArray<string> =>
  (Array.isArray(entries) ? entries : [])
    .map((entry) => (entry as { readonly loc?: unknown } | null)?.loc)
    .filter((location) => typeof location === "string")

/** The text of a sitemap, packed or not. Throws when it unpacks to more than 16 MiB. */
const textOf = (bytes: Uint8Array): string => {
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b
  return new TextDecoder().decode(packed ? gunzipSync(bytes, { maxOutputLength: largestUnpacked }) : bytes)
}

/** A sitemap, an index of sitemaps, or a plain list of addresses. Throws when it is none of them. */
export const read = async (bytes: Uint8Array): Promise<Listed> => {
  const text = textOf(bytes)
  if (/^\s*https?:/.test(text)) return { pages: text.split(/\s+/).filter((line) => line !== ""), sitemaps: [] }
  const { XMLParser } = await import("fast-xml-parser")
  const parser = new XMLParser({
    removeNSPrefix: true,
    parseTagValue: false,
    isArray: (name) => name === "url" || name === "sitemap"
  })
  const { sitemapindex, urlset } = parser.parse(text)
  if (urlset === undefined && sitemapindex === undefined) throw new Error("it is no sitemap")
  return { pages: locationsOf(urlset?.url), sitemaps: locationsOf(sitemapindex?.sitemap) }
}

/** The links of an `llms.txt`, which is Markdown. */
export const linksOf = (markdown: string, base: string): ReadonlyArray<string> =>
  Array.from(markdown.matchAll(/\]\(\s*<?([^\s)>]+)/g), ([, link = ""]) => URL.parse(link, base)?.href).filter(
    (link) => link !== undefined
  )
