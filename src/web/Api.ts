/** The HTTP API as data: the server, the client of the CLI, the page's types and the OpenAPI document follow from it. */
import { Schema, SchemaAST } from "effect"
import { HttpApi, OpenApi } from "effect/http-api"
import { ChatApi } from "./api/Chat.ts"
import { FeedbackApi } from "./api/Feedback.ts"
import { DomainEventsApi } from "./api/DomainEvents.ts"
import { HealthApi, NotReady } from "./api/Health.ts"
import { IndexesApi } from "./api/Indexes.ts"
import { KnowledgeApi } from "./api/Knowledge.ts"
import { MachineApi } from "./api/Machine.ts"
import { Authorization, Problems } from "./api/Middleware.ts"
import { QuestionsApi } from "./api/Questions.ts"
import { RecordsApi } from "./api/Records.ts"
import { SystemApi } from "./api/System.ts"
import { WaysApi } from "./api/Ways.ts"
import * as Problem from "./Problem.ts"

export { Person } from "./api/Fields.ts"
export * from "./api/DomainEvents.ts"
export * from "./api/Health.ts"
export * from "./api/Indexes.ts"
export * from "./api/Knowledge.ts"
export * from "./api/Machine.ts"
export * from "./api/Middleware.ts"
export * from "./api/Questions.ts"
export * from "./api/Records.ts"
export * from "./api/System.ts"
export * from "./api/Ways.ts"

/** Effect names what a class looks like on the wire `…Encoded`; readers of the document know one name. */
const withOneName = (document: Record<string, any>): Record<string, any> =>
  JSON.parse(JSON.stringify(document).replaceAll(/("(?:#\/components\/schemas\/)?[A-Z]\w+)Encoded"/g, '$1"'))

/** What is said of a field is kept apart from its schema as `allOf`, which OpenAPI 3.1 has no need of. */
const withPlainFields = (document: Record<string, any>): Record<string, any> =>
  JSON.parse(JSON.stringify(document), (_, value) => {
    const { allOf, ...rest } = value ?? {}
    const isPlain = (part: object) => Object.keys(part).every((key) => key === "$ref" || key === "description")
    return Array.isArray(allOf) && allOf.every(isPlain) ? Object.assign(rest, ...allOf) : value
  })

/** What is said of a class stays behind when it is encoded. */
const withDescribedProblems = (document: Record<string, any>): Record<string, any> => {
  const { schemas, ...components } = document["components"]
  const described = Object.entries({ ...Problem, NotReady } as Record<string, unknown>)
    .filter(([name, problem]) => name in schemas && Schema.isSchema(problem))
    .map(([name, problem]) => {
      const description = SchemaAST.resolveDescription((problem as Schema.Top).ast)
      return [name, { ...schemas[name], description }]
    })
  return { ...document, components: { ...components, schemas: { ...schemas, ...Object.fromEntries(described) } } }
}

export class Api extends HttpApi.make("rtfm")
  .add(QuestionsApi)
  .add(ChatApi)
  .add(FeedbackApi)
  .add(KnowledgeApi)
  .add(IndexesApi)
  .add(SystemApi)
  .add(MachineApi)
  .add(WaysApi)
  .add(RecordsApi)
  .add(DomainEventsApi)
  .middleware(Authorization)
  .add(HealthApi)
  .middleware(Problems)
  .annotate(HttpApi.ParseOptions, { errors: "all" })
  .annotateMerge(
    OpenApi.annotations({
      title: "rtfm",
      description: "Ask the manual, talk in the local channels, add documentation, and see how the process is.",
      transform: (document) => withDescribedProblems(withPlainFields(withOneName(document)))
    })
  ) {}
