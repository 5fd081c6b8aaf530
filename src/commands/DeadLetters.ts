/** `rtfm dlq`: the records that could not be handled, and the way back. */
import { Clock, Console, Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import type { DeadLetterInfo, RedriveReport } from "../web/Api.ts"
import { ago, count, json, printJson, printRows } from "./Output.ts"
import { CommandError } from "./CommandError.ts"
import { momentOf } from "./Times.ts"
import * as System from "./System.ts"

type Letter = typeof DeadLetterInfo.Type

const topic = Flag.String("topic").pipe(
  Flag.withDescription("Only this topic, by its own name or that of its dead letters"),
  Flag.optional
)

/** How one dead letter is named on the command line. */
const nameOf = ({ offset, partition, topic }: Pick<Letter, "topic" | "partition" | "offset">): string =>
  `${topic}/${partition}/${offset}`

const short = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text)

const list = Command.make(
  "list",
  {
    topic,
    limit: Flag.Int("limit").pipe(Flag.withDescription("At most so many, newest first"), Flag.withDefault(100)),
    json
  },
  Effect.fn(function* ({ json, limit, topic }) {
    const now = yield* Clock.currentTimeMillis
    const letters = yield* System.deadLetters({ limit, ...(Option.isSome(topic) && { topic: topic.value }) })
    yield* printRows(letters, {
      json,
      none: "No dead letters.",
      columns: [
        { title: "DEAD LETTER", value: nameOf },
        { title: "ACTOR", value: ({ actor }) => actor },
        { title: "REASON", value: ({ reason }) => reason },
        { title: "ATTEMPTS", value: ({ attempts }) => attempts },
        { title: "WHEN", value: ({ at }) => ago(at, now) },
        { title: "ERROR", value: ({ error }) => short(error) }
      ]
    })
  })
).pipe(Command.withDescription("List the dead letters that were not sent back"), Command.withAlias("ls"))

const name = Argument.String("dead-letter").pipe(Argument.withDescription("topic/partition/offset, as `list` shows it"))

const find = Effect.fnUntraced(function* (name: string) {
  const match = /^(?<topic>[\w.-]+)\/(?<partition>\d+)\/(?<offset>\d+)$/.exec(name)
  if (match === null) {
    return yield* new CommandError({ detail: `"${name}" is no dead letter: expected topic/partition/offset.` })
  }
  const letters = yield* System.deadLetters({ topic: match.groups!["topic"]!, limit: 1000 })
  const found = letters.find((letter) => nameOf(letter) === name)
  return found ?? (yield* new CommandError({ detail: `There is no dead letter ${name} that waits.` }))
})

const showText = (letter: Letter): string => {
  const { actor, attempts, error, firstFailedAt, headers, key, origin, reason, value } = letter
  return [
    nameOf(letter),
    "",
    `  actor         ${actor}`,
    `  reason        ${reason}`,
    `  error         ${error}`,
    `  attempts      ${attempts}`,
    `  first failed  ${new Date(firstFailedAt).toISOString()}`,
    `  came from     ${origin.topic}/${origin.partition}/${origin.offset}`,
    `  key           ${key ?? "(none)"}`,
    ...Object.entries(headers).map(([header, text]) => `  header        ${header}: ${text}`),
    "",
    value
  ].join("\n")
}

const show = Command.make("show", { name, json }, ({ json, name }) =>
  Effect.flatMap(find(name), (letter) => (json ? printJson(letter) : Console.log(showText(letter))))
).pipe(Command.withDescription("Show a dead letter whole, with what happened to it"))

type Report = typeof RedriveReport.Type

const sum = (reports: ReadonlyArray<Report>): Report => ({
  sent: reports.reduce((sum, { sent }) => sum + sent, 0),
  refused: reports.reduce((sum, { refused }) => sum + refused, 0),
  deadLetters: reports.flatMap(({ deadLetters }) => deadLetters)
})

const refusal = (refused: number): string =>
  `${count(refused, "dead letter")} ${refused === 1 ? "stays" : "stay"}: undecodable or rejected, they would only fail ` +
  "again; --force sends them anyway."

const reportText = ({ deadLetters, refused, sent }: Report, dryRun: boolean): string =>
  [
    `${count(sent, "dead letter")} ${dryRun ? "would be sent back" : "sent back"}.`,
    ...(dryRun ? deadLetters.map((letter) => `  ${nameOf(letter)}`) : []),
    ...(refused > 0 ? [refusal(refused)] : [])
  ].join("\n")

const redrive = Command.make(
  "redrive",
  {
    topic: Flag.String("topic").pipe(Flag.withDescription("All dead letters of this topic"), Flag.optional),
    to: Flag.String("to").pipe(
      Flag.withDescription("Send them to this topic instead of the one they came from"),
      Flag.optional
    ),
    since: Flag.String("since").pipe(
      Flag.withDescription("With --topic: only those that failed since, as 30m, 2h, 1d or a date"),
      Flag.filter(
        (since) => Number.isFinite(momentOf(since, 0)),
        () => "Expected a time ago such as 30m, 2h or 1d, or a date such as 2026-01-31T08:00:00Z"
      ),
      Flag.optional
    ),
    limit: Flag.Int("limit").pipe(
      Flag.withDescription("With --topic: at most so many, oldest first"),
      Flag.filter(
        (limit) => limit > 0,
        () => "Expected a number above 0"
      ),
      Flag.optional
    ),
    dryRun: Flag.Boolean("dry-run").pipe(
      Flag.withDescription("Say what would be sent back, and send nothing"),
      Flag.withDefault(false)
    ),
    force: Flag.Boolean("force").pipe(
      Flag.withDescription("Send back undecodable and rejected ones, too, which would only fail again as they are"),
      Flag.withDefault(false)
    ),
    names: Argument.String("dead-letter").pipe(
      Argument.withDescription("topic/partition/offset, as `list` shows it"),
      Argument.variadic()
    ),
    json
  },
  Effect.fn(function* ({ dryRun, force, json, limit, names, since, to, topic }) {
    if (Option.isNone(topic) && (names.length === 0 || Option.isSome(since) || Option.isSome(limit))) {
      return yield* new CommandError({
        detail: "Expected the names of dead letters, or --topic for all of one topic."
      })
    }
    const now = yield* Clock.currentTimeMillis
    const letters = yield* Effect.forEach(names, find)
    const byTopic = Map.groupBy(letters, (letter) => letter.topic)
    const chosen = [...byTopic].map(([topic, positions]) => ({ topic, positions }))
    const all = Option.toArray(topic).map((topic) => ({
      topic,
      ...(Option.isSome(since) && { since: momentOf(since.value, now) }),
      ...(Option.isSome(limit) && { limit: limit.value })
    }))
    const report = sum(
      yield* Effect.forEach([...chosen, ...all], (some) =>
        System.redrive({ ...some, dryRun, force, ...(Option.isSome(to) && { to: to.value }) })
      )
    )
    if (json) return yield* printJson(report)
    if (report.sent === 0 && report.refused > 0) {
      return yield* new CommandError({ detail: refusal(report.refused) })
    }
    yield* Console.log(reportText(report, dryRun))
  })
).pipe(
  Command.withDescription("Send dead letters back to the topics they came from"),
  Command.withExamples([
    { command: "rtfm dlq redrive discord-messages.dlq/0/12", description: "One" },
    { command: "rtfm dlq redrive --topic discord-messages --since 2h --dry-run", description: "What would be sent" },
    { command: "rtfm dlq redrive --topic discord-messages", description: "All of a topic that may succeed now" }
  ])
)

export const deadLetters = Command.make("dlq").pipe(
  Command.withDescription("Look at dead letters and send them back"),
  Command.withSubcommands([list, show, redrive]),
  Command.withExamples([{ command: "rtfm dlq list", description: "What could not be handled, newest first" }])
)
