/** Questions with known answers over a corpus, as JSONL files. */
import { Effect, FileSystem, Path, Schema } from "effect"
import * as DocSource from "../docs/DocSource.ts"

export class EvaluationError extends Schema.TaggedError<EvaluationError>()("EvaluationError", {
  /** `missing`: a file is not there; `invalid`: a line is not what it should be. */
  reason: Schema.Literals(["missing", "invalid"]),
  detail: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message() {
    return this.detail
  }
}

/** A line of `chunks.jsonl`, or of `windows.jsonl`, whose lines are messages. */
export const EvaluationChunk = Schema.Struct({
  id: Schema.NonEmptyString,
  title: Schema.optionalKey(Schema.String),
  text: Schema.String
})
export type EvaluationChunk = typeof EvaluationChunk.Type

/** A line of `questions.jsonl`. */
export const EvaluationQuestion = Schema.Struct({
  id: Schema.String,
  question: Schema.NonEmptyString,
  /** Chunks that answer it, any of them; none when nothing in the corpus does, and it is to be refused. */
  gold_ids: Schema.Array(Schema.String),
  /** What was asked before it, oldest first: a follow-up may mean nothing without. */
  before: Schema.optionalKey(Schema.Array(Schema.String)),
  /** What questions have in common; they are reported together. */
  group: Schema.optionalKey(Schema.String),
  answer: Schema.optionalKey(Schema.String),
  /** The words of the corpus that answer it. */
  spans: Schema.optionalKey(Schema.Array(Schema.String))
})
export type EvaluationQuestion = typeof EvaluationQuestion.Type

export interface EvaluationSet {
  readonly kind: "document" | "chat"
  readonly chunks: ReadonlyArray<EvaluationChunk>
  readonly questions: ReadonlyArray<EvaluationQuestion>
}

const lines = Effect.fnUntraced(function* <A, I>(schema: Schema.Codec<A, I>, file: string) {
  const fs = yield* FileSystem.FileSystem
  const text = yield* fs
    .readFileString(file)
    .pipe(
      Effect.mapError((cause) => new EvaluationError({ reason: "missing", detail: `${file} cannot be read`, cause }))
    )
  const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(schema))
  const numbered = text.split("\n").map((line, i) => ({ line, number: i + 1 }))
  return yield* Effect.forEach(
    numbered.filter(({ line }) => line.trim() !== ""),
    ({ line, number }) =>
      Effect.mapError(
        decode(line),
        (cause) =>
          new EvaluationError({ reason: "invalid", detail: `${file}, line ${number}: ${cause.message}`, cause })
      )
  )
})

export const readQuestions = (file: string) => lines(EvaluationQuestion, file)

/** Files named after windows hold chat. */
export const readSet = Effect.fn("EvaluationSet.readSet")(function* (chunks: string, questions: string) {
  const path = yield* Path.Path
  const kind: EvaluationSet["kind"] = path.basename(chunks).startsWith("windows") ? "chat" : "document"
  return { kind, chunks: yield* lines(EvaluationChunk, chunks), questions: yield* readQuestions(questions) }
})

/**
 * Documents as `rtfm ingest` reads them, each section a chunk whose id is the file's path from here and the anchor of
 * its heading, as in `docs/API.md#search`.
 */
export const readDocuments = Effect.fn("EvaluationSet.readDocuments")(function* (places: ReadonlyArray<string>) {
  const path = yield* Path.Path
  const sources = yield* Effect.forEach(places, (place) => DocSource.read(place))
  return sources.flatMap(({ files, origin }) =>
    files.flatMap((file) => {
      const name = path.relative(path.resolve("."), path.join(origin, file.path))
      return DocSource.documentFrom("", { ...file, path: name }).chunks.map(({ text, title, url }): EvaluationChunk => {
        const last = decodeURIComponent(/[^/#]*$/.exec(url)![0])
        return { id: last === name ? name : `${name}#${last}`, title, text }
      })
    })
  )
})

/** A folder's own corpus and questions: documents when it has any, else windows of chat. */
export const filesIn = Effect.fn("EvaluationSet.filesIn")(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const named = (chunks: string, questions: string) => ({
    chunks: path.join(folder, chunks),
    questions: path.join(folder, questions)
  })
  const documents = named("chunks.jsonl", "questions.jsonl")
  const windows = named("windows.jsonl", "questions-windows.jsonl")
  const there = (file: string) => Effect.orElseSucceed(fs.exists(file), () => false)
  if (yield* there(documents.questions)) return documents
  if (yield* there(windows.questions)) return windows
  return yield* new EvaluationError({
    reason: "missing",
    detail: `${folder} has neither questions.jsonl nor questions-windows.jsonl`
  })
})
