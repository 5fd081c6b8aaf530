/** How a record went through actors and topics, and how an answer came about. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import * as Way from "../../domain/Way.ts"
import { about, described } from "./Describe.ts"
import { Id, Millis, problems } from "./Fields.ts"

const Visit = described("Visit", "A record at an actor", Way.Visit, {
  actor: "`null` when only the log tells of the record",
  appendedAt: "When the record was written to its topic",
  takenAt: "When the actor got it",
  attempts: "Each try of the actor, with what went wrong",
  outputs: "Topics written in the same transaction that marks the record done",
  committedAt: "When that transaction was there",
  deadLetter: "Why the record could not be handled",
  later: "What actors that read no topic did afterwards with what it wrote, such as a vector"
})

const Explanation = described("Explanation", "How passages were found and judged", Way.Explanation, {
  proposed: "Sections and stretches of chat that were ranked",
  removed: "Near passages left out because not everyone who reads the answer may read them",
  vectors: "False when text search stood alone",
  unknown: "Words of the question that occur nowhere in what may be read",
  found: "Best first, each with what its score is made of",
  grounds: "Whether there is enough to answer from: `score` above `threshold`"
})

export const WayInfo = described(
  "Way",
  "The way of a record",
  Schema.Struct({
    id: Schema.String,
    said: Schema.NullOr(Schema.Struct({ at: Millis, by: Schema.String })),
    visits: Schema.Array(Visit),
    explanation: Schema.NullOr(Explanation)
  }),
  { said: "When the message was said in the local chat, and by whom", visits: "Oldest first" }
)

const PromptInfo = described(
  "Prompt",
  "What a model is given with a question",
  Schema.Struct({ instructions: Schema.String, data: Schema.String }),
  { data: "JSON: the question, what was said before it, and passages as they are known now" }
)

export class WaysApi extends HttpApiGroup.make("ways")
  .add(
    HttpApiEndpoint.get("way", "/ways/:id", {
      params: { id: Id },
      success: WayInfo,
      error: problems
    }).annotateMerge(
      about(
        "Follow a record",
        "Which actors had it and what became of it. For a minute, `way.changed` tells watchers of `/api/events` when there is more to see. What is older than the last few thousand records is read from the log, without times spent.",
        {
          id: { description: "A message, question or document, or a record's place as `topic/partition/offset`" }
        }
      )
    ),
    HttpApiEndpoint.get("prompt", "/ways/:id/prompt", {
      params: { id: Id },
      success: PromptInfo,
      error: problems
    }).annotateMerge(
      about("See the prompt of a question", "What a model would be given with it now, whether there is one or not.", {
        id: { description: "A question that was asked in the local chat" }
      })
    )
  )
  .prefix("/api")
  .annotateMerge(OpenApi.annotations({ title: "Ways", description: "How a record went through actors and topics." })) {}
