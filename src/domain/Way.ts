/** The way of a record: which actors had the records about one thing, when, and what became of them. */
import { Schema } from "effect"
import { Millis } from "./ChatMessage.ts"

/** One try of a handler. */
export const Attempt = Schema.Struct({
  startedAt: Millis,
  /** `null` while it is in hand. */
  endedAt: Schema.NullOr(Millis),
  error: Schema.NullOr(Schema.String),
  /** When it is tried again. */
  nextAt: Schema.NullOr(Millis)
})
export type Attempt = typeof Attempt.Type

/** Something done with what an actor wrote, by one that reads no topic. */
export const Work = Schema.Struct({ actor: Schema.String, startedAt: Millis, endedAt: Millis })
export type Work = typeof Work.Type

/** A record at an actor. */
export const Visit = Schema.Struct({
  /** `null` when only the log tells of the record: who had it was seen by another process, or too long ago. */
  actor: Schema.NullOr(Schema.String),
  topic: Schema.String,
  partition: Schema.Int,
  offset: Schema.Int,
  key: Schema.NullOr(Schema.String),
  /** When the broker appended it. */
  appendedAt: Millis,
  takenAt: Schema.NullOr(Millis),
  attempts: Schema.Array(Attempt),
  /** Topics of what was written in the transaction that marks the record done. */
  outputs: Schema.Array(Schema.String),
  committedAt: Schema.NullOr(Millis),
  deadLetter: Schema.NullOr(Schema.Struct({ reason: Schema.String, error: Schema.String })),
  /** What others did afterwards with what it wrote. */
  later: Schema.optionalKey(Schema.Array(Work))
})
export type Visit = typeof Visit.Type

/** What each signal adds to a score. */
export const Parts = Schema.Struct({
  text: Schema.Finite,
  cosine: Schema.Finite,
  coverage: Schema.Finite,
  bigrams: Schema.Finite,
  title: Schema.Finite
})

/** How passages for a question were found and judged. */
export const Explanation = Schema.Struct({
  /** Sections and stretches of chat that both searches proposed. */
  proposed: Schema.Int,
  /** Near passages left out because not everyone who reads the answer may read them; never said which. */
  removed: Schema.Int,
  /** False when text search stood alone. */
  vectors: Schema.Boolean,
  /** Words of the question that occur nowhere. */
  unknown: Schema.Array(Schema.String),
  /** Best first. */
  found: Schema.Array(
    Schema.Struct({
      kind: Schema.Literals(["document", "chat"]),
      title: Schema.String,
      url: Schema.String,
      passageId: Schema.String,
      score: Schema.Finite,
      parts: Parts
    })
  ),
  grounds: Schema.Struct({ score: Schema.Finite, threshold: Schema.Finite, enough: Schema.Boolean })
})
export type Explanation = typeof Explanation.Type

export const Way = Schema.Struct({
  /** Of the message, question or document; of anything else `topic/partition/offset`. */
  id: Schema.String,
  /** In the order they were taken. */
  visits: Schema.Array(Visit),
  explanation: Schema.NullOr(Explanation)
})
export type Way = typeof Way.Type

export const idOfPlace = (place: {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}): string => `${place.topic}/${place.partition}/${place.offset}`
