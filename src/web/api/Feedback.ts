/** What people think of answers. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import * as Feedback from "../../domain/Feedback.ts"
import { about, described } from "./Describe.ts"
import { bodyProblems, Id, Person, problems } from "./Fields.ts"

export const Opinion = described("Opinion", "What one person thinks of an answer", Feedback.Opinion, {
  by: "Who gave it, as their chat knows them",
  reason: "In their own words"
})

const Reason = Schema.String.check(
  Schema.isMaxLength(Feedback.longestReason, { message: `Expected at most ${Feedback.longestReason} characters` })
)

export class FeedbackApi extends HttpApiGroup.make("feedback")
  .add(
    HttpApiEndpoint.post("give", "/feedback", {
      payload: described(
        "GiveFeedback",
        "An opinion of an answer",
        Schema.Struct({
          answerId: Id,
          author: Person,
          verdict: Schema.NullOr(Feedback.Verdict),
          reason: Schema.optionalKey(Reason)
        }),
        {
          answerId: "The message the bot answered with",
          author: "Who gives it; what they gave before is replaced",
          verdict: "`null` takes back what was given",
          reason: `At most ${Feedback.longestReason} characters`
        }
      ).annotate({
        examples: [
          {
            answerId: "answer-m-5d0c7e0e",
            author: { id: "ada", name: "Ada" },
            verdict: "unhelpful",
            reason: "This is how it was before version 2"
          }
        ]
      }),
      success: HttpApiSchema.NoContent.annotate({ description: "It is kept" }),
      error: bodyProblems
    }).annotateMerge(about("Say what you think of an answer", "One opinion of each person; the latest counts.")),
    HttpApiEndpoint.get("opinions", "/feedback/:answerId", {
      params: { answerId: Id },
      success: Schema.Array(Opinion),
      error: problems
    }).annotateMerge(
      about("See what people think of an answer", "Oldest first; none when nobody said anything.", {
        answerId: { description: "The message the bot answered with" }
      })
    )
  )
  .prefix("/api")
  .annotateMerge(OpenApi.annotations({ title: "Feedback", description: "What people think of answers." })) {}
