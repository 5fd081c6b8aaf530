/** The OpenAPI document as a page to read: plain HTML, no scripts. Pure. */
import type { OpenApi } from "effect/http-api"

/** JSON Schema as OpenAPI 3.1 has it; only what the page shows. */
interface Shape {
  readonly $ref?: string
  readonly type?: string | ReadonlyArray<string>
  readonly enum?: ReadonlyArray<unknown>
  readonly anyOf?: ReadonlyArray<Shape>
  readonly items?: Shape
  readonly properties?: Readonly<Record<string, Shape>>
  readonly required?: ReadonlyArray<string>
  readonly additionalProperties?: boolean | Shape
  readonly contentSchema?: Shape
  readonly description?: string
  readonly examples?: ReadonlyArray<unknown>
  readonly minimum?: number
  readonly maximum?: number
  readonly maxLength?: number
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required: boolean
  readonly description?: string
  readonly schema: Shape
}

interface Content {
  readonly schema?: Shape
}

interface Operation {
  readonly operationId: string
  readonly tags: ReadonlyArray<string>
  readonly summary?: string
  readonly description?: string
  readonly parameters: ReadonlyArray<Parameter>
  readonly security: ReadonlyArray<unknown>
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> }
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Readonly<Record<string, Content>> }>
  >
}

interface Placed {
  readonly method: string
  readonly path: string
  readonly operation: Operation
}

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}
const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (char) => escapes[char]!)

/** Text with `code` in backticks. */
const prose = (text: string): string => escape(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>")

const nameOf = ($ref: string): string => $ref.split("/").at(-1)!
const slug = (id: string): string => id.replaceAll(/\W+/g, "-")
const structureLink = (name: string): string => `<a class="type" href="#structure-${name}">${name}</a>`

const bounds = ({ maxLength, maximum, minimum }: Shape): string => {
  if (maxLength !== undefined) return ` up to ${maxLength} characters`
  // A whole number without bounds of its own has those of JavaScript.
  return minimum !== undefined && maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER
    ? ` ${minimum} to ${maximum}`
    : ""
}

const typeOf = (shape: Shape): string => {
  if (shape.$ref !== undefined) return structureLink(nameOf(shape.$ref))
  if (shape.enum !== undefined)
    return shape.enum.map((value) => `<code>${escape(JSON.stringify(value))}</code>`).join(" or ")
  if (shape.anyOf !== undefined) return [...new Set(shape.anyOf.map(typeOf))].join(" or ")
  if (shape.items !== undefined) return `list of ${typeOf(shape.items)}`
  if (shape.contentSchema !== undefined) return "JSON as text"
  if (typeof shape.additionalProperties === "object") return `object of ${typeOf(shape.additionalProperties)}`
  return `<span class="type">${[shape.type ?? "any"].flat().join(" or ")}${bounds(shape)}</span>`
}

const row = (name: string, required: boolean, type: string, description: string | undefined): string =>
  `<tr><th scope="row"><code>${escape(name)}</code>${required ? "" : ' <span class="optional">optional</span>'}</th><td>${type}</td><td>${prose(description ?? "")}</td></tr>`

/** Fields of a structure; those of structures without a name follow under their field. */
const rows = (shape: Shape, prefix = ""): string =>
  Object.entries(shape.properties ?? {})
    .map(([name, field]) => {
      const inner = field.items ?? field
      const path = `${prefix}${name}`
      const own = row(path, shape.required?.includes(name) ?? false, typeOf(field), field.description)
      return (
        own + (inner.properties === undefined ? "" : rows(inner, `${path}${field.items === undefined ? "." : "[]."}`))
      )
    })
    .join("")

const table = (caption: string, body: string): string =>
  body === "" ? "" : `<div class="scroll"><table><caption>${caption}</caption><tbody>${body}</tbody></table></div>`

const json = (value: unknown): string => `<pre><code>${escape(JSON.stringify(value, null, 2))}</code></pre>`

const parameters = ({ parameters }: Operation): string =>
  table(
    "Parameters",
    parameters
      .map((each) =>
        row(
          each.name,
          each.required,
          `${typeOf(each.schema)} <span class="where">in the ${each.in}</span>`,
          each.description
        )
      )
      .join("")
  )

/** The structures by their names. */
type Structures = Readonly<Record<string, Shape>>

const resolve = (shape: Shape | undefined, structures: Structures): Shape | undefined =>
  shape?.$ref === undefined ? shape : structures[nameOf(shape.$ref)]

const bodyOf = (operation: Operation): Shape | undefined => operation.requestBody?.content["application/json"]?.schema

const body = (operation: Operation, structures: Structures): string =>
  table("Body", rows(resolve(bodyOf(operation), structures) ?? {}))

const examples: Readonly<Record<string, string>> = { q: "ingest%20a%20folder", authorId: "ada" }
const placeOf = (path: string, { parameters }: Operation): string => {
  const query = parameters.filter((each) => each.in === "query" && each.required)
  const filled = path
    .replace("{channelId}", "local:general")
    .replace("{messageId}", "m-1")
    .replace("{id}", path.includes("documents") ? "handbook%2Fstart.md" : "m-1")
  return (
    filled + (query.length === 0 ? "" : `?${query.map(({ name }) => `${name}=${examples[name] ?? "…"}`).join("&")}`)
  )
}

/** What to type in a shell to try it. */
const command = ({ method, operation, path }: Placed, structures: Structures, url: string): string => {
  const sent = resolve(bodyOf(operation), structures)?.examples?.[0]
  const streams = operation.responses["200"]?.content?.["text/event-stream"] !== undefined
  const parts = [
    `curl${streams ? " -N" : ""}${method === "get" || (method === "post" && sent !== undefined) ? "" : ` -X ${method.toUpperCase()}`} '${url}${placeOf(path, operation)}'`,
    ...(sent === undefined
      ? []
      : ["-H 'Content-Type: application/json'", `-d '${JSON.stringify(sent).replaceAll("'", "'\\''")}'`])
  ]
  return `<pre class="try"><code>${escape(parts.join(" \\\n  "))}</code></pre>`
}

const answers = ({ responses }: Operation): string => {
  const good = Object.entries(responses).filter(([status]) => Number(status) < 400)
  const bad = Object.keys(responses).filter((status) => Number(status) >= 400)
  const shown = good.map(([status, { content, description }]) => {
    const [type, { schema } = {}] = Object.entries(content ?? {})[0] ?? []
    const what =
      type === undefined
        ? ""
        : type === "application/json" && schema !== undefined
          ? typeOf(schema)
          : `<code>${escape(type)}</code>`
    const fields = schema?.properties === undefined ? "" : table("Answer", rows(schema))
    return `<li><span class="status">${status}</span> ${description === "Success" ? "" : `${prose(description)} `}${what}${fields}</li>`
  })
  return `<ul class="answers">${shown.join("")}<li class="problems">Problems: ${bad.map((status) => `<a href="#problems">${status}</a>`).join(" ")}</li></ul>`
}

const section = (placed: Placed, structures: Structures, url: string): string => {
  const { method, operation, path } = placed
  return `<section id="${slug(operation.operationId)}">
<h3>${escape(operation.summary ?? operation.operationId)}</h3>
<p class="place"><span class="method ${method}">${method.toUpperCase()}</span> <code>${escape(path)}</code></p>
<p>${prose(operation.description ?? "")}</p>
${parameters(operation)}${body(operation, structures)}${command(placed, structures, url)}${answers(operation)}
</section>`
}

const structure = ([name, shape]: readonly [string, Shape]): string =>
  `<section id="structure-${name}"><h3>${name}</h3><p>${prose(shape.description ?? "")}</p>${
    shape.properties === undefined ? `<p>${typeOf(shape)}</p>` : table("Fields", rows(shape))
  }${shape.examples === undefined ? "" : json(shape.examples[0])}</section>`

const isProblem = ([, { properties }]: readonly [string, Shape]): boolean =>
  properties?.["type"]?.enum?.[0] === "about:blank"

const statusOf = ([, { properties }]: readonly [string, Shape]): number => Number(properties?.["status"]?.enum?.[0])

const problem = ([name, { description, properties }]: readonly [string, Shape]): string =>
  `<tr id="structure-${name}"><th scope="row"><span class="status">${properties!["status"]!.enum![0]}</span></th><td>${properties!["title"]!.enum![0]}</td><td>${prose(description ?? "")}</td></tr>`

const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='7' fill='%23ffe066'/%3E%3Cpath fill='%2314171c' d='M14 6h9v2.6h-2V26h-2.7V8.6h-1.8V26h-2.7v-8.2A5.9 5.9 0 0 1 14 6z'/%3E%3C/svg%3E"

/** The page; commands on it call the server at `url`. */
export const render = (spec: OpenApi.OpenAPISpec, url: string): string => {
  const placed = Object.entries(spec.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method,
      path,
      operation: operation as unknown as Operation
    }))
  )
  const all = Object.entries(spec.components.schemas as Structures).toSorted(([a], [b]) => a.localeCompare(b))
  const structures = Object.fromEntries(all)
  const problems = all.filter(isProblem).toSorted((a, b) => statusOf(a) - statusOf(b))
  const groups = spec.tags.map((tag) => ({
    ...tag,
    operations: placed.filter(({ operation }) => operation.tags.includes(tag.name))
  }))
  const links = groups
    .map(
      ({ name, operations }) =>
        `<h2>${escape(name)}</h2><ul>${operations
          .map(
            ({ operation }) =>
              `<li><a href="#${slug(operation.operationId)}">${escape(operation.summary ?? "")}</a></li>`
          )
          .join("")}</ul>`
    )
    .join("")
  const sections = groups
    .map(
      ({ description, name, operations }) =>
        `<h2 id="${slug(name)}">${escape(name)}</h2><p class="lead">${prose(description ?? "")}</p>${operations
          .map((each) => section(each, structures, url))
          .join("")}`
    )
    .join("")
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
<title>${escape(spec.info.title)} API</title>
<link rel="icon" href="${icon}" type="image/svg+xml" />
<link rel="stylesheet" href="/docs.css" />
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header><a class="home" href="/"><span class="sign" aria-hidden="true">¶</span> ${escape(spec.info.title)}</a><span>API ${escape(spec.info.version)}</span><a href="/openapi.json">openapi.json</a></header>
<div class="columns">
<nav aria-label="Contents">${links}<h2>More</h2><ul><li><a href="#problems">Problems</a></li><li><a href="#structures">Structures</a></li></ul></nav>
<main id="content">
<h1>${escape(spec.info.title)} API</h1>
<p class="lead">${prose(spec.info.description ?? "")}</p>
<p>Bodies are JSON in UTF-8. Where <code>API_TOKEN</code> is set, every address below <code>/api</code> wants <code>Authorization: Bearer</code> and its value.</p>
${sections}
<h2 id="problems">Problems</h2>
<p class="lead">Every failure is an <code>application/problem+json</code> document (RFC 9457): <code>status</code>, <code>title</code> and one sentence in <code>detail</code>.</p>
${table("By status", problems.map(problem).join(""))}
${json({
  type: "about:blank",
  title: "Bad Request",
  status: 400,
  detail: "body.text: Expected some text",
  errors: [{ path: "body.text", message: "Expected some text" }]
})}
<h2 id="structures">Structures</h2>
${all
  .filter((each) => !isProblem(each))
  .map(structure)
  .join("")}
</main>
</div>
</body>
</html>
`
}

export const style = `:root {
  color-scheme: light dark;
  --paper: light-dark(#ffffff, #15181d);
  --rail: light-dark(#f3f4f7, #0f1216);
  --raised: light-dark(#f7f8fa, #1c2027);
  --line: light-dark(#e0e3e9, #2a303a);
  --ink: light-dark(#14171c, #e9ecf1);
  --ink-2: light-dark(#454c5a, #b6bdca);
  --ink-3: light-dark(#5f6777, #939cad);
  --accent: light-dark(#2748c4, #94aeff);
  --ok: light-dark(#0f6e3c, #62d296);
  --warn: light-dark(#855000, #f0b659);
  --bad: light-dark(#b0241c, #ff948a);
  --sans: system-ui, sans-serif;
  --mono: ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace;
}
* { box-sizing: border-box; }
html { scroll-padding-top: 68px; }
body { margin: 0; font: 400 0.9375rem / 1.55 var(--sans); color: var(--ink); background: var(--paper); -webkit-text-size-adjust: 100%; }
a { color: var(--accent); text-underline-offset: 2px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
code, pre { font: 0.8125rem / 1.55 var(--mono); }
code { overflow-wrap: anywhere; }
p code, td code, li code { padding: 1px 0.3em; background: var(--raised); border: 1px solid var(--line); border-radius: 4px; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 8px; top: 8px; z-index: 2; padding: 4px 10px; background: var(--paper); }
header { position: sticky; top: 0; z-index: 1; display: flex; gap: 16px; align-items: center; height: 52px; padding: 0 24px; color: var(--ink-3); background: var(--paper); border-bottom: 1px solid var(--line); }
header a:last-child { margin-left: auto; }
.home { display: flex; gap: 8px; align-items: center; font-weight: 600; color: var(--ink); text-decoration: none; }
.sign { display: grid; place-items: center; width: 26px; height: 26px; font-weight: 700; color: #14171c; background: #ffe066; border-radius: 6px; }
.columns { display: grid; grid-template-columns: 236px minmax(0, 1fr); }
nav { position: sticky; top: 52px; align-self: start; height: calc(100vh - 52px); overflow-y: auto; padding: 16px 12px 32px 24px; background: var(--rail); border-right: 1px solid var(--line); }
nav h2 { margin: 16px 0 4px; font-size: 0.75rem; font-weight: 600; color: var(--ink-3); border: 0; padding: 0; }
nav h2:first-child { margin-top: 0; }
nav ul { margin: 0; padding: 0; list-style: none; }
nav a { display: block; padding: 3px 8px; margin-left: -8px; font-size: 0.875rem; color: var(--ink-2); text-decoration: none; border-radius: 5px; }
nav a:hover { color: var(--ink); background: var(--raised); }
main { width: 100%; max-width: 900px; padding: 28px 40px 96px; }
h1 { margin: 0 0 8px; font-size: 1.625rem; line-height: 1.25; }
main > h2 { margin: 56px 0 4px; padding-top: 24px; font-size: 1.25rem; border-top: 1px solid var(--line); }
.lead { margin-top: 0; color: var(--ink-2); }
section { padding-top: 20px; }
h3 { margin: 0 0 6px; font-size: 1rem; }
section:target h3 { text-decoration: underline 6px #ffe066; text-underline-offset: -2px; text-decoration-skip-ink: none; }
@media (prefers-color-scheme: dark) { section:target h3 { text-decoration-color: #52440d; } }
section p { margin: 0 0 10px; }
.place { display: flex; gap: 8px; align-items: center; }
.place code { padding: 0; background: none; border: 0; }
.method { flex: none; min-width: 58px; padding: 2px 8px; font: 600 0.75rem / 1.5 var(--mono); text-align: center; border: 1px solid currentColor; border-radius: 5px; }
.get { color: var(--accent); }
.post { color: var(--ok); }
.patch { color: var(--warn); }
.delete { color: var(--bad); }
.scroll { overflow-x: auto; margin: 0 0 12px; border: 1px solid var(--line); border-radius: 8px; }
table { width: 100%; border-collapse: collapse; font-size: 0.875rem; }
caption { padding: 6px 12px; font-size: 0.75rem; font-weight: 600; color: var(--ink-3); text-align: left; background: var(--raised); }
th, td { padding: 6px 12px; font-weight: 400; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
th { width: 27%; }
td:nth-child(2) { width: 27%; color: var(--ink-2); }
th code { padding: 0; background: none; border: 0; }
.optional, .where { font-size: 0.75rem; color: var(--ink-3); white-space: nowrap; }
pre { margin: 0 0 12px; padding: 10px 12px; overflow-x: auto; background: var(--raised); border: 1px solid var(--line); border-radius: 8px; }
pre code { padding: 0; background: none; border: 0; overflow-wrap: normal; }
.answers { margin: 0; padding: 0; list-style: none; }
.answers li { margin: 0 0 6px; }
.answers .scroll { margin-top: 6px; }
.status { font: 600 0.8125rem / 1.5 var(--mono); color: var(--ok); }
.problems, .problems a { font-size: 0.8125rem; color: var(--ink-3); }
tr .status { color: var(--bad); }
@media (max-width: 800px) {
  .columns { display: block; }
  nav { position: static; height: auto; border-right: 0; border-bottom: 1px solid var(--line); columns: 2; }
  nav ul { break-inside: avoid; }
  main { padding: 24px 20px 64px; }
  header { padding: 0 20px; }
  th, td:nth-child(2) { width: auto; }
}
`
