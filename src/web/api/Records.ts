/** What topics hold: write to them, read them. */
import { Result, Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import * as ReadFrom from "../../broker/ReadFrom.ts"
import { about, described, number } from "./Describe.ts"
import { bodyProblems, Id, Millis, problems, whole } from "./Fields.ts"

const topicParameter = { topic: { description: "A topic that exists, such as `discord-commands`" } }

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

export const Position = described(
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
