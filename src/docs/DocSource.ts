/** Documentation as it lies in a folder, and as the documents that are published from it. */
import { Effect, FileSystem, Path, type PlatformError, Schema } from "effect"
import type { Chunk } from "../domain/Document.ts"
import * as Markdown from "./Markdown.ts"

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
  readonly text: string
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

const extensions: ReadonlyArray<string> = [".md", ".markdown", ".mdx", ".txt"]
const largest = 2 * 1024 * 1024
const ignored = (name: string): boolean => name.startsWith(".") || name === "node_modules"

const extensionOf = (path: string): string => /\.[^./]+$/.exec(path)?.[0].toLowerCase() ?? ""

export const documentId = (source: string, path: string): string => `${source}/${path}`

// Files

const because = (error: PlatformError.PlatformError): string =>
  error.reason._tag === "PermissionDenied" ? "may not be read" : `cannot be read: ${error.reason.message}`

const readFile = Effect.fnUntraced(function* (file: string, path: string) {
  const fs = yield* FileSystem.FileSystem
  const left = (reason: string): DocProblem => ({ path, reason })
  const { size } = yield* fs.stat(file)
  if (size > largest) return left("is larger than 2 MiB")
  const bytes = yield* fs.readFile(file)
  return yield* Effect.try((): DocFile => ({
    path,
    text: new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  })).pipe(
    Effect.filterOrFail((read) => !read.text.includes("\0")),
    Effect.orElseSucceed(() => left("is not UTF-8 text"))
  )
})

/** Paths of the files below a folder. Links are followed, each folder is entered once. */
const walk = Effect.fnUntraced(function* (root: string) {
  const fs = yield* FileSystem.FileSystem
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
      if (type === "Directory") yield* enter(path)
      else if (type === "File" && extensions.includes(extensionOf(path))) found.push(path)
    }).pipe(
      Effect.catch((error) => {
        problems.push({ path, reason: because(error) })
        return Effect.void
      })
    )
  yield* enter("")
  return { found: found.sort(), problems }
})

const isFile = (read: DocFile | DocProblem): read is DocFile => "text" in read

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
  if (type !== "Directory" && !extensions.includes(extensionOf(absolute))) {
    return yield* fail("unsupported", `${absolute} is not one of ${extensions.join(", ")}`)
  }
  const root = type === "Directory" ? absolute : dirname(absolute)
  const listed =
    type === "Directory"
      ? yield* walk(root).pipe(Effect.mapError((error) => fail("unreadable", `${absolute} ${because(error)}`)))
      : { found: [basename(absolute)], problems: [] }
  const all = yield* Effect.forEach(
    listed.found,
    (path) =>
      readFile(`${root}/${path}`, path).pipe(Effect.catch((error) => Effect.succeed({ path, reason: because(error) }))),
    { concurrency: 8 }
  )
  return {
    source: options.name ?? (basename(root) || "root"),
    origin: root,
    files: all.filter(isFile),
    problems: [...listed.problems, ...all.flatMap((read) => (isFile(read) ? [] : [read]))],
    complete: type === "Directory"
  } satisfies DocFiles
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
  return { page, section: (slug: string) => (slug === "" ? page : page + anchor + encodeURIComponent(slug)) }
}

/** What a file is called when it has no title: an index is called as its folder. */
const nameOf = (source: string, path: string): string => {
  const [file = "", folder = source] = path.split("/").toReversed()
  const name = file.replace(/\.[^.]+$/, "")
  return /^(?:index|readme)$/i.test(name) ? folder : name
}

const pageOf = ({ path, text }: DocFile): Markdown.Page => {
  const extension = extensionOf(path)
  if (extension !== ".txt") return Markdown.parse(text, { mdx: extension === ".mdx" })
  const plain = text
    .replace(/^\uFEFF/, "")
    .replace(/\r\n?/g, "\n")
    .trim()
  return { title: undefined, frontMatter: {}, sections: plain === "" ? [] : [{ headings: [], slug: "", text: plain }] }
}

/** The document in a file. Titles of its chunks begin with its own. Readers find it below `baseUrl`, if given. */
export const documentFrom = (source: string, file: DocFile, baseUrl?: string): Document => {
  const id = documentId(source, file.path)
  const page = pageOf(file)
  const title = page.title ?? nameOf(source, file.path)
  const address = addressOf(id, file.path, page.frontMatter["url"], baseUrl)
  const chunks = page.sections.map(({ headings, slug, text }, ordinal): Chunk => {
    const below = headings[0] === title ? headings.slice(1) : headings
    return { id: `${id}#${ordinal}`, ordinal, title: [title, ...below].join(" › "), text, url: address.section(slug) }
  })
  return { id, path: file.path, title, url: address.page, chunks }
}
