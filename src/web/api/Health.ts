/** For probes and scrapers; needs no token. */
import { Schema } from "effect"
import { ProblemDetails } from "effect/http"
import { HttpApiEndpoint, HttpApiError, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { about } from "./Describe.ts"

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
