/** Documentation as it lies in a folder, and as the documents that are published from it. */
import { Effect, FileSystem, Path, type PlatformError, Schema } from "effect"
import type { Chunk } from "../domain/Document.ts"
import { Converter, type ConverterError } from "./formats/Converter.ts"
import * as Formats from "./formats/Formats.ts"
import * as Markdown from "./Markdown.ts"
import * as Repository from "./Repository.ts"

export class DocSourceError extends Schema.TaggedError<DocSourceError>()("DocSourceError", {
  /** `missing`: nothing is there; `unsupported`: a file of another kind; `unreadable`: anything else. */
  reason: Schema.Literals(["missing", "unsupported", "unreadable"]),
  /** One sentence that names the place and what is wrong with it. */
  detail: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message() {
    return this.detail
  }
}

/** A file that was read. */
export interface DocFile {
  /** Below the source, with `/` on every system. */
  readonly path: string
  /** Markdown, unless it is plain text. */
  readonly text: string
  /** What the text is; by the path's ending when absent. */
  readonly format?: "markdown" | "text"
  /** What it is called when its text does not say. */
  readonly title?: string
  /** Where readers find it. */
  readonly url?: string
}

/** A file that was left out, and why. */
export interface DocProblem {
  readonly path: string
  readonly reason: string
}

export interface DocFiles {
  readonly source: string
  /** The folder it is, or that the file is in. */
  readonly origin: string
  /** In the order of their paths. */
  readonly files: ReadonlyArray<DocFile>
  readonly problems: ReadonlyArray<DocProblem>
  /** Everything of the source was looked at, so a document that is not here is gone. */
  readonly complete: boolean
}

export interface Document {
  /** `<source>/<path>`. */
  readonly id: string
  readonly path: string
  readonly title: string
  readonly url: string
  /** None when the file has no text. */
  readonly chunks: ReadonlyArray<Chunk>
}

const ignored = (name: string): boolean => name.startsWith(".") || name === "node_modules"

/** Longer texts without headings are cut between paragraphs, in characters. */
const longestPlain = 4_000

export const documentId = (source: string, path: string): string => `${source}/${path}`

// Files

const because = (error: PlatformError.PlatformError): string =>
  error.reason._tag === "PermissionDenied" ? "may not be read" : `cannot be read: ${error.reason.message}`

/** JSON and YAML lie in every folder; what is no documentation is not worth a word. */
const isForeign = (error: ConverterError): boolean => error.reason === "foreign"

const isOpenApiByName = (path: string): boolean => /openapi|swagger/i.test(path)

/** A file whose bytes are here already; `undefined` for what is none of ours. */
export const fromBytes = Effect.fn("DocSource.fromBytes")(function* (path: string, bytes: Uint8Array) {
  const left = (reason: string): DocProblem => ({ path, reason })
  const format = Formats.byName(path)
  if (format === undefined) return left(`is not one of ${Formats.extensions.join(", ")}`)
  const { kind, largest } = format
  if (bytes.length > largest) return left(`is larger than ${Formats.inMebibytes(largest)}`)
  return yield* Converter.use((converter) => converter.convert({ kind, bytes })).pipe(
    Effect.map(({ text, title }): DocFile => ({
      path,
      text,
      ...(kind !== "markdown" && kind !== "text" && { format: "markdown" }),
      ...(title !== undefined && { title })
    })),
    Effect.catch((error) => Effect.succeed(isForeign(error) ? undefined : left(error.detail)))
  )
})

/** `undefined` for what is none of ours. */
const readFile = Effect.fnUntraced(function* (file: string, path: string) {
  const fs = yield* FileSystem.FileSystem
  const { kind, largest } = Formats.byName(path)!
  const { size } = yield* fs.stat(file)
  if (size > largest) {
    return kind === "data" && !isOpenApiByName(path)
      ? undefined
      : { path, reason: `is larger than ${Formats.inMebibytes(largest)}` }
  }
  return yield* fromBytes(path, yield* fs.readFile(file))
})

/**
 * Paths of the files below a folder. Links are followed within it, each folder is entered once; what a link leads to
 * elsewhere is not shown to anybody because whoever wrote the folder asks for it.
 */
const walk = Effect.fnUntraced(function* (root: string) {
  const fs = yield* FileSystem.FileSystem
  const { sep } = yield* Path.Path
  const home = (yield* fs.realPath(root)).replace(/[/\\]$/, "") + sep
  const found: Array<string> = []
  const problems: Array<DocProblem> = []
  const entered = new Set<string>()
  const enter = (folder: string): Effect.Effect<void, PlatformError.PlatformError> =>
    Effect.gen(function* () {
      const real = yield* fs.realPath(`${root}/${folder}`)
      if (entered.has(real)) return
      entered.add(real)
      for (const name of yield* fs.readDirectory(real)) {
        if (!ignored(name)) yield* look(folder === "" ? name : `${folder}/${name}`)
      }
    })
  const look = (path: string): Effect.Effect<void> =>
    Effect.gen(function* () {
      const { type } = yield* fs.stat(`${root}/${path}`)
      if (type !== "Directory" && Formats.byName(path) === undefined) return
      if (!`${yield* fs.realPath(`${root}/${path}`)}${sep}`.startsWith(home)) {
        problems.push({ path, reason: "is a link that leads out of the folder" })
      } else if (type === "Directory") yield* enter(path)
      else if (type === "File") found.push(path)
    }).pipe(
      Effect.catch((error) => {
        problems.push({ path, reason: because(error) })
        return Effect.void
      })
    )
  yield* enter("")
  return { found: found.sort(), problems: problems.sort((a, b) => (a.path < b.path ? -1 : 1)) }
})

export const isFile = (read: DocFile | DocProblem): read is DocFile => "text" in read

/** Reads a folder with everything below it, or one file. The source is named after the folder unless `name` is given. */
export const read = Effect.fn("DocSource.read")(function* (place: string, options: { readonly name?: string } = {}) {
  const fs = yield* FileSystem.FileSystem
  const { basename, dirname, resolve } = yield* Path.Path
  const absolute = resolve(place)
  const fail = (reason: DocSourceError["reason"], detail: string) => new DocSourceError({ reason, detail })
  const { type } = yield* fs
    .stat(absolute)
    .pipe(
      Effect.mapError((error) =>
        error.reason._tag === "NotFound"
          ? fail("missing", `There is no file or folder ${absolute}`)
          : fail("unreadable", `${absolute} ${because(error)}`)
      )
    )
  if (type !== "Directory" && Formats.byName(absolute) === undefined) {
    return yield* fail("unsupported", `${absolute} is not one of ${Formats.extensions.join(", ")}`)
  }
  const root = type === "Directory" ? absolute : dirname(absolute)
  const listed =
    type === "Directory"
      ? yield* walk(root).pipe(Effect.mapError((error) => fail("unreadable", `${absolute} ${because(error)}`)))
      : { found: [basename(absolute)], problems: [] }
  const all = yield* Effect.forEach(
    listed.found,
    (path) =>
      readFile(`${root}/${path}`, path).pipe(
        Effect.catchTag("PlatformError", (error) => Effect.succeed({ path, reason: because(error) }))
      ),
    { concurrency: 8 }
  )
  const ours = all.filter((read) => read !== undefined)
  if (type !== "Directory" && ours.length === 0) {
    return yield* fail("unsupported", `${absolute} is no OpenAPI document`)
  }
  const files = ours.filter(isFile)
  return {
    source: options.name ?? (basename(root) || "root"),
    origin: root,
    files,
    problems: [...listed.problems, ...ours.flatMap((read) => (isFile(read) ? [] : [read]))],
    complete: type === "Directory"
  } satisfies DocFiles
})

/** Files that a git repository tracks are found where its readers find them, at their commit. */
export const linked = Effect.fn("DocSource.linked")(function* (read: DocFiles) {
  const repository = yield* Repository.open(read.origin)
  if (repository === undefined) return read
  const files = read.files.map((file) => {
    const url = repository.linkTo(file.path)
    return url === undefined ? file : { ...file, url }
  })
  return { ...read, files }
})

// Documents

/** A web address, or `undefined`. */
const webAddress = (url: unknown, base?: string): string | undefined => {
  const parsed = typeof url === "string" && url.trim() !== "" ? URL.parse(url, base) : null
  return parsed?.protocol === "https:" || parsed?.protocol === "http:" ? parsed.href : undefined
}

/** Where readers find a document, and one of its sections. Without an address of its own it is on the bot's page. */
const addressOf = (id: string, path: string, declared: unknown, baseUrl: string | undefined) => {
  const base = baseUrl?.replace(/\/*$/, "/")
  const below = base === undefined ? undefined : path.split("/").map(encodeURIComponent).join("/")
  const web = webAddress(declared, base) ?? webAddress(below, base)
  const page = web?.replace(/#.*$/, "") ?? `/#/documents/${encodeURIComponent(id)}`
  const anchor = web === undefined ? "/" : "#"
  return {
    page,
    section: (slug: string) => (slug === "" ? page : page + anchor + encodeURIComponent(slug).replace("%3D", "="))
  }
}

/** What a file is called when it has no title: an index is called as its folder. */
const nameOf = (source: string, path: string): string => {
  const [file = "", folder = source] = path.split("/").toReversed()
  const name = file.replace(/\.[^.]+$/, "")
  return /^(?:index|readme)$/i.test(name) ? folder : name
}

/** Paragraphs, as many together as make a section. */
const plainSections = (text: string): Markdown.Page["sections"] => {
  const parts: Array<string> = []
  for (const paragraph of text.split(/\n(?:[ \t]*\n)+/)) {
    const last = parts.at(-1)
    if (last === undefined || last.length + paragraph.length > longestPlain) parts.push(paragraph)
    else parts[parts.length - 1] = `${last}\n\n${paragraph}`
  }
  return parts.filter((part) => part.trim() !== "").map((text) => ({ headings: [], slug: "", text: text.trimEnd() }))
}

/** A section of more characters is cut into several, so that what is done with one takes no time to speak of. */
const longestSection = 32_000

/** Whole lines where there are any, else whole words. */
const partsOf = (section: Markdown.Section): ReadonlyArray<Markdown.Section> => {
  const parts: Array<Markdown.Section> = []
  let { text } = section
  while (text.length > longestSection) {
    const head = text.slice(0, longestSection)
    const ends = [head.lastIndexOf("\n"), head.lastIndexOf(" "), longestSection]
    const end = ends.find((end) => end >= longestSection / 2)
    parts.push({ ...section, text: text.slice(0, end).trimEnd() })
    text = text.slice(end).replace(/^\s*\n/, "")
  }
  return [...parts, { ...section, text }].filter(({ text }) => text.trim() !== "")
}

const pageOf = ({ format, path, text }: DocFile): Markdown.Page => {
  const isText = format === "text" || (format === undefined && Formats.byName(path)?.kind === "text")
  if (!isText) return Markdown.parse(text, { mdx: Formats.extensionOf(path) === ".mdx" })
  const plain = text
    .replace(/^\uFEFF/, "")
    .replace(/\r\n?/g, "\n")
    .trim()
  return { title: undefined, frontMatter: {}, sections: plainSections(plain) }
}

/** The document in a file. Titles of its chunks begin with its own. Readers find it below `baseUrl`, if given. */
export const documentFrom = (source: string, file: DocFile, baseUrl?: string): Document => {
  const id = documentId(source, file.path)
  const page = pageOf(file)
  const title = page.title ?? file.title ?? nameOf(source, file.path)
  const address = addressOf(id, file.path, file.url ?? page.frontMatter["url"], baseUrl)
  const chunks = page.sections.flatMap(partsOf).map(({ headings, slug, text }, ordinal): Chunk => {
    const below = headings[0] === title ? headings.slice(1) : headings
    return { id: `${id}#${ordinal}`, ordinal, title: [title, ...below].join(" › "), text, url: address.section(slug) }
  })
  return { id, path: file.path, title, url: address.page, chunks }
}
