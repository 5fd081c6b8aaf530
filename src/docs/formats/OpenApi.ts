/** An OpenAPI document to Markdown: a section for each operation and each schema. */

type Json = { readonly [key: string]: any }

const methods = ["get", "post", "put", "patch", "delete", "head", "options", "trace", "query"]

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)
const entriesOf = (value: unknown): ReadonlyArray<readonly [string, Json]> =>
  isObject(value) ? Object.entries(value).filter((entry): entry is [string, Json] => isObject(entry[1])) : []
const listOf = (value: unknown): ReadonlyArray<Json> => (Array.isArray(value) ? value.filter(isObject) : [])
const said = (value: unknown): string => (typeof value === "string" ? value.trim() : "")
/** In a list, where a line must stay a line. */
const inLine = (value: unknown): string => said(value).replace(/\s+/g, " ")

/** What a reference within the document leads to. */
const follow = (document: Json, value: Json): Json => {
  let found: unknown = value
  for (let depth = 0; depth < 8 && isObject(found) && typeof found["$ref"] === "string"; depth++) {
    const ref: string = found["$ref"]
    if (!ref.startsWith("#/")) return value
    const keys = ref
      .slice(2)
      .split("/")
      .map((key) => decodeURIComponent(key).replaceAll("~1", "/").replaceAll("~0", "~"))
    found = keys.reduce<unknown>((at, key) => (isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined), document)
  }
  return isObject(found) ? found : {}
}

const nameOf = (schema: Json): string | undefined =>
  typeof schema["$ref"] === "string" ? schema["$ref"].split("/").at(-1) : undefined

const typeOf = (schema: unknown, depth = 0): string => {
  if (!isObject(schema) || depth > 4) return "any"
  const name = nameOf(schema)
  if (name !== undefined) return name
  if (Array.isArray(schema["enum"])) return schema["enum"].map((value) => JSON.stringify(value)).join(" | ")
  const parts = schema["oneOf"] ?? schema["anyOf"] ?? schema["allOf"]
  if (Array.isArray(parts)) return parts.map((part) => typeOf(part, depth + 1)).join(schema["allOf"] ? " & " : " | ")
  if (schema["type"] === "array") return `list of ${typeOf(schema["items"], depth + 1)}`
  const types = [schema["type"] ?? "any"].flat().join(" | ")
  return typeof schema["format"] === "string" ? `${types} (${schema["format"]})` : types
}

const limitsOf = (schema: Json): ReadonlyArray<string> => [
  ...(schema["default"] === undefined ? [] : [`default ${JSON.stringify(schema["default"])}`]),
  ...(schema["minimum"] === undefined ? [] : [`at least ${schema["minimum"]}`]),
  ...(schema["maximum"] === undefined ? [] : [`at most ${schema["maximum"]}`]),
  ...(schema["maxLength"] === undefined ? [] : [`at most ${schema["maxLength"]} characters`])
]

const fieldLine = (name: string, schema: unknown, required: boolean, description: unknown, place?: string): string => {
  const limits = isObject(schema) ? limitsOf(schema) : []
  const facts = [...(place === undefined ? [] : [place]), typeOf(schema), ...(required ? ["required"] : []), ...limits]
  const words = inLine(description)
  return `- \`${name}\` (${facts.join(", ")})${words === "" ? "" : `: ${words}`}`
}

const fieldsOf = (document: Json, schema: Json): ReadonlyArray<string> => {
  const object = follow(document, schema)
  const parts = listOf(object["allOf"]).flatMap((part) => fieldsOf(document, part))
  const required = Array.isArray(object["required"]) ? object["required"] : []
  const own = entriesOf(object["properties"]).map(([name, field]) =>
    fieldLine(name, field, required.includes(name), field["description"])
  )
  return [...parts, ...own]
}

const bodyOf = (document: Json, operation: Json): ReadonlyArray<string> => {
  const body = follow(document, isObject(operation["requestBody"]) ? operation["requestBody"] : {})
  const [media] = entriesOf(body["content"])
  if (media === undefined) return []
  const [type, { schema = {} }] = media
  return [
    "",
    `Body, \`${type}\`: ${typeOf(schema)}. ${inLine(body["description"])}`.trim(),
    ...fieldsOf(document, schema)
  ]
}

const responsesOf = (document: Json, operation: Json): ReadonlyArray<string> => {
  const responses = entriesOf(operation["responses"]).map(([status, response]) => {
    const { content, description } = follow(document, response)
    const [media] = entriesOf(content)
    return `- ${status}: ${inLine(description)}${media === undefined ? "" : ` (${typeOf(media[1]["schema"])})`}`
  })
  return responses.length === 0 ? [] : ["", "Responses:", ...responses]
}

const operationOf = (document: Json, path: string, method: string, shared: ReadonlyArray<Json>, operation: Json) => {
  const summary = inLine(operation["summary"])
  const parameters = [...shared, ...listOf(operation["parameters"])].map((each) => {
    const { description, in: place, name, required, schema, ...rest } = follow(document, each)
    return fieldLine(String(name), schema ?? rest, required === true, description, said(place))
  })
  return [
    `### ${method.toUpperCase()} ${path.replaceAll("{", "\\{")}${summary === "" ? "" : `: ${summary}`}`,
    "",
    ...(operation["deprecated"] === true ? ["Deprecated."] : []),
    said(operation["description"]) || summary || `${method.toUpperCase()} ${path}`,
    ...(parameters.length === 0 ? [] : ["", "Parameters:", ...parameters]),
    ...bodyOf(document, operation),
    ...responsesOf(document, operation)
  ].join("\n")
}

const pathsOf = (document: Json): ReadonlyArray<string> =>
  entriesOf(document["paths"]).flatMap(([path, item]) => {
    const { parameters, ...rest } = follow(document, item)
    return methods
      .filter((method) => isObject(rest[method]))
      .map((method) => operationOf(document, path, method, listOf(parameters), rest[method]))
  })

const schemasOf = (document: Json): ReadonlyArray<string> =>
  entriesOf(document["components"]?.["schemas"] ?? document["definitions"]).map(([name, schema]) =>
    [`### ${name}`, "", said(schema["description"]) || `A value: ${typeOf(schema)}.`, "", ...fieldsOf(document, schema)]
      .join("\n")
      .trimEnd()
  )

const serversOf = (document: Json): ReadonlyArray<string> => {
  const urls = listOf(document["servers"]).map(({ url }) => said(url))
  return urls.length === 0 ? [] : [`Servers: ${urls.map((url) => `\`${url}\``).join(", ")}`]
}

/** Whether a text may be an OpenAPI document, without reading it whole. */
export const maybe = (text: string): boolean =>
  /^[ \t{]*["']?(?:openapi|swagger)["']?\s*:|["'](?:openapi|swagger)["']\s*:\s*["'][23]/m.test(text)

/** `undefined` when it is none. */
export const read = async (
  text: string
): Promise<{ readonly title: string | undefined; readonly text: string } | undefined> => {
  if (!maybe(text)) return undefined
  const { parse } = await import("yaml")
  const document: unknown = text.trimStart().startsWith("{") ? JSON.parse(text) : parse(text, { maxAliasCount: 100 })
  if (!isObject(document) || !(document["openapi"] ?? document["swagger"])) return undefined
  const info: Json = isObject(document["info"]) ? document["info"] : {}
  const title = inLine(info["title"]) || undefined
  const operations = pathsOf(document)
  const schemas = schemasOf(document)
  const sections = [
    `# ${title ?? "API"}`,
    [
      said(info["description"]),
      ...(info["version"] === undefined ? [] : [`Version ${info["version"]}.`]),
      ...serversOf(document)
    ]
      .filter((line) => line !== "")
      .join("\n\n"),
    ...(operations.length === 0 ? [] : ["## Operations", ...operations]),
    ...(schemas.length === 0 ? [] : ["## Schemas", ...schemas])
  ]
  return { title, text: sections.join("\n\n") }
}
