/** Answers that were given and what they rest on, so that they can be changed when that changes. */
import { Clock, Context, Duration, Effect, Layer, Result, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { Answer, type Citation } from "../domain/Answer.ts"
import { wordsQuoted } from "../domain/Citations.ts"
import { type Change, messageIdOf, withoutCitations } from "../domain/Revision.ts"
import * as SqlFailure from "../state/SqlFailure.ts"

export class GivenAnswersError extends Schema.TaggedError<GivenAnswersError>()("GivenAnswersError", {
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

/** An answer and where it was said. */
export const Given = Schema.Struct({
  id: Schema.NonEmptyString,
  questionId: Schema.NonEmptyString,
  serverId: Schema.NonEmptyString,
  channelId: Schema.NonEmptyString,
  threadId: Schema.optionalKey(Schema.NonEmptyString),
  answer: Answer
})
export type Given = typeof Given.Type

/** One that was just said, with its question, so that what people think of it can be put to use. */
export type Said = Given & { readonly question?: string; readonly askerId?: string }

export interface Answers {
  /** To be called once it was said; one without citations rests on nothing, so only its question is kept. */
  readonly keep: (given: Said) => Effect.Effect<void, GivenAnswersError>
  /**
   * Answers as they are to read from now on, since a message or a page they quote changed or went; each comes again
   * until `keep` is given its new form. A page that is being read anew has a few seconds until its words are missed.
   */
  readonly revised: Effect.Effect<ReadonlyArray<Given>, GivenAnswersError>
  /** When the next page is missed for good, in milliseconds since the epoch, if one is missing. */
  readonly next: Effect.Effect<number | undefined, GivenAnswersError>
}

/** Keeps nothing unless it is provided. */
export const GivenAnswers = Context.Reference<Answers>("rtfm/knowledge/GivenAnswers", {
  defaultValue: () => ({ keep: () => Effect.void, revised: Effect.succeed([]), next: Effect.undefined })
})

/** As long as a dead letter may be sent back, and what was said may be edited. */
const kept = Duration.toMillis(Duration.days(15))
/** A page is read anew section by section, and a section may move from one to another. */
const patience = Duration.toMillis(Duration.seconds(10))
/** Sources looked at in one go. */
const atOnce = 200

const Json = Schema.fromJsonString(Given)
const encode = Schema.encodeSync(Json)
const decode = Schema.decodeResult(Json)
/** As the state has it. */
export const Stored = { decode }

interface Missing {
  readonly answer_id: string
  readonly n: number
  readonly passage_id: string
  readonly document_id: string | null
  readonly missing_since: number | null
}

/** What became of the words of a citation. */
type Fate = { readonly passageId: string } | { readonly change: Change } | "waits"

const failed = (cause: SqlError.SqlError) => {
  const { message, reason } = SqlFailure.from(cause)
  return new GivenAnswersError({ reason, detail: `Answers that were given could not be looked at: ${message}`, cause })
}

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const safely = Effect.mapError(failed)

  const forget = (ids: ReadonlyArray<string>) =>
    Effect.all(
      [
        sql`DELETE FROM given_answers WHERE ${sql.in("answer_id", ids)}`,
        sql`DELETE FROM given_sources WHERE ${sql.in("answer_id", ids)}`
      ],
      { discard: true }
    )

  const documentOf = (passageId: string) =>
    Effect.map(
      sql<{ id: string | null }>`
        SELECT c.document_id AS id FROM passages p JOIN chunks c ON c.seq = p.chunk_seq WHERE p.id = ${passageId}`,
      (rows) => rows[0]?.id ?? null
    )

  const keep = Effect.fn("GivenAnswers.keep")(function* ({ askerId, question, ...given }: Said) {
    const { citations } = given.answer
    const given_at = yield* Clock.currentTimeMillis
    yield* sql.withTransaction(
      Effect.gen(function* () {
        const before = yield* sql<Missing>`SELECT * FROM given_sources WHERE answer_id = ${given.id}`
        yield* forget([given.id])
        if (question !== undefined && question !== "")
          yield* sql`
            INSERT INTO asked_questions (answer_id, question_id, asker_id, question, asked_at)
            VALUES (${given.id}, ${given.questionId}, ${askerId ?? null}, ${question}, ${given_at})
            ON CONFLICT (answer_id) DO NOTHING`
        if (citations.length === 0) return
        yield* sql`INSERT INTO given_answers ${sql.insert({ answer_id: given.id, given: encode(given), given_at })}`
        for (const { n, passageId } of citations) {
          const document_id = (yield* documentOf(passageId)) ?? before.find((it) => it.n === n)?.document_id ?? null
          const source = { answer_id: given.id, n, passage_id: passageId, document_id, missing_since: null }
          yield* sql`INSERT INTO given_sources ${sql.insert(source)}`
        }
      })
    )
    const old = yield* sql<{ id: string }>`
      SELECT answer_id AS id FROM given_answers WHERE given_at < ${given_at - kept} LIMIT 100`
    if (old.length > 0) yield* forget(old.map(({ id }) => id))
    yield* sql`DELETE FROM asked_questions WHERE asked_at < ${given_at - kept}`
  }, safely)

  /** Of a message, which is one passage or none. */
  const fateInChat = Effect.fnUntraced(function* (messageId: string, { quote }: Citation) {
    const [now] = yield* sql<{ id: string; text: string }>`
      SELECT id, text FROM passages WHERE message_id = ${messageId}`
    if (now === undefined) return { change: "deleted" } satisfies Fate
    return wordsQuoted(now.text, quote) === undefined
      ? ({ change: "changed" } satisfies Fate)
      : ({ passageId: now.id } satisfies Fate)
  })

  /** Of a page: any section of it may have the words now. */
  const fateInDocument = Effect.fnUntraced(function* (missing: Missing, { quote, url }: Citation, now: number) {
    // A page that was gone before the answer was said is known by its address.
    const ofPage = missing.document_id === null ? sql`c.url = ${url}` : sql`c.document_id = ${missing.document_id}`
    const [section] = yield* sql<{ id: string }>`
      SELECT p.id FROM chunks c JOIN passages p ON p.chunk_seq = c.seq
      WHERE ${ofPage} AND instr(c.text, ${quote}) > 0 ORDER BY instr(p.text, ${quote}) = 0 LIMIT 1`
    if (section !== undefined) return { passageId: section.id } satisfies Fate
    if (missing.missing_since === null || now - missing.missing_since < patience) return "waits" satisfies Fate
    const [left] = yield* sql`SELECT 1 FROM chunks c WHERE ${ofPage} LIMIT 1`
    return { change: left === undefined ? "deleted" : "changed" } satisfies Fate
  })

  const revise = Effect.fnUntraced(function* (answerId: string, missing: ReadonlyArray<Missing>, now: number) {
    const [row] = yield* sql<{ given: string }>`SELECT given FROM given_answers WHERE answer_id = ${answerId}`
    const given = row && Result.getOrUndefined(decode(row.given))
    if (given === undefined) return yield* Effect.as(forget([answerId]), undefined)
    let { answer } = given
    for (const source of missing) {
      const citation = given.answer.citations.find(({ n }) => n === source.n)
      if (citation === undefined) continue
      const messageId = messageIdOf(source.passage_id)
      const fate: Fate = yield* messageId === undefined
        ? fateInDocument(source, citation, now)
        : fateInChat(messageId, citation)
      const { answer_id, n } = source
      if (fate === "waits")
        yield* sql`UPDATE given_sources SET missing_since = coalesce(missing_since, ${now})
          WHERE answer_id = ${answer_id} AND n = ${n}`
      else if ("passageId" in fate)
        yield* sql`UPDATE given_sources SET passage_id = ${fate.passageId}, missing_since = NULL
          WHERE answer_id = ${answer_id} AND n = ${n}`
      else answer = withoutCitations(answer, new Set([n]), fate.change)
    }
    return answer === given.answer ? undefined : { ...given, answer }
  })

  const revised = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const missing = yield* sql<Missing>`
      SELECT s.* FROM given_sources s LEFT JOIN passages p ON p.id = s.passage_id
      WHERE p.id IS NULL AND (s.missing_since IS NULL OR s.missing_since <= ${now - patience}) LIMIT ${atOnce}`
    const answers: Array<Given> = []
    for (const [answerId, sources] of Map.groupBy(missing, ({ answer_id }) => answer_id)) {
      const answer = yield* revise(answerId, sources, now)
      if (answer !== undefined) answers.push(answer)
    }
    return answers
  }).pipe(safely)

  const next = sql<{ since: number | null }>`SELECT min(missing_since) AS since FROM given_sources`.pipe(
    Effect.map(([row]) => (row?.since == null ? undefined : Number(row.since) + patience)),
    safely
  )

  return { keep, revised, next } satisfies Answers
})

export const layer = Layer.effect(GivenAnswers, make)
