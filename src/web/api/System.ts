/** How the process is and what went wrong. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import * as Happening from "../../domain/Happening.ts"
import { about, described, number } from "./Describe.ts"
import { bodyProblems, Id, Millis, problems, whole } from "./Fields.ts"
import { Position } from "./Records.ts"

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
    retentionMs: Schema.NullOr(Schema.Finite),
    partitions: Schema.Array(
      Schema.Struct({
        partition: Schema.Int,
        start: Schema.Int,
        end: Schema.Int,
        leader: Schema.NullOr(Schema.String)
      })
    ),
    kept: Schema.NullOr(
      Schema.Struct({ cleanup: Schema.String, compression: Schema.String, replicas: Schema.Int }).annotate({
        identifier: "TopicKept",
        description: "In Kafka's words"
      })
    ),
    groups: Schema.Array(
      Schema.Struct({ group: Schema.String, partition: Schema.Int, committed: Schema.Int, lag: Schema.Int })
    )
  }),
  {
    retentionMs: "`null`: kept for ever",
    partitions: "From the offset of the oldest record to that of the next, and the broker that leads it",
    kept: "How brokers that share the topic keep it; `null` for the embedded broker",
    groups: "How far each group is: the lowest offset not finished, and the records not finished"
  }
)

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
          to: Schema.optionalKey(Id),
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
          to: "A topic to send them to instead of the one they came from",
          positions: "Absent: every one that was not sent back yet",
          since: "Only those that became dead letters then or later",
          limit: "At most so many, oldest first",
          force: "Also those that failed for a reason that does not pass: `undecodable` and `rejected`",
          dryRun: "Says what would be sent, and sends nothing"
        }
      ).annotate({ examples: [{ topic: "bot-queries" }] }),
      success: RedriveReport,
      error: bodyProblems
    }).annotateMerge(about("Send dead letters back", "To the topic they came from or to another, as they were."))
  )
  .prefix("/api")
  .annotateMerge(OpenApi.annotations({ title: "System", description: "How the process is and what went wrong." })) {}
