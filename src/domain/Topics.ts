/** The table of topics: names, keys, what their records look like, and how they are kept. */
import { Duration, Result, Schema } from "effect"
import { BotResponse } from "./Answer.ts"
import { channelOf, ChatEvent } from "./ChatMessage.ts"
import { DocumentRecord } from "./Document.ts"
import { BotQuery } from "./Question.ts"

/** How a topic is created. */
export interface TopicSpec {
  readonly name: string
  readonly partitions: number
  readonly retention: Duration.Duration
  readonly description: string
}

/** A topic whose values are JSON of one schema. Records with one key stay in order. */
export interface Topic<A> extends TopicSpec {
  readonly key: (value: A) => string
  readonly encode: (value: A) => Uint8Array
  /** A failure is a sentence that says what was expected and where; it never repeats the value. */
  readonly decode: (bytes: Uint8Array) => Result.Result<A, string>
}

const utf8 = new TextDecoder("utf-8", { fatal: true })
const toBytes = new TextEncoder()

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
    key: options.key,
    encode: (value) => toBytes.encode(JSON.stringify(encode(value))),
    decode: (bytes) =>
      Result.flatMap(parse(bytes), (json) =>
        Result.mapError(decode(json), (error) => error.message.replaceAll(/\s+/g, " "))
      )
  }
}

export const messages = topic({
  name: "discord-messages",
  schema: ChatEvent,
  key: channelOf,
  retention: "7 days",
  description: "messages created, edited and deleted"
})

export const queries = topic({
  name: "bot-queries",
  schema: BotQuery,
  key: (query) => query.channelId,
  retention: "1 day",
  description: "questions put to the bot"
})

export const responses = topic({
  name: "bot-responses",
  schema: BotResponse,
  key: (response) => response.channelId,
  retention: "1 day",
  description: "answers and refusals to be said"
})

export const documentChunks = topic({
  name: "document-chunks",
  schema: DocumentRecord,
  key: (record) => record.documentId,
  retention: "7 days",
  description: "sections of ingested documentation"
})

export const deadLetterName = (topic: string): string => `${topic}.dlq`

/** Where records go that could not be handled: partitions as the source, kept 14 days. */
export const deadLetters = (spec: TopicSpec): TopicSpec => ({
  name: deadLetterName(spec.name),
  partitions: spec.partitions,
  retention: Duration.days(14),
  description: `dead letters of ${spec.name}`
})

const flow: ReadonlyArray<TopicSpec> = [messages, queries, responses, documentChunks]

/** Every topic the process reads or writes. */
export const all: ReadonlyArray<TopicSpec> = [...flow, ...flow.map(deadLetters)]
