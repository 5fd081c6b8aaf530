/** Indexes of vectors: which one answers, and how the next one comes along. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { about, described } from "./Describe.ts"
import { bodyProblems, Id, Millis, problems, Text } from "./Fields.ts"
import { Verdict } from "../../knowledge/Indexes.ts"

const IndexVerdict = described("IndexVerdict", "How the next index did against the one that answers", Verdict, {
  why: "One sentence",
  questions: "How many both were asked"
})

export const IndexInfo = described(
  "Index",
  "What one embedder makes of all passages",
  Schema.Struct({
    name: Schema.String,
    role: Schema.Literals(["live", "next", "previous"]),
    since: Millis,
    passages: Schema.Int,
    vectors: Schema.Int,
    paused: Schema.Boolean,
    verdict: Schema.NullOr(IndexVerdict)
  }),
  {
    role: "`live` answers; `next` is built beside it; `previous` can answer again",
    since: "When it took its role",
    vectors: "Passages that have their vector in it",
    verdict: "Of the last measurement; `null` before it"
  }
)

const Side = Schema.Struct({ answered: Schema.Boolean, titles: Schema.Array(Schema.String) })

export const ReplayReport = described(
  "Replay",
  "What past questions would find in the next index",
  Schema.Struct({
    questions: Schema.Int,
    same: Schema.Int,
    differences: Schema.Array(Schema.Struct({ question: Schema.String, live: Side, next: Side }))
  }),
  { same: "Questions for which both find the same", differences: "What an answer would be written from, in each" }
)

export const indexActions = ["pause", "resume", "cancel", "promote", "rollback"] as const

export class IndexesApi extends HttpApiGroup.make("indexes")
  .add(
    HttpApiEndpoint.get("indexes", "/indexes", {
      success: Schema.Array(IndexInfo),
      error: problems
    }).annotateMerge(about("List the indexes", "The one that answers first.")),
    HttpApiEndpoint.post("reindex", "/indexes", {
      payload: described(
        "Reindex",
        "What the next index is measured by",
        Schema.Struct({
          questions: Schema.optionalKey(Schema.Array(Schema.Struct({ question: Text, goldIds: Schema.Array(Id) })))
        }),
        { questions: "Questions with the chunks that answer them; the documents' own headings when absent" }
      ),
      success: Schema.Array(IndexInfo),
      error: bodyProblems
    }).annotateMerge(
      about(
        "Build the next index",
        "Of the embedder that the settings choose, beside the one that answers; then both are measured, and the next one answers if it finds no worse."
      )
    ),
    HttpApiEndpoint.post("steerIndex", "/indexes/next/:action", {
      params: { action: Schema.Literals(indexActions) },
      success: Schema.Array(IndexInfo),
      error: problems
    }).annotateMerge(
      about("Steer the next index", "Pause it, go on, give it up, let it answer whatever was measured, or go back.", {
        action: { description: "`pause`, `resume`, `cancel`, `promote` or `rollback`" }
      })
    ),
    HttpApiEndpoint.get("replay", "/indexes/next/replay", {
      query: { since: Schema.optionalKey(Schema.FiniteFromString) },
      success: ReplayReport,
      error: problems
    }).annotateMerge(
      about("Ask past questions again", "Of the index that answers and of the next one; shows where they differ.", {
        since: { description: "Milliseconds since the Unix epoch; questions of the last day when absent" }
      })
    )
  )
  .prefix("/api")
  .annotateMerge(
    OpenApi.annotations({ title: "Indexes", description: "Which index of vectors answers, and how the next is built." })
  ) {}
