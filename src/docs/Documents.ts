/** Which documents were ingested, so that a second ingest publishes what changed and nothing else. */
import { Clock, Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { createHash } from "node:crypto"
import type { DocumentRecord } from "../domain/Document.ts"
import * as SqlFailure from "../state/SqlFailure.ts"
import type { Document, DocProblem } from "./DocSource.ts"
import { documentId } from "./DocSource.ts"
import { readerVersion } from "./formats/Reader.ts"
import type { Validators } from "./site/Fetcher.ts"

export class DocumentsError extends Schema.TaggedError<DocumentsError>()("DocumentsError", {
  /** `taken`: the source's name belongs to another folder; `full`: no room to write; `failed`: anything else. */
  reason: Schema.Literals(["taken", "full", "failed"]),
  detail: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message() {
    return this.detail
  }
  get retryable(): boolean {
    return this.reason !== "taken"
  }
}

/** An ingested document. */
export interface Known {
  readonly id: string
  readonly path: string
  readonly title: string
  readonly url: string
  /** Sections with text; their chunks are `<id>#0`, `<id>#1` and so on. */
  readonly chunks: number
  /** When its text last changed here, in milliseconds since the epoch. */
  readonly ingestedAt: number
}

/** `folder`: with everything below it; `files`: some of a folder; `website`: pages of one. */
export const SourceKind = Schema.Literals(["folder", "files", "website"])
export type SourceKind = typeof SourceKind.Type

/** Where a source is read again. */
export interface Place {
  readonly kind?: SourceKind
  /** The folder, or the address of the website. */
  readonly origin?: string
  readonly baseUrl?: string
}

export interface Source {
  readonly source: string
  /** Empty for what was sent by a program, which has to send it again. */
  readonly place: Place
  /** When it was last ingested, changed or not. */
  readonly refreshedAt: number
  /** By path. */
  readonly documents: ReadonlyArray<Known>
  /** What was left out when it was last read. */
  readonly problems: ReadonlyArray<DocProblem>
}

/** What is to be published, and then remembered. */
export interface Plan {
  readonly source: string
  readonly place: Place
  /** Those of one document are together and in order. */
  readonly records: ReadonlyArray<DocumentRecord>
  /** Ids of documents. */
  readonly added: ReadonlyArray<string>
  readonly changed: ReadonlyArray<string>
  readonly removed: ReadonlyArray<string>
  readonly unchanged: ReadonlyArray<string>
  /** What changes in memory. */
  readonly documents: ReadonlyArray<Document & { readonly version: string }>
}

export class Documents extends Context.Service<
  Documents,
  {
    /**
     * Compares a source as it is now with what was ingested. A source belongs to the `origin` it was first ingested
     * from: the same name from elsewhere is refused, because it would replace what is there. With `removeMissing`,
     * documents that are not given leave, except those that did not change or have a problem: they are still there.
     */
    plan(
      source: string,
      documents: ReadonlyArray<Document>,
      options: {
        readonly removeMissing: boolean
        readonly problems?: ReadonlyArray<DocProblem>
        /** Paths of documents that are as they were ingested. */
        readonly unchanged?: ReadonlyArray<string>
      } & Place
    ): Effect.Effect<Plan, DocumentsError>
    /** To be called once the plan's records are published; until then the next plan is the same. */
    remember(plan: Plan): Effect.Effect<void, DocumentsError>
    readonly list: Effect.Effect<ReadonlyArray<Source>, DocumentsError>
    get(id: string): Effect.Effect<Option.Option<Known>, DocumentsError>
    /** By path, what a website said of the pages that were ingested. */
    validators(source: string): Effect.Effect<ReadonlyMap<string, Validators>, DocumentsError>
    /** To be called once the pages' documents are remembered. */
    rememberPages(source: string, pages: ReadonlyMap<string, Validators>): Effect.Effect<void, DocumentsError>
    rememberProblems(source: string, problems: ReadonlyArray<DocProblem>): Effect.Effect<void, DocumentsError>
  }
>()("rtfm/docs/Documents") {}

const versionOf = ({ chunks, title, url }: Document): string =>
  createHash("sha256")
    .update(JSON.stringify([title, url, chunks]))
    .digest("base64url")
    .slice(0, 22)

const recordsOf = (source: string, { chunks, id, version }: Plan["documents"][number]): ReadonlyArray<DocumentRecord> =>
  chunks.length === 0
    ? [{ type: "removed", documentId: id, source }]
    : chunks.map((chunk) => ({ type: "chunk", documentId: id, source, version, total: chunks.length, chunk }))

const knownFrom = ({ chunks, id, ingestedAt, path, title, url }: Known): Known => ({
  id,
  path,
  title,
  url,
  chunks,
  ingestedAt
})

interface StoredSource {
  readonly source: string
  readonly origin: string | null
  readonly kind: SourceKind | null
  readonly baseUrl: string | null
  readonly problems: string
  readonly refreshedAt: number
}

const placeFrom = ({ baseUrl, kind, origin }: StoredSource): Place => ({
  ...(kind !== null && { kind }),
  ...(origin !== null && { origin }),
  ...(baseUrl !== null && { baseUrl })
})

const explain =
  (what: string) =>
  <A, E, R>(effect: Effect.Effect<A, E | SqlError.SqlError, R>) =>
    Effect.mapError(effect, (error) => {
      if (!SqlError.isSqlError(error)) return error as Exclude<E, SqlError.SqlError>
      const { message, reason } = SqlFailure.from(error)
      return new DocumentsError({ reason, detail: `The list of documents could not ${what}: ${message}`, cause: error })
    })

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  const checkOrigin = Effect.fnUntraced(function* (source: string, origin: string | undefined) {
    const [row] = yield* sql<{ origin: string | null }>`SELECT origin FROM document_sources WHERE source = ${source}`
    const other = row?.origin ?? undefined
    if (other === undefined || origin === undefined || other === origin) return
    const detail = `The name ${source} is that of ${other}: give ${origin} another with --name`
    return yield* new DocumentsError({ reason: "taken", detail })
  })

  const plan = Effect.fn("Documents.plan")(function* (
    source: string,
    documents: ReadonlyArray<Document>,
    options: {
      readonly removeMissing: boolean
      readonly problems?: ReadonlyArray<DocProblem>
      readonly unchanged?: ReadonlyArray<string>
    } & Place
  ) {
    yield* checkOrigin(source, options.origin)
    const rows = yield* sql<{ id: string; version: string }>`SELECT id, version FROM documents WHERE source = ${source}`
    const known = new Map(rows.map(({ id, version }) => [id, version]))
    const given = documents.map((document) => ({ ...document, version: versionOf(document) }))
    const news = given.filter(({ id, version }) => known.get(id) !== version)
    const same = (options.unchanged ?? []).map((path) => documentId(source, path)).filter((id) => known.has(id))
    const present = new Set([
      ...given.map(({ id }) => id),
      ...same,
      ...(options.problems ?? []).map(({ path }) => documentId(source, path))
    ])
    const removed = options.removeMissing ? [...known.keys()].filter((id) => !present.has(id)) : []
    return {
      source,
      place: {
        ...(options.kind !== undefined && { kind: options.kind }),
        ...(options.origin !== undefined && { origin: options.origin }),
        ...(options.baseUrl !== undefined && { baseUrl: options.baseUrl })
      },
      records: [
        ...removed.map((documentId): DocumentRecord => ({ type: "removed", documentId, source })),
        ...news.flatMap((document) => recordsOf(source, document))
      ],
      added: news.filter(({ id }) => !known.has(id)).map(({ id }) => id),
      changed: news.filter(({ id }) => known.has(id)).map(({ id }) => id),
      removed,
      unchanged: [...given.filter(({ id, version }) => known.get(id) === version).map(({ id }) => id), ...same],
      documents: news
    }
  }, explain("be read"))

  const remember = Effect.fn("Documents.remember")(
    function* (plan: Plan) {
      const now = yield* Clock.currentTimeMillis
      const { baseUrl = null, kind = null, origin = null } = plan.place
      yield* sql`INSERT INTO document_sources ${sql.insert({ source: plan.source, origin, kind, base_url: baseUrl, refreshed_at: now })}
        ON CONFLICT (source) DO UPDATE SET refreshed_at = excluded.refreshed_at,
          origin = coalesce(excluded.origin, origin), base_url = coalesce(excluded.base_url, base_url),
          kind = CASE kind WHEN 'folder' THEN kind ELSE coalesce(excluded.kind, kind) END`
      for (const { chunks, id, path, title, url, version } of plan.documents) {
        const row = { id, source: plan.source, path, version, title, url, chunks: chunks.length, ingested_at: now }
        yield* sql`INSERT INTO documents ${sql.insert(row)}
          ON CONFLICT (id) DO UPDATE SET source = excluded.source, path = excluded.path, version = excluded.version,
            title = excluded.title, url = excluded.url, chunks = excluded.chunks, ingested_at = excluded.ingested_at`
      }
      for (const id of plan.removed) yield* sql`DELETE FROM documents WHERE id = ${id}`
      yield* sql`DELETE FROM document_sources WHERE source = ${plan.source}
        AND NOT EXISTS (SELECT 1 FROM documents WHERE source = ${plan.source})`
      yield* sql`DELETE FROM document_pages WHERE source = ${plan.source}
        AND path NOT IN (SELECT path FROM documents WHERE source = ${plan.source})`
    },
    sql.withTransaction,
    explain("be written")
  )

  const columns = sql.literal(`id, path, title, url, chunks, ingested_at AS "ingestedAt"`)

  const list = Effect.gen(function* () {
    const sources = yield* sql<StoredSource>`
      SELECT source, origin, kind, base_url AS "baseUrl", problems, refreshed_at AS "refreshedAt"
      FROM document_sources ORDER BY source`
    const rows = yield* sql<Known & { of: string }>`
      SELECT ${columns}, source AS "of" FROM documents ORDER BY source, path`
    const documents = Map.groupBy(rows, (row) => row.of)
    return sources.map((stored): Source => ({
      source: stored.source,
      place: placeFrom(stored),
      refreshedAt: stored.refreshedAt,
      documents: (documents.get(stored.source) ?? []).map(knownFrom),
      problems: JSON.parse(stored.problems)
    }))
  }).pipe(explain("be read"))

  const get = (id: string) =>
    sql<Known>`SELECT ${columns} FROM documents WHERE id = ${id}`.pipe(
      Effect.map(([row]) => Option.map(Option.fromNullishOr(row), knownFrom)),
      explain("be read")
    )

  const validators = (source: string) =>
    sql<{ path: string; etag: string | null; last_modified: string | null }>`
      SELECT path, etag, last_modified FROM document_pages WHERE source = ${source} AND reader = ${readerVersion}`.pipe(
      Effect.map((rows) => {
        const pages = rows.map(({ etag, last_modified, path }): [string, Validators] => [
          path,
          { etag: etag ?? undefined, lastModified: last_modified ?? undefined }
        ])
        return new Map(pages)
      }),
      explain("be read")
    )

  const rememberPages = Effect.fn("Documents.rememberPages")(
    function* (source: string, pages: ReadonlyMap<string, Validators>) {
      for (const [path, { etag = null, lastModified = null }] of pages) {
        yield* sql`INSERT OR REPLACE INTO document_pages ${sql.insert({ source, path, reader: readerVersion, etag, last_modified: lastModified })}`
      }
    },
    sql.withTransaction,
    explain("be written")
  )

  const rememberProblems = (source: string, problems: ReadonlyArray<DocProblem>) =>
    sql`UPDATE document_sources SET problems = ${JSON.stringify(problems)} WHERE source = ${source}`.pipe(
      Effect.asVoid,
      explain("be written")
    )

  return Documents.of({ plan, remember, list, get, validators, rememberPages, rememberProblems })
})

export const layer = Layer.effect(Documents, make)
