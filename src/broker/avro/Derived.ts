/**
 * Avro schemas derived from the schemas of the topics, and values between JSON and what avsc reads and writes. Pure.
 *
 * A struct is a record, named after its topic and its place in it; a key that may be absent is a union with `null`, which
 * is its default; text of a few literals is a string, so that more of them can follow; whole numbers are longs; what is
 * unknown is a string of JSON.
 */
import { type Schema, SchemaAST } from "effect"

type AvroSchema = string | { readonly type: string; readonly [key: string]: unknown } | ReadonlyArray<AvroSchema>

export interface Derived {
  readonly avro: AvroSchema
  /** Whether a JSON value is of this kind, as far as needed to tell the members of a union apart. */
  readonly fits: (json: unknown) => boolean
  /** From JSON to what avsc writes. */
  readonly write: (json: any) => unknown
  /** From what avsc reads to JSON; `undefined` for a key that is absent. */
  readonly read: (value: any) => unknown
}

const namespace = "rtfm"

const pascal = (text: string): string =>
  text
    .split(/[^a-zA-Z0-9]+/)
    .filter((word) => word !== "")
    .map((word) => word[0]!.toUpperCase() + word.slice(1))
    .join("")

const plain = (avro: string, fits: (json: unknown) => boolean): Derived => ({
  avro,
  fits,
  write: (json) => json,
  read: (value) => value
})

/** Halves of characters, which UTF-8 cannot say, become U+FFFD. */
const text: Derived = {
  ...plain("string", (json) => typeof json === "string"),
  write: (json: string) => json.toWellFormed()
}
const truth = plain("boolean", (json) => typeof json === "boolean")
const nothing = plain("null", (json) => json === null)
const whole = plain("long", Number.isSafeInteger)
const number = plain("double", (json) => typeof json === "number")

const anything: Derived = {
  avro: "string",
  fits: () => true,
  write: (json) => JSON.stringify(json ?? null),
  read: (value) => JSON.parse(value)
}

const isInt = (ast: SchemaAST.AST): boolean =>
  (ast.checks ?? []).some((check) => JSON.stringify(check.annotations?.["representation"] ?? "").includes("/isInt"))

/** How avsc names the branch of a union. */
const branchOf = (avro: AvroSchema): string => {
  if (typeof avro === "string") return avro
  if (Array.isArray(avro)) throw new Error("Avro has no union within a union")
  const { name, type } = avro as { readonly type: string; readonly name?: string }
  return name === undefined ? type : `${namespace}.${name}`
}

const union = (members: ReadonlyArray<Derived>): Derived => {
  const branches = members.map(({ avro }) => branchOf(avro))
  if (new Set(branches).size < branches.length) throw new Error(`Avro cannot tell ${branches.join(" and ")} apart`)
  return {
    avro: members.map(({ avro }) => avro),
    fits: (json) => members.some(({ fits }) => fits(json)),
    write: (json) => {
      const i = members.findIndex(({ fits }) => fits(json))
      if (i < 0 || members[i] === nothing) return null
      return { [branches[i]!]: members[i]!.write(json) }
    },
    read: (value) => {
      if (value === null) return null
      const [[branch, inner]] = Object.entries(value) as [[string, unknown]]
      return members[branches.indexOf(branch)]!.read(inner)
    }
  }
}

/** A key that may be absent, which is not the same as one that is `null`. */
const optional = (derived: Derived, name: string): Derived => {
  const given = Array.isArray(derived.avro) ? record(`${name}Given`, [["value", derived, false]]) : derived
  const { avro, read, write } = union([nothing, given])
  const wrap = given !== derived
  return {
    avro,
    fits: (json) => json === undefined || derived.fits(json),
    write: (json) => (json === undefined ? null : write(wrap ? { value: json } : json)),
    read: (value) => {
      if (value === null) return undefined
      const inner = read(value)
      return wrap ? (inner as { readonly value: unknown }).value : inner
    }
  }
}

type Field = readonly [name: string, derived: Derived, isOptional: boolean]

const record = (name: string, fields: ReadonlyArray<Field>): Derived => ({
  avro: {
    type: "record",
    name,
    namespace,
    fields: fields.map(([name, { avro }, isOptional]) => ({ name, type: avro, ...(isOptional && { default: null }) }))
  },
  fits: (json) =>
    typeof json === "object" &&
    json !== null &&
    fields.every(([name, { fits }]) => fits((json as Record<string, unknown>)[name])),
  write: (json) => Object.fromEntries(fields.map(([name, { write }]) => [name, write(json[name])])),
  read: (value) =>
    Object.fromEntries(
      fields.map(([name, { read }]) => [name, read(value[name])] as const).filter(([, json]) => json !== undefined)
    )
})

const mapOf = (of: Derived): Derived => {
  const each = (value: object, change: (value: unknown) => unknown) =>
    Object.fromEntries(Object.entries(value).map(([key, one]) => [key, change(one)]))
  return {
    avro: { type: "map", values: of.avro },
    fits: (json) => typeof json === "object" && json !== null && !Array.isArray(json),
    write: (json) => each(json, of.write),
    read: (value) => each(value, of.read)
  }
}

const listOf = (of: Derived): Derived => ({
  avro: { type: "array", items: of.avro },
  fits: Array.isArray,
  write: (json) => json.map(of.write),
  read: (value) => value.map(of.read)
})

const objects = ({ indexSignatures, propertySignatures }: SchemaAST.Objects, name: string): Derived => {
  const [index] = indexSignatures
  if (index !== undefined && propertySignatures.length === 0) return mapOf(derive(index.type, `${name}Value`))
  const fields = propertySignatures.map((property): Field => {
    const key = String(property.name)
    const inner = name + pascal(key)
    const derived = derive(property.type, inner)
    return SchemaAST.isOptional(property.type) ? [key, optional(derived, inner), true] : [key, derived, false]
  })
  return record(name, fields)
}

/** The literal that tells a struct from the others of its union. */
const tagOf = (ast: SchemaAST.AST): string | undefined => {
  if (!SchemaAST.isObjects(ast)) return undefined
  const tag = ast.propertySignatures.find(({ name, type }) => name === "type" && SchemaAST.isLiteral(type))?.type
  return tag !== undefined && SchemaAST.isLiteral(tag) ? String(tag.literal) : undefined
}

const unionOf = ({ types }: SchemaAST.Union, name: string): Derived => {
  if (types.every((type) => SchemaAST.isLiteral(type) && typeof type.literal === "string")) return text
  const rest = types.filter((type) => !SchemaAST.isNull(type))
  const named = (type: SchemaAST.AST): string => (rest.length === 1 ? name : name + pascal(tagOf(type) ?? "other"))
  const members = rest.map((type) => derive(type, named(type)))
  return rest.length === types.length ? union(members) : union([nothing, ...members])
}

const literal = (value: SchemaAST.LiteralValue): Derived => {
  const kind = typeof value === "string" ? text : typeof value === "boolean" ? truth : number
  return { ...kind, fits: (json) => json === value }
}

const derive = (ast: SchemaAST.AST, name: string): Derived => {
  switch (ast._tag) {
    case "String":
    case "TemplateLiteral":
      return text
    case "Number":
      return isInt(ast) ? whole : number
    case "Boolean":
      return truth
    case "Null":
      return nothing
    case "Unknown":
    case "Any":
      return anything
    case "Literal":
      return literal(ast.literal)
    case "Objects":
      return objects(ast, name)
    case "Union":
      return unionOf(ast, name)
    case "Arrays": {
      const [of] = ast.rest
      if (of !== undefined && ast.elements.length === 0) return listOf(derive(of, `${name}Item`))
    }
  }
  throw new Error(`Avro has nothing for ${ast._tag} at ${name}`)
}

/** What the values of a topic are in Avro; throws for what Avro cannot say. */
export const fromSchema = (topic: string, schema: Schema.Top): Derived =>
  derive(SchemaAST.toEncoded(schema.ast), pascal(topic))
