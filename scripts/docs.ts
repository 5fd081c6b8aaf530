/** `npm run docs`: writes `.env.example` and the tables of the documentation from the code; `--check` says what is stale. */
import { Duration } from "effect"
import type { Command } from "effect/cli"
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs"
import { exitCodes } from "../src/commands/Failure.ts"
import { rtfm } from "../src/commands/Rtfm.ts"
import * as Topics from "../src/domain/Topics.ts"
import type { Setting } from "../src/runtime/Setting.ts"
import * as Settings from "../src/settings.ts"

/** Columns of a text in a terminal: an emoji takes two. */
const columnsOf = (text: string): number =>
  text.length + (text.match(/\p{Emoji_Presentation}/gu) ?? []).filter((emoji) => emoji.length === 1).length

/** As the formatter wants it: every column as wide as its widest cell. */
const table = (titles: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const cells = [titles, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", String.raw`\|`)))
  const widths = titles.map((_, i) => Math.max(3, ...cells.map((row) => columnsOf(row[i]!))))
  const line = (row: ReadonlyArray<string>) =>
    `| ${row.map((cell, i) => cell + " ".repeat(widths[i]! - columnsOf(cell))).join(" | ")} |`
  const [head, ...body] = cells.map(line)
  return [head, line(widths.map((width) => "-".repeat(width))), ...body].join("\n")
}

const code = (text: string): string => `\`${text}\``

// Settings

/** What holds when it is not set. */
const otherwise = ({ fallback }: Setting<unknown>): string =>
  fallback === undefined ? "not set" : fallback === "" ? "nothing" : code(fallback)

const settings = (): string =>
  table(
    ["Setting", "What it is", "Expected", "Default"],
    Settings.all.map((setting) => [code(setting.name), setting.description, setting.expected, otherwise(setting)])
  )

const example = (): string =>
  [
    "# Settings of rtfm-bot, read from the environment first and then from the file .env in the working directory.",
    "# Every one is optional. Copy this file to .env and take the # away from those you change.",
    ...Settings.all.map(({ description, expected, fallback, name, secret }) =>
      [
        "",
        `# ${description}.`,
        `# Expected: ${expected}.${secret ? " Keep it secret." : ""}`,
        `# ${name}=${fallback === undefined ? "" : /\s/.test(fallback) ? `"${fallback}"` : fallback}`
      ].join("\n")
    ),
    ""
  ].join("\n")

// Actors

export interface ActorInfo {
  readonly name: string
  readonly routes: ReadonlyArray<string>
  readonly description: string
}

/** The sentences above a file, without the route that the first of them may begin with. */
const headOf = (source: string): string => {
  const [, text = ""] = /^\/\*\*(.*?)\*\//s.exec(source)!
  const plain = text.replaceAll(/\n \* ?/g, " ").replaceAll(/\s+/g, " ")
  return plain.trim().replace(/^.*?→.*?\. /, "")
}

/** In the order a message travels, as `main.ts` lists them. */
export const allActors = (): ReadonlyArray<ActorInfo> => {
  const listed = readFileSync("src/main.ts", "utf8").matchAll(/^ {2}(\w+)\.\w+,? *\/\/ +(.+)$/gm)
  const routes = Map.groupBy(listed, ([, name]) => name!)
  return [...routes].map(([name, lines]) => ({
    name,
    routes: lines.map(([, , route]) => route!.replaceAll(/ +/g, " ")),
    description: headOf(readFileSync(`src/actors/${name}.ts`, "utf8"))
  }))
}

const actors = (): string =>
  table(
    ["Actor", "From where to where", "What it does"],
    allActors().map(({ description, name, routes }) => [code(name), routes.join("; "), description])
  )

// Topics

const topics = (): string =>
  table(
    ["Topic", "What it holds", "Partitions", "Kept"],
    Topics.all.map(({ description, name, partitions, retention }) => [
      code(name),
      description,
      String(partitions),
      Duration.format(retention)
        .replace(/^1d$/, "1 day")
        .replace(/^(\d+)d$/, "$1 days")
    ])
  )

// Exit codes

const codes = (): string =>
  table(
    ["Exit code", "Meaning"],
    Object.entries(exitCodes).map(([exitCode, meaning]) => [code(exitCode), meaning])
  )

// Commands

export interface CommandInfo {
  /** Without `rtfm`: `dlq list`. */
  readonly name: string
  readonly description: string
}

/** A group does nothing by itself and so has no flags of its own. */
const isGroup = (command: Command.Command.Any): boolean => {
  const { config } = command as { readonly config?: { readonly flags: ReadonlyArray<unknown> } }
  return command.subcommands.length > 0 && config?.flags.length === 0
}

const below = (command: Command.Command.Any, path: ReadonlyArray<string>): ReadonlyArray<CommandInfo> =>
  command.subcommands
    .flatMap(({ commands }) => commands)
    .flatMap((each) => {
      const name = [...path, each.name]
      const itself = isGroup(each) ? [] : [{ name: name.join(" "), description: each.description ?? "" }]
      return [...itself, ...below(each, name)]
    })

/** Those that do something, with the names of the groups they are in. */
export const allCommands = (): ReadonlyArray<CommandInfo> => below(rtfm, [])

const commands = (): string =>
  table(
    ["Command", "What it does"],
    allCommands().map(({ description, name }) => [code(name), description])
  )

// Metrics

export interface MetricInfo {
  readonly name: string
  readonly type: "counter" | "gauge" | "histogram"
  readonly labels: ReadonlyArray<string>
  readonly description: string
}

const declaration = /const (\w+) = Metric\.(counter|gauge|histogram)\(\s*"(\w+)",\s*\{\s*description:\s*"([^"]+)"/g

/** Names in `{ actor, reason }`, or in the object that a variable holds. */
const keysOf = (source: string, labels: string): ReadonlyArray<string> => {
  const object = labels.startsWith("{")
    ? labels
    : (new RegExp(`const ${labels} = (\\{[^}]*\\})`).exec(source)?.[1] ?? "")
  return Array.from(object.matchAll(/(?<=[{,]\s*)\w+/g), ([key]) => key)
}

const labelsOf = (source: string, variable: string): ReadonlyArray<string> => {
  const found = new RegExp(`withAttributes\\(${variable}, (\\{[^}]*\\}|\\w+)\\)`).exec(source)?.[1]
  return found === undefined ? [] : keysOf(source, found)
}

/** From the declarations, since a metric that nothing has touched yet is in no scrape. */
export const metricsIn = (source: string): ReadonlyArray<MetricInfo> =>
  Array.from(source.matchAll(declaration), ([, variable, type, name, description]) => ({
    name: name!,
    type: type as MetricInfo["type"],
    labels: labelsOf(source, variable!),
    description: description!
  }))

const sources = () => globSync("src/**/*.ts").map((path) => readFileSync(path, "utf8"))

export const allMetrics = (): ReadonlyArray<MetricInfo> =>
  sources()
    .flatMap(metricsIn)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))

const metrics = (): string =>
  table(
    ["Metric", "Type", "Labels", "What it says"],
    allMetrics().map(({ description, labels, name, type }) => [
      code(name),
      type,
      labels.map(code).join(", "),
      description
    ])
  )

// Files

const tables: Readonly<Record<string, () => string>> = {
  settings,
  actors,
  topics,
  "exit codes": codes,
  commands,
  metrics
}

const block = /(?<=<!-- generated: ([\w ]+) -->\n)[^]*?(?=<!-- end of generated -->)/g

const withTables = (path: string, text: string): string =>
  text.replace(block, (_, name: string) => {
    const make = tables[name]
    if (make === undefined) throw new Error(`${path}: there is nothing to generate that is called "${name}"`)
    return `\n${make()}\n\n`
  })

export const pages = (): ReadonlyArray<string> => ["README.md", "CONTRIBUTING.md", ...globSync("docs/*.md").toSorted()]

/** Every generated file as it should be. */
export const generated = (): ReadonlyMap<string, string> =>
  new Map([
    [".env.example", example()],
    ...pages().map((path) => [path, withTables(path, readFileSync(path, "utf8"))] as const)
  ])

export const stale = (): ReadonlyArray<string> =>
  [...generated()]
    .filter(([path, text]) => !existsSync(path) || readFileSync(path, "utf8") !== text)
    .map(([path]) => path)

const main = () => {
  const paths = stale()
  if (!process.argv.includes("--check")) {
    const texts = generated()
    for (const path of paths) writeFileSync(path, texts.get(path)!)
    console.log(paths.length === 0 ? "Everything is up to date." : `Written: ${paths.join(", ")}`)
  } else if (paths.length > 0) {
    console.error(`Stale: ${paths.join(", ")}. Run: npm run docs`)
    process.exitCode = 1
  }
}

if (import.meta.main) main()
