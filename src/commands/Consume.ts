/** `rtfm consume`: what a topic holds, and what comes. */
import { Console, Effect, Option, Result, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { commandsTopic } from "../actors/Commander.ts"
import * as ReadFrom from "../broker/ReadFrom.ts"
import type { RecordInfo } from "../web/Api.ts"
import { CommandError } from "./CommandError.ts"
import { isRead, whileRead } from "./Output.ts"
import * as System from "./System.ts"

type Record = typeof RecordInfo.Type

/** What would move the cursor or change colours in a terminal shows as a picture of itself. */
const visible = (text: string): string =>
  // oxlint-disable-next-line no-control-regex
  text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (char) =>
    char < " " ? String.fromCodePoint(0x2400 + char.codePointAt(0)!) : "\u2421"
  )

const pretty = ({ headers, key, offset, partition, timestamp, topic, value }: Record): string => {
  const head = [
    `${topic}/${partition}/${offset}`,
    new Date(timestamp).toISOString(),
    ...(key === null ? [] : [`key=${key}`]),
    ...Object.entries(headers).map(([name, text]) => `${name}: ${text}`)
  ]
  return visible(`${head.join("  ")}\n  ${value.replaceAll("\n", "\n  ")}`)
}

/** `key=K` is a record's key; anything else is part of its value. */
const matching = (filter: string) => {
  const key = filter.startsWith("key=") ? filter.slice(4) : undefined
  return (record: Record): boolean => (key === undefined ? record.value.includes(filter) : record.key === key)
}

export const consume = Command.make(
  "consume",
  {
    topic: Flag.String("topic").pipe(
      Flag.withDescription("Topic to read; that of COMMANDS_TOPIC when absent"),
      Flag.optional
    ),
    from: Flag.String("from").pipe(
      Flag.withDescription("earliest, latest, offset=N or time=ISO; earliest when absent, with --follow latest"),
      Flag.filter(
        (from) => Result.isSuccess(ReadFrom.parse(from)),
        () => `Expected ${ReadFrom.expected}`
      ),
      Flag.optional
    ),
    follow: Flag.Boolean("follow").pipe(
      Flag.withDescription("Go on with what comes, until Ctrl-C"),
      Flag.withAlias("f"),
      Flag.withDefault(false)
    ),
    count: Flag.Int("count").pipe(
      Flag.withDescription("Stop after so many"),
      Flag.filter(
        (count) => count > 0,
        () => "Expected a number above 0"
      ),
      Flag.optional
    ),
    filter: Flag.String("filter").pipe(
      Flag.withDescription("Only records whose value has this in it, or with key=K those of this key"),
      Flag.withDefault("")
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("Print a line of JSON for each record, for programs"),
      Flag.withDefault(false)
    )
  },
  Effect.fn(function* ({ count, filter, follow, from, json, topic }) {
    const log = yield* System.records
    const reading = {
      topic: Option.getOrUndefined(topic) ?? (yield* commandsTopic.config),
      from: Option.getOrElse(from, () => (follow ? "latest" : "earliest")),
      follow
    }
    const wanted = Option.getOrElse(count, () => Infinity)
    let shown = 0
    yield* log.read(reading).pipe(
      Stream.filter(matching(filter)),
      Stream.take(wanted),
      Stream.runForEach((record) => {
        shown++
        return Console.log(json ? JSON.stringify(record) : pretty(record))
      }),
      whileRead
    )
    if (follow && isRead() && shown < wanted)
      return yield* new CommandError({ detail: "rtfm has stopped: nothing more comes." })
    if (shown === 0) yield* Console.error("No records.")
  }, Effect.scoped)
).pipe(
  Command.withDescription("Read the records of a topic, with keys, headers and times"),
  Command.withExamples([
    { command: "rtfm consume --topic bot-queries --follow", description: "Questions as they come" },
    { command: "rtfm consume --topic bot-responses --from time=2026-01-31T08:00:00Z", description: "Since a time" },
    { command: "rtfm consume --filter error --count 10 --json", description: "Some records, for a program" }
  ])
)
