/** The table of topics: names, keys, what their records look like, and how they are kept. */
import { Duration, Schema } from "effect"
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
  readonly codec: Schema.Codec<A, string>
  readonly key: (value: A) => string
}

const topic = <A, I>(options: {
  readonly name: string
  readonly schema: Schema.Codec<A, I>
  readonly key: (value: A) => string
  readonly retention: Duration.Input
  readonly description: string
}): Topic<A> => ({
  name: options.name,
  partitions: 3,
  retention: Duration.fromInputUnsafe(options.retention),
  description: options.description,
  codec: Schema.fromJsonString(Schema.toCodecJson(options.schema)),
  key: options.key
})

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

/** Every topic the process reads or writes, dead letters apart. */
export const all: ReadonlyArray<Topic<any>> = [messages, queries, responses, documentChunks]

/** Where records go that could not be handled: same partitions, 14 days. */
export const deadLetters = (spec: TopicSpec): TopicSpec => ({
  name: `${spec.name}.dlq`,
  partitions: spec.partitions,
  retention: Duration.days(14),
  description: `dead letters of ${spec.name}`
})
