/** Events of other systems: publish one, and see what was done about it. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { kinds } from "../../events/Catalog.ts"
import { about, described, number } from "./Describe.ts"
import { Embed } from "./Embeds.ts"
import { bodyProblems, Id, idempotencyKey, Millis, problems, whole } from "./Fields.ts"

const types = kinds.map(({ type }) => `\`${type}\``).join(", ")

export const EventKindInfo = described(
  "EventKind",
  "A kind of event",
  Schema.Struct({
    type: Schema.String,
    name: Schema.String,
    description: Schema.String,
    icon: Schema.String,
    topic: Schema.String,
    schema: Schema.Record(Schema.String, Schema.Unknown),
    sample: Schema.Record(Schema.String, Schema.Unknown)
  }),
  { schema: "JSON Schema of what an event of this kind holds", sample: "Such an event's data" }
)

export const PublishedEvent = described(
  "PublishedEvent",
  "An event that the broker has acknowledged",
  Schema.Struct({
    id: Schema.String,
    type: Schema.String,
    topic: Schema.String,
    partition: Schema.Int,
    offset: Schema.Int
  }),
  { id: "Its way is at `/api/ways/{id}`, and what was done about it at `/api/events/{id}/steps`" }
).pipe(HttpApiSchema.status(202))

export const EventStep = described(
  "EventStep",
  "Something that was done about an event",
  Schema.Struct({
    step: Schema.String,
    outcome: Schema.Literals(["done", "refused", "unknown"]),
    detail: Schema.String,
    at: Millis
  }),
  { outcome: "`unknown`: there was no answer, so it may have been done" }
)

export const RecentEvent = described(
  "RecentEvent",
  "An event of the last day, and what became of it",
  Schema.Struct({
    id: Schema.String,
    type: Schema.String,
    name: Schema.String,
    icon: Schema.String,
    heading: Schema.String,
    state: Schema.Literals(["waiting", "underway", "processed", "failed"]),
    publishedAt: Millis,
    takenAt: Schema.NullOr(Millis),
    toldAt: Schema.NullOr(Millis),
    error: Schema.NullOr(Schema.String),
    steps: Schema.Array(EventStep),
    embed: Schema.NullOr(Embed)
  }),
  {
    heading: "What it tells, in a few words",
    state: "`waiting` for its handler, `underway` in it, or settled",
    error: "Why it failed",
    steps: "What was done about it, in order",
    embed: "How it is told"
  }
)

const Data = Schema.Record(Schema.String, Schema.Unknown).annotate({
  identifier: "EventData",
  description: "What an event of this kind holds, as its JSON Schema says",
  examples: kinds.map(({ data, sample }) => Schema.encodeSync(data)(sample.data))
})

export class DomainEventsApi extends HttpApiGroup.make("domainEvents")
  .add(
    HttpApiEndpoint.get("kinds", "/event-kinds", { success: Schema.Array(EventKindInfo) }).annotateMerge(
      OpenApi.annotations({
        summary: "List the kinds of events",
        description: "With the schema of each, and a sample."
      })
    ),
    HttpApiEndpoint.post("publish", "/events/:type", {
      params: { type: Id },
      headers: idempotencyKey,
      payload: Data,
      success: PublishedEvent,
      error: bodyProblems
    }).annotateMerge(
      about(
        "Publish an event",
        "Checked first, and durable when it returns. An event sent again with its Idempotency-Key has the same id and is handled once.",
        {
          type: { description: `One of ${types}` },
          "idempotency-key": { description: "The same key is the same event, however often it is sent" }
        }
      )
    ),
    HttpApiEndpoint.get("steps", "/events/:id/steps", {
      params: { id: Id },
      success: Schema.Array(EventStep),
      error: problems
    }).annotateMerge(
      about("See what was done about an event", "In order; empty while nothing was done.", {
        id: { description: "The event's id" }
      })
    ),
    HttpApiEndpoint.get("recent", "/recent-events", {
      query: { limit: whole(1, 50) },
      success: Schema.Array(RecentEvent),
      error: problems
    }).annotateMerge(
      about(
        "List the events of the last day",
        "The newest first. `event.changed` of `/api/events` tells when to ask again.",
        {
          limit: number(1, 50, "At most so many; 20 when absent")
        }
      )
    ),
    HttpApiEndpoint.get("event", "/recent-events/:id", {
      params: { id: Id },
      success: RecentEvent,
      error: problems
    }).annotateMerge(
      about("See an event of the last day", "What was done about it, and how it is told.", {
        id: { description: "The event's id" }
      })
    )
  )
  .prefix("/api")
  .annotateMerge(
    OpenApi.annotations({ title: "Events", description: "Publish events, and see what is done about them." })
  ) {}
