/** Reads a stream of server-sent events from the pieces it arrives in. */

export interface ServerSent {
  readonly id: string | undefined
  readonly event: string
  readonly data: string
}

/** Give it each piece of text in turn; it returns the events that are complete. */
export const reader = (): ((piece: string) => ReadonlyArray<ServerSent>) => {
  let rest = ""
  return (piece) => {
    // A carriage return at the end may be half of a line end.
    const text = rest + piece
    const usable = text.endsWith("\r") ? text.slice(0, -1) : text
    const blocks = usable.replace(/\r\n?/g, "\n").split("\n\n")
    rest = blocks.pop()! + text.slice(usable.length)
    return blocks.map(event).filter((read) => read !== undefined)
  }
}

const event = (block: string): ServerSent | undefined => {
  const fields = block.split("\n").map(field)
  const data = fields.filter(({ name }) => name === "data").map(({ value }) => value)
  if (data.length === 0 && !fields.some(({ name }) => name === "event")) return undefined
  return {
    id: fields.findLast(({ name }) => name === "id")?.value,
    event: fields.findLast(({ name }) => name === "event")?.value ?? "message",
    data: data.join("\n")
  }
}

/** A line that begins with a colon is a comment, whose name is empty. */
const field = (line: string): { readonly name: string; readonly value: string } => {
  const colon = line.indexOf(":")
  if (colon < 0) return { name: line, value: "" }
  return { name: line.slice(0, colon), value: line.slice(colon + 1).replace(/^ /, "") }
}
