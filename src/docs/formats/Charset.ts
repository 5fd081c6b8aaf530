/** Bytes of a page to its text, by byte order mark, the server's word, or the page's own. Pure. */

const marks: ReadonlyArray<readonly [ReadonlyArray<number>, string]> = [
  [[0xef, 0xbb, 0xbf], "utf-8"],
  [[0xfe, 0xff], "utf-16be"],
  [[0xff, 0xfe], "utf-16le"]
]

const byMark = (bytes: Uint8Array): string | undefined =>
  marks.find(([mark]) => mark.every((byte, i) => bytes[i] === byte))?.[1]

const byHeader = (contentType: string | undefined): string | undefined =>
  /charset\s*=\s*"?([\w.:-]+)/i.exec(contentType ?? "")?.[1]

/** Where browsers look for it: in the first 1,024 bytes. */
const byPage = (bytes: Uint8Array): string | undefined => {
  const head = String.fromCharCode(...bytes.subarray(0, 1024))
  return (
    /<meta[^>]*?charset\s*=\s*["']?\s*([\w.:-]+)/i.exec(head) ??
    /^<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)/i.exec(head)
  )?.[1]
}

const decodeAs = (bytes: Uint8Array, charset: string): string | undefined => {
  try {
    const text = new TextDecoder(charset, { fatal: true }).decode(bytes)
    return text.includes("\0") ? undefined : text
  } catch {
    return undefined
  }
}

/** The text in the first encoding that fits, or what they were said to be and are not. */
export const decode = (
  bytes: Uint8Array,
  contentType?: string
): { readonly text: string } | { readonly expected: string } => {
  const said = [byMark(bytes), byHeader(contentType), byPage(bytes)].filter((charset) => charset !== undefined)
  for (const charset of [...said, "utf-8"]) {
    const text = decodeAs(bytes, charset)
    if (text !== undefined) return { text }
  }
  return { expected: said[0]?.toUpperCase() ?? "UTF-8" }
}
