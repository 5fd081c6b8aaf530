/** Texts with places for values: `{service.name}`, `{alerts[0].status}`, `{$.title}` from the root, `{a|otherwise}`. No code. */
import { Result } from "effect"
import { escaped } from "./Embed.ts"

/** Where a value is: names and numbers, from the element or, with `root`, from the whole record. */
export interface Path {
  readonly root: boolean
  readonly steps: ReadonlyArray<string | number>
}

type Part = string | { readonly path: Path; readonly otherwise: string | undefined }

export interface Template {
  readonly parts: ReadonlyArray<Part>
}

/** What a path is looked up in. */
export interface Scope {
  readonly root: unknown
  /** The element, or the root again. */
  readonly value: unknown
}

const step = /^(?:\.?([\p{L}\p{N}_$-]+)|\[(\d{1,6})\]|\["([^"\]]+)"\])/u

export const parsePath = (text: string): Result.Result<Path, string> => {
  const wrong = Result.fail(
    `"${text}" is no path: expected names with dots, such as alert.labels["severity"] or items[0]`
  )
  const root = text === "$" || /^\$[.[]/.test(text)
  let rest = root ? text.slice(1) : text
  const steps: Array<string | number> = []
  while (rest !== "") {
    const found = step.exec(rest)
    if (found === null) return wrong
    const [all, name, index, quoted] = found
    if (name !== undefined && steps.length > 0 && !all.startsWith(".")) return wrong
    steps.push(index === undefined ? (name ?? quoted)! : Number(index))
    rest = rest.slice(all.length)
  }
  return steps.length === 0 && !root ? wrong : Result.succeed({ root, steps })
}

/** Only what the value itself has; nothing of what every object or text has. */
const own = (value: unknown, step: string | number): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, step)
    ? (value as Record<string | number, unknown>)[step]
    : undefined

export const lookUp = ({ root, steps }: Path, scope: Scope): unknown =>
  steps.reduce<unknown>(own, root ? scope.root : scope.value)

const isScalar = (value: unknown): boolean => ["string", "number", "boolean"].includes(typeof value)

/** As people read it; `undefined` for nothing. */
export const shown = (value: unknown): string | undefined => {
  if (value === undefined || value === null || value === "") return undefined
  if (isScalar(value)) return String(value)
  if (Array.isArray(value) && value.every(isScalar)) return value.length === 0 ? undefined : value.join(", ")
  return JSON.stringify(value)
}

const placeholder = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g

/** `{{` and `}}` are braces. */
export const parse = (text: string): Result.Result<Template, string> => {
  const parts: Array<Part> = []
  let end = 0
  const literal = (more: string) => {
    const last = parts.at(-1)
    if (typeof last === "string") parts[parts.length - 1] = last + more
    else if (more !== "") parts.push(more)
  }
  for (const found of text.matchAll(placeholder)) {
    const [all, inside] = found
    literal(text.slice(end, found.index))
    end = found.index + all.length
    if (all === "{{" || all === "}}") {
      literal(all[0]!)
    } else if (inside === undefined) {
      return Result.fail(`A brace stands alone in "${text}": write {path}, or {{ and }} for braces`)
    } else {
      const [path = "", ...others] = inside.split("|")
      const parsed = parsePath(path.trim())
      if (Result.isFailure(parsed)) return Result.fail(parsed.failure)
      parts.push({ path: parsed.success, otherwise: others.length === 0 ? undefined : others.join("|").trim() })
    }
  }
  literal(text.slice(end))
  return Result.succeed({ parts })
}

const fill = ({ parts }: Template, scope: Scope, clean: (text: string) => string): string | undefined => {
  let found = !parts.some((part) => typeof part !== "string")
  const texts = parts.map((part) => {
    if (typeof part === "string") return part
    const value = shown(lookUp(part.path, scope)) ?? part.otherwise
    if (value !== undefined) found = true
    return clean(value ?? "")
  })
  return found ? texts.join("") : undefined
}

/** As Markdown: values read as they are. `undefined` when none of its places has anything. */
export const toMarkdown = (template: Template, scope: Scope): string | undefined => fill(template, scope, escaped)

/** Without Markdown, for addresses and for comparing. */
export const toPlain = (template: Template, scope: Scope): string | undefined => fill(template, scope, (text) => text)
