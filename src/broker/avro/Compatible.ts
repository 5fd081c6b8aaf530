/** Why a schema cannot read what another has written, place by place; empty when nothing is found. Pure. */

type Node = any

const typeOf = (node: Node): string =>
  typeof node === "string" ? node : Array.isArray(node) ? node.map(typeOf).join(" or ") : (node.name ?? node.type)

const isNumber = ["int", "long", "float", "double"]
const reads = (reader: string, writer: string): boolean =>
  reader === writer || (isNumber.includes(writer) && isNumber.indexOf(reader) > isNumber.indexOf(writer))

const shapeOf = (node: Node): string => (typeof node === "string" ? node : Array.isArray(node) ? "union" : node.type)

const records = (reader: Node, writer: Node, at: string): ReadonlyArray<string> =>
  reader.fields.flatMap((field: Node) => {
    const place = at === "" ? field.name : `${at}.${field.name}`
    const written = writer.fields.find(({ name }: Node) => name === field.name)
    if (written !== undefined) return differences(field.type, written.type, place)
    return "default" in field ? [] : [`${place} is new and has no default`]
  })

const same = (reader: Node, writer: Node): boolean => differences(reader, writer).length === 0

const unions = (reader: Node, writer: Node, at: string): ReadonlyArray<string> => {
  const readers: ReadonlyArray<Node> = Array.isArray(reader) ? reader : [reader]
  const writers: ReadonlyArray<Node> = Array.isArray(writer) ? writer : [writer]
  return writers.flatMap((one) => {
    if (readers.some((other) => same(other, one))) return []
    const namesake = readers.find((other) => shapeOf(other) === "record" && typeOf(other) === typeOf(one))
    if (namesake !== undefined) return differences(namesake, one, at)
    return [`${at || "the value"} may have been ${typeOf(one)}, and is ${typeOf(reader)}`]
  })
}

export const differences = (reader: Node, writer: Node, at = ""): ReadonlyArray<string> => {
  const [to, from] = [shapeOf(reader), shapeOf(writer)]
  if (to === "union" || from === "union") return unions(reader, writer, at)
  if (to === "record" && from === "record" && typeOf(reader) === typeOf(writer)) return records(reader, writer, at)
  if (to === "array" && from === "array") return differences(reader.items, writer.items, `${at}[]`)
  if (to === "map" && from === "map") return differences(reader.values, writer.values, `${at}{}`)
  return to !== "record" && reads(to, from)
    ? []
    : [`${at || "the value"} was ${typeOf(writer)}, and is ${typeOf(reader)}`]
}
