/** The documentation says what is true: what is generated is fresh, and what is named is there. */
import { assert, describe, it } from "@effect/vitest"
import { existsSync, globSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { allCommands, allMetrics, metricsIn, pages, stale } from "../scripts/docs.ts"
import { slugOf } from "../src/docs/Markdown.ts"
import * as Settings from "../src/settings.ts"

const all = [...pages(), "CHANGELOG.md"]
const read = (path: string) => readFileSync(path, "utf8")

const eachPage = (check: (text: string, page: string) => void) => {
  for (const page of all) check(read(page), page)
}

/** Of the lines outside code blocks. */
const prose = (text: string) => text.replace(/^```.*?^```$/gms, "")
const headings = (text: string) => Array.from(prose(text).matchAll(/^#+ (.+)$/gm), ([, heading]) => slugOf(heading!))

const links = (text: string) =>
  Array.from(
    prose(text).matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g),
    ([, link, source]) => link ?? source!
  ).filter((link) => !/^[a-z]+:/.test(link))

const inCode = (text: string) => Array.from(text.matchAll(/`([^`\n]+)`/g), ([, inside]) => inside!)

/** Paths as people write them: with a slash, below the root, and not an address, a glob or a package. */
const isPath = (text: string) => /^(?:src|test|docs|scripts|bench|node_modules|\.ci)\/[\w./@-]+$/.test(text)

/** A place for a name, such as `src/chat/<Name>.ts`, is none. */
const paths = (text: string) => [
  ...inCode(prose(text)).filter(isPath),
  ...Array.from(text.matchAll(/(?:node|vitest run) ([\w./-]+\.ts)/g), ([, path]) => path!)
]

const packageScripts = JSON.parse(read("package.json")).scripts as Record<string, string>

const commandNames = new Set(allCommands().map(({ name }) => name))

/** Words after `rtfm`, as in `npm run rtfm -- dlq list` and `rtfm ask "…"`. */
const commandsIn = (text: string) =>
  Array.from(text.matchAll(/(?:run rtfm --|`rtfm) ([a-z]+)( [a-z]+)?/g), ([, command, sub = ""]) => [
    command!,
    command! + sub
  ])

describe("documentation", () => {
  it("has everything generated that is generated from the code as it is", () => {
    assert.deepStrictEqual(stale(), [], "run: npm run docs")
  })

  it("links to files and headings that are there", () =>
    eachPage((text, page) => {
      for (const link of links(text)) {
        const [path = "", anchor] = link.split("#")
        const target = path === "" ? page : normalize(join(dirname(page), path))
        assert.isTrue(existsSync(target), `${page} links to ${link}`)
        if (anchor !== undefined) assert.include(headings(read(target)), anchor, `${page} links to ${link}`)
      }
    }))

  it("names paths that are there", () => {
    eachPage((text, page) => paths(text).forEach((path) => assert.isTrue(existsSync(path), `${page} names ${path}`)))
    assert.isAbove(paths(read("docs/ARCHITECTURE.md")).length, 20)
  })

  it("names scripts and commands that are there", () => {
    eachPage((text, page) => {
      for (const [, script] of text.matchAll(/npm run ([\w:]+)/g)) {
        assert.property(packageScripts, script!, `${page} names npm run ${script}`)
      }
      for (const names of commandsIn(text)) {
        assert.isTrue(
          names.some((name) => commandNames.has(name)),
          `${page} names rtfm ${names[1]}`
        )
      }
    })
    assert.isAbove(commandsIn(read("README.md")).length, 5)
  })

  it("lists every metric that is declared", () => {
    const declared = globSync("src/**/*.ts").flatMap((path) => read(path).match(/= Metric\.\w+\(\s*"\w+"/g) ?? [])
    assert.strictEqual(allMetrics().length, declared.length)
    assert.strictEqual(new Set(allMetrics().map(({ name }) => name)).size, declared.length)
  })

  it("finds a metric's labels where they are given", () => {
    const source = `
      const total = Metric.counter("rtfm_total", { description: "All" })
      const state = Metric.gauge("rtfm_state", {
        description: "State"
      })
      const outcome = { mode: written.mode, refused: true }
      Metric.update(Metric.withAttributes(total, outcome), 1)
      Metric.withAttributes(state, { actor, reason: why })`
    assert.deepStrictEqual(metricsIn(source), [
      { name: "rtfm_total", type: "counter", labels: ["mode", "refused"], description: "All" },
      { name: "rtfm_state", type: "gauge", labels: ["actor", "reason"], description: "State" }
    ])
  })

  it("offers every setting in .env.example, commented out", () => {
    const lines = read(".env.example").split("\n")
    for (const { fallback, name } of Settings.all) {
      const value = fallback === undefined ? "" : fallback.includes(" ") ? `"${fallback}"` : fallback
      assert.include(lines, `# ${name}=${value}`)
    }
    assert.deepStrictEqual(
      lines.filter((line) => line !== "" && !line.startsWith("#")),
      []
    )
  })
})
