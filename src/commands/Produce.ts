/** `rtfm produce`: messages of other programs, typed or piped into a topic. */
import { Clock, Console, Duration, Effect, FileSystem, Option, Stdio, Stream } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { fstatSync } from "node:fs"
import { commandsTopic } from "../actors/Commander.ts"
import * as Registry from "../broker/avro/Registry.ts"
import type { Assurance, Position } from "../broker/Broker.ts"
import type { NewRecord } from "../web/Api.ts"
import { CommandError } from "./CommandError.ts"
import { count, logsAside, whileRead } from "./Output.ts"
import * as System from "./System.ts"

/** Records and bytes sent at once, well under what the API takes. */
const batchRecords = 500
const batchBytes = 4 * 1024 * 1024

const friendly = [
  "Hello from rtfm produce!",
  "The manual has an answer for that.",
  "Ask away: I read it so you need not."
]
const defaults = friendly.map((text) => JSON.stringify({ text }))

/** A pipe or a file is something to read from; a terminal, or nothing at all, is not. */
const inputIsGiven = (): boolean => {
  try {
    const input = fstatSync(0)
    return input.isFIFO() || input.isFile() || input.isSocket()
  } catch {
    return false
  }
}

const linesOf = <E, R>(bytes: Stream.Stream<Uint8Array, E, R>) =>
  bytes.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.filter((line) => line !== "")
  )

/** From the arguments, else the file, else what is piped in, else some of our own. */
const messagesFrom = Effect.fnUntraced(function* (given: ReadonlyArray<string>, file: Option.Option<string>) {
  if (given.length > 0) return Stream.fromIterable(given)
  if (Option.isSome(file)) {
    const fs = yield* FileSystem.FileSystem
    return linesOf(fs.stream(file.value))
  }
  const { stdin } = yield* Stdio.Stdio
  return inputIsGiven() ? linesOf(stdin) : Stream.fromIterable(defaults)
})

function* again<A>(all: ReadonlyArray<A>, times: number) {
  for (let i = 0; i < times; i++) yield all[i % all.length]!
}

/** The same messages from the first again, until there are so many. */
const repeated = Effect.fnUntraced(function* <E, R>(messages: Stream.Stream<string, E, R>, times: number) {
  const all = yield* Stream.runCollect(messages)
  if (all.length === 0) return yield* new CommandError({ detail: "There is no message to send again." })
  return Stream.fromIterable(again(all, times), { chunkSize: batchRecords })
})

const batches = (messages: ReadonlyArray<string>, size: number): ReadonlyArray<ReadonlyArray<string>> => {
  const all: Array<Array<string>> = []
  let bytes = Infinity
  for (const message of messages) {
    const length = Buffer.byteLength(message)
    if (bytes + length > batchBytes || all.at(-1)!.length >= size) {
      all.push([])
      bytes = 0
    }
    all.at(-1)!.push(message)
    bytes += length
  }
  return all
}

const isJson = (message: string): boolean => {
  try {
    JSON.parse(message)
    return true
  } catch {
    return false
  }
}

/** What nobody acknowledged is at no offset that is known. */
const line = ({ offset, partition, topic }: Position): string => `${topic} ${partition} ${offset < 0 ? "?" : offset}`

interface Sending {
  readonly topic: string
  readonly record: Omit<typeof NewRecord.Type, "value">
  readonly json: boolean
  /** Records a second. */
  readonly rate: number
  readonly how: System.How
}

/** Sends message after message; whatever ends it, what was sent is acknowledged and counted. */
const send = Effect.fnUntraced(function* <E, R>(
  messages: Stream.Stream<string, E, R>,
  { how, json, rate, record, topic }: Sending
) {
  const log = yield* System.records
  const started = yield* Clock.currentTimeMillis
  let sent = 0

  const publish = Effect.fnUntraced(function* (batch: ReadonlyArray<string>) {
    const wrong = json ? batch.findIndex((message) => !isJson(message)) : -1
    if (wrong >= 0) return yield* new CommandError({ detail: `Message ${sent + wrong + 1} is not JSON.` })
    const positions = yield* log.publish(
      topic,
      batch.map((value) => ({ ...record, value })),
      how
    )
    sent += positions.length
    yield* Console.log(positions.map(line).join("\n"))
  }, Effect.uninterruptible)

  const pause = Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.sleep(Duration.millis(Math.max(0, started + (sent * 1000) / rate - now)))
  )
  const summary = Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const seconds = Math.max(now - started, 1) / 1000
    const speed = sent === 0 ? "" : `, ${Math.round(sent / seconds).toLocaleString("en")} a second`
    return Console.error(`${count(sent, "record")} to ${topic} in ${seconds.toFixed(2)} s${speed}`)
  })
  const size = Math.max(1, Math.min(batchRecords, Math.round(rate / 10)))
  yield* messages.pipe(
    Stream.runForEachArray((some) =>
      Effect.forEach(batches(some, size), (batch) => Effect.andThen(pause, publish(batch)), { discard: true })
    ),
    whileRead,
    Effect.ensuring(summary)
  )
}, Effect.scoped)

const acknowledgements = { all: "all", "1": "leader", "0": "none" } as const

/** Without wishes the broker's own promise holds: all or none, and once. */
const assuranceOf = (acks: keyof typeof acknowledgements, retries: number | undefined): Assurance | undefined =>
  acks === "all" && retries === undefined
    ? undefined
    : { acks: acknowledgements[acks], ...(retries !== undefined && { retries }) }

const positive = "Expected a number above 0"

export const produce = Command.make(
  "produce",
  {
    messages: Argument.String("message").pipe(
      Argument.withDescription(
        "What to send; without one the lines of --file or of standard input, or three greetings"
      ),
      Argument.variadic()
    ),
    topic: Flag.String("topic").pipe(
      Flag.withDescription("Topic to write to; that of COMMANDS_TOPIC when absent"),
      Flag.optional
    ),
    file: Flag.String("file").pipe(Flag.withDescription("Send the lines of this file"), Flag.optional),
    key: Flag.String("key").pipe(
      Flag.withDescription("Key of every record, such as a channel's id: records of one key stay in order"),
      Flag.optional
    ),
    headers: Flag.KeyValuePair("header").pipe(
      Flag.withDescription("Header of every record, as name=value; may be given again"),
      Flag.withDefault({})
    ),
    acks: Flag.Literals("acks", ["all", "1", "0"]).pipe(
      Flag.withDescription(
        "At Kafka: wait until all brokers in sync have a record, until one has, or not at all (no offset is known then)"
      ),
      Flag.withDefault("all")
    ),
    retries: Flag.Int("retries").pipe(
      Flag.withDescription(
        "At Kafka: try again so often, which may write a record twice; when absent until it is there, and once"
      ),
      Flag.filter(
        (retries) => retries >= 0,
        () => "Expected a number from 0"
      ),
      Flag.optional
    ),
    rate: Flag.Finite("rate").pipe(
      Flag.withDescription("Records a second; as fast as they are acknowledged when absent"),
      Flag.filter(
        (rate) => rate > 0,
        () => positive
      ),
      Flag.optional
    ),
    count: Flag.Int("count").pipe(
      Flag.withDescription("Send so many, from the first message again if there are fewer"),
      Flag.filter(
        (count) => count > 0,
        () => positive
      ),
      Flag.optional
    ),
    continuous: Flag.Boolean("continuous").pipe(
      Flag.withDescription("Send the messages again and again until Ctrl-C; one a second unless --rate says otherwise"),
      Flag.withDefault(false)
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("Every message has to be JSON; one that is not ends it"),
      Flag.withDefault(false)
    ),
    avro: Flag.Boolean("avro").pipe(
      Flag.withDescription("Messages are JSON and go as Avro, with the topic's schema at SCHEMA_REGISTRY_URL"),
      Flag.withDefault(false)
    ),
    text: Flag.Boolean("text").pipe(
      Flag.withDescription("Messages are text, which is the default"),
      Flag.withDefault(false)
    )
  },
  Effect.fn(function* ({
    acks,
    avro,
    continuous,
    count,
    file,
    headers,
    json,
    key,
    messages,
    rate,
    retries,
    text,
    topic
  }) {
    if ([avro, json, text].filter(Boolean).length > 1)
      return yield* new CommandError({ detail: "Expected one of --json, --text and --avro." })
    if (avro && (yield* Registry.address) === undefined)
      return yield* new CommandError({ detail: "--avro needs a schema registry: set SCHEMA_REGISTRY_URL." })
    const given = yield* messagesFrom(messages, file)
    const times = Option.getOrElse(count, () => Infinity)
    yield* send(continuous || Option.isSome(count) ? yield* repeated(given, times) : given, {
      topic: Option.getOrUndefined(topic) ?? (yield* commandsTopic.config),
      record: { key: Option.getOrNull(key), headers },
      json: json || avro,
      rate: Option.getOrElse(rate, () => (continuous ? 1 : Infinity)),
      how: { assurance: assuranceOf(acks, Option.getOrUndefined(retries)), format: avro ? "avro" : "raw" }
    })
  })
).pipe(
  Command.provide(logsAside),
  Command.withDescription("Write records to a topic, as other programs do"),
  Command.withExamples([
    { command: "rtfm produce", description: "Three greetings, announced in the chat" },
    { command: `rtfm produce '{"text":"Build 7 is out"}' --json`, description: "An announcement" },
    {
      command: `rtfm produce "Tea is ready" --topic discord_responses --key local:general`,
      description: "Said in a channel"
    },
    { command: "tail -f app.log | rtfm produce --rate 5", description: "The lines of another program" }
  ])
)
