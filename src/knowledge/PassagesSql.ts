/** Passages in SQLite: ordinary tables for what is known, FTS5 for its text index. Needs the tables of `state/Migrations`. */
import { Array as Arr, Clock, Effect, Layer, PubSub, Stream } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { createHash } from "node:crypto"
import { passagesOf } from "../domain/Chunking.ts"
import type { ChatEvent, ChatMessage } from "../domain/ChatMessage.ts"
import {
  follow,
  lanesIn,
  messageIdsIn,
  placeOf,
  placesRemovedIn,
  type Remembered,
  windowOf
} from "../domain/Conversation.ts"
import type { DocumentRecord } from "../domain/Document.ts"
import * as SqlFailure from "../state/SqlFailure.ts"
import { type Chunk, type Passage, Passages, PassagesError, type TextHit, type Unembedded } from "./Passages.ts"
import * as Solutions from "./Solutions.ts"

const explain = (what: string) =>
  Effect.mapError((cause: SqlError.SqlError) => {
    const { message, reason } = SqlFailure.from(cause)
    return new PassagesError({ reason, detail: `The passages could not ${what}: ${message}`, cause })
  })

/** Text that every store takes and gives back unchanged: no NUL, no lone surrogates. */
const clean = (text: string): string => text.toWellFormed().replaceAll("\0", "\uFFFD")

const hashLength = 22

const hash = (...parts: ReadonlyArray<string>): string =>
  createHash("sha256").update(parts.join("\0")).digest("base64url").slice(0, hashLength)

/** Changes with everything its vector is made of, so an edit never leaves the vector of the old text in use. */
const messagePassageId = (message: ChatMessage): string => `${message.id}~${hash(message.text)}`
/** That of a file on a message begins with the message's id, as the message's own does: both go with it. */
const documentPassageId = ({ documentId, place }: ChunkRecord, title: string, text: string): string => {
  const own = hash(documentId, title, text)
  return place === undefined ? own : `${place.messageId}~${own}`
}

/** Any text of users becomes words in quotes, which FTS5 takes for nothing else. */
const phrase = (term: string): string => `"${clean(term).replaceAll('"', '""')}"`

/** Pages of the text index that are merged while others wait. */
const mergedPages = 64

type ChunkRecord = DocumentRecord & { readonly type: "chunk" }

interface Window {
  readonly seq: number
  readonly title: string
  readonly text: string
  readonly url: string
  readonly editedAt: number
}

interface Said {
  readonly seq: number
  readonly old: string
  readonly text: string
  readonly author: string
  readonly url: string
  readonly editedAt: number
}

/** A window as its messages make it, in order. */
const windowFrom = (messages: Arr.NonEmptyArray<Said>): Window => ({
  seq: messages[0].seq,
  title: [...new Set(messages.map((message) => message.author))].join(", "),
  text: messages.map((message) => message.text).join("\n"),
  url: messages[0].url,
  editedAt: Math.max(...messages.map((message) => message.editedAt))
})

type ChunkRow = readonly [
  seq: number,
  id: string,
  kind: Chunk["kind"],
  title: string,
  text: string,
  url: string,
  serverId: string | null,
  channelId: string | null,
  threadId: string | null,
  documentId: string | null,
  editedAt: number
]

type PassageRow = readonly [
  chunkSeq: number,
  id: string,
  ordinal: number,
  text: string,
  messageId: string | null,
  authorId: string | null,
  authorName: string | null,
  url: string
]

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const ticks = yield* PubSub.sliding<void>({ capacity: 1, replay: 1 })
  const tick = sql.afterCommit(PubSub.publish(ticks, undefined))

  // Lists travel as one JSON parameter: one prepared statement for any number of rows.
  const run = <A extends object = never>(statement: string, ...params: ReadonlyArray<unknown>) =>
    Effect.map(
      sql.unsafe<A>(
        statement,
        params.map((param) => (Array.isArray(param) ? JSON.stringify(param) : param))
      ),
      // The driver's rows have no prototype, which makes them unequal to any other object.
      (rows): ReadonlyArray<A> => rows.map((row) => Object.assign({}, row))
    )
  /** Without the names of columns, which take longer to make than many rows to read. */
  const values = <Row extends ReadonlyArray<unknown>>(statement: string, ...params: ReadonlyArray<unknown>) =>
    sql.unsafe(
      statement,
      params.map((param) => (Array.isArray(param) ? JSON.stringify(param) : param))
    ).values as Effect.Effect<ReadonlyArray<Row>, SqlError.SqlError>
  const write = <A>(what: string, effect: Effect.Effect<A, SqlError.SqlError>) =>
    sql.withTransaction(effect).pipe(
      // A transaction that reads first could not start to write while another process does.
      Effect.provideService(SqlClient.BeginTransaction, "BEGIN IMMEDIATE"),
      explain(what)
    )

  /** Drops index rows, remembers the vectors, and removes the passages. */
  const removePassages = Effect.fnUntraced(function* (condition: string, ...params: ReadonlyArray<unknown>) {
    const gone = yield* run<{ seq: number; chunkSeq: number; id: string; messageId: string | null; embedded: number }>(
      `DELETE FROM passages WHERE ${condition}
       RETURNING seq, chunk_seq AS chunkSeq, id, message_id AS messageId, embedded`,
      ...params
    )
    if (gone.length === 0) return gone
    yield* run(
      `DELETE FROM passage_index WHERE rowid IN (SELECT 2 * value FROM json_each(?))`,
      gone.filter((passage) => passage.messageId === null).map((passage) => passage.seq)
    )
    yield* run(
      `INSERT INTO orphans (passage_id, server_id, embedded)
       SELECT value ->> 0, (SELECT server_id FROM chunks WHERE seq = value ->> 1), value ->> 2 FROM json_each(?)
       WHERE true ON CONFLICT (passage_id) DO UPDATE SET embedded = excluded.embedded`,
      gone.map((passage) => [passage.id, passage.chunkSeq, passage.embedded])
    )
    return gone
  })

  /** Adds passages, or moves them here from another chunk; what still has its vector keeps it. Gives back the new ones. */
  const addPassages = Effect.fnUntraced(function* (passages: ReadonlyArray<ReadonlyArray<string | number | null>>) {
    const ids = passages.map((passage) => passage[0])
    const known = yield* run<{ id: string }>(
      `SELECT id FROM passages WHERE id IN (SELECT value FROM json_each(?))`,
      ids
    )
    const added = yield* run<{ seq: number; id: string }>(
      `INSERT INTO passages
         (id, chunk_seq, ordinal, text, url, message_id, author_id, author_name, edited_at, embedded)
       SELECT value ->> 0, (SELECT seq FROM chunks WHERE id = value ->> 1), value ->> 2, value ->> 3, value ->> 4,
         value ->> 5, value ->> 6, value ->> 7, value ->> 8,
         coalesce((SELECT embedded FROM orphans WHERE passage_id = value ->> 0), 0)
       FROM json_each(?) WHERE true
       ON CONFLICT (id) DO UPDATE SET chunk_seq = excluded.chunk_seq, ordinal = excluded.ordinal, url = excluded.url,
         author_name = excluded.author_name, edited_at = excluded.edited_at
       RETURNING seq, id`,
      passages
    )
    yield* run(`DELETE FROM orphans WHERE passage_id IN (SELECT value FROM json_each(?))`, ids)
    const old = new Set(known.map((passage) => passage.id))
    return added.filter((passage) => !old.has(passage.id)).map((passage) => passage.seq)
  })

  // Chat

  const recall = Effect.fnUntraced(function* (events: ReadonlyArray<ChatEvent>) {
    type Row = Omit<Remembered, "deleted"> & { id: string; deleted: number }
    const columns = "id, server_id AS serverId, lane, seat, edited_at AS editedAt, deleted"
    const named = yield* run<Row>(
      `SELECT ${columns} FROM messages WHERE id IN (SELECT value FROM json_each(?))`,
      messageIdsIn(events)
    )
    const places = placesRemovedIn(events)
    const within = places.map(() => "lane = ? OR substr(lane, 1, ?) = ?").join(" OR ")
    const removed = yield* places.length === 0
      ? Effect.succeed([])
      : run<Row>(
          `SELECT ${columns} FROM messages WHERE deleted = 0 AND (${within})`,
          ...places.flatMap((place) => [place, place.length + 1, `${place}/`])
        )
    const lanes = yield* run<{ lane: string; taken: number }>(
      `SELECT lane, taken FROM lanes WHERE lane IN (SELECT value FROM json_each(?))`,
      lanesIn(events)
    )
    return {
      messages: new Map(
        [...named, ...removed].map(({ id, ...message }) => [id, { ...message, deleted: message.deleted === 1 }])
      ),
      taken: new Map(lanes.map(({ lane, taken }) => [lane, taken]))
    }
  })

  const remember = Effect.fnUntraced(function* (
    messages: ReadonlyMap<string, Remembered>,
    taken: ReadonlyMap<string, number>
  ) {
    yield* run(
      `INSERT INTO messages (id, server_id, lane, seat, edited_at, deleted)
       SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?)
       WHERE true ON CONFLICT (id) DO UPDATE SET edited_at = excluded.edited_at, deleted = excluded.deleted`,
      [...messages].map(([id, it]) => [id, it.serverId, it.lane, it.seat, it.editedAt, Number(it.deleted)])
    )
    const gone = [...messages].flatMap(([id, { deleted }]) => (deleted ? [id] : []))
    if (gone.length > 0) {
      yield* run(`DELETE FROM solutions WHERE message_id IN (SELECT value FROM json_each(?))`, gone)
    }
    yield* run(
      `INSERT INTO lanes (lane, taken) SELECT value ->> 0, value ->> 1 FROM json_each(?)
       WHERE true ON CONFLICT (lane) DO UPDATE SET taken = excluded.taken`,
      [...taken]
    )
  })

  /** Puts the messages' passages in their windows and gives back the windows, new ones without text as yet. */
  const addMessages = Effect.fnUntraced(function* (
    messages: ReadonlyArray<{ readonly message: ChatMessage; readonly window: string; readonly place: number }>
  ) {
    const windows = new Map(messages.map(({ message, window }) => [window, message]))
    yield* run(
      `INSERT INTO chunks (id, kind, title, text, url, server_id, channel_id, thread_id, edited_at)
       SELECT value ->> 0, 'chat', '', '', '', value ->> 1, value ->> 2, value ->> 3, 0 FROM json_each(?)
       WHERE true ON CONFLICT (id) DO NOTHING`,
      [...windows].map(([id, it]) => [id, it.serverId, it.channelId, it.threadId ?? null])
    )
    yield* addPassages(
      messages.map(({ message, place, window }) => [
        messagePassageId(message),
        window,
        place,
        message.text,
        message.url,
        message.id,
        message.author.id,
        message.author.name,
        message.editedAt
      ])
    )
    const seqs = yield* run<{ seq: number }>(`SELECT seq FROM chunks WHERE id IN (SELECT value FROM json_each(?))`, [
      ...windows.keys()
    ])
    return seqs.map((chunk) => chunk.seq)
  })

  /** Makes windows say what their messages say now; a window without any goes. */
  const refreshWindows = Effect.fnUntraced(function* (seqs: ReadonlyArray<number>) {
    const said = yield* run<Said>(
      `SELECT c.seq, c.text AS old, p.text, coalesce(p.author_name, '') AS author, p.url, p.edited_at AS editedAt
       FROM json_each(?) JOIN chunks c ON c.seq = value JOIN passages p ON p.chunk_seq = c.seq
       ORDER BY c.seq, p.ordinal`,
      seqs
    )
    const messages = Arr.groupBy(said, (message) => String(message.seq))
    const windows = Object.values(messages).map(windowFrom)
    const reworded = windows.filter((window) => window.text !== messages[window.seq]![0].old).map(({ seq }) => seq)
    const empty = seqs.filter((seq) => messages[seq] === undefined)
    yield* run(
      `UPDATE chunks SET title = value ->> 1, text = value ->> 2, url = value ->> 3, edited_at = value ->> 4
       FROM json_each(?) WHERE seq = value ->> 0`,
      windows.map((window) => [window.seq, window.title, window.text, window.url, window.editedAt])
    )
    yield* run(`DELETE FROM passage_index WHERE rowid IN (SELECT 2 * value + 1 FROM json_each(?))`, [
      ...reworded,
      ...empty
    ])
    yield* run(
      `INSERT INTO passage_index (rowid, title, body)
       SELECT 2 * seq + 1, '', text FROM chunks WHERE seq IN (SELECT value FROM json_each(?))`,
      reworded
    )
    yield* run(`DELETE FROM chunks WHERE seq IN (SELECT value FROM json_each(?))`, empty)
  })

  const applyChat = (events: ReadonlyArray<ChatEvent>) =>
    Effect.gen(function* () {
      const memory = yield* recall(events)
      const { messages, said, taken } = follow(memory, events)
      if (messages.size === 0) return
      yield* remember(messages, taken)
      const quotable = [...said].flatMap(([id, message]) => {
        const { lane, seat } = messages.get(id)!
        if (message === null || lane === null || seat === null) return []
        const text = clean(message.text)
        return { message: { ...message, text }, window: `chat:${lane}#${windowOf(seat)}`, place: placeOf(seat) }
      })
      const gone = yield* removePassages(
        `message_id IN (SELECT value FROM json_each(?)) AND id NOT IN (SELECT value FROM json_each(?))`,
        [...said.keys()],
        quotable.map(({ message }) => messagePassageId(message))
      )
      const touched = yield* addMessages(quotable)
      yield* refreshWindows([...new Set([...touched, ...gone.map((passage) => passage.chunkSeq)])])
      yield* tick
    }).pipe((effect) => write(`take ${events.length} chat events`, effect))

  // Documents

  const putChunk = Effect.fnUntraced(function* (record: ChunkRecord, now: number) {
    const title = clean(record.chunk.title)
    const text = clean(record.chunk.text)
    const chunks = yield* run<{ seq: number }>(
      `INSERT INTO chunks
         (id, kind, title, text, url, document_id, version, edited_at, server_id, channel_id, thread_id)
       VALUES (?, 'document', ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET title = excluded.title, text = excluded.text, url = excluded.url,
         version = excluded.version,
         edited_at = iif(chunks.title = excluded.title AND chunks.text = excluded.text, chunks.edited_at, excluded.edited_at)
       RETURNING seq`,
      record.chunk.id,
      title,
      text,
      record.chunk.url,
      record.documentId,
      record.version,
      now,
      record.place?.serverId ?? null,
      record.place?.channelId ?? null,
      record.place?.threadId ?? null
    )
    const passages = new Map(
      passagesOf(text).map((cut, ordinal) => {
        const id = documentPassageId(record, title, cut.text)
        return [id, [id, record.chunk.id, ordinal, cut.text, record.chunk.url, null, null, null, now]]
      })
    )
    yield* removePassages(`chunk_seq = ? AND id NOT IN (SELECT value FROM json_each(?))`, chunks[0]!.seq, [
      ...passages.keys()
    ])
    const added = yield* addPassages([...passages.values()])
    yield* run(
      `INSERT INTO passage_index (rowid, title, body)
       SELECT 2 * p.seq, c.title, p.text FROM json_each(?) JOIN passages p ON p.seq = value
       JOIN chunks c ON c.seq = p.chunk_seq`,
      added
    )
  })

  const removeChunks = Effect.fnUntraced(function* (documentId: string, exceptVersion: string | null) {
    const condition = `document_id = ? AND version IS NOT ?`
    yield* removePassages(`chunk_seq IN (SELECT seq FROM chunks WHERE ${condition})`, documentId, exceptVersion)
    yield* run(`DELETE FROM chunks WHERE ${condition}`, documentId, exceptVersion)
  })

  const applyDocuments = (records: ReadonlyArray<DocumentRecord>) =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      for (const record of records) {
        if (record.type === "removed") yield* removeChunks(record.documentId, null)
        else {
          yield* putChunk(record, now)
          if (record.chunk.ordinal === record.total - 1) yield* removeChunks(record.documentId, record.version)
        }
      }
      if (records.length > 0) yield* tick
    }).pipe((effect) => write(`take ${records.length} document records`, effect))

  // Reading

  const searchText = (options: {
    readonly terms: ReadonlyArray<string>
    readonly limit: number
    readonly serverId: string
    readonly channelIds: ReadonlySet<string>
  }) => {
    const match = [...new Set(options.terms)].map(phrase).join(" OR ")
    if (match === "") return Effect.succeed([])
    return run<TextHit>(
      `SELECT c.id AS chunkId, coalesce(p.text, c.text) AS text, -hit.rank AS score
       FROM passage_index hit
       LEFT JOIN passages p ON hit.rowid % 2 = 0 AND p.seq = hit.rowid / 2
       CROSS JOIN chunks c ON c.seq = coalesce(p.chunk_seq, hit.rowid / 2)
       WHERE hit.passage_index MATCH ?
         AND (c.channel_id IS NULL
           OR (c.server_id = ? AND c.channel_id IN (SELECT value FROM json_each(?))))
       ORDER BY hit.rank LIMIT ?`,
      match,
      options.serverId,
      [...options.channelIds],
      options.limit
    ).pipe(explain("be searched"))
  }

  const passageColumns = `p.id, c.id AS chunkId, p.ordinal, p.text, p.message_id AS messageId,
    p.author_id AS authorId, p.author_name AS authorName, p.url`

  /** In the order of the ids. */
  const chunks = Effect.fnUntraced(function* (ids: ReadonlyArray<string>) {
    const rows = yield* values<ChunkRow>(
      `SELECT c.seq, c.id, kind, title, text, url, server_id, channel_id, thread_id, document_id, edited_at
       FROM json_each(?) JOIN chunks c ON c.id = value GROUP BY c.seq ORDER BY min(json_each.key)`,
      ids
    )
    const chunks = new Map(
      rows.map(([seq, id, kind, title, text, url, serverId, channelId, threadId, documentId, editedAt]) => {
        const passages: Array<Passage> = []
        return [seq, { id, kind, title, text, url, serverId, channelId, threadId, documentId, editedAt, passages }]
      })
    )
    const said = yield* values<PassageRow>(
      `SELECT chunk_seq, id, ordinal, text, message_id, author_id, author_name, url
       FROM passages WHERE chunk_seq IN (SELECT value FROM json_each(?)) ORDER BY chunk_seq, ordinal`,
      [...chunks.keys()]
    )
    for (const [seq, id, ordinal, text, messageId, authorId, authorName, url] of said) {
      const chunk = chunks.get(seq)!
      chunk.passages.push({ id, chunkId: chunk.id, ordinal, text, messageId, authorId, authorName, url })
    }
    return [...chunks.values()] satisfies ReadonlyArray<Chunk>
  }, explain("be read"))

  const chunksOfPassages = Effect.fnUntraced(function* (passageIds: ReadonlyArray<string>) {
    const rows = yield* run<{ id: string }>(
      `SELECT c.id FROM json_each(?) JOIN passages p ON p.id = value JOIN chunks c ON c.seq = p.chunk_seq
       GROUP BY c.seq ORDER BY min(json_each.key)`,
      passageIds
    ).pipe(explain("be read"))
    return yield* chunks(rows.map((row) => row.id))
  })

  const documentFrequency = Effect.fnUntraced(function* (terms: ReadonlyArray<string>) {
    const counts = yield* run<{ key: number; rows: number }>(
      `SELECT key, (SELECT count(*) FROM passage_index WHERE passage_index MATCH value) AS rows FROM json_each(?)`,
      terms.map(phrase)
    )
    const [all] = yield* run<{ rows: number }>(`SELECT count(*) AS rows FROM passage_index_docsize`)
    return { rows: all!.rows, frequency: new Map(counts.map(({ key, rows }) => [terms[key]!, rows])) }
  }, explain("count terms"))

  const counts = Effect.map(
    run<{ documents: number; chunks: number; passages: number; messages: number }>(
      `SELECT (SELECT count(DISTINCT document_id) FROM chunks WHERE document_id IS NOT NULL) AS documents,
         (SELECT count(*) FROM chunks) AS chunks, (SELECT count(*) FROM passages) AS passages,
         (SELECT count(*) FROM passages WHERE message_id IS NOT NULL) AS messages`
    ),
    ([row]) => row!
  ).pipe(explain("be counted"))

  // Vectors

  /** The bit of an index in the marks; `undefined` while it has marked nothing. */
  const bitOf = (index: string) =>
    Effect.map(run<{ bit: number }>(`SELECT bit FROM passage_marks WHERE name = ?`, index), ([row]) => row?.bit)

  const clearMarks = (bit: number) =>
    run(`UPDATE passages SET embedded = embedded & ~${bit} WHERE embedded & ${bit} <> 0`).pipe(
      Effect.andThen(run(`UPDATE orphans SET embedded = embedded & ~${bit} WHERE embedded & ${bit} <> 0`))
    )

  /** A bit that is free, or that of the index that claimed its own first; never that of the index that answers. */
  const claimBit = Effect.fnUntraced(function* (index: string) {
    const claimed = yield* run<{ name: string; bit: number; claimed: number }>(
      `SELECT name, bit, claimed FROM passage_marks
       ORDER BY name IN (SELECT name FROM vector_indexes WHERE role = 'live'), claimed`
    )
    const free = [1, 2].find((bit) => claimed.every((row) => row.bit !== bit))
    const bit = free ?? claimed[0]!.bit
    if (free === undefined) yield* run(`DELETE FROM passage_marks WHERE bit = ?`, bit)
    yield* clearMarks(bit)
    yield* run(
      `INSERT INTO passage_marks (name, bit, claimed) VALUES (?, ?, ?)`,
      index,
      bit,
      Math.max(0, ...claimed.map((row) => row.claimed)) + 1
    )
    return bit
  })

  const unembedded = Effect.fnUntraced(function* (index: string, limit: number) {
    const bit = yield* bitOf(index)
    // As the partial index says it, with the bit written out.
    const waiting = bit === undefined ? `` : `WHERE p.embedded & ${bit} = 0`
    const rows = yield* run<Passage & Omit<Unembedded, "passage">>(
      `SELECT ${passageColumns}, iif(c.kind = 'chat', '', c.title) AS title, c.kind,
         c.server_id AS serverId, c.channel_id AS channelId
       FROM passages p CROSS JOIN chunks c ON c.seq = p.chunk_seq ${waiting} ORDER BY p.seq LIMIT ?`,
      limit
    )
    return rows.map(({ channelId, kind, serverId, title, ...passage }) => ({
      passage,
      title,
      kind,
      serverId,
      channelId
    }))
  }, explain("be read"))

  const countUnembedded = Effect.fnUntraced(function* (index: string) {
    const bit = yield* bitOf(index)
    const waiting = bit === undefined ? `` : `WHERE embedded & ${bit} = 0`
    const [row] = yield* run<{ rows: number }>(`SELECT count(*) AS rows FROM passages ${waiting}`)
    return row!.rows
  }, explain("be counted"))

  const markEmbedded = (index: string, passageIds: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const bit = (yield* bitOf(index)) ?? (yield* claimBit(index))
      yield* run(
        `UPDATE passages SET embedded = embedded | ${bit} WHERE id IN (SELECT value FROM json_each(?))`,
        passageIds
      )
      // A passage may go while its vector is made: that vector has no passage from the start.
      yield* run(
        `INSERT INTO orphans (passage_id, server_id, embedded)
         SELECT value, (SELECT server_id FROM messages WHERE id = substr(value, 1, length(value) - ?)), ${bit}
         FROM json_each(?) WHERE value NOT IN (SELECT id FROM passages)
         ON CONFLICT (passage_id) DO UPDATE SET embedded = embedded | ${bit}`,
        hashLength + 1,
        passageIds
      )
    }).pipe((effect) => write(`mark ${passageIds.length} passages`, effect))

  const forgetVectors = (index: string) =>
    Effect.gen(function* () {
      const bit = yield* bitOf(index)
      if (bit !== undefined) {
        yield* clearMarks(bit)
        yield* run(`DELETE FROM passage_marks WHERE name = ?`, index)
      }
      yield* tick
    }).pipe((effect) => write("forget their vectors", effect))

  const orphans = (limit: number) =>
    run<{ passageId: string; serverId: string | null }>(
      `SELECT passage_id AS passageId, server_id AS serverId FROM orphans ORDER BY seq LIMIT ?`,
      limit
    ).pipe(explain("be read"))

  const forgetOrphans = (passageIds: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      yield* run(`DELETE FROM orphans WHERE passage_id IN (SELECT value FROM json_each(?))`, passageIds)
      // One that came back meanwhile kept its mark, but its vector has just been deleted.
      yield* run(`UPDATE passages SET embedded = 0 WHERE id IN (SELECT value FROM json_each(?))`, passageIds)
    }).pipe((effect) => write(`forget ${passageIds.length} orphans`, effect))

  const changesSoFar = Effect.map(run<{ n: number }>("SELECT total_changes() AS n"), ([row]) => row!.n)
  /** Words of removed rows stay in the text index until it is merged, which is done when a step changes nothing more. */
  const mergeStep = Effect.gen(function* () {
    const before = yield* changesSoFar
    yield* run(`INSERT INTO passage_index (passage_index, rank) VALUES ('merge', ?)`, -mergedPages)
    return (yield* changesSoFar) - before
  })
  const scrub = mergeStep.pipe(
    Effect.tap(Effect.yieldNow),
    Effect.repeat({ while: (changes) => changes >= 2 }),
    Effect.andThen(run("PRAGMA wal_checkpoint(TRUNCATE)")),
    Effect.asVoid,
    explain("be scrubbed")
  )

  return Passages.of({
    scrub,
    applyChat,
    applyDocuments,
    searchText,
    chunks,
    chunksOfPassages,
    documentFrequency,
    unembedded,
    countUnembedded,
    markEmbedded,
    forgetVectors,
    orphans,
    forgetOrphans,
    counts,
    changes: Stream.fromPubSub(ticks)
  })
})

/** With what people say of passages. */
export const layer = Layer.merge(Layer.effect(Passages, make), Solutions.layer)
