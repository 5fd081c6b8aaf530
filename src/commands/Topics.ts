/** `rtfm topics`: what the topics hold and how far each group is. */
import { Console, Effect } from "effect"
import { Argument, Command } from "effect/cli"
import type { TopicInfo } from "../web/Api.ts"
import { table, duration, json, printJson, printRows } from "./Output.ts"
import { CommandError } from "./CommandError.ts"
import * as System from "./System.ts"

type Topic = typeof TopicInfo.Type

const records = ({ partitions }: Topic): number => partitions.reduce((sum, { end, start }) => sum + end - start, 0)

const lag = ({ groups }: Topic): number => groups.reduce((sum, { lag }) => sum + lag, 0)

const list = Command.make("list", { json }, ({ json }) =>
  Effect.flatMap(System.topics, (topics) =>
    printRows(topics, {
      json,
      none: "There are no topics.",
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

const describeText = (topic: Topic): string => {
  const partitions = table(topic.partitions, [
    { title: "PARTITION", value: ({ partition }) => partition },
    { title: "START", value: ({ start }) => start },
    { title: "END", value: ({ end }) => end },
    { title: "RECORDS", value: ({ end, start }) => end - start }
  ])
  const groups = table(topic.groups, [
    { title: "GROUP", value: ({ group }) => group },
    { title: "PARTITION", value: ({ partition }) => partition },
    { title: "COMMITTED", value: ({ committed }) => committed },
    { title: "LAG", value: ({ lag }) => lag }
  ])
  const head = `${topic.name}: kept ${duration(topic.retentionMs)}`
  return [head, partitions, topic.groups.length === 0 ? "No group reads it." : groups].join("\n\n")
}

const describe = Command.make(
  "describe",
  { topic: Argument.String("topic").pipe(Argument.withDescription("Name of the topic")), json },
  Effect.fn(function* ({ json, topic }) {
    const topics = yield* System.topics
    const found = topics.find(({ name }) => name === topic)
    if (found === undefined) {
      const known = topics.map(({ name }) => name).join(", ")
      return yield* new CommandError({ detail: `There is no topic ${topic}; there are ${known}.` })
    }
    yield* json ? printJson(found) : Console.log(describeText(found))
  })
).pipe(Command.withDescription("Show a topic's partitions and how far each group is"))

export const topics = Command.make("topics").pipe(
  Command.withDescription("Look at the topics everything travels through"),
  Command.withSubcommands([list, describe]),
  Command.withExamples([
    { command: "rtfm topics list", description: "All topics" },
    { command: "rtfm topics describe bot-queries --json", description: "One topic, for a program" }
  ])
)
