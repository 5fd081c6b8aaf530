/** What a kind of event is: its topic, its schema, how it is told, and what is done about it. */
import { type Effect, Schema } from "effect"
import { Millis } from "../domain/ChatMessage.ts"
import { type Embed, escaped, fitted } from "../domain/Embed.ts"
import * as Topics from "../domain/Topics.ts"
import type { ServiceError } from "./services/Service.ts"
import type { StepsError } from "./Steps.ts"

export interface Event<A> {
  /** Chosen by whoever publishes it: the same id twice is handled once. */
  readonly id: string
  readonly type: string
  readonly at: number
  readonly data: A
}

/** Something told of an event: a name and its value, as they are. */
export interface Datum {
  readonly name: string
  readonly value: string
  /** Takes the whole width. */
  readonly long?: boolean
}

/** Something else that is to be told because of an event. */
export interface Note {
  /** Derived from the event's id. */
  readonly id: string
  /** Setting with the webhook it goes to; that of all notifications where it is not set. */
  readonly webhook: string
  readonly embed: Embed
  /** When it is due, in milliseconds since the epoch; at once when absent. */
  readonly dueAt?: number
}

/** What became of an event. */
export interface Outcome {
  /** Why it failed, as a sentence; `undefined` when it was processed. */
  readonly error: string | undefined
  /** What was done about it, in order. */
  readonly done: ReadonlyArray<Datum>
  readonly notes?: ReadonlyArray<Note>
}

export interface EventKind<A, R> {
  /** Such as `contact.created`. */
  readonly type: string
  /** For people: `Contact`. */
  readonly name: string
  readonly description: string
  readonly icon: string
  readonly topic: Topics.Topic<Event<A>>
  /** Of what `data` holds. */
  readonly data: Schema.Codec<A, any>
  /** Setting with the webhook it goes to. */
  readonly webhook: string
  /** Settles everything that can go wrong; what fails may pass and is tried again. */
  readonly handle: (event: Event<A>) => Effect.Effect<Outcome, StepsError | ServiceError, R>
  readonly heading: (data: A) => string
  readonly fields: (data: A) => ReadonlyArray<Datum>
  /** What is so since then, for those who ask: sentences without what only the ones concerned should know. */
  readonly known: (event: Event<A>, error: string | undefined) => string
  readonly sample: Event<A>
  /** What can go wrong with the sample, for those who want to see a failure. */
  readonly sampleError: string
  /** What the sample does when all goes well. */
  readonly sampleDone: ReadonlyArray<Datum>
}

export const EventId = Schema.String.check(
  Schema.isPattern(/^[\w.:-]{1,100}$/, {
    message: "Expected an id of 1 to 100 letters, digits, dots, colons, dashes or underscores"
  })
)

/** Words of one line, at least one. */
export const words = (most: number) =>
  Schema.String.check(
    Schema.makeFilter((text) => text.trim() !== "" || "Expected some text"),
    Schema.isMaxLength(most, { message: `Expected at most ${most} characters` })
  )
export const email = Schema.String.check(
  Schema.isPattern(/^[^\s@<>"]{1,64}@[^\s@<>"]{1,189}\.[^\s@<>".]{2,63}$/, {
    message: "Expected an e-mail address such as ada@example.org"
  })
)
export const entityId = Schema.String.check(
  Schema.isPattern(/^[\w.-]{1,64}$/, { message: "Expected 1 to 64 letters, digits, dots, dashes or underscores" })
)

/** A kind with the topic it is read from. */
export const make = <A, I, R>(
  options: Omit<EventKind<A, R>, "topic" | "data"> & {
    readonly in: Topics.TopicSpec
    readonly data: Schema.Codec<A, I>
    /** Events of one key are handled in order. */
    readonly key: (event: Event<A>) => string
  }
): EventKind<A, R> => {
  const { in: spec, key, ...kind } = options
  const schema = Schema.Struct({
    id: EventId,
    type: Schema.Literal(options.type),
    at: Millis,
    data: options.data
  }) as unknown as Schema.Codec<Event<A>, any>
  return {
    ...kind,
    topic: {
      ...Topics.topic({ ...spec, schema, key, about: ({ id }) => id }),
      partitions: spec.partitions
    }
  }
}

/** A time as people read it: `14 March 2026, 09:27 UTC`. */
export const timeOf = (at: number): string =>
  `${new Date(at).toLocaleString("en-GB", { dateStyle: "long", timeZone: "UTC" })}, ${new Date(at).toISOString().slice(11, 16)} UTC`

const green = 0x2ecc71
const red = 0xe74c3c

const toField = ({ long, name, value }: Datum) => ({
  name: escaped(name),
  value: escaped(value),
  ...(long !== true && { inline: true })
})

/** An event as it is told, whatever its data holds. */
export const rendered = <A, R>(kind: EventKind<A, R>, event: Event<A>, { done, error }: Outcome): Embed => {
  const processed = error === undefined
  const problem = processed ? [] : [{ name: "Error", value: error, long: true }]
  return fitted({
    title: `${kind.icon} ${kind.name} event ${processed ? "processed" : "failed"}`,
    description: `**${escaped(kind.heading(event.data))}**`,
    color: processed ? green : red,
    fields: [...problem, ...kind.fields(event.data), ...done].map(toField),
    footer: processed ? "✅ Successfully processed" : "❌ Processing failed",
    at: event.at
  })
}
