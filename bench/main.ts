/**
 * `npm run bench [-- NAMES] [--quick]`: what the parts cost, as ratios measured side by side in this run, and against
 * their goals; the named parts alone where there are names, as in `npm run bench -- kafka`.
 */
import { availableParallelism, cpus, loadavg } from "node:os"
import { styleText } from "node:util"
import * as actors from "./actors.ts"
import * as broker from "./broker.ts"
import * as discord from "./discord.ts"
import * as embedding from "./embedding.ts"
import * as kafka from "./kafka.ts"
import * as process_ from "./process.ts"
import * as question from "./question.ts"
import * as vectorizer from "./vectorizer.ts"

const quick = process.argv.includes("--quick")

const all = [
  ["Broker", broker.run],
  ["Kafka", () => kafka.run(quick)],
  ["Actors", () => actors.run(quick)],
  ["Vectorizer", () => vectorizer.run(quick)],
  ["Embedding", () => embedding.run(quick)],
  ["Questions", () => question.run(quick)],
  ["Process", () => process_.run(quick)],
  ["Discord", () => discord.run(quick)]
] as const

const names = process.argv.slice(2).filter((argument) => !argument.startsWith("--"))
const groups = all.filter(([title]) => names.length === 0 || names.includes(title.toLowerCase()))
if (groups.length < names.length) {
  console.error(`What can be measured: ${all.map(([title]) => title.toLowerCase()).join(", ")}.`)
  process.exit(2)
}

const widths = { name: 54, value: 40 }
const mark = (ok: boolean | undefined) =>
  ok === undefined ? " " : ok ? styleText("green", "✓") : styleText(["red", "bold"], "✗")

/** A name without the group it stands under. */
const short = (name: string) =>
  name.replace(/^(broker|kafka|actor|vectorizer|embedding|question|process|discord): /, "")

const line = ({ goal, name, ok, value }: broker.Figure): string => {
  const wanted = goal === undefined ? "" : styleText("dim", `goal ${goal}`)
  return `  ${mark(ok)} ${short(name).padEnd(widths.name)} ${value.padStart(widths.value)}  ${wanted}`.trimEnd()
}

const load = loadavg()[0]!
console.log(
  `${cpus()[0]?.model ?? "?"}, ${availableParallelism()} cores, Node ${process.versions.node}, load ${load.toFixed(1)}`
)
if (load > availableParallelism() / 2) {
  console.log(styleText("yellow", "The machine is busy with other things: ratios hold, times and rates do not."))
}

let missed = 0
for (const [title, run] of groups) {
  console.log(`\n${styleText("bold", title)}`)
  for (const figure of await run()) {
    console.log(line(figure))
    if (figure.ok === false) missed++
  }
}
console.log(missed === 0 ? "\nEvery goal is reached." : `\n${missed} ${missed === 1 ? "goal is" : "goals are"} missed.`)
