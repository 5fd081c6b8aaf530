/** Questions: ask, and get an answer with its sources. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { maxQuestionLength } from "../../domain/Question.ts"
import { answerFields, refusedMeans } from "./Answers.ts"
import { about, described, number } from "./Describe.ts"
import { bodyProblems, Id, idempotencyKey, idempotencyParameter, Person, problems, Text, whole } from "./Fields.ts"

/** Seconds a request may wait for an answer. */
export const longestWait = 60
export const defaultWait = 30

const waitParameters = {
  wait: number(0, longestWait, "Seconds to wait for the answer"),
  prefer: { description: "`wait=10` is the same as `?wait=10`, and `respond-async` the same as `?wait=0`" }
}

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
