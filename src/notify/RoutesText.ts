/** The text of routes: what it says, and every mistake named by its line. */
import { Result } from "effect"
import { isCollection, isNode, isPair, LineCounter, parseDocument, type Document } from "yaml"
import { check, type Mistake, type Route } from "../domain/Route.ts"
import { RoutesError } from "./RoutesFile.ts"

const sentence = (text: string): string =>
  text
    .replaceAll(/\s+/g, " ")
    .trim()
    .replace(/^Missing key$/, "It is missing")
    .replace(/^Expected no excess property$/, "There is no such thing in a route")

/** Offset of the node at a path, or of the nearest above it. */
const offsetOf = (document: Document, path: ReadonlyArray<PropertyKey>): number => {
  for (let length = path.length; length > 0; length--) {
    const parent = document.getIn(path.slice(0, length - 1), true)
    const last = path[length - 1]!
    if (!isCollection(parent)) continue
    const pair = parent.items.find((item) => isPair(item) && String(item.key) === String(last))
    if (isPair(pair) && isNode(pair.key)) return pair.key.range?.[0] ?? 0
    const node = document.getIn(path.slice(0, length), true)
    if (isNode(node)) return node.range?.[0] ?? 0
  }
  return 0
}

const described = (document: Document, lines: LineCounter, { message, path }: Mistake) => {
  const where = path.filter((segment) => typeof segment === "string").join(".")
  return {
    line: Math.max(1, lines.linePos(offsetOf(document, path)).line),
    message: sentence(where === "" ? message : `${where}: ${message}`)
  }
}

/** The routes in a text; every mistake with its line. */
export const parse = (file: string, text: string): Result.Result<ReadonlyArray<Route>, RoutesError> => {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const fail = (mistakes: RoutesError["mistakes"]) =>
    Result.fail(new RoutesError({ file, mistakes: mistakes.toSorted((a, b) => a.line - b.line) }))
  if (document.errors.length > 0) {
    return fail(
      document.errors.map(({ message, pos }) => ({ line: lines.linePos(pos[0]).line, message: sentence(message) }))
    )
  }
  if (document.contents === null) return Result.succeed([])
  // Anchors may stand for one another, but not without end.
  const value = Result.try(() => document.toJS({ maxAliasCount: 100 }) as unknown)
  if (Result.isFailure(value)) return fail([{ line: 1, message: "Its anchors and aliases stand for too much" }])
  const checked = check(value.success)
  return Result.isSuccess(checked)
    ? Result.succeed(checked.success)
    : fail(checked.failure.map((mistake) => described(document, lines, mistake)))
}
