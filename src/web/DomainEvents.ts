/** Events of other systems over HTTP: checked as their kind wants them, then appended to its topic. */
import { Clock, Effect, Schema, SchemaIssue } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { createHash, randomUUID } from "node:crypto"
import { Broker } from "../broker/Broker.ts"
import { kindOf, kinds } from "../events/Catalog.ts"
import type { EventKind } from "../events/EventKind.ts"
import { Steps } from "../events/Steps.ts"
import { Api } from "./Api.ts"
import { BadRequest, NotFound, ofBroker, Unavailable } from "./Problem.ts"

const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()

/** As problems of any other body. */
const toProblem = (error: Schema.SchemaError): BadRequest => {
  const errors = formatIssues(error.issue).issues.map(({ message, path = [] }) => ({
    path: ["body", ...path.map((segment) => String(typeof segment === "object" ? segment.key : segment))].join("."),
    message
  }))
  const [first, ...more] = errors
  const others = more.length === 0 ? "" : `, and ${more.length} more`
  return new BadRequest({ detail: `${first!.path}: ${first!.message}${others}`, errors })
}

const idOf = (type: string, key: string | undefined): string =>
  key === undefined
    ? `e-${randomUUID()}`
    : `e-${createHash("sha256").update(`${type}\0${key}`).digest("hex").slice(0, 32)}`

const toInfo = ({ data, description, icon, name, sample, topic, type }: EventKind<any, any>) => {
  const { definitions, schema } = Schema.toJsonSchemaDocument(data)
  return {
    type,
    name,
    description,
    icon,
    topic: topic.name,
    schema: { ...schema, ...(Object.keys(definitions).length > 0 && { $defs: definitions }) },
    sample: sample.data
  }
}

export const layer = HttpApiBuilder.group(
  Api,
  "domainEvents",
  Effect.fnUntraced(function* (handlers) {
    const broker = yield* Broker
    const steps = yield* Steps
    const infos = kinds.map(toInfo)

    return handlers.handleAll({
      kinds: () => Effect.succeed(infos),
      publish: Effect.fnUntraced(
        function* ({ headers, params: { type }, payload }) {
          const kind = kindOf(type)
          if (kind === undefined) {
            const known = kinds.map(({ type }) => type).join(", ")
            return yield* new NotFound({ detail: `There is no kind of event of this name: expected one of ${known}` })
          }
          const data = yield* Schema.decodeEffect(kind.data, { errors: "all" })(payload).pipe(
            Effect.mapError(toProblem)
          )
          const id = idOf(type, headers["idempotency-key"])
          const event = { id, type, at: yield* Clock.currentTimeMillis, data }
          const { topic } = kind
          const [position] = yield* broker.publish([
            { topic: topic.name, key: topic.key(event), value: topic.encode(event) }
          ])
          return { id, type, ...position! }
        },
        Effect.catchTag("BrokerError", ofBroker)
      ),
      steps: ({ params: { id } }) =>
        steps.history(id).pipe(Effect.catchTag("StepsError", ({ detail }) => Effect.fail(new Unavailable({ detail }))))
    })
  })
)
