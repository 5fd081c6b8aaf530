/** The fields of a form, from the JSON Schema of what an event holds, and what was typed as such data. Pure. */

export interface Field {
  /** Names from the outside in: `["customer", "name"]`. */
  readonly path: ReadonlyArray<string>
  readonly label: string
  readonly type: "text" | "long" | "number" | "list"
  readonly required: boolean
  readonly most: number | undefined
}

interface JsonSchema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: ReadonlyArray<string>
  readonly items?: JsonSchema
  readonly maxLength?: number
  readonly allOf?: ReadonlyArray<JsonSchema>
}

/** Texts with more room than this get more than a line. */
const oneLine = 300

/** `companyName` as people write it. */
const words = (name: string): string => {
  const spaced = name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase()
  return spaced.slice(0, 1).toUpperCase() + spaced.slice(1)
}

/** What is inside something is named after it: "Machine name". */
const labelOf = (path: ReadonlyArray<string>): string =>
  words(path.map((name, i) => (i === 0 ? name : name.slice(0, 1).toUpperCase() + name.slice(1))).join(""))

const mostOf = ({ allOf = [], maxLength }: JsonSchema): number | undefined =>
  [maxLength, ...allOf.map((part) => part.maxLength)].find((most) => most !== undefined)

const typeOf = (schema: JsonSchema): Field["type"] => {
  if (schema.type === "array") return "list"
  if (schema.type === "number" || schema.type === "integer") return "number"
  return (mostOf(schema) ?? 0) > oneLine ? "long" : "text"
}

/** In the order of the schema. */
export const fieldsOf = (schema: JsonSchema, above: ReadonlyArray<string> = []): ReadonlyArray<Field> =>
  Object.entries(schema.properties ?? {}).flatMap(([name, part]) => {
    const path = [...above, name]
    if (part.type === "object") return fieldsOf(part, path)
    const required = schema.required?.includes(name) ?? false
    return [{ path, label: labelOf(path), type: typeOf(part), required, most: mostOf(part) }]
  })

/** Fields by their path, with dots between. */
export type Typed = Readonly<Record<string, string>>

export const keyOf = ({ path }: Field): string => path.join(".")

const valueOf = ({ type }: Field, text: string): unknown => {
  if (type === "list")
    return text
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "")
  const number = Number(text.trim().replace(",", "."))
  return type === "number" && !Number.isNaN(number) ? number : text
}

const put = (data: Record<string, any>, [name, ...below]: ReadonlyArray<string>, value: unknown): void => {
  if (below.length === 0) data[name!] = value
  else put((data[name!] ??= {}), below, value)
}

/** What is empty and not needed is left out. */
export const dataOf = (fields: ReadonlyArray<Field>, typed: Typed): object => {
  const data = {}
  for (const field of fields) {
    const text = typed[keyOf(field)] ?? ""
    if (field.required || text.trim() !== "") put(data, field.path, valueOf(field, text))
  }
  return data
}

const textOf = (value: unknown): string => (Array.isArray(value) ? value.join("\n") : String(value ?? ""))

/** Data as somebody would have typed it. */
export const typedOf = (fields: ReadonlyArray<Field>, data: object): Typed =>
  Object.fromEntries(
    fields.map((field) => [keyOf(field), textOf(field.path.reduce((value: any, name) => value?.[name], data))])
  )

/** What is wrong with each field; what is said of an element of a list belongs to the list. */
export const problemsOf = (
  fields: ReadonlyArray<Field>,
  typed: Typed,
  errors: ReadonlyMap<string, string>,
  needed: string
): Typed => {
  const problems: Record<string, string> = {}
  for (const field of fields) {
    const key = keyOf(field)
    const [, message] = [...errors].find(([path]) => path === key || path.startsWith(`${key}.`)) ?? []
    if (message === undefined) continue
    problems[key] = (typed[key] ?? "").trim() === "" ? needed : message
  }
  return problems
}
