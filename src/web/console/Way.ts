/** The way of a record as steps to be drawn, each at its time. Pure. */
import type { Visit } from "../../domain/Way.ts"

interface Timed {
  /** Milliseconds since the way began. */
  readonly at: number
}

export interface RecordStep extends Timed {
  readonly type: "record"
  readonly place: Place
  readonly key: string | null
}

export interface ActorStep extends Timed {
  readonly type: "actor"
  readonly name: string
  /** Milliseconds it took; `null` while it is at work. */
  readonly took: number | null
  /** Counted from 1; absent when the first did it. */
  readonly attempt: number | undefined
  readonly error: string | null
  /** Milliseconds until the next try. */
  readonly waits: number | undefined
}

export interface TransactionStep extends Timed {
  readonly type: "transaction"
  readonly took: number
  readonly outputs: ReadonlyArray<RecordStep>
  /** What was written and is not yet at an actor. */
  readonly topics: ReadonlyArray<string>
  readonly done: Place
  readonly deadLetter: Visit["deadLetter"]
}

export type Step = RecordStep | ActorStep | TransactionStep

interface Place {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export type Outcome = "underway" | "done" | "dead"

export interface Journey {
  readonly steps: ReadonlyArray<Step>
  readonly outcome: Outcome
  /** Milliseconds from its beginning to its last commit. */
  readonly total: number
}

interface Way {
  readonly said: { readonly at: number } | null
  readonly visits: ReadonlyArray<Visit>
}

const idOfPlace = ({ offset, partition, topic }: Visit): string => `${topic}/${partition}/${offset}`

const placeOf = ({ offset, partition, topic }: Visit): Place => ({ topic, partition, offset })

export const journeyOf = ({ said, visits }: Way): Journey => {
  const start = said?.at ?? Math.min(...visits.map(({ appendedAt }) => appendedAt))
  const since = (time: number) => Math.max(0, time - start)
  // A record that several actors read is drawn once.
  const drawn = new Set<string>()

  const record = (visit: Visit): RecordStep => {
    drawn.add(idOfPlace(visit))
    return { type: "record", at: since(visit.appendedAt), place: placeOf(visit), key: visit.key }
  }

  const tries = (visit: Visit): ReadonlyArray<Step> =>
    visit.attempts.map(({ endedAt, error, nextAt, startedAt }, index) => ({
      type: "actor",
      at: since(startedAt),
      name: visit.actor!,
      took: endedAt === null ? null : endedAt - startedAt,
      attempt: visit.attempts.length > 1 || error !== null ? index + 1 : undefined,
      error,
      waits: nextAt === null || endedAt === null ? undefined : nextAt - endedAt
    }))

  const transaction = (visit: Visit): ReadonlyArray<Step> => {
    if (visit.committedAt === null) return []
    const from = visit.attempts.at(-1)?.endedAt ?? visit.takenAt ?? visit.committedAt
    const outputs = visit.outputs.flatMap((topic) => {
      const next = visits.find((other) => other.topic === topic && !drawn.has(idOfPlace(other)))
      return next === undefined ? [] : [record(next)]
    })
    return [
      {
        type: "transaction",
        at: since(from),
        took: Math.max(0, visit.committedAt - from),
        outputs,
        topics: visit.outputs.filter((topic) => !outputs.some(({ place }) => place.topic === topic)),
        done: placeOf(visit),
        deadLetter: visit.deadLetter
      }
    ]
  }

  const later = ({ later = [] }: Visit): ReadonlyArray<Step> =>
    later.map(({ actor, endedAt, startedAt }) => ({
      type: "actor",
      at: since(startedAt),
      name: actor,
      took: endedAt - startedAt,
      attempt: undefined,
      error: null,
      waits: undefined
    }))

  const heard: ReadonlyArray<Step> =
    said === null || visits.length === 0
      ? []
      : [
          {
            type: "actor",
            at: 0,
            name: "listener",
            took: since(Math.min(...visits.map(({ appendedAt }) => appendedAt))),
            attempt: undefined,
            error: null,
            waits: undefined
          }
        ]

  const steps = visits.flatMap((visit) => [
    ...(drawn.has(idOfPlace(visit)) ? [] : [record(visit)]),
    ...(visit.actor === null ? [] : [...tries(visit), ...transaction(visit), ...later(visit)])
  ])
  const ends = visits.flatMap(({ appendedAt, committedAt }) => committedAt ?? appendedAt)
  return {
    steps: [...heard, ...steps],
    outcome: outcomeOf(visits),
    total: ends.length === 0 ? 0 : since(Math.max(...ends))
  }
}

const outcomeOf = (visits: ReadonlyArray<Visit>): Outcome => {
  if (visits.some(({ deadLetter }) => deadLetter !== null)) return "dead"
  return visits.length === 0 || visits.some(({ actor, committedAt }) => actor !== null && committedAt === null)
    ? "underway"
    : "done"
}
