/** discord-messages → files, document-chunks. Files of messages are kept where a store is set, and go when their messages go. */
import { Effect, Option, Result, Stream } from "effect"
import { Broker } from "../broker/Broker.ts"
import { record } from "../broker/Records.ts"
import { Attachments } from "../chat/Attachments.ts"
import { documentFrom, documentId } from "../docs/DocSource.ts"
import type { ChatEvent, ChatMessage } from "../domain/ChatMessage.ts"
import type { DocumentRecord } from "../domain/Document.ts"
import * as Topics from "../domain/Topics.ts"
import * as Archive from "../files/Archive.ts"
import { joined } from "../files/Bytes.ts"
import { FileStore } from "../files/FileStore.ts"
import { Kept, type KeptFile } from "../files/Kept.ts"
import * as Actor from "./Actor.ts"

/** Files on their way at the same time. */
const concurrency = 2
/** About half a minute of waiting. */
const attempts = 8
/** Longer texts are kept and not indexed, in bytes. */
const longestText = 1_000_000

/** The source of documents that were files on messages. */
const source = "files"

const isIndexed = ({ size, type }: KeptFile): boolean => type.startsWith("text/") && size <= longestText

const decode = (bytes: Uint8Array): Result.Result<string, unknown> =>
  Result.try(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes))

const removalOf = ({ key }: KeptFile): DocumentRecord => ({
  type: "removed",
  documentId: documentId(source, key),
  source
})

/** Its sections, which stand where the message stands and are found there. */
const recordsOf = (file: KeptFile, text: string, { url }: ChatMessage): ReadonlyArray<DocumentRecord> => {
  const { channelId, key, messageId, name, serverId, sha256, threadId } = file
  const format = /\.(?:md|markdown)$/i.test(name) ? "markdown" : "text"
  const { chunks, id } = documentFrom(source, { path: key, text, format, title: name, url })
  const place = { serverId, channelId, messageId, ...(threadId !== null && { threadId }) }
  return chunks.map((chunk) => ({
    type: "chunk",
    documentId: id,
    source,
    version: sha256 ?? id,
    total: chunks.length,
    chunk: { ...chunk, url },
    place
  }))
}

const arrivingOn = ({ author, channelId, files = [], id, serverId, threadId }: ChatMessage) =>
  files.map((file): Archive.Arriving => ({
    serverId,
    channelId,
    threadId: threadId ?? null,
    messageId: id,
    authorId: author.id,
    fileId: file.id,
    name: file.name,
    size: file.size
  }))

const make = Effect.gen(function* () {
  const broker = yield* Broker
  const attachments = yield* Attachments
  const store = yield* FileStore
  const kept = yield* Kept
  const archive = yield* Archive.make

  // Written at once and not with the record that is done: what is said of one document stays in order that way.
  const tell = (records: ReadonlyArray<DocumentRecord>) =>
    records.length === 0
      ? Effect.void
      : Effect.asVoid(broker.publish(records.map((each) => record(Topics.documentChunks, each))))

  const index = Effect.fnUntraced(function* (file: KeptFile, message: ChatMessage) {
    if (!isIndexed(file)) return
    const text = decode(joined(yield* Stream.runCollect(store.get(file.key))))
    if (Result.isSuccess(text)) yield* tell(recordsOf(file, text.success, message))
  })

  const fetchFile = Effect.fnUntraced(function* (file: Archive.Arriving, others: ReadonlyArray<Archive.Arriving>) {
    const tooLarge = archive.tooLarge(file)
    if (tooLarge !== undefined) return yield* archive.left(tooLarge)
    const { channelId, fileId, messageId, threadId } = file
    const content = yield* attachments.open({ channelId: threadId ?? channelId, messageId, fileId })
    if (content === undefined) return yield* archive.left("it is gone")
    return yield* archive.keep(file, Archive.keyOf(file, others), content)
  }, Effect.scoped)

  const remove = Effect.fnUntraced(function* (files: ReadonlyArray<KeptFile>) {
    if (files.length === 0) return
    yield* tell(files.filter(isIndexed).map(removalOf))
    yield* store.remove(files.map(({ key }) => key))
    yield* kept.forget(files)
  })

  const take = Effect.fnUntraced(function* (message: ChatMessage, edited: boolean) {
    const arriving = message.author.bot ? [] : arrivingOn(message)
    // A message that was never edited, and has no files, is nearly every message.
    if (arriving.length === 0 && !edited) return
    const known = yield* kept.ofMessages([message.id])
    yield* remove(known.filter(({ fileId }) => !arriving.some((file) => file.fileId === fileId)))
    for (const file of arriving) {
      const before = known.find(({ fileId, sha256 }) => fileId === file.fileId && sha256 !== null)
      if (before !== undefined && edited) continue
      const outcome = before === undefined ? yield* fetchFile(file, arriving) : { type: "kept" as const, file: before }
      if (outcome.type === "kept") yield* index(outcome.file, message)
      else yield* Effect.logInfo(`a file of message ${message.id} is not kept: ${outcome.why}`)
    }
  })

  const handle = Effect.fnUntraced(function* (event: ChatEvent) {
    if (event.type === "deleted") yield* remove(yield* kept.ofMessages(event.messageIds))
    else if (event.type === "removed") yield* remove(yield* kept.in(event))
    else yield* take(event.message, event.type === "edited")
    return []
  })

  return yield* Actor.oneByOne({
    name: "archivist",
    from: Topics.messages,
    to: "files",
    guest: true,
    concurrency,
    attempts,
    handle
  })
})

/** None where there is no store for files, or nothing to put there. */
export const actor = Effect.gen(function* () {
  const store = yield* Effect.serviceOption(FileStore)
  const attachments = yield* Effect.serviceOption(Attachments)
  if (Option.isNone(store) || Option.isNone(attachments)) return undefined
  return yield* make.pipe(
    Effect.provideService(FileStore, store.value),
    Effect.provideService(Attachments, attachments.value)
  )
})
