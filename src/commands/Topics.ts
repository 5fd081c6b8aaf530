/** `rtfm topics`: what the topics hold, how far each group is, and how they are to be. */
import { Console, Duration, Effect, Option } from "effect"
import { Argument, Command, Flag, Prompt } from "effect/cli"
import * as Commander from "../actors/Commander.ts"
import { Broker, type TopicDescription } from "../broker/Broker.ts"
import * as Prepare from "../broker/Prepare.ts"
import * as TopicPlan from "../broker/TopicPlan.ts"
import * as Topics from "../domain/Topics.ts"
import type { TopicInfo } from "../web/Api.ts"
import { CommandError } from "./CommandError.ts"
import { count, duration, json, printJson, printRows, table } from "./Output.ts"
import * as System from "./System.ts"
import { millisOf } from "./Times.ts"
import { test } from "./TopicsTest.ts"

type Topic = typeof TopicInfo.Type

const records = ({ partitions }: Pick<Topic, "partitions"> | TopicDescription): number =>
  partitions.reduce((sum, { end, start }) => sum + end - start, 0)

const lag = ({ groups }: Topic): number => groups.reduce((sum, { lag }) => sum + lag, 0)

const list = Command.make("list", { json }, ({ json }) =>
  Effect.flatMap(System.topics, (topics) =>
    printRows(topics, {
      json,
      none: "There are no topics: rtfm topics create makes them, and so does rtfm start.",
      columns: [
        { title: "TOPIC", value: ({ name }) => name },
        { title: "PARTITIONS", value: ({ partitions }) => partitions.length },
        { title: "RECORDS", value: records },
        { title: "LAG", value: lag },
        { title: "RETENTION", value: ({ retentionMs }) => duration(retentionMs) }
      ]
    })
  )
).pipe(
  Command.withDescription("List the topics with their records and the lag of their groups"),
  Command.withAlias("ls")
)

const keptText = ({ kept, name, retentionMs }: Topic): string => {
  const head = `${name}: kept ${duration(retentionMs)}`
  if (kept === null) return head
  const { cleanup, compression, replicas } = kept
  return `${head}, cleanup ${cleanup}, compression ${compression}, ${replicas === 1 ? "1 copy" : `${replicas} copies`}`
}

const describeText = (topic: Topic): string => {
  const leaders = topic.partitions.some(({ leader }) => leader !== null)
  const partitions = table(topic.partitions, [
    { title: "PARTITION", value: ({ partition }) => partition },
    { title: "START", value: ({ start }) => start },
    { title: "END", value: ({ end }) => end },
    { title: "RECORDS", value: ({ end, start }) => end - start },
    ...(leaders ? [{ title: "LEADER", value: ({ leader }: Topic["partitions"][number]) => leader ?? "none" }] : [])
  ])
  const groups = table(topic.groups, [
    { title: "GROUP", value: ({ group }) => group },
    { title: "PARTITION", value: ({ partition }) => partition },
    { title: "COMMITTED", value: ({ committed }) => committed },
    { title: "LAG", value: ({ lag }) => lag }
  ])
  return [keptText(topic), partitions, topic.groups.length === 0 ? "No group reads it." : groups].join("\n\n")
}

const describe = Command.make(
  "describe",
  { topic: Argument.String("topic").pipe(Argument.withDescription("Name of the topic")), json },
  Effect.fn(function* ({ json, topic }) {
    const topics = yield* System.topics
    const found = topics.find(({ name }) => name === topic)
    if (found === undefined) {
      const known = topics.map(({ name }) => name).join(", ")
      const there = known === "" ? "there are none" : `there are ${known}`
      return yield* new CommandError({ detail: `There is no topic ${topic}; ${there}.` })
    }
    yield* json ? printJson(found) : Console.log(describeText(found))
  })
).pipe(Command.withDescription("Show a topic's partitions, with their leaders, and how far each group is"))

/** Every topic that a start makes sure of. */
const wanted = Effect.map(Commander.topics, ({ commands, responses }) => Topics.allWith([commands, responses]))

const positive = (number: number): boolean => number > 0
const expectedPositive = () => "Expected a number above 0"

const forever = "forever"
const retentionOf = (text: string): Duration.Duration =>
  text === forever ? Duration.infinity : Duration.millis(millisOf(text))

const create = Command.make(
  "create",
  {
    names: Argument.String("topic").pipe(
      Argument.withDescription("Names of new topics; without one, all that rtfm needs and that are missing"),
      Argument.variadic()
    ),
    partitions: Flag.Int("partitions").pipe(
      Flag.withDescription("Partitions of a new topic"),
      Flag.filter(positive, expectedPositive),
      Flag.withDefault(3)
    ),
    retention: Flag.String("retention").pipe(
      Flag.withDescription("How long a new topic keeps records, as 30m, 12h or 7d, or forever"),
      Flag.filter(
        (text) => text === forever || millisOf(text) > 0,
        () => "Expected a time such as 30m, 12h or 7d, or forever"
      ),
      Flag.withDefault("7d")
    ),
    cleanup: Flag.Literals("cleanup", Topics.cleanups).pipe(
      Flag.withDescription("At Kafka: what becomes of old records of a new topic"),
      Flag.withDefault(Topics.usual.cleanup)
    ),
    compression: Flag.Literals("compression", Topics.compressions).pipe(
      Flag.withDescription("At Kafka: how a new topic keeps its records; KAFKA_COMPRESSION when absent"),
      Flag.optional
    ),
    replicas: Flag.Int("replicas").pipe(
      Flag.withDescription("At Kafka: brokers that have each record; KAFKA_REPLICATION_FACTOR when absent"),
      Flag.filter(positive, expectedPositive),
      Flag.optional
    )
  },
  ({ cleanup, compression, names, partitions, replicas, retention }) =>
    Effect.gen(function* () {
      const broker = yield* Broker
      const spec = {
        partitions,
        retention: retentionOf(retention),
        description: "",
        cleanup,
        ...(Option.isSome(compression) && { compression: compression.value }),
        ...(Option.isSome(replicas) && { replicas: replicas.value })
      }
      const specs = yield* Prepare.wanted(names.length === 0 ? yield* wanted : names.map((name) => ({ name, ...spec })))
      const there = new Set((yield* broker.describe(specs.map(({ name }) => name))).map(({ name }) => name))
      yield* broker.create(specs)
      for (const { name } of specs) yield* Console.log(`${name}: ${there.has(name) ? "is there already" : "created"}`)
    }).pipe(System.onBroker)
).pipe(
  Command.withDescription("Create topics: those that rtfm needs, or others"),
  Command.withExamples([
    { command: "rtfm topics create", description: "What is missing of rtfm's own" },
    { command: "rtfm topics create sensor.events --partitions 6 --retention 30d", description: "Another one" }
  ])
)

/** Somebody at a terminal is asked; a script has to say that it means it. */
const confirm = Effect.fnUntraced(function* (topics: ReadonlyArray<TopicDescription>) {
  const what = topics.map((topic) => `${topic.name} (${count(records(topic), "record")})`).join(", ")
  if (!process.stdin.isTTY)
    return yield* new CommandError({ detail: `Nothing is deleted without --yes. It would be ${what}.` })
  const sure = yield* Prompt.run(Prompt.Confirm({ message: `Delete ${what} for good?` })).pipe(
    Effect.catchTag("QuitError", () => Effect.succeed(false))
  )
  if (!sure) return yield* new CommandError({ detail: "Nothing was deleted." })
})

const remove = Command.make(
  "delete",
  {
    names: Argument.String("topic").pipe(Argument.withDescription("Names of the topics"), Argument.atLeast(1)),
    yes: Flag.Boolean("yes").pipe(Flag.withDescription("Do not ask"), Flag.withAlias("y"), Flag.withDefault(false))
  },
  ({ names, yes }) =>
    Effect.gen(function* () {
      const broker = yield* Broker
      const topics = yield* broker.describe(names)
      const missing = names.find((name) => !topics.some((topic) => topic.name === name))
      if (missing !== undefined)
        return yield* new CommandError({ detail: `There is no topic ${missing}; nothing was deleted.` })
      if (!yes) yield* confirm(topics)
      for (const { name } of topics) {
        yield* broker.remove(name)
        yield* Console.log(`${name}: deleted`)
      }
    }).pipe(System.onBroker)
).pipe(
  Command.withDescription("Delete topics with all they hold, and how far groups were with them"),
  Command.withExamples([
    { command: "rtfm topics delete sensor.events", description: "Asks before it does" },
    { command: "rtfm topics delete sensor.events --yes", description: "For scripts" }
  ])
)

type Entry = TopicPlan.PlanEntry
type Differs = Extract<Entry, { readonly _tag: "Differs" }>

/** Keeping records for a shorter time deletes those that are older: only when somebody insists. */
const shortened = (entry: Entry): Entry => {
  if (entry._tag !== "Differs") return entry
  const isShorter = ({ property }: TopicPlan.Difference) => property === "retention"
  return {
    ...entry,
    safe: [...entry.safe, ...entry.left.filter(isShorter)],
    left: entry.left.filter((difference) => !isShorter(difference))
  }
}

const stepsOf = ({ left, safe }: Differs, applied: boolean): ReadonlyArray<string> => [
  ...safe.map((difference) => `${TopicPlan.sentence(difference)}; ${applied ? "changed" : "--apply changes it"}`),
  ...left.map((difference) => {
    const how = difference.property === "retention" ? " unless --shorten: older records would be deleted" : ""
    return `${TopicPlan.sentence(difference)}; left as it is${how}`
  })
]

const entryText = (entry: Entry, applied: boolean): string => {
  const { name, partitions, retention } = entry.spec
  if (entry._tag === "Same") return `= ${name}`
  if (entry._tag === "Differs")
    return stepsOf(entry, applied)
      .map((step) => `~ ${name}: ${step}`)
      .join("\n")
  const spec = `${count(partitions, "partition")}, kept ${duration(Duration.toMillis(retention))}`
  return `+ ${name}: ${applied ? "created" : "missing, --apply creates it"}, with ${spec}`
}

const plan = Command.make(
  "plan",
  {
    apply: Flag.Boolean("apply").pipe(
      Flag.withDescription("Create what is missing, and change what loses nothing: longer retention, more partitions"),
      Flag.withDefault(false)
    ),
    shorten: Flag.Boolean("shorten").pipe(
      Flag.withDescription("With --apply: also shorten retentions, which deletes records that are older"),
      Flag.withDefault(false)
    ),
    json
  },
  ({ apply, json, shorten }) =>
    Effect.gen(function* () {
      const planned = yield* Prepare.plan(yield* wanted)
      const entries = shorten ? planned.map(shortened) : planned
      if (apply) yield* Prepare.carryOut(entries)
      yield* json
        ? printJson(entries.map(({ spec: { name }, ...entry }) => ({ topic: name, ...entry })))
        : Console.log(entries.map((entry) => entryText(entry, apply)).join("\n"))
    }).pipe(System.onBroker)
).pipe(
  Command.withDescription("Compare the topics that rtfm needs with those there are; a start does the same plan"),
  Command.withExamples([
    { command: "rtfm topics plan", description: "Look: = as wanted, + missing, ~ different" },
    { command: "rtfm topics plan --apply", description: "Do what is safe; nothing is deleted" }
  ])
)

export const topics = Command.make("topics").pipe(
  Command.withDescription("Look at the topics everything travels through, and make them"),
  Command.withSubcommands([list, describe, create, remove, plan, test(wanted)]),
  Command.withExamples([
    { command: "rtfm topics list", description: "All topics" },
    { command: "rtfm topics describe bot-queries --json", description: "One topic, for a program" },
    { command: "rtfm topics plan", description: "What a start would change" }
  ])
)
