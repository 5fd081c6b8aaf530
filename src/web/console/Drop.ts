/** Files that were dropped or chosen, read as documents of a source; what cannot be read is named with the reason. */
import * as Formats from "../../docs/formats/Formats.ts"
import { texts } from "./texts.ts"

export interface Found {
  readonly path: string
  readonly file: File
}

export interface LeftOut {
  readonly path: string
  readonly reason: string
}

export interface Read {
  /** Of the folder, or of the file. */
  readonly source: string
  readonly found: ReadonlyArray<Found>
  readonly leftOut: ReadonlyArray<LeftOut>
}

/** As `rtfm ingest` goes through a folder: nothing hidden, nothing that others brought along. */
const isIgnored = (name: string): boolean => name.startsWith(".") || name === "node_modules"

/** Without its first folder, which is the source. */
const below = (path: string): string => path.replace(/^[^/]*\//, "")

export const fromDrop = async (items: DataTransferItemList): Promise<ReadonlyArray<Found>> => {
  // The list is empty after the first wait.
  const entries = [...items].flatMap((item) => item.webkitGetAsEntry() ?? [])
  return (await Promise.all(entries.map((entry) => filesIn(entry, entry.name)))).flat()
}

export const fromPicker = (files: FileList): ReadonlyArray<Found> =>
  [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }))

const filesIn = async (entry: FileSystemEntry, path: string): Promise<ReadonlyArray<Found>> => {
  if (isIgnored(entry.name)) return []
  if (isFile(entry)) return [{ path, file: await new Promise<File>((done, fail) => entry.file(done, fail)) }]
  if (!isFolder(entry)) return []
  const inside = await entriesOf(entry)
  return (await Promise.all(inside.map((one) => filesIn(one, `${path}/${one.name}`)))).flat()
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory

/** A browser hands them out in parts. */
const entriesOf = async (folder: FileSystemDirectoryEntry): Promise<ReadonlyArray<FileSystemEntry>> => {
  const reader = folder.createReader()
  const all: Array<FileSystemEntry> = []
  while (true) {
    const part = await new Promise<ReadonlyArray<FileSystemEntry>>((done, fail) => reader.readEntries(done, fail))
    if (part.length === 0) return all
    all.push(...part)
  }
}

/** Sorted into sources: each folder is one, single files are one together. */
export const sorted = (files: ReadonlyArray<Found>): ReadonlyArray<Read> =>
  [...Map.groupBy(files, sourceOf)].map(([source, all]) => {
    const inside = all
      .map(({ file, path }) => ({ file, path: path.includes("/") ? below(path) : path }))
      .filter(({ path }) => !path.split("/").some(isIgnored))
      .toSorted((one, other) => (one.path < other.path ? -1 : 1))
    return {
      source,
      found: inside.filter((found) => whyNot(found) === undefined),
      leftOut: inside.flatMap((found) => {
        const reason = whyNot(found)
        return reason === undefined ? [] : [{ path: found.path, reason }]
      })
    }
  })

const sourceOf = ({ path }: Found): string => (path.includes("/") ? path.split("/")[0]! : texts.drop.files)

const whyNot = ({ file, path }: Found): string | undefined => {
  const format = Formats.byName(path)
  if (format === undefined) return texts.drop.kind
  const most = Math.min(format.largest, largest)
  return file.size > most ? texts.drop.large(Formats.inMebibytes(most)) : undefined
}

const mebibyte = 1024 * 1024
/** Bytes of one request; the server takes 32 MiB, and text grows when it is written as JSON, bytes by a third. */
const atOnce = 8 * mebibyte
/** A file goes in one request. */
const largest = 20 * mebibyte
/** Documents of one request, so that the progress moves. */
const mostAtOnce = 50

/** In parts small enough to be sent. */
export const inParts = (found: ReadonlyArray<Found>): ReadonlyArray<ReadonlyArray<Found>> => {
  const parts: Array<Array<Found>> = []
  let bytes = 0
  for (const one of found) {
    const part = parts.at(-1)
    if (part === undefined || bytes + one.file.size > atOnce || part.length >= mostAtOnce) {
      parts.push([one])
      bytes = one.file.size
    } else {
      part.push(one)
      bytes += one.file.size
    }
  }
  return parts
}

const utf8 = new TextDecoder("utf-8", { fatal: true })

interface Sent {
  readonly path: string
  readonly text?: string
  /** In Base64; the server makes text of it. */
  readonly bytes?: string
}

const isText = (path: string): boolean => ["markdown", "text"].includes(Formats.byName(path)?.kind ?? "")

/** `undefined` when it should be text and is none. */
export const documentOf = async ({ file, path }: Found): Promise<Sent | undefined> => {
  if (!isText(path)) return { path, bytes: await base64Of(file) }
  try {
    return { path, text: utf8.decode(await file.arrayBuffer()) }
  } catch {
    return undefined
  }
}

/** Characters made of bytes at once: each is an argument of a call. */
const bytesAtOnce = 8192

const base64Of = async (file: File): Promise<string> => {
  const bytes = new Uint8Array(await file.arrayBuffer())
  const parts: Array<string> = []
  for (let at = 0; at < bytes.length; at += bytesAtOnce)
    parts.push(String.fromCharCode(...bytes.subarray(at, at + bytesAtOnce)))
  return btoa(parts.join(""))
}
