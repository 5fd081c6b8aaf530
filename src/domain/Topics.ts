/** The table of topics: names, keys, what their records look like, and how they are kept. */
import { Duration, Result, Schema } from "effect"
import { BotResponse } from "./Answer.ts"
import { channelOf, ChatEvent } from "./ChatMessage.ts"
import { DocumentRecord } from "./Document.ts"
import { Notification } from "./Notification.ts"
import { BotQuery } from "./Question.ts"

/** How a topic is created. */
export interface TopicSpec {
  readonly name: string
  readonly partitions: number
  readonly retention: Duration.Duration
  readonly description: string
  /** Whether old records go after the retention (the default), or those that a newer one of their key replaces. */
  readonly cleanup?: Cleanup
  /** How brokers that compress keep the records; default zstd. */
  readonly compression?: Compression
  /** Brokers that have each record; default: as many as these are set to. */
  readonly replicas?: number
}

export const cleanups = ["delete", "compact", "compact,delete"] as const
export type Cleanup = (typeof cleanups)[number]

/** `producer`: as whoever sends it chooses. */
export const compressions = ["zstd", "lz4", "gzip", "snappy", "uncompressed", "producer"] as const
export type Compression = (typeof compressions)[number]

export const usual = { cleanup: "delete", compression: "zstd" } as const

/** A topic that can be read. */
export interface Source<A> extends TopicSpec {
  /** A failure is a sentence that says what was expected and where; it never repeats the value. */
  readonly decode: (bytes: Uint8Array) => Result.Result<A, string>
  /** Id of the message, question or document that a record tells of; records without one stand for themselves. */
  readonly about?: (value: A) => string | undefined
}

/** A topic whose values are JSON of one schema. Records with one key stay in order. */
export interface Topic<A> extends Source<A> {
  /** Of the values as JSON. */
  readonly schema: Schema.Top
  readonly key: (value: A) => string
  readonly encode: (value: A) => Uint8Array
}

const utf8 = new TextDecoder("utf-8", { fatal: true })
const toBytes = new TextEncoder()

const decodeText = (bytes: Uint8Array): Result.Result<string, string> => {
  if (bytes.length === 0) return Result.fail("The value is empty")
  try {
    return Result.succeed(utf8.decode(bytes))
  } catch {
    return Result.fail("The value is not UTF-8")
  }
}

const parse = (bytes: Uint8Array): Result.Result<unknown, string> => {
  try {
    return Result.succeed(JSON.parse(utf8.decode(bytes)))
  } catch {
    return Result.fail("The value is not JSON in UTF-8")
  }
}

/** A topic of JSON values. */
export const topic = <A, I>(options: {
  readonly name: string
  readonly schema: Schema.Codec<A, I>
  readonly key: (value: A) => string
  readonly about?: (value: A) => string | undefined
  readonly retention: Duration.Input
  readonly description: string
}): Topic<A> => {
  const codec = Schema.toCodecJson(options.schema)
  const encode = Schema.encodeSync(codec)
  const decode = Schema.decodeUnknownResult(codec)
  return {
    name: options.name,
    partitions: 3,
    retention: Duration.fromInputUnsafe(options.retention),
    description: options.description,
    schema: codec,
    key: options.key,
    ...(options.about !== undefined && { about: options.about }),
    encode: (value) => toBytes.encode(JSON.stringify(encode(value))),
    decode: (bytes) =>
      Result.flatMap(parse(bytes), (json) =>
        Result.mapError(decode(json), (error) => error.message.replaceAll(/\s+/g, " "))
      )
  }
}

/** A topic of JSON of any shape that other programs write. */
export const json = (name: string, description: string): Source<unknown> => ({
  name,
  partitions: 3,
  retention: Duration.days(7),
  description,
  decode: parse
})

/** A topic of text that other programs write. */
const textTopic = (name: string, description: string): Source<string> => ({
  name,
  partitions: 3,
  retention: Duration.days(1),
  description,
  decode: decodeText
})

export const messages = topic({
  name: "discord-messages",
  schema: ChatEvent,
  key: channelOf,
  about: (event) => {
    if ("message" in event) return event.message.id
    return "messageIds" in event ? event.messageIds[0] : undefined
  },
  retention: "7 days",
  description: "messages created, edited and deleted"
})

export const queries = topic({
  name: "bot-queries",
  schema: BotQuery,
  key: (query) => query.channelId,
  about: (query) => query.id,
  retention: "1 day",
  description: "questions put to the bot"
})

export const responses = topic({
  name: "bot-responses",
  schema: BotResponse,
  key: (response) => response.channelId,
  about: (response) => ("questionId" in response ? response.questionId : undefined),
  retention: "1 day",
  description: "answers and refusals to be said"
})

export const documentChunks = topic({
  name: "document-chunks",
  schema: DocumentRecord,
  key: (record) => record.documentId,
  about: (record) => record.documentId,
  retention: "7 days",
  description: "sections of ingested documentation"
})

export const notifications = topic({
  name: "event-notifications",
  schema: Notification,
  key: (notification) => notification.destination,
  about: (notification) => notification.about,
  retention: "1 day",
  description: "what is to be told of events, in Discord or in the page"
})

/** Events of the vending business, by the id of what they tell of; what each kind holds is said in `events/`. */
const sipeat = (entity: string, description: string): TopicSpec => ({
  name: `sipeat.${entity}.events`,
  partitions: 3,
  retention: Duration.days(7),
  description
})
export const contactEvents = sipeat("contact", "people who want to be called back")
export const requestEvents = sipeat("request", "drinks that were ordered at a machine")
export const machineEvents = sipeat("machine", "vending machines that were added")

/** Names of the topics that other programs write to, unless settings say otherwise. */
export const bridgeNames = { commands: "discord-commands", responses: "discord_responses" }

export const commands = (name = bridgeNames.commands): Source<string> =>
  textTopic(name, "what other programs want announced or echoed; the name is COMMANDS_TOPIC")

export const sayings = (name = bridgeNames.responses): Source<string> =>
  textTopic(name, "what other programs want said in a channel; the name is RESPONSES_TOPIC")

export const deadLetterName = (topic: string): string => `${topic}.dlq`

/** Where records go that could not be handled: partitions as the source, kept 14 days. */
export const deadLetters = (spec: TopicSpec): TopicSpec => ({
  name: deadLetterName(spec.name),
  partitions: spec.partitions,
  retention: Duration.days(14),
  description: `dead letters of ${spec.name}`
})

const own: ReadonlyArray<TopicSpec> = [
  messages,
  queries,
  responses,
  documentChunks,
  notifications,
  contactEvents,
  requestEvents,
  machineEvents
]

/** Whether a topic belongs to the bot, dead letters included: what other programs write cannot go there. */
export const isOwn = (name: string): boolean =>
  name.endsWith(deadLetterName("")) || own.some((topic) => topic.name === name)

/** Every topic the process reads or writes, with the names of those that other programs write to. */
export const allWith = (bridge: ReadonlyArray<TopicSpec>): ReadonlyArray<TopicSpec> => {
  const topics = [...own, ...bridge]
  return [...topics, ...topics.map(deadLetters)]
}

/** As it is when no setting names another. */
export const all = allWith([commands(), sayings()])
