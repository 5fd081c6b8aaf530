/**
 * What is known: every section of documentation and every window of chat, their text index, and which passages still
 * wait for a vector. The truth; the vector store can be rebuilt from it.
 *
 * A *chunk* is what is found: a section of a document, or up to 8 consecutive messages of a channel. A *passage* is
 * what is embedded and quoted: about 110 words of a section, or one message.
 */
import { Context, type Effect, Schema, type Stream } from "effect"
import type { ChatEvent } from "../domain/ChatMessage.ts"
import type { DocumentRecord } from "../domain/Document.ts"

export class PassagesError extends Schema.TaggedError<PassagesError>()("PassagesError", {
  reason: Schema.Literals(["full", "failed"]),
  detail: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message() {
    return this.detail
  }
  get retryable(): boolean {
    return true
  }
}

export interface Passage {
  readonly id: string
  readonly chunkId: string
  /** Position in its chunk; messages that were deleted leave gaps. */
  readonly ordinal: number
  readonly text: string
  /** The message it is, for chat. */
  readonly messageId: string | null
  readonly authorId: string | null
  readonly authorName: string | null
  /** The message's own link, or the section's. */
  readonly url: string
}

export interface Chunk {
  readonly id: string
  readonly kind: "document" | "chat"
  /** Headings of a section; names of those who speak in a window. */
  readonly title: string
  /** Of a window: its messages, one below the other. */
  readonly text: string
  readonly url: string
  readonly serverId: string | null
  readonly channelId: string | null
  readonly threadId: string | null
  readonly documentId: string | null
  /** When a section last changed here, or the newest edit of a window, in milliseconds since the epoch. */
  readonly editedAt: number
  readonly passages: ReadonlyArray<Passage>
}

/** A row of the text index that matched. */
export interface TextHit {
  readonly chunkId: string
  /** The text that matched: a passage of a section, or a whole window of chat. */
  readonly text: string
  /** `-bm25`, so higher is better; above 0. */
  readonly score: number
}

/** A passage that waits for its vector. */
export interface Unembedded {
  readonly passage: Passage
  /** Embedded before the text; empty for chat. */
  readonly title: string
  readonly kind: "document" | "chat"
  readonly serverId: string | null
  readonly channelId: string | null
}

export interface PassageCounts {
  readonly documents: number
  readonly chunks: number
  readonly passages: number
  readonly messages: number
}

export class Passages extends Context.Service<
  Passages,
  {
    /**
     * Applies chat events in order, in one transaction. Idempotent: a deleted message stays deleted, and an older edit
     * never replaces a newer one, however often the log repeats itself. Messages of programs, questions to the bot and
     * empty messages say nothing that answers anybody, and are left out.
     */
    applyChat(events: ReadonlyArray<ChatEvent>): Effect.Effect<void, PassagesError>
    /**
     * Applies document records in order, in one transaction. Idempotent. What a vector is made of is title and text, so
     * passages where neither changed keep theirs, also when they move; the same words twice in a document are found once.
     */
    applyDocuments(records: ReadonlyArray<DocumentRecord>): Effect.Effect<void, PassagesError>
    /**
     * Rows of the text index that have any of the terms, best first. Only documents and these channels of one server
     * are looked at, so what an audience may not read takes no place. Any text is a term.
     */
    searchText(options: {
      readonly terms: ReadonlyArray<string>
      readonly limit: number
      readonly serverId: string
      readonly channelIds: ReadonlySet<string>
    }): Effect.Effect<ReadonlyArray<TextHit>, PassagesError>
    /** In the order of the ids, each once; unknown ids are left out. */
    chunks(ids: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Chunk>, PassagesError>
    /** The chunks that hold these passages, in the order of the passages, each once. */
    chunksOfPassages(passageIds: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Chunk>, PassagesError>
    /** In how many rows of the text index a term occurs, and how many rows there are. */
    documentFrequency(
      terms: ReadonlyArray<string>
    ): Effect.Effect<{ readonly rows: number; readonly frequency: ReadonlyMap<string, number> }, PassagesError>
    /**
     * The oldest passages without a vector in this index. Two indexes are kept apart at a time: those that marked last;
     * a third one takes the place of the older.
     */
    unembedded(index: string, limit: number): Effect.Effect<ReadonlyArray<Unembedded>, PassagesError>
    countUnembedded(index: string): Effect.Effect<number, PassagesError>
    /** Passages that went meanwhile become orphans, since their vectors are there now. */
    markEmbedded(index: string, passageIds: ReadonlyArray<string>): Effect.Effect<void, PassagesError>
    /** Makes every passage wait for a vector again: the vectors of the index were lost, replaced or given up. */
    forgetVectors(index: string): Effect.Effect<void, PassagesError>
    /** Vectors of any index whose passage is gone, oldest first, with the collection's server (`null` for documents). */
    orphans(
      limit: number
    ): Effect.Effect<ReadonlyArray<{ readonly passageId: string; readonly serverId: string | null }>, PassagesError>
    /** To be called once the vectors are deleted: passages that came back meanwhile wait for a vector again. */
    forgetOrphans(passageIds: ReadonlyArray<string>): Effect.Effect<void, PassagesError>
    /** Leaves no trace of removed words in the file, in the text index neither; takes time, so not after each removal. */
    readonly scrub: Effect.Effect<void, PassagesError>
    readonly counts: Effect.Effect<PassageCounts, PassagesError>
    /** Ticks when passages were added or removed; a reader that is busy sees one tick for many changes. */
    readonly changes: Stream.Stream<void>
  }
>()("rtfm/knowledge/Passages") {}
