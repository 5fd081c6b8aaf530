/** How structures, parameters and endpoints are described in the OpenAPI document. */
import { Schema } from "effect"
import { OpenApi } from "effect/http-api"

/** Names a structure in the OpenAPI document and says what its fields are. */
export const described = <const Fields extends Schema.Struct.Fields>(
  identifier: string,
  description: string,
  struct: Schema.Struct<Fields>,
  fields: { readonly [K in keyof Fields]?: string } = {}
): Schema.Struct<Fields> => {
  const withDescriptions = Object.entries(struct.fields).map(([name, field]) => [
    name,
    fields[name] === undefined ? field : (field as Schema.Top).annotateKey({ description: fields[name] })
  ])
  return Schema.Struct(Object.fromEntries(withDescriptions) as Fields).annotate({ identifier, description })
}

/** What the schema of a parameter cannot say in the OpenAPI document, because on the wire it is text. */
export type Parameters = Readonly<Record<string, { readonly description: string; readonly schema?: object }>>

export const number = (minimum: number, maximum: number, description: string) => ({
  description,
  schema: { type: "integer", minimum, maximum }
})

const paths: Parameters = {
  channelId: { description: "A channel of the local chat, such as `local:general`" },
  messageId: { description: "A message of the channel" }
}

export const about = (summary: string, description: string, parameters: Parameters = {}) =>
  OpenApi.annotations({
    summary,
    description,
    transform: (operation) => ({
      ...operation,
      parameters: operation["parameters"].map((parameter: { name: string }) => ({
        ...parameter,
        ...{ ...paths, ...parameters }[parameter.name]
      }))
    })
  })
