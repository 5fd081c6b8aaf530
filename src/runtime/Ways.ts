/** The ways of the last records through this process, kept for whoever asks how an answer came about. */
import { Context, Effect, Layer } from "effect"
import { messageIdOf } from "../domain/Revision.ts"
import { type Explanation, idOfPlace, type Visit, type Way, type Work } from "../domain/Way.ts"
import { Happenings } from "./Happenings.ts"

type Mutable<A> = { -readonly [K in keyof A]: A[K] extends ReadonlyArray<infer E> ? Array<Mutable<E>> : A[K] }

/** A record at an actor, written by the actor as it goes on. */
export interface Visiting extends Mutable<Visit> {
  /** The id of its way. */
  readonly about: string
  explanation: Explanation | undefined
}

interface Taken {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: string | null
  readonly timestamp: number
}

/** Visits kept, some 3 MB; when there are more, the oldest tenth goes. */
const kept = 5_000
/** Visits kept of one way: a document has as many as it has sections. */
const keptOfOne = 40
/** How long somebody who asked for a way is told of its changes. */
const watchedFor = 60_000

export interface Recorder {
  /** A record came to an actor at `now`; `about` is the message, question or document it tells of. */
  readonly taken: (actor: string, record: Taken, about: string | undefined, now: number) => Visiting
  /** What was done with what the actor `of` wrote about these; one that did it in parts did it once. */
  readonly worked: (abouts: Iterable<string>, of: RegExp, work: Work) => Effect.Effect<void>
  /** To be run after visits were changed; costs nothing while nobody watches. */
  readonly changed: (visits: Iterable<Visiting>) => Effect.Effect<void>
  /** From now on changes of this way are told to watchers, for a while. */
  readonly watch: (id: string, now: number) => void
  /** Nothing is known of these messages, nor that they were found. */
  readonly forget: (messageIds: ReadonlySet<string>) => void
  /** By its id, or by the place of one of its records. */
  readonly of: (id: string) => Way | undefined
}

const visiting = (actor: string, record: Taken, about: string | undefined, now: number): Visiting => ({
  about: about ?? idOfPlace(record),
  actor,
  topic: record.topic,
  partition: record.partition,
  offset: record.offset,
  key: record.key,
  appendedAt: record.timestamp,
  takenAt: now,
  attempts: [],
  outputs: [],
  committedAt: null,
  deadLetter: null,
  explanation: undefined
})

const visitOf = ({
  actor,
  attempts,
  committedAt,
  deadLetter,
  later,
  outputs,
  takenAt,
  ...record
}: Visiting): Visit => ({
  actor,
  topic: record.topic,
  partition: record.partition,
  offset: record.offset,
  key: record.key,
  appendedAt: record.appendedAt,
  takenAt,
  attempts,
  outputs,
  committedAt,
  deadLetter,
  ...(later !== undefined && { later })
})

const toWay = (id: string, visits: ReadonlyArray<Visiting>): Way => ({
  id,
  visits: visits.map(visitOf),
  explanation: visits.findLast(({ explanation }) => explanation !== undefined)?.explanation ?? null
})

/** Where nobody asks. */
const nowhere: Recorder = {
  taken: visiting,
  worked: () => Effect.void,
  changed: () => Effect.void,
  watch: () => undefined,
  forget: () => undefined,
  of: () => undefined
}

export const Ways = Context.Reference<Recorder>("rtfm/runtime/Ways", { defaultValue: () => nowhere })

/** The visit at hand, for those deep down who have something to say about it. */
export const CurrentVisit = Context.Reference<Visiting | undefined>("rtfm/runtime/CurrentVisit", {
  defaultValue: () => undefined
})

export const layer = Layer.effect(
  Ways,
  Effect.gen(function* () {
    const happenings = yield* Happenings
    const ways = new Map<string, Array<Visiting>>()
    const watched = new Map<string, number>()
    let count = 0

    const keep = (visit: Visiting): void => {
      const visits = ways.get(visit.about) ?? []
      ways.set(visit.about, visits)
      visits.push(visit)
      count++
      if (visits.length > keptOfOne) {
        visits.shift()
        count--
      }
      if (count > kept) dropOldest()
    }

    // Several at once: to find the first entry of a map, V8 walks over those that were deleted before it.
    const dropOldest = () => {
      for (const [oldest, { length }] of ways) {
        ways.delete(oldest)
        count -= length
        if (count <= kept * 0.9) return
      }
    }

    const tellWatched = (visits: Iterable<Visiting>) => {
      const ids = new Set(Array.from(visits, ({ about }) => about).filter((id) => watched.has(id)))
      return Effect.forEach(ids, (id) => happenings.tell({ type: "way.changed", id }), { discard: true })
    }

    const isAt = (id: string) => (visit: Visiting) => idOfPlace(visit) === id

    /** In parts: from the beginning of the first to the end of the last. */
    const joined = (before: ReadonlyArray<Work>, work: Work): Array<Work> => {
      const first = before.find(({ actor }) => actor === work.actor)
      const others = before.filter((each) => each !== first)
      return [...others, { ...work, startedAt: first?.startedAt ?? work.startedAt }]
    }

    return {
      worked: (abouts, of, work) => {
        const visits = [...new Set(abouts)].flatMap(
          (id) => ways.get(id)?.findLast(({ actor }) => actor !== null && of.test(actor)) ?? []
        )
        for (const visit of visits) visit.later = joined(visit.later ?? [], work)
        return watched.size === 0 ? Effect.void : tellWatched(visits)
      },
      taken: (actor, record, about, now) => {
        const visit = visiting(actor, record, about, now)
        keep(visit)
        return visit
      },
      changed: (visits) => (watched.size === 0 ? Effect.void : tellWatched(visits)),
      watch: (id, now) => {
        for (const [other, until] of watched) if (until < now) watched.delete(other)
        watched.set(id, now + watchedFor)
      },
      forget: (messageIds) => {
        for (const id of messageIds) {
          count -= ways.get(id)?.length ?? 0
          ways.delete(id)
        }
        for (const visit of [...ways.values()].flat()) {
          const found = visit.explanation?.found ?? []
          if (found.some(({ passageId }) => messageIds.has(messageIdOf(passageId) ?? ""))) visit.explanation = undefined
        }
      },
      of: (id) => {
        const visits = ways.get(id)
        if (visits !== undefined) return toWay(id, visits)
        for (const [other, visits] of ways) if (visits.some(isAt(id))) return toWay(other, visits)
        return undefined
      }
    } satisfies Recorder
  })
)
