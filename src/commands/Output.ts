/** What commands print: aligned tables for people, JSON for programs, progress where somebody watches. */
import { Console, Effect, Logger } from "effect"
import { Flag } from "effect/cli"

export const json = Flag.Boolean("json").pipe(Flag.withDescription("Print JSON, for programs"), Flag.withDefault(false))

/** For commands whose output is data: what is logged meanwhile stands beside it, as plain lines. */
export const logsAside = Logger.layer([
  Logger.withConsoleError(
    Logger.make(({ logLevel, message }) => `${logLevel.toLowerCase()}: ${[message].flat().map(String).join(" ")}`)
  )
])

export const printJson = (value: unknown) => Console.log(JSON.stringify(value, null, 2))

/** Whether somebody reads what is printed; a pipe that was closed, as by `head`, is not read any more. */
export const isRead = (): boolean => !process.stdout.destroyed

/** Goes on for as long as what is printed is read, and ends as done when it is not. */
export const whileRead = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A | void, E, R> =>
  Effect.raceFirst(
    effect,
    Effect.callback<void>((resume) => {
      const end = () => resume(Effect.void)
      process.stdout.on("error", end)
      return Effect.sync(() => process.stdout.off("error", end))
    })
  )

export interface Column<A> {
  readonly title: string
  readonly value: (row: A) => string | number
}

/** Numbers stand at the right of their column; the last column is not padded. */
export const table = <A>(rows: ReadonlyArray<A>, columns: ReadonlyArray<Column<A>>): string => {
  const cells = rows.map((row) => columns.map(({ value }) => value(row)))
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...cells.map((row) => String(row[i]).length)))
  const isNumber = columns.map((_, i) => cells.length > 0 && cells.every((row) => typeof row[i] === "number"))
  const line = (texts: ReadonlyArray<string>) =>
    texts
      .map((text, i) => (isNumber[i] === true ? text.padStart(widths[i]!) : text.padEnd(widths[i]!)))
      .join("  ")
      .trimEnd()
  return [line(columns.map(({ title }) => title)), ...cells.map((row) => line(row.map(String)))].join("\n")
}

/** Prints rows as a table, or as JSON; `none` says in words that there are none. */
export const printRows = <A>(
  rows: ReadonlyArray<A>,
  options: { readonly json: boolean; readonly columns: ReadonlyArray<Column<A>>; readonly none: string }
) => {
  if (options.json) return printJson(rows)
  return Console.log(rows.length === 0 ? options.none : table(rows, options.columns))
}

const barWidth = 24

/** A bar that moves in a terminal; a line for every tenth elsewhere. */
export const progress = (what: string, out: NodeJS.WriteStream = process.stderr) => {
  let tenth = -1
  return (done: number, total: number) =>
    Effect.sync(() => {
      const share = total === 0 ? 1 : done / total
      if (out.isTTY) {
        const filled = Math.round(share * barWidth)
        const bar = "█".repeat(filled) + "░".repeat(barWidth - filled)
        out.write(`\r${what} ${bar} ${done}/${total}${done >= total ? "\n" : ""}`)
      } else if (Math.floor(share * 10) > tenth) {
        tenth = Math.floor(share * 10)
        out.write(`${what}: ${done} of ${total}\n`)
      }
    })
}

/** `3 documents`, `1 document`. */
export const count = (n: number, noun: string): string => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`

export const ago = (at: number, now: number): string => {
  const seconds = Math.max(0, Math.round((now - at) / 1000))
  if (seconds < 60) return `${seconds} s ago`
  if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h ago`
  return `${Math.round(seconds / 86_400)} d ago`
}

/** `null` is for ever. */
export const duration = (ms: number | null): string =>
  ms === null || ms === Infinity
    ? "for ever"
    : ms >= 86_400_000
      ? `${ms / 86_400_000} d`
      : ms >= 3_600_000
        ? `${ms / 3_600_000} h`
        : `${ms / 1000} s`
