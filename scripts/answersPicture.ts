/** `node scripts/answersPicture.ts`: draws `docs/pictures/answers.svg` from the figures in `docs/pictures/answers.json`. */
import { readFileSync, writeFileSync } from "node:fs"
import { resolve } from "node:path"

interface Row {
  readonly set: string
  readonly figure: string
  /** From 0 to 1. */
  readonly reached: number
  /** What plain methods reach on the same questions, where that is known. */
  readonly method: number | null
}

const folder = resolve(import.meta.dirname, "../docs/pictures")
const rows = JSON.parse(readFileSync(`${folder}/answers.json`, "utf8")) as ReadonlyArray<Row>

const size = { row: 30, label: 330, bar: 360, value: 60, top: 48 }
const width = size.label + size.bar + size.value + 30
const height = size.top + rows.length * size.row + 16

const text = (x: number, y: number, content: string, more = "") => `<text x="${x}" y="${y}" ${more}>${content}</text>`

const line = ({ figure, method, reached, set }: Row, i: number): string => {
  const y = size.top + i * size.row
  const mark =
    method === null ? "" : `<line class="mark" x1="${at(method)}" x2="${at(method)}" y1="${y}" y2="${y + 20}"/>`
  return [
    text(size.label - 12, y + 15, `${set}: ${figure}`, 'text-anchor="end"'),
    `<rect class="track" x="${size.label}" y="${y + 2}" width="${size.bar}" height="16" rx="3"/>`,
    `<rect class="bar" x="${size.label}" y="${y + 2}" width="${(size.bar * reached).toFixed(1)}" height="16" rx="3"/>`,
    mark,
    text(size.label + size.bar + 10, y + 15, reached.toFixed(3))
  ].join("")
}

const at = (value: number): string => (size.label + size.bar * value).toFixed(1)

const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="How good answers are">
<style>
  text { font: 13px system-ui, sans-serif; fill: #57606a }
  .track { fill: #8882 } .bar { fill: #4a7bd0 } .mark { stroke: #d0662a; stroke-width: 3 }
</style>
${text(size.label, 26, "bar: this bot without a model; mark: the same questions by plain methods")}
${rows.map(line).join("\n")}
</svg>
`

writeFileSync(`${folder}/answers.svg`, svg)
console.log(`Written: docs/pictures/answers.svg, ${rows.length} figures`)
