/** The HTTP API as data: the server, the client of the CLI, the page's types and the OpenAPI document follow from it. */
import { Result, Schema, SchemaAST } from "effect"
import { ProblemDetails } from "effect/http"
import {
  HttpApi,
  HttpApiEndpoint,
  HttpApiError,
  HttpApiGroup,
  HttpApiMiddleware,
  HttpApiSchema,
  HttpApiSecurity,
  OpenApi
} from "effect/http-api"
import * as ReadFrom from "../broker/ReadFrom.ts"
import * as Answer from "../domain/Answer.ts"
import * as ChatMessage from "../domain/ChatMessage.ts"
import * as Happening from "../domain/Happening.ts"
import { maxQuestionLength } from "../domain/Question.ts"
import * as Problem from "./Problem.ts"

/** Names a structure in the OpenAPI document and says what its fields are. */
const described = <const Fields extends Schema.Struct.Fields>(
  identifier: string,
  description: string,
  struct: Schema.Struct<Fields>,
  fields: { readonly [K in keyof Fields]?: string } = {}
): Schema.Struct<Fields> => {
  const withDescriptions = Object.entries(struct.fields).map(([name, field]) => [
    name,
    fields[name] === undefined ? field : (field as Schema.Top).annotateKey({ description: fields[name] })
  ])
  return Schema.Struct(Object.fromEntries(withDescriptions) as Fields).annotate({ identifier, description })
}

/** Bounds of what the text fields of a request take. */
const Text = Schema.String.check(
  Schema.isMinLength(1, { message: "Expected some text" }),
  Schema.isMaxLength(maxQuestionLength, { message: `Expected at most ${maxQuestionLength} characters` })
)
const Name = Schema.String.check(
  Schema.isPattern(/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,39}$/u, {
    message: "Expected 1 to 40 letters, digits, spaces, dots, dashes or underscores, the first a letter or digit"
  })
)
const Id = Schema.String.check(
  Schema.isMinLength(1, { message: "Expected an id" }),
  Schema.isMaxLength(500, { message: "Expected at most 500 characters" })
)
const whole = (minimum: number, maximum: number) =>
  Schema.optionalKey(
    Schema.FiniteFromString.check(
      Schema.isInt({ message: "Expected a whole number" }),
      Schema.isBetween({ minimum, maximum }, { message: `Expected a number from ${minimum} to ${maximum}` })
    )
  )

const Millis = Schema.Int.annotate({ description: "Milliseconds since the Unix epoch" })

export const Person = described(
  "Person",
  "Who writes a message of the local chat",
  Schema.Struct({
    id: Schema.String.check(
      Schema.isPattern(/^[A-Za-z0-9_-]{1,64}$/, { message: "Expected 1 to 64 letters, digits, underscores or dashes" })
    ),
    name: Name
  }),
  { id: "The same person keeps the same id; it decides whose messages may be edited", name: "What others see" }
)

/** Seconds a request may wait for an answer. */
export const longestWait = 60
export const defaultWait = 30

const idempotencyKey = {
  "idempotency-key": Schema.optionalKey(
    Schema.String.check(
      Schema.isMinLength(1, { message: "Expected at least 1 character" }),
      Schema.isMaxLength(200, { message: "Expected at most 200 characters" })
    )
  )
}

/** What every request can meet before it reaches its handler. */
export class Problems extends HttpApiMiddleware.Service<Problems>()("rtfm/web/Problems", {
  error: [Problem.BadRequest, Problem.Forbidden, Problem.Internal, Problem.Unavailable]
}) {}

export class Authorization extends HttpApiMiddleware.Service<Authorization>()("rtfm/web/Authorization", {
  error: Problem.Unauthorized,
  security: {
    token: HttpApiSecurity.bearer.pipe(
      HttpApiSecurity.annotate(OpenApi.Description, "The value of API_TOKEN; needed only where that is set")
    )
  }
}) {}

const problems = [Problem.NotFound, Problem.Invalid] as const
const bodyProblems = [...problems, Problem.ContentTooLarge, Problem.UnsupportedMediaType] as const

/** What the schema of a parameter cannot say in the OpenAPI document, because on the wire it is text. */
type Parameters = Readonly<Record<string, { readonly description: string; readonly schema?: object }>>

const number = (minimum: number, maximum: number, description: string) => ({
  description,
  schema: { type: "integer", minimum, maximum }
})

const paths: Parameters = {
  channelId: { description: "A channel of the local chat, such as `local:general`" },
  messageId: { description: "A message of the channel" }
}

const about = (summary: string, description: string, parameters: Parameters = {}) =>
  OpenApi.annotations({
    summary,
    description,
    transform: (operation) => ({
      ...operation,
      parameters: operation["parameters"].map((parameter: { name: string }) => ({
        ...parameter,
        ...{ ...paths, ...parameters }[parameter.name]
      }))
    })
  })

const idempotencyParameter = {
  "idempotency-key": { description: "The same key is the same message, however often and whenever it is sent" }
}
const topicParameter = { topic: { description: "A topic that exists, such as `discord-commands`" } }
const waitParameters = {
  wait: number(0, longestWait, "Seconds to wait for the answer"),
  prefer: { description: "`wait=10` is the same as `?wait=10`, and `respond-async` the same as `?wait=0`" }
}

const Citation = described("Citation", "Words the answer rests on, and where they stand", Answer.Citation, {
  n: "Its number in the answer's text: `[1]`",
  quote: "Occurs verbatim in the passage",
  title: "Headings or channel the passage stands under",
  url: "Where a reader finds the passage",
  passage: "The passage the quote is part of"
})
const Timing = described("Timing", "Milliseconds spent in each step", Answer.Timing, {
  queuedMs: "Waiting in the log",
  retrieveMs: "Looking for passages",
  writeMs: "Writing the answer"
})
const AnswerMode = Answer.AnswerMode.annotate({
  identifier: "AnswerMode",
  description:
    "`model`: written by a language model, every sentence backed by a checked quote. `quoted`: quotes, because the model does not answer. `closest`: the nearest passages, because no model is set up."
})

const answerFields = {
  refused: Schema.Boolean,
  mode: AnswerMode,
  citations: Schema.Array(Citation),
  timing: Timing
}
const refusedMeans = "Nothing that is known answers the question; the answer says so"

export const AnsweredQuestion = described(
  "AnsweredQuestion",
  "A question with its answer",
  Schema.Struct({
    id: Schema.String,
    question: Schema.String,
    channelId: Schema.String,
    answer: Schema.String,
    ...answerFields
  }),
  {
    id: "The id of the message that asks",
    channelId: "Where it was asked and answered",
    answer: "Markdown; `[n]` refers to the citations",
    refused: refusedMeans
  }
).annotate({
  examples: [
    {
      id: "m-5d0c7e0e",
      question: "How do I ingest a folder of documents?",
      channelId: "local:general",
      answer: "`rtfm ingest docs/` reads every Markdown file below the folder [1]",
      refused: false,
      mode: "closest",
      citations: [
        {
          n: 1,
          quote: "`rtfm ingest docs/` reads every Markdown file below the folder",
          title: "README › Documentation",
          url: "/#/documents/rtfm-bot%2FREADME.md",
          passageId: "rtfm-bot/README.md#3/0",
          passage:
            "`rtfm ingest docs/` reads every Markdown file below the folder; a second run does only what changed."
        }
      ],
      timing: { queuedMs: 2, retrieveMs: 18, writeMs: 3 }
    }
  ]
})

export const PendingQuestion = described(
  "PendingQuestion",
  "A question that has no answer yet",
  Schema.Struct({
    id: Schema.String,
    question: Schema.String,
    channelId: Schema.String,
    state: Schema.Literal("pending")
  }),
  { id: "Ask for it again at `/api/questions/{id}`" }
).pipe(HttpApiSchema.status(202))

const prefer = { prefer: Schema.optionalKey(Schema.String) }
const wait = { wait: whole(0, longestWait) }

export class QuestionsApi extends HttpApiGroup.make("questions")
  .add(
    HttpApiEndpoint.post("ask", "/questions", {
      headers: { ...idempotencyKey, ...prefer },
      query: wait,
      payload: described(
        "Ask",
        "A question",
        Schema.Struct({
          text: Text,
          channelId: Schema.optionalKey(Id),
          author: Schema.optionalKey(Person)
        }),
        {
          text: `At most ${maxQuestionLength} characters`,
          channelId: "A channel of the local chat; `local:general` when absent",
          author: "Who asks; the API itself when absent"
        }
      ).annotate({ examples: [{ text: "How do I ingest a folder of documents?" }] }),
      success: [AnsweredQuestion, PendingQuestion],
      error: bodyProblems
    }).annotateMerge(
      about(
        "Ask a question",
        `Posts the question in the channel and waits up to ${defaultWait} seconds for its answer; after that 202 and the question's address. A question sent again with its Idempotency-Key is the same question and has the same answer.`,
        { ...idempotencyParameter, ...waitParameters }
      )
    ),
    HttpApiEndpoint.get("question", "/questions/:id", {
      params: { id: Id },
      headers: prefer,
      query: wait,
      success: [AnsweredQuestion, PendingQuestion],
      error: problems
    }).annotateMerge(
      about("Look at a question", "Its answer, or 202 while there is none; waits only when told to.", {
        id: { description: "The id it got when it was asked" },
        ...waitParameters
      })
    )
  )
  .prefix("/api")
  .annotateMerge(
    OpenApi.annotations({ title: "Questions", description: "Ask, and get an answer with its sources." })
  ) {}

const LocalChannel = described("Channel", "A channel of the local chat", Happening.LocalChannel, {
  id: "`local:` and the name"
})
const AnswerOfBot = described(
  "Answer",
  "What the bot found, with the words it rests on",
  Schema.Struct({ text: Schema.String, ...answerFields }),
  { text: "Markdown; `[n]` refers to the citations", refused: refusedMeans }
)
const Author = described("Author", "Who wrote a message", ChatMessage.Author, { bot: "True for any program" })
const LocalMessage = described(
  "Message",
  "A message of the local chat",
  Schema.Struct({ ...Happening.LocalMessage.fields, author: Author, answer: Schema.optionalKey(AnswerOfBot) }),
  {
    replyTo: "The message it answers",
    editedAt: "Equal to `createdAt` until the first edit",
    answer: "Set on what the bot said in answer to a question"
  }
)

export class ChatApi extends HttpApiGroup.make("chat")
  .add(
    HttpApiEndpoint.get("channels", "/channels", {
      success: Schema.Array(LocalChannel),
      error: problems
    }).annotateMerge(about("List the channels", "Oldest first.")),
    HttpApiEndpoint.post("createChannel", "/channels", {
      payload: Schema.Struct({ name: Name }).annotate({ examples: [{ name: "release notes" }] }),
      success: LocalChannel,
      error: bodyProblems
    }).annotateMerge(about("Create a channel", "A name that exists gives the channel that has it.")),
    HttpApiEndpoint.get("messages", "/channels/:channelId/messages", {
      params: { channelId: Id },
      query: {
        before: Schema.optionalKey(Id),
        limit: whole(1, 200)
      },
      success: Schema.Array(LocalMessage),
      error: problems
    }).annotateMerge(
      about("List messages", "The newest, oldest first.", {
        before: { description: "A message; those before it are listed" },
        limit: number(1, 200, "At most so many; 50 when absent")
      })
    ),
    HttpApiEndpoint.post("post", "/channels/:channelId/messages", {
      params: { channelId: Id },
      headers: idempotencyKey,
      payload: Schema.Struct({ text: Text, author: Person, replyTo: Schema.optionalKey(Id) }).annotate({
        examples: [{ text: "@rtfm how do I add a channel?", author: { id: "ada", name: "Ada" } }]
      }),
      success: LocalMessage,
      error: bodyProblems
    }).annotateMerge(
      about(
        "Post a message",
        "`!rtfm …` and `@rtfm …` ask the bot; its answer comes as a reply. Durable when it returns.",
        idempotencyParameter
      )
    ),
    HttpApiEndpoint.patch("edit", "/channels/:channelId/messages/:messageId", {
      params: { channelId: Id, messageId: Id },
      payload: Schema.Struct({ text: Text, authorId: Id }).annotate({
        examples: [{ text: "@rtfm how do I add a channel to the chat?", authorId: "ada" }]
      }),
      success: LocalMessage,
      error: bodyProblems
    }).annotateMerge(about("Edit a message", "Only the author's own.")),
    HttpApiEndpoint.delete("remove", "/channels/:channelId/messages/:messageId", {
      params: { channelId: Id, messageId: Id },
      query: { authorId: Id },
      success: HttpApiSchema.NoContent.annotate({ description: "It is gone" }),
      error: problems
    }).annotateMerge(
      about("Delete a message", "Only the author's own. It leaves the index, too.", {
        authorId: { description: "Who deletes it" }
      })
    )
  )
  .prefix("/api")
  .annotateMerge(OpenApi.annotations({ title: "Chat", description: "The channels and messages of the local chat." })) {}

const ActorStatus = described("ActorStatus", "An actor and how it is", Happening.ActorStatus, {
  route: "Where its records come from and go to",
  restarts: "Times it was started again after a failure",
  inHand: "Records it is handling",
  handled: "Records it has finished since the start",
  lag: "Records of its topic it has not finished; null for actors that read no topic"
})
const PartStatus = described("PartStatus", "A part of the process and how it is", Happening.PartStatus, {
  kind: "`embedded` runs inside this installation, `real` is a service elsewhere",
  detail: "What it is and how it is, in one sentence"
})

export const Status = described(
  "Status",
  "How the process is",
  Schema.Struct({
    version: Schema.String,
    startedAt: Millis,
    ready: Schema.Boolean,
    summary: Schema.String,
    actors: Schema.Array(ActorStatus),
    parts: Schema.Array(PartStatus),
    knowledge: Schema.Struct({
      documents: Schema.Int,
      chunks: Schema.Int,
      passages: Schema.Int,
      messages: Schema.Int,
      waiting: Schema.Int.annotateKey({
        description: "Passages that wait for a vector; text search finds them already"
      })
    }).annotate({ identifier: "Knowledge", description: "How much is known" })
  }),
  { summary: "One sentence: what works and what waits" }
)

export const TopicInfo = described(
  "Topic",
  "A topic and who reads it",
  Schema.Struct({
    name: Schema.String,
    retentionMs: Schema.Finite,
    partitions: Schema.Array(Schema.Struct({ partition: Schema.Int, start: Schema.Int, end: Schema.Int })),
    groups: Schema.Array(
      Schema.Struct({ group: Schema.String, partition: Schema.Int, committed: Schema.Int, lag: Schema.Int })
    )
  }),
  {
    partitions: "From the offset of the oldest record to that of the next",
    groups: "How far each group is: the lowest offset not finished, and the records not finished"
  }
)

/** Records of one request, and bytes of one line that is read: the largest value, written with escapes. */
export const recordsAtOnce = 1000
const longestLine = "64 MiB"

export const NewRecord = described(
  "NewRecord",
  "A record to append",
  Schema.Struct({
    key: Schema.optionalKey(
      Schema.NullOr(Schema.String.check(Schema.isMaxLength(1000, { message: "Expected at most 1000 characters" })))
    ),
    value: Schema.String,
    headers: Schema.optionalKey(
      Schema.Record(Schema.String, Schema.String).check(
        Schema.isMaxProperties(100, { message: "Expected at most 100 headers" })
      )
    )
  }),
  { key: "Records of one key stay in order; without one they go to any partition", value: "Written as UTF-8" }
)

const Position = described(
  "Position",
  "Where a record is",
  Schema.Struct({ topic: Schema.String, partition: Schema.Int, offset: Schema.Int })
)

export const RecordInfo = described(
  "Record",
  "A record of a topic",
  Schema.Struct({
    topic: Schema.String,
    partition: Schema.Int,
    offset: Schema.Int,
    timestamp: Millis,
    key: Schema.NullOr(Schema.String),
    headers: Schema.Record(Schema.String, Schema.String),
    value: Schema.String
  }),
  { value: "The value as text; what is not UTF-8 shows as replacement characters" }
)

const ReadFromText = Schema.String.check(
  Schema.makeFilter((text) => Result.isSuccess(ReadFrom.parse(text)) || `Expected ${ReadFrom.expected}`)
)

export class RecordsApi extends HttpApiGroup.make("records")
  .add(
    HttpApiEndpoint.post("publish", "/topics/:topic/records", {
      params: { topic: Id },
      payload: described(
        "Publish",
        "Records to append",
        Schema.Struct({
          records: Schema.Array(NewRecord).check(
            Schema.isMinLength(1, { message: "Expected a record" }),
            Schema.isMaxLength(recordsAtOnce, { message: `Expected at most ${recordsAtOnce} records` })
          )
        }),
        { records: `In order; at most ${recordsAtOnce}` }
      ).annotate({ examples: [{ records: [{ key: "build", value: '{"text":"Build 7 is out"}' }] }] }),
      success: Schema.Array(Position),
      error: bodyProblems
    }).annotateMerge(
      about(
        "Write records",
        "To a topic that exists, all or none; durable when it returns. The body may have up to 32 MiB.",
        topicParameter
      )
    ),
    HttpApiEndpoint.get("read", "/topics/:topic/records", {
      params: { topic: Id },
      query: {
        from: Schema.optionalKey(ReadFromText),
        partition: whole(0, 100_000),
        limit: whole(1, 1_000_000_000),
        follow: Schema.optionalKey(Schema.Literals(["true", "false"]))
      },
      success: HttpApiSchema.StreamNdjson({ schema: RecordInfo, maxElementBytes: longestLine }),
      error: problems
    }).annotateMerge(
      about("Read records", "One a line, in order within a partition, up to the topic's end or on and on.", {
        ...topicParameter,
        from: { description: `${ReadFrom.expected}; earliest when absent` },
        partition: number(0, 100_000, "Only this one"),
        limit: number(1, 1_000_000_000, "At most so many; all when absent"),
        follow: { description: "`true`: goes on with what comes, until the process stops" }
      })
    )
  )
  .prefix("/api")
  .annotateMerge(
    OpenApi.annotations({ title: "Records", description: "What topics hold: write to them, read them." })
  ) {}

export const DeadLetterInfo = described(
  "DeadLetter",
  "A record that could not be handled",
  Schema.Struct({
    topic: Schema.String,
    partition: Schema.Int,
    offset: Schema.Int,
    at: Millis,
    key: Schema.NullOr(Schema.String),
    value: Schema.String,
    reason: Schema.String,
    error: Schema.String,
    actor: Schema.String,
    attempts: Schema.Int,
    origin: Schema.Struct({ topic: Schema.String, partition: Schema.Int, offset: Schema.Int }),
    firstFailedAt: Millis,
    headers: Schema.Record(Schema.String, Schema.String)
  }),
  {
    topic: "The dead-letter topic",
    value: "The value as text; what is not UTF-8 shows as replacement characters",
    reason: "`undecodable`, `rejected`, `exhausted` or `defect`",
    origin: "Where the record was when it failed"
  }
)

export const RedriveReport = described(
  "RedriveReport",
  "What was sent back",
  Schema.Struct({ sent: Schema.Int, refused: Schema.Int, deadLetters: Schema.Array(Position) }),
  {
    sent: "How many were sent, or would be",
    refused: "How many stay because they failed for a reason that does not pass",
    deadLetters: "Those that were sent, or would be, oldest first"
  }
)

/** Every happening is an event `message`; `reset` says that some were missed and everything has to be loaded again. */
export const ServerSentEvent = Schema.Union([
  Schema.Struct({
    id: Schema.String,
    event: Schema.Literal("message"),
    data: Schema.fromJsonString(Happening.Happening)
  }),
  Schema.Struct({
    id: Schema.optionalKey(Schema.String),
    event: Schema.Literal("reset"),
    data: Schema.fromJsonString(Schema.Struct({ type: Schema.Literal("reset") }))
  })
])

export class SystemApi extends HttpApiGroup.make("system")
  .add(
    HttpApiEndpoint.get("status", "/status", { success: Status, error: problems }).annotateMerge(
      about("Look at the process", "Its actors, its parts, and how much is known.")
    ),
    HttpApiEndpoint.get("events", "/events", {
      headers: {
        "last-event-id": Schema.optionalKey(Schema.String)
      },
      success: HttpApiSchema.StreamSse({ events: ServerSentEvent })
    }).annotateMerge(
      about(
        "Follow what happens",
        "A server-sent stream that starts now, or after Last-Event-ID. Data is JSON with a `type`, such as `message.created` or `question.answered`. An event `reset` says that some were missed: load everything again. A comment is sent every 15 seconds.",
        { "last-event-id": { description: "The id of the last event that was seen; the stream goes on from there" } }
      )
    ),
    HttpApiEndpoint.get("topics", "/topics", { success: Schema.Array(TopicInfo), error: problems }).annotateMerge(
      about("List the topics", "With their partitions and the lag of every group.")
    ),
    HttpApiEndpoint.get("deadLetters", "/dead-letters", {
      query: {
        topic: Schema.optionalKey(Id),
        limit: whole(1, 1000)
      },
      success: Schema.Array(DeadLetterInfo),
      error: problems
    }).annotateMerge(
      about("List dead letters", "Records that could not be handled and were not sent back yet.", {
        topic: { description: "A dead-letter topic, or the topic it belongs to" },
        limit: number(1, 1000, "At most so many; 100 when absent")
      })
    ),
    HttpApiEndpoint.post("redrive", "/dead-letters/redrive", {
      payload: described(
        "Redrive",
        "Which dead letters to send back",
        Schema.Struct({
          topic: Id,
          positions: Schema.optionalKey(Schema.Array(Schema.Struct({ partition: Schema.Int, offset: Schema.Int }))),
          since: Schema.optionalKey(Millis),
          limit: Schema.optionalKey(
            Schema.Int.check(Schema.isGreaterThan(0, { message: "Expected a number above 0" }))
          ),
          force: Schema.optionalKey(Schema.Boolean),
          dryRun: Schema.optionalKey(Schema.Boolean)
        }),
        {
          topic: "The dead-letter topic, or the topic it belongs to",
          positions: "Absent: every one that was not sent back yet",
          since: "Only those that became dead letters then or later",
          limit: "At most so many, oldest first",
          force: "Also those that failed for a reason that does not pass: `undecodable` and `rejected`",
          dryRun: "Says what would be sent, and sends nothing"
        }
      ).annotate({ examples: [{ topic: "bot-queries" }] }),
      success: RedriveReport,
      error: bodyProblems
    }).annotateMerge(about("Send dead letters back", "To the topic they came from, as they were."))
  )
  .prefix("/api")
  .annotateMerge(OpenApi.annotations({ title: "System", description: "How the process is and what went wrong." })) {}

export const IngestReport = described(
  "IngestReport",
  "What an ingest changed",
  Schema.Struct({
    source: Schema.String,
    added: Schema.Int,
    changed: Schema.Int,
    removed: Schema.Int,
    unchanged: Schema.Int,
    chunks: Schema.Int,
    problems: Schema.Array(Schema.Struct({ path: Schema.String, reason: Schema.String }))
  }),
  { chunks: "Sections that were sent to be indexed", problems: "Documents that were left out, and why" }
)

export const SourceInfo = described(
  "Source",
  "Documents that came from one place",
  Schema.Struct({
    source: Schema.String,
    refreshedAt: Millis,
    documents: Schema.Array(
      Schema.Struct({
        id: Schema.String,
        path: Schema.String,
        title: Schema.String,
        chunks: Schema.Int,
        ingestedAt: Millis
      })
    )
  })
)

const Section = described(
  "Section",
  "A section of a document",
  Schema.Struct({ id: Schema.String, title: Schema.String, text: Schema.String, url: Schema.String }),
  { title: "Headings from the outermost to the section's own", text: "Markdown" }
)

const Found = described(
  "Found",
  "A section of a document or a stretch of chat that fits a query",
  Schema.Struct({
    chunkId: Schema.String,
    kind: Schema.Literals(["document", "chat"]),
    title: Schema.String,
    text: Schema.String,
    url: Schema.String,
    score: Schema.Finite,
    signals: Schema.Record(Schema.String, Schema.Finite)
  }),
  { signals: "What the score is made of" }
)

export class KnowledgeApi extends HttpApiGroup.make("knowledge")
  .add(
    HttpApiEndpoint.get("documents", "/documents", {
      success: Schema.Array(SourceInfo),
      error: problems
    }).annotateMerge(about("List the documentation", "Every source with its documents.")),
    HttpApiEndpoint.get("document", "/documents/:id", {
      params: { id: Id },
      success: Schema.Struct({ id: Schema.String, title: Schema.String, sections: Schema.Array(Section) }),
      error: problems
    }).annotateMerge(
      about("Read a document", "Its sections in order, as they are indexed.", {
        id: { description: "Source and path, such as `handbook/start.md`, with its slashes escaped" }
      })
    ),
    HttpApiEndpoint.post("ingest", "/documents", {
      payload: described(
        "Ingest",
        "Documents of one source",
        Schema.Struct({
          source: Schema.String.check(
            Schema.isPattern(/^[\p{L}\p{N}./~_-][^\p{C}]{0,499}$/u, {
              message: "Expected a name, folder or address of at most 500 characters"
            })
          ),
          origin: Schema.optionalKey(Id),
          documents: Schema.Array(Schema.Struct({ path: Id, text: Schema.String })),
          removeMissing: Schema.Boolean,
          present: Schema.optionalKey(Schema.Array(Id)),
          baseUrl: Schema.optionalKey(Schema.String)
        }),
        {
          source: "The folder, file or site they come from",
          origin: "Where the source is; the same name from elsewhere is refused, as it would replace what is there",
          documents: "Markdown with its path below the source",
          removeMissing: "Documents of the source that are neither in the list nor present leave the index",
          present: "Paths that are there, too: a large source is sent in parts, and the last part names all",
          baseUrl: "Where readers find the documents; links go there"
        }
      ).annotate({
        examples: [
          {
            source: "handbook",
            documents: [{ path: "start.md", text: "# Start\n\nPress the button." }],
            removeMissing: false
          }
        ]
      }),
      success: IngestReport,
      error: bodyProblems
    }).annotateMerge(about("Add documentation", "What did not change does no work. The body may have up to 32 MiB.")),
    HttpApiEndpoint.get("search", "/search", {
      query: {
        q: Text,
        channelId: Schema.optionalKey(Id),
        limit: whole(1, 50)
      },
      success: described(
        "SearchResult",
        "What was found, best first",
        Schema.Struct({
          grounds: Schema.Struct({ score: Schema.Finite, threshold: Schema.Finite, enough: Schema.Boolean }),
          vectors: Schema.Boolean,
          found: Schema.Array(Found)
        }),
        {
          grounds: "Whether there is enough to answer from: `score` above `threshold`",
          vectors: "False when text search stood alone"
        }
      ),
      error: problems
    }).annotateMerge(
      about("Search", "The passages an answer would be written from.", {
        q: { description: "What to look for" },
        channelId: {
          description: "Search as if asked in this channel of the local chat; `local:general` when absent"
        },
        limit: number(1, 50, "At most so many; 10 when absent")
      })
    )
  )
  .prefix("/api")
  .annotateMerge(
    OpenApi.annotations({ title: "Knowledge", description: "Documentation: add it, read it, search it." })
  ) {}

/** The process cannot do its work now. */
export class NotReady extends HttpApiError.Problem<NotReady>()(
  "NotReady",
  { type: ProblemDetails.blankType, status: 503, title: "Not Ready" },
  { detail: Schema.String, reasons: Schema.Array(Schema.String) },
  { identifier: "NotReady", description: "It runs and cannot do its work now; `reasons` says why" }
) {}

export class HealthApi extends HttpApiGroup.make("health")
  .add(
    HttpApiEndpoint.get("live", "/health/live", {
      success: Schema.Struct({ status: Schema.Literal("live") })
    }).annotateMerge(about("Is it alive?", "Answers as long as the process runs.")),
    HttpApiEndpoint.get("ready", "/health/ready", {
      success: Schema.Struct({ status: Schema.Literal("ready") }),
      error: NotReady
    }).annotateMerge(
      about(
        "Can it work?",
        "503 while actors keep failing, the broker or the state is down, or the process is stopping."
      )
    ),
    HttpApiEndpoint.get("metrics", "/metrics", {
      success: Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/plain; version=0.0.4; charset=utf-8" }))
    }).annotateMerge(about("Read the metrics", "In the text format of Prometheus."))
  )
  .annotateMerge(OpenApi.annotations({ title: "Health", description: "For probes and scrapers; needs no token." })) {}

/** Effect names what a class looks like on the wire `…Encoded`; readers of the document know one name. */
const withOneName = (document: Record<string, any>): Record<string, any> =>
  JSON.parse(JSON.stringify(document).replaceAll(/("(?:#\/components\/schemas\/)?[A-Z]\w+)Encoded"/g, '$1"'))

/** What is said of a field is kept apart from its schema as `allOf`, which OpenAPI 3.1 has no need of. */
const withPlainFields = (document: Record<string, any>): Record<string, any> =>
  JSON.parse(JSON.stringify(document), (_, value) => {
    const { allOf, ...rest } = value ?? {}
    const isPlain = (part: object) => Object.keys(part).every((key) => key === "$ref" || key === "description")
    return Array.isArray(allOf) && allOf.every(isPlain) ? Object.assign(rest, ...allOf) : value
  })

/** What is said of a class stays behind when it is encoded. */
const withDescribedProblems = (document: Record<string, any>): Record<string, any> => {
  const { schemas, ...components } = document["components"]
  const described = Object.entries({ ...Problem, NotReady } as Record<string, unknown>)
    .filter(([name, problem]) => name in schemas && Schema.isSchema(problem))
    .map(([name, problem]) => {
      const description = SchemaAST.resolveDescription((problem as Schema.Top).ast)
      return [name, { ...schemas[name], description }]
    })
  return { ...document, components: { ...components, schemas: { ...schemas, ...Object.fromEntries(described) } } }
}

export class Api extends HttpApi.make("rtfm")
  .add(QuestionsApi)
  .add(ChatApi)
  .add(KnowledgeApi)
  .add(SystemApi)
  .add(RecordsApi)
  .middleware(Authorization)
  .add(HealthApi)
  .middleware(Problems)
  .annotate(HttpApi.ParseOptions, { errors: "all" })
  .annotateMerge(
    OpenApi.annotations({
      title: "rtfm",
      description: "Ask the manual, talk in the local channels, add documentation, and see how the process is.",
      transform: (document) => withDescribedProblems(withPlainFields(withOneName(document)))
    })
  ) {}
