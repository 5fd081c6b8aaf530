/** How the process was lately, what it was told, and what it complains of. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { about, described } from "./Describe.ts"
import { Millis, problems } from "./Fields.ts"

const Series = Schema.Array(Schema.NullOr(Schema.Finite))

export const History = described(
  "History",
  "The last hour, in equal steps",
  Schema.Struct({
    everyMs: Schema.Int,
    until: Millis,
    topics: Schema.Record(Schema.String, Series),
    actors: Schema.Record(Schema.String, Schema.Struct({ handled: Series, lag: Series }))
  }),
  {
    until: "When the last step ended",
    topics: "Records appended in each step, oldest first; `null` where nothing is known",
    actors: "Records finished in each step, and those not finished at its end"
  }
)

export const SettingInfo = described(
  "Setting",
  "A setting and what is in force",
  Schema.Struct({
    name: Schema.String,
    description: Schema.String,
    value: Schema.NullOr(Schema.String),
    isSet: Schema.Boolean,
    secret: Schema.Boolean
  }),
  {
    value: "`null` when nothing is set and nothing stands in for it, and for every secret",
    isSet: "False when the default is in force"
  }
)

export const Complaint = described(
  "Complaint",
  "A warning or an error of the log",
  Schema.Struct({
    at: Millis,
    level: Schema.Literals(["warning", "error"]),
    actor: Schema.NullOr(Schema.String),
    text: Schema.String,
    times: Schema.Int
  }),
  { times: "How often it was said in a row" }
)

export class MachineApi extends HttpApiGroup.make("machine")
  .add(
    HttpApiEndpoint.get("history", "/history", { success: History, error: problems }).annotateMerge(
      about("See the last hour", "What topics took in and actors finished, kept by the process itself.")
    ),
    HttpApiEndpoint.get("settings", "/settings", {
      success: Schema.Array(SettingInfo),
      error: problems
    }).annotateMerge(about("See the settings in force", "Values of secrets are never shown.")),
    HttpApiEndpoint.get("complaints", "/complaints", {
      success: Schema.Array(Complaint),
      error: problems
    }).annotateMerge(about("See what went wrong lately", "The last 100 warnings and errors of the log, newest first."))
  )
  .prefix("/api")
  .annotateMerge(
    OpenApi.annotations({ title: "Machine", description: "How the process was lately and what it was told." })
  ) {}
