/** Documentation as it travels: chunks of one document, in order, under the document's id. */
import { Schema } from "effect"

/** A section of a document: the unit of retrieval. */
export const Chunk = Schema.Struct({
  /** Stable while the section keeps its place: `<documentId>#<ordinal>`. */
  id: Schema.NonEmptyString,
  ordinal: Schema.Int,
  /** Headings from the outermost to the section's own, joined by " › ". */
  title: Schema.String,
  text: Schema.String,
  url: Schema.String
})
export type Chunk = typeof Chunk.Type

/** Where a document was said: only who reads that channel may be shown it. */
export const DocumentPlace = Schema.Struct({
  serverId: Schema.NonEmptyString,
  channelId: Schema.NonEmptyString,
  threadId: Schema.optionalKey(Schema.NonEmptyString),
  /** The message it stands on. */
  messageId: Schema.NonEmptyString
})
export type DocumentPlace = typeof DocumentPlace.Type

/** A record of `document-chunks`. Records of one document are in order. */
export const DocumentRecord = Schema.Union([
  Schema.Struct({
    type: Schema.Literal("chunk"),
    documentId: Schema.NonEmptyString,
    /** The folder, file or site it came from. */
    source: Schema.NonEmptyString,
    /** Hash of the whole document: when the chunk with `ordinal = total - 1` is in, chunks of other versions are removed. */
    version: Schema.NonEmptyString,
    total: Schema.Int,
    chunk: Chunk,
    /** Absent for documentation, which everyone may see. */
    place: Schema.optionalKey(DocumentPlace)
  }),
  Schema.Struct({
    type: Schema.Literal("removed"),
    documentId: Schema.NonEmptyString,
    source: Schema.NonEmptyString
  })
])
export type DocumentRecord = typeof DocumentRecord.Type
