/** What is known, over HTTP: documentation is added, read and searched. */
import { Effect, Option } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Ingester } from "../actors/Ingester.ts"
import { type Reading, Refresher } from "../actors/Refresher.ts"
import { Chat } from "../chat/Chat.ts"
import { defaultChannelId, LocalChat } from "../chat/LocalChat.ts"
import { Passages } from "../knowledge/Passages.ts"
import { Converter } from "../docs/formats/Converter.ts"
import * as DocSource from "../docs/DocSource.ts"
import { Documents, type DocumentsError, type Source } from "../docs/Documents.ts"
import { type Found, Retriever } from "../knowledge/Retriever.ts"
import { Api } from "./Api.ts"
import { isOwner } from "./Closed.ts"
import { Invalid, NotFound, ofBroker, ofChat, ofPassages, Unavailable } from "./Problem.ts"

const foundAtOnce = 10

const noDocument = new NotFound({ detail: "There is no document with this id" })
const noChannel = new NotFound({ detail: "There is no channel of the local chat with this id" })

const ofDocuments = ({ detail, reason }: DocumentsError): Effect.Effect<never, Invalid | Unavailable> =>
  Effect.fail(reason === "taken" ? new Invalid({ detail }) : new Unavailable({ detail }))

/** What is there without having been sent with this request stays as it was ingested before. */
const notSent = (documents: ReadonlyArray<{ readonly path: string }>, present: ReadonlyArray<string>) => {
  const sent = new Set(documents.map(({ path }) => path))
  return present.filter((path) => !sent.has(path)).map((path) => ({ path, reason: "was sent before" }))
}

interface Sent extends Omit<DocSource.DocFile, "text"> {
  readonly text?: string
  readonly bytes?: Uint8Array
}

/** What is neither text nor bytes has no text. */
const fileOf = ({ bytes, text, ...sent }: Sent) =>
  text !== undefined || bytes === undefined
    ? Effect.succeed({ ...sent, text: text ?? "" })
    : Effect.map(DocSource.fromBytes(sent.path, bytes), (file) => file && { ...file, ...sent })

/** The files that were sent, and those of them that cannot be read. */
const read = Effect.fnUntraced(function* (documents: ReadonlyArray<Sent>) {
  const all = (yield* Effect.forEach(documents, fileOf)).filter((file) => file !== undefined)
  return {
    files: all.filter(DocSource.isFile),
    problems: all.flatMap((file) => (DocSource.isFile(file) ? [] : [file]))
  }
})

const notOwner = new Invalid({
  detail: "Only `rtfm ingest`, run where DATA_DIR can be read, names a folder that is read again: leave out `kind`"
})

const noSource = new NotFound({ detail: "There is no source with this name" })

const toReading = ({ done, error, report, state, total }: Reading) => ({ state, done, total, report, error })

const startedOf = (reading: Reading) => ({ source: reading.source, reading: toReading(reading) })

const toSourceState = ({ documents, place, problems, refreshedAt, source }: Source, reading: Reading | undefined) => ({
  source,
  kind: place.kind ?? null,
  origin: place.origin ?? null,
  documents: documents.length,
  refreshedAt,
  problems,
  reading: reading === undefined ? null : toReading(reading)
})

/** A source that nothing was read of yet. */
const toNewSource = (reading: Reading) => ({
  source: reading.source,
  kind: reading.place?.kind ?? null,
  origin: reading.place?.origin ?? null,
  documents: 0,
  refreshedAt: null,
  problems: [],
  reading: toReading(reading)
})

const toFound = ({ chunk, score, signals }: Found) => ({
  chunkId: chunk.id,
  kind: chunk.kind,
  title: chunk.title,
  text: chunk.text,
  url: chunk.url,
  score,
  signals: { ...signals }
})

export const layer = HttpApiBuilder.group(
  Api,
  "knowledge",
  Effect.fnUntraced(function* (handlers) {
    const documents = yield* Documents
    const converter = yield* Converter
    const ingester = yield* Ingester
    const refresher = yield* Refresher
    const passages = yield* Passages
    const retriever = yield* Retriever
    const localChat = yield* LocalChat
    const chat = yield* Chat

    /** Callers of the API see what the local chat sees, whatever else the bot can read. */
    const audienceOf = Effect.fnUntraced(function* (channelId: string) {
      const channels = yield* localChat.channels
      if (!channels.some(({ id }) => id === channelId)) return yield* noChannel
      return yield* chat.audience(channelId)
    })

    return handlers.handleAll({
      documents: () => documents.list.pipe(Effect.catchTag("DocumentsError", ofDocuments)),

      document: Effect.fnUntraced(
        function* ({ params: { id } }) {
          const document = Option.getOrUndefined(yield* documents.get(id))
          if (document === undefined) return yield* noDocument
          const ids = Array.from({ length: document.chunks }, (_, ordinal) => `${id}#${ordinal}`)
          const chunks = new Map((yield* passages.chunks(ids)).map((chunk) => [chunk.id, chunk]))
          const sections = ids.map((id) => chunks.get(id)).filter((chunk) => chunk !== undefined)
          return {
            id,
            title: document.title,
            sections: sections.map(({ id, text, title, url }) => ({ id, text, title, url }))
          }
        },
        Effect.catchTags({ DocumentsError: ofDocuments, PassagesError: ofPassages })
      ),

      ingest: Effect.fnUntraced(
        function* ({ payload: { documents: sent, present = [], problems: left, ...payload } }) {
          // A folder that is named here is read again later with all the rights of this process.
          if (payload.kind !== undefined && !(yield* isOwner)) return yield* notOwner
          const { files, problems } = yield* Effect.provideService(read(sent), Converter, converter)
          const others = notSent(sent, present)
          const report = yield* ingester.ingest({ ...payload, files, problems: [...problems, ...others] })
          if (left !== undefined) yield* documents.rememberProblems(payload.source, [...left, ...problems])
          return { ...report, problems }
        },
        Effect.catchTags({ BrokerError: ofBroker, DocumentsError: ofDocuments })
      ),

      sources: Effect.fnUntraced(
        function* () {
          const readings = new Map(yield* refresher.readings)
          const known = (yield* documents.list).map((source) => toSourceState(source, readings.get(source.source)))
          for (const { source } of known) readings.delete(source)
          return [...known, ...[...readings.values()].map(toNewSource)]
        },
        Effect.catchTag("DocumentsError", ofDocuments)
      ),

      addSource: ({ payload: { address, name } }) => Effect.map(refresher.add(address, name), startedOf),

      refreshSource: Effect.fnUntraced(
        function* ({ params: { source } }) {
          const reading = yield* refresher.refresh(source)
          return reading === undefined ? yield* noSource : startedOf(reading)
        },
        Effect.catchTag("DocumentsError", ofDocuments)
      ),

      removeSource: Effect.fnUntraced(
        function* ({ params: { source } }) {
          const report = yield* refresher.remove(source)
          return report === undefined ? yield* noSource : report
        },
        Effect.catchTags({ BrokerError: ofBroker, DocumentsError: ofDocuments })
      ),

      search: Effect.fnUntraced(
        function* ({ query: { channelId = defaultChannelId, limit = foundAtOnce, q } }) {
          const audience = yield* audienceOf(channelId)
          const { found, grounds, vector } = yield* retriever.retrieve(q, audience, { limit })
          return { grounds, vectors: vector !== null, found: found.map(toFound) }
        },
        Effect.catchTags({ ChatError: ofChat, PassagesError: ofPassages })
      )
    })
  })
)
