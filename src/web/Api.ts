/** The HTTP API as data: the server, the client of the CLI, the page's types and the OpenAPI document follow from it. */
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { AnswerMode, Citation, Timing } from "../domain/Answer.ts"
import { ActorStatus, LocalChannel, LocalMessage, PartStatus } from "../domain/Happening.ts"
import { maxQuestionLength } from "../domain/Question.ts"

const problem = HttpApiSchema.asJson({ contentType: "application/problem+json" })

const members = (title: string, status: number) => ({
  type: Schema.tag("about:blank"),
  title: Schema.tag(title),
  status: Schema.tag(status),
  /** One sentence: what, where, and what was expected. */
  detail: Schema.String
})

export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", members("Not found", 404), {
  httpApiStatus: 404
}) {}
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", members("Unauthorized", 401), {
  httpApiStatus: 401
}) {}
export class Forbidden extends Schema.TaggedError<Forbidden>()("Forbidden", members("Forbidden", 403), {
  httpApiStatus: 403
}) {}
export class Invalid extends Schema.TaggedError<Invalid>()("Invalid", members("Invalid request", 422), {
  httpApiStatus: 422
}) {}
export class Unavailable extends Schema.TaggedError<Unavailable>()("Unavailable", members("Unavailable", 503), {
  httpApiStatus: 503
}) {}

const problems = [
  NotFound.pipe(problem),
  Forbidden.pipe(problem),
  Invalid.pipe(problem),
  Unavailable.pipe(problem)
] as const

const Text = Schema.String.check(
  Schema.isMinLength(1, { message: "Expected some text" }),
  Schema.isMaxLength(maxQuestionLength, { message: `Expected at most ${maxQuestionLength} characters` })
)
const Name = Schema.String.check(
  Schema.isPattern(/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,39}$/u, {
    message: "Expected 1 to 40 letters, digits, spaces, dots, dashes or underscores, the first a letter or digit"
  })
)
export const Person = Schema.Struct({ id: Schema.String.check(Schema.isPattern(/^[\w-]{1,64}$/)), name: Name })

const idempotencyKey = {
  "idempotency-key": Schema.optionalKey(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200)))
}

export const AnsweredQuestion = Schema.Struct({
  id: Schema.String,
  question: Schema.String,
  channelId: Schema.String,
  answer: Schema.String,
  refused: Schema.Boolean,
  mode: AnswerMode,
  citations: Schema.Array(Citation),
  timing: Timing
})

/** A question that has no answer yet. */
export const PendingQuestion = Schema.Struct({
  id: Schema.String,
  question: Schema.String,
  channelId: Schema.String,
  state: Schema.Literal("pending")
}).pipe(HttpApiSchema.status(202))

export class QuestionsApi extends HttpApiGroup.make("questions")
  .add(
    HttpApiEndpoint.post("ask", "/questions", {
      headers: idempotencyKey,
      payload: Schema.Struct({
        text: Text,
        /** A local channel; default `local:general`. */
        channelId: Schema.optionalKey(Schema.NonEmptyString),
        author: Schema.optionalKey(Person)
      }),
      success: [AnsweredQuestion, PendingQuestion],
      error: problems
    }),
    HttpApiEndpoint.get("question", "/questions/:id", {
      params: { id: Schema.NonEmptyString },
      success: [AnsweredQuestion, PendingQuestion],
      error: problems
    })
  )
  .prefix("/api") {}

export class ChatApi extends HttpApiGroup.make("chat")
  .add(
    HttpApiEndpoint.get("channels", "/channels", { success: Schema.Array(LocalChannel), error: problems }),
    HttpApiEndpoint.post("createChannel", "/channels", {
      payload: Schema.Struct({ name: Name }),
      success: LocalChannel,
      error: problems
    }),
    HttpApiEndpoint.get("messages", "/channels/:channelId/messages", {
      params: { channelId: Schema.NonEmptyString },
      query: {
        before: Schema.optionalKey(Schema.NonEmptyString),
        limit: Schema.optionalKey(Schema.FiniteFromString.check(Schema.isBetween({ minimum: 1, maximum: 200 })))
      },
      success: Schema.Array(LocalMessage),
      error: problems
    }),
    HttpApiEndpoint.post("post", "/channels/:channelId/messages", {
      params: { channelId: Schema.NonEmptyString },
      headers: idempotencyKey,
      payload: Schema.Struct({ text: Text, author: Person, replyTo: Schema.optionalKey(Schema.NonEmptyString) }),
      success: LocalMessage,
      error: problems
    }),
    HttpApiEndpoint.patch("edit", "/channels/:channelId/messages/:messageId", {
      params: { channelId: Schema.NonEmptyString, messageId: Schema.NonEmptyString },
      payload: Schema.Struct({ text: Text, authorId: Schema.NonEmptyString }),
      success: LocalMessage,
      error: problems
    }),
    HttpApiEndpoint.delete("remove", "/channels/:channelId/messages/:messageId", {
      params: { channelId: Schema.NonEmptyString, messageId: Schema.NonEmptyString },
      query: { authorId: Schema.NonEmptyString },
      success: HttpApiSchema.NoContent,
      error: problems
    })
  )
  .prefix("/api") {}

export const Status = Schema.Struct({
  version: Schema.String,
  /** Milliseconds since the epoch. */
  startedAt: Schema.Int,
  ready: Schema.Boolean,
  /** One sentence: what works and what waits. */
  summary: Schema.String,
  actors: Schema.Array(ActorStatus),
  parts: Schema.Array(PartStatus),
  knowledge: Schema.Struct({
    documents: Schema.Int,
    chunks: Schema.Int,
    passages: Schema.Int,
    messages: Schema.Int,
    /** Passages that wait for a vector. */
    waiting: Schema.Int
  })
})

export const TopicInfo = Schema.Struct({
  name: Schema.String,
  retentionMs: Schema.Finite,
  partitions: Schema.Array(Schema.Struct({ partition: Schema.Int, start: Schema.Int, end: Schema.Int })),
  groups: Schema.Array(
    Schema.Struct({ group: Schema.String, partition: Schema.Int, committed: Schema.Int, lag: Schema.Int })
  )
})

export const DeadLetterInfo = Schema.Struct({
  /** The dead-letter topic. */
  topic: Schema.String,
  partition: Schema.Int,
  offset: Schema.Int,
  at: Schema.Int,
  key: Schema.NullOr(Schema.String),
  /** The value as text; what is not UTF-8 shows as replacement characters. */
  value: Schema.String,
  reason: Schema.String,
  error: Schema.String,
  actor: Schema.String,
  attempts: Schema.Int,
  origin: Schema.Struct({ topic: Schema.String, partition: Schema.Int, offset: Schema.Int }),
  firstFailedAt: Schema.Int,
  headers: Schema.Record(Schema.String, Schema.String)
})

export class SystemApi extends HttpApiGroup.make("system")
  .add(
    HttpApiEndpoint.get("status", "/status", { success: Status, error: problems }),
    HttpApiEndpoint.get("topics", "/topics", { success: Schema.Array(TopicInfo), error: problems }),
    HttpApiEndpoint.get("deadLetters", "/dead-letters", {
      query: {
        topic: Schema.optionalKey(Schema.NonEmptyString),
        limit: Schema.optionalKey(Schema.FiniteFromString.check(Schema.isBetween({ minimum: 1, maximum: 1000 })))
      },
      success: Schema.Array(DeadLetterInfo),
      error: problems
    }),
    HttpApiEndpoint.post("redrive", "/dead-letters/redrive", {
      payload: Schema.Struct({
        /** The dead-letter topic, or the topic it belongs to. */
        topic: Schema.NonEmptyString,
        /** Absent: every dead letter that was not sent back yet. */
        positions: Schema.optionalKey(Schema.Array(Schema.Struct({ partition: Schema.Int, offset: Schema.Int })))
      }),
      success: Schema.Struct({ sent: Schema.Int }),
      error: problems
    })
  )
  .prefix("/api") {}

export const IngestReport = Schema.Struct({
  source: Schema.String,
  added: Schema.Int,
  changed: Schema.Int,
  removed: Schema.Int,
  unchanged: Schema.Int,
  chunks: Schema.Int,
  problems: Schema.Array(Schema.Struct({ path: Schema.String, reason: Schema.String }))
})

export const SourceInfo = Schema.Struct({
  source: Schema.String,
  refreshedAt: Schema.Int,
  documents: Schema.Array(
    Schema.Struct({
      id: Schema.String,
      path: Schema.String,
      title: Schema.String,
      chunks: Schema.Int,
      ingestedAt: Schema.Int
    })
  )
})

export class KnowledgeApi extends HttpApiGroup.make("knowledge")
  .add(
    HttpApiEndpoint.get("documents", "/documents", { success: Schema.Array(SourceInfo), error: problems }),
    HttpApiEndpoint.get("document", "/documents/:id", {
      params: { id: Schema.NonEmptyString },
      success: Schema.Struct({
        id: Schema.String,
        title: Schema.String,
        sections: Schema.Array(
          Schema.Struct({ id: Schema.String, title: Schema.String, text: Schema.String, url: Schema.String })
        )
      }),
      error: problems
    }),
    HttpApiEndpoint.post("ingest", "/documents", {
      payload: Schema.Struct({
        source: Name,
        documents: Schema.Array(Schema.Struct({ path: Schema.NonEmptyString, text: Schema.String })),
        /** Documents of the source that are not in the list leave the index. */
        removeMissing: Schema.Boolean,
        baseUrl: Schema.optionalKey(Schema.String)
      }),
      success: IngestReport,
      error: problems
    }),
    HttpApiEndpoint.get("search", "/search", {
      query: {
        q: Text,
        channelId: Schema.optionalKey(Schema.NonEmptyString),
        limit: Schema.optionalKey(Schema.FiniteFromString.check(Schema.isBetween({ minimum: 1, maximum: 50 })))
      },
      success: Schema.Struct({
        grounds: Schema.Struct({ score: Schema.Finite, threshold: Schema.Finite, enough: Schema.Boolean }),
        vectors: Schema.Boolean,
        found: Schema.Array(
          Schema.Struct({
            chunkId: Schema.String,
            kind: Schema.Literals(["document", "chat"]),
            title: Schema.String,
            text: Schema.String,
            url: Schema.String,
            score: Schema.Finite,
            signals: Schema.Record(Schema.String, Schema.Finite)
          })
        )
      }),
      error: problems
    })
  )
  .prefix("/api") {}

export class Api extends HttpApi.make("rtfm")
  .add(QuestionsApi)
  .add(ChatApi)
  .add(SystemApi)
  .add(KnowledgeApi)
  .annotateMerge(
    OpenApi.annotations({
      title: "rtfm",
      description: "Ask the manual, talk in the local channels, add documentation, and see how the process is."
    })
  ) {}
