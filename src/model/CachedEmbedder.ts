/** Vectors kept in a file, by embedder and text, so that what was embedded once is not computed again. */
import { Effect, Layer, type Scope } from "effect"
import { createHash } from "node:crypto"
import { mkdirSync } from "node:fs"
import { dirname } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Embedder, EmbedderError } from "./Embedder.ts"

/** Texts that are kept together: what an interruption loses at most. */
const batch = 16

const hash = (text: string) => createHash("sha256").update(text).digest()
const bytesOf = (vector: Float32Array) => new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)
const vectorOf = (bytes: Uint8Array): Float32Array => new Float32Array(bytes.slice().buffer)

const openFile = (file: string) =>
  Effect.acquireRelease(
    Effect.try({
      try: () => {
        mkdirSync(dirname(file), { recursive: true })
        const db = new DatabaseSync(file)
        db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;
          CREATE TABLE IF NOT EXISTS vectors (embedder TEXT, text BLOB, vector BLOB, PRIMARY KEY (embedder, text))
          WITHOUT ROWID`)
        return db
      },
      catch: (cause) =>
        new EmbedderError({
          reason: "unavailable",
          detail: `The vectors kept in ${file} cannot be opened: ${cause}`,
          cause
        })
    }),
    (db) => Effect.sync(() => db.close())
  )

/** Embedders of one model, each computing on its own, behind one file. */
export const make = Effect.fnUntraced(function* (
  file: string,
  embedders: readonly [Embedder["Service"], ...ReadonlyArray<Embedder["Service"]>]
): Effect.fn.Return<Embedder["Service"], EmbedderError, Scope.Scope> {
  const [{ dimensions, id, status }] = embedders
  const db = yield* openFile(file)
  const select = db.prepare("SELECT vector FROM vectors WHERE embedder = ? AND text = ?")
  const insert = db.prepare("INSERT OR REPLACE INTO vectors (embedder, text, vector) VALUES (?, ?, ?)")
  const recall = (text: string) => {
    const row = select.get(id, hash(text)) as { vector: Uint8Array } | undefined
    return row === undefined ? undefined : vectorOf(row.vector)
  }
  const keep = (texts: ReadonlyArray<string>, vectors: ReadonlyArray<Float32Array>) => {
    db.exec("BEGIN")
    texts.forEach((text, i) => insert.run(id, hash(text), bytesOf(vectors[i]!)))
    db.exec("COMMIT")
  }

  const embed = Effect.fnUntraced(function* (kind: "embedPassages" | "embedQueries", texts: ReadonlyArray<string>) {
    const known = new Map(texts.map((text) => [text, recall(text)]))
    const missing = [...known.keys()].filter((text) => known.get(text) === undefined)
    const share = Effect.fnUntraced(function* (embedder: Embedder["Service"]) {
      while (missing.length > 0) {
        const mine = missing.splice(0, batch)
        const vectors = yield* embedder[kind](mine)
        keep(mine, vectors)
        mine.forEach((text, i) => known.set(text, vectors[i]))
      }
    })
    yield* Effect.forEach(embedders, share, { concurrency: "unbounded", discard: true })
    return texts.map((text) => known.get(text)!)
  })

  return {
    id,
    dimensions,
    status,
    embedPassages: (texts) => embed("embedPassages", texts),
    embedQueries: (texts) => embed("embedQueries", texts)
  }
})

export const layer = (...options: Parameters<typeof make>) => Layer.effect(Embedder, make(...options))
