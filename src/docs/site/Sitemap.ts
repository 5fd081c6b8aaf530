/** What a sitemap or an `llms.txt` lists. */
import { setImmediate as turn } from "node:timers/promises"
import { gunzipSync } from "node:zlib"

export interface Listed {
  readonly pages: ReadonlyArray<string>
  /** Further sitemaps. */
  readonly sitemaps: ReadonlyArray<string>
}

const largestUnpacked = 16 * 1024 * 1024

/** The text of a sitemap, packed or not. Throws when it unpacks to more than 16 MiB. */
const textOf = (bytes: Uint8Array): string => {
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b
  return new TextDecoder().decode(packed ? gunzipSync(bytes, { maxOutputLength: largestUnpacked }) : bytes)
}

/** Characters read at once: others have a turn after each, as a large sitemap takes a second in all. */
const piece = 64 * 1024

/** What is listed where, by the names of the elements that hold it. */
const listedBy = { "urlset url loc": "pages", "sitemapindex sitemap loc": "sitemaps" } as const
const roots: ReadonlySet<string | undefined> = new Set(Object.keys(listedBy).map((path) => path.split(" ")[0]))

const readXml = async (text: string): Promise<Listed> => {
  const { Parser } = await import("htmlparser2")
  const listed = { pages: new Array<string>(), sitemaps: new Array<string>() }
  const path: Array<string> = []
  let location = ""
  let isSitemap = false
  const kind = () => listedBy[path.join(" ") as keyof typeof listedBy]
  const parser = new Parser(
    {
      onopentagname: (name) => {
        path.push(name.slice(name.indexOf(":") + 1))
        location = ""
        if (path.length === 1 && roots.has(path[0])) isSitemap = true
      },
      ontext: (text) => {
        if (path.length === 3) location += text
      },
      onclosetag: () => {
        if (path.length === 3 && kind() !== undefined && location.trim() !== "") listed[kind()].push(location.trim())
        path.pop()
      }
    },
    { xmlMode: true }
  )
  for (let at = 0; at < text.length; at += piece) {
    parser.write(text.slice(at, at + piece))
    await turn()
  }
  parser.end()
  if (!isSitemap) throw new Error("it is no sitemap")
  return listed
}

/** A sitemap, an index of sitemaps, or a plain list of addresses. Throws when it is none of them. */
export const read = async (bytes: Uint8Array): Promise<Listed> => {
  const text = textOf(bytes)
  if (/^\s*https?:/.test(text)) return { pages: text.split(/\s+/).filter((line) => line !== ""), sitemaps: [] }
  return readXml(text)
}

/** The links of an `llms.txt`, which is Markdown. */
export const linksOf = (markdown: string, base: string): ReadonlyArray<string> =>
  Array.from(markdown.matchAll(/\]\(\s*<?([^\s)>]+)/g), ([, link = ""]) => URL.parse(link, base)?.href).filter(
    (link) => link !== undefined
  )
