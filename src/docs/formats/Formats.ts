/** The kinds of documents that are read, told by the ending of a name or by a media type, and how large each may be. Pure. */

/** `data` may be an OpenAPI document; other JSON and YAML is none of ours. */
export type Kind = "markdown" | "text" | "html" | "pdf" | "data"

export interface Format {
  readonly kind: Kind
  /** In bytes. */
  readonly largest: number
}

const mebibyte = 1024 * 1024

const formats: Readonly<Record<Kind, Format>> = {
  markdown: { kind: "markdown", largest: 2 * mebibyte },
  text: { kind: "text", largest: 2 * mebibyte },
  html: { kind: "html", largest: 4 * mebibyte },
  pdf: { kind: "pdf", largest: 32 * mebibyte },
  data: { kind: "data", largest: 4 * mebibyte }
}

const endings: Readonly<Record<string, Kind>> = {
  ".md": "markdown",
  ".markdown": "markdown",
  ".mdx": "markdown",
  ".txt": "text",
  ".text": "text",
  ".rst": "text",
  ".adoc": "text",
  ".html": "html",
  ".htm": "html",
  ".xhtml": "html",
  ".pdf": "pdf",
  ".json": "data",
  ".yaml": "data",
  ".yml": "data"
}

const mediaTypes: Readonly<Record<string, Kind>> = {
  "text/markdown": "markdown",
  "text/x-markdown": "markdown",
  "text/plain": "text",
  "text/html": "html",
  "application/xhtml+xml": "html",
  "application/pdf": "pdf",
  "application/json": "data",
  "application/yaml": "data",
  "application/x-yaml": "data",
  "text/yaml": "data",
  "application/openapi+json": "data",
  "application/openapi+yaml": "data",
  "application/vnd.oai.openapi": "data",
  "application/vnd.oai.openapi+json": "data"
}

export const largestOfAll = Math.max(...Object.values(formats).map(({ largest }) => largest))

export const extensions: ReadonlyArray<string> = Object.keys(endings)

export const extensionOf = (path: string): string => /\.[^./]+$/.exec(path)?.[0].toLowerCase() ?? ""

const formatOf = (kind: Kind | undefined): Format | undefined => (kind === undefined ? undefined : formats[kind])

export const byName = (path: string): Format | undefined => formatOf(endings[extensionOf(path)])

/** What a server says, unless that is so little that the address tells more. */
export const byType = (contentType: string | undefined, path: string): Format | undefined => {
  const type = contentType?.split(";")[0]?.trim().toLowerCase() ?? ""
  if (["", "text/plain", "application/octet-stream", "binary/octet-stream"].includes(type)) {
    return byName(path) ?? formatOf(mediaTypes[type])
  }
  return formatOf(mediaTypes[type])
}

/** `2 MiB`. */
export const inMebibytes = (bytes: number): string => `${Math.round(bytes / mebibyte)} MiB`
