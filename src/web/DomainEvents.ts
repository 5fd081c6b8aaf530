/** Events of other systems over HTTP: checked as their kind wants them, then appended to its topic. */
import { Clock, Effect, Schema, SchemaIssue } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { createHash, randomUUID } from "node:crypto"
import { Broker } from "../broker/Broker.ts"
import { kindOf, kinds } from "../events/Catalog.ts"
import type { EventKind } from "../events/EventKind.ts"
import { Recent, type RecentEvent } from "../events/Recent.ts"
import { Steps, type StepsError } from "../events/Steps.ts"
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

const recentAtOnce = 20

const ofState = ({ detail }: StepsError) => Effect.fail(new Unavailable({ detail }))

const stateOf = ({ error, takenAt, toldAt }: RecentEvent) => {
  if (toldAt !== null) return error === null ? "processed" : "failed"
  return takenAt === null ? "waiting" : "underway"
}

export const layer = HttpApiBuilder.group(
  Api,
  "domainEvents",
  Effect.fnUntraced(function* (handlers) {
    const broker = yield* Broker
    const steps = yield* Steps
    const recent = yield* Recent

    const described = Effect.fnUntraced(function* (found: RecentEvent) {
      const { embed, error, event, publishedAt, takenAt, toldAt } = found
      const { icon, name, heading } = kindOf(event.type)!
      return {
        id: event.id,
        type: event.type,
        name,
        icon,
        heading: heading(event.data),
        state: stateOf(found),
        publishedAt,
        takenAt,
        toldAt,
        error,
        steps: yield* steps.history(event.id),
        embed
      } as const
    })
    const isKnown = ({ event }: RecentEvent) => kindOf(event.type) !== undefined

    let infos: ReadonlyArray<ReturnType<typeof toInfo>> | undefined

    return handlers.handleAll({
      kinds: () => Effect.sync(() => (infos ??= kinds.map(toInfo))),
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
          // It is in its topic whatever becomes of this.
          yield* Effect.ignore(recent.published(event))
          return { id, type, ...position! }
        },
        Effect.catchTag("BrokerError", ofBroker)
      ),
      steps: ({ params: { id } }) => steps.history(id).pipe(Effect.catchTag("StepsError", ofState)),
      recent: ({ query: { limit = recentAtOnce } }) =>
        recent.list(limit).pipe(
          Effect.flatMap((found) => Effect.forEach(found.filter(isKnown), described)),
          Effect.catchTag("StepsError", ofState)
        ),
      event: Effect.fnUntraced(
        function* ({ params: { id } }) {
          const found = yield* recent.find(id)
          if (found === undefined || !isKnown(found)) {
            return yield* new NotFound({ detail: "There is no event with this id in the last day" })
          }
          return yield* described(found)
        },
        Effect.catchTag("StepsError", ofState)
      )
    })
  })
)
