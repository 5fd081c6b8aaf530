/** `rtfm consume`: what a topic holds, and what comes; as a member of a group, each record once, or given to a program. */
import { Clock, Console, Effect, Option, Result, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { commandsTopic } from "../actors/Commander.ts"
import * as ReadFrom from "../broker/ReadFrom.ts"
import { CommandError } from "./CommandError.ts"
import * as ConsumeGroup from "./ConsumeGroup.ts"
import { isRead, logsAside, whileRead } from "./Output.ts"
import { matching, oneLine, pretty, valueOnly } from "./RecordText.ts"
import * as System from "./System.ts"

/** Where a topic ends is asked again at most so often, in milliseconds. */
const asked = 1_000

/** How many records come after one in its partition. */
const lags = Effect.fnUntraced(function* (log: System.Records, topic: string) {
  let ends = yield* log.ends(topic)
  let at = yield* Clock.currentTimeMillis
  return Effect.fnUntraced(function* ({ offset, partition }: System.Incoming) {
    const now = yield* Clock.currentTimeMillis
    if (now > at + asked) {
      at = now
      ends = yield* log.ends(topic)
    }
    return Math.max(0, (ends.get(partition) ?? 0) - offset - 1)
  })
})

interface Wish extends System.Reading {
  readonly filter: string
  readonly count: number
  readonly show: (record: System.Incoming & { readonly lag: number }) => string
}

/** Reads without a group: nobody's progress changes. */
const readAlone = Effect.fnUntraced(function* ({ count, filter, show, ...reading }: Wish) {
  const log = yield* System.records
  const lagOf = yield* lags(log, reading.topic)
  let shown = 0
  yield* log.read(reading).pipe(
    Stream.filter(matching(filter)),
    Stream.take(count),
    Stream.runForEach((record) =>
      Effect.flatMap(lagOf(record), (lag) => {
        shown++
        return Console.log(show({ ...record, lag }))
      })
    ),
    whileRead
  )
  if (reading.follow && isRead() && shown < count)
    return yield* new CommandError({ detail: "rtfm has stopped: nothing more comes." })
  if (shown === 0) yield* Console.error("No records.")
})

const showOf = (json: boolean, text: boolean) => (json ? oneLine : text ? valueOnly : pretty)

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
    group: Flag.String("group").pipe(
      Flag.withDescription("Go on where this group is, a new one at the beginning, and commit what was shown"),
      Flag.optional
    ),
    exec: Flag.String("exec").pipe(
      Flag.withDescription(
        "With --group: run this for each record, its value on standard input. Exit code 0: done; 65: a dead letter at " +
          "once; any other: tried again, and a dead letter after 6 attempts"
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
    ),
    text: Flag.Boolean("text").pipe(Flag.withDescription("Print values and nothing else"), Flag.withDefault(false))
  },
  Effect.fn(function* ({ count, exec, filter, follow, from, group, json, text, topic }) {
    if (json && text) return yield* new CommandError({ detail: "Expected --json or --text, not both." })
    if (Option.isSome(exec) && Option.isNone(group))
      return yield* new CommandError({ detail: "--exec needs --group: its exit codes decide what the group commits." })
    if (Option.isSome(group) && Option.isSome(from))
      return yield* new CommandError({ detail: "A group goes on where it is: expected --group or --from, not both." })
    const wish = {
      topic: Option.getOrUndefined(topic) ?? (yield* commandsTopic.config),
      follow,
      filter,
      count: Option.getOrElse(count, () => Infinity),
      show: showOf(json, text)
    }
    if (Option.isNone(group))
      return yield* readAlone({ ...wish, from: Option.getOrElse(from, () => (follow ? "latest" : "earliest")) })
    yield* ConsumeGroup.run({ ...wish, group: group.value, exec: Option.getOrUndefined(exec) })
  }, Effect.scoped)
).pipe(
  Command.provide(logsAside),
  Command.withDescription("Read the records of a topic, with keys, headers, times and lag"),
  Command.withExamples([
    { command: "rtfm consume --topic bot-queries --follow", description: "Questions as they come" },
    { command: "rtfm consume --topic bot-responses --from time=2026-01-31T08:00:00Z", description: "Since a time" },
    { command: "rtfm consume --filter error --count 10 --json", description: "Some records, for a program" },
    {
      command: "rtfm consume --topic orders --group mailer --exec ./mail.sh --follow",
      description: "A program for each record, once"
    }
  ])
)
