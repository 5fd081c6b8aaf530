/** A member's work within one generation: records handed out, and commits. Nothing of it outlives the generation. */
import { Deferred, Effect, Exit, FiberSet, Latch } from "effect"
import { BrokerError, type IncomingRecord, type Position } from "../Broker.ts"
import * as Offsets from "../Offsets.ts"
import { inTurns, invalid } from "../Rules.ts"
import { attempt, type Committed } from "./Client.ts"
import type { Directory, KnownTopic } from "./Directory.ts"
import * as Fetching from "./Fetching.ts"
import * as Grouped from "./Grouped.ts"
import type { Generation, Membership } from "./Membership.ts"
import { type Placed, placeName } from "./Sending.ts"
import type { Options } from "./KafkaSettings.ts"
import type { Mark } from "./TransactionalProducer.ts"

/** Where the member is with one partition. */
interface Place extends Fetching.Source {
  readonly inner: string
  offsets: Offsets.Offsets
  /** Unfinished under an earlier owner and not handed out again yet, ascending. */
  again: Array<number>
  /** Handed out, and not yet asked to be finished. */
  readonly inHand: Set<number>
  /** The position last committed; `undefined` before the first commit of the group. */
  saved: number | undefined
}

/** What goes in one transaction. */
interface Piece {
  readonly records: ReadonlyArray<Placed>
  readonly done: ReadonlyMap<Place, ReadonlySet<number>>
}

export interface Session {
  readonly generation: Generation
  readonly take: Effect.Effect<ReadonlyArray<IncomingRecord>, BrokerError>
  readonly commit: (records: ReadonlyArray<Placed>, done: ReadonlyArray<Position>) => Effect.Effect<void, BrokerError>
  /** Nothing is handed out and not yet finished. */
  readonly isIdle: () => boolean
  /** Hands nothing out any more, and waits until what was is finished. */
  readonly handOver: Effect.Effect<void>
}

interface Setting {
  readonly options: Options
  readonly directory: Directory
  readonly membership: Membership
  readonly generation: Generation
  readonly window: number
}

const fenced = (group: string) =>
  new BrokerError({ reason: "fenced", detail: `The partitions of group ${group} were shared out anew.` })

const offsetsOf = (start: number, found: Committed | undefined): Offsets.Offsets =>
  found === undefined || found.offset < 0 ? Offsets.startingAt(start) : Offsets.decode(found.offset, found.metadata)

const placeOf = (topic: KnownTopic, partition: number, start: number, found: Committed | undefined): Place => {
  const offsets = offsetsOf(start, found)
  const place: Place = {
    topic: topic.name,
    inner: topic.inner,
    partition,
    next: Offsets.committed(offsets),
    buffer: [],
    wants: (offset) => offset >= place.offsets.position || place.again.includes(offset),
    offsets,
    again: [...offsets.unfinished],
    inHand: new Set(),
    saved: found === undefined || found.offset < 0 ? undefined : offsets.position
  }
  return place
}

/** Where the group is with the generation's partitions, once every transaction that was ending has ended. */
const resume = Effect.fnUntraced(function* ({ directory, generation, membership, options }: Setting) {
  const { group, member, transactions } = membership
  // What a session before left open under our name would keep the offsets from being known.
  yield* transactions.ready
  const byTopic = Map.groupBy(generation.partitions, ({ topic }) => topic.inner)
  const asked = [...byTopic].map(([topic, list]) => ({ topic, partitions: list.map(({ partition }) => partition) }))
  const doing = { what: `look up the offsets of group ${group}` }
  const committed = yield* attempt(options, member, doing, () => member.committed(asked))
  const known = new Map(committed.map((each) => [placeName(each), each]))
  const boundsOf = yield* directory.bounds([...new Set(generation.partitions.map(({ topic }) => topic))])
  return generation.partitions.map(({ partition, topic }) =>
    placeOf(
      topic,
      partition,
      boundsOf(topic)[partition]?.start ?? 0,
      known.get(placeName({ topic: topic.inner, partition }))
    )
  )
})

/** What will not come again, deleted by retention, counts as finished. */
const dropExpired = (place: Place, before: number): void => {
  if (place.again.length === 0) return
  const expired = place.again.filter((offset) => offset < before)
  if (expired.length === 0) return
  place.again = place.again.slice(expired.length)
  place.offsets = Offsets.finished(place.offsets, expired)
}

const out = ({ again, offsets }: Place): number => offsets.unfinished.length - again.length

const handOut =
  (window: number) =>
  (place: Place, limit: number): ReadonlyArray<IncomingRecord> => {
    const records: Array<IncomingRecord> = []
    const fresh: Array<number> = []
    const room = Math.min(limit, window - out(place))
    for (const record of place.buffer.slice(0, Math.max(0, room))) {
      dropExpired(place, record.offset)
      if (place.again[0] === record.offset) place.again.shift()
      else if (Offsets.room(place.offsets, window) > fresh.length) fresh.push(record.offset)
      else break
      place.inHand.add(record.offset)
      records.push(record)
    }
    place.buffer.splice(0, records.length)
    place.offsets = Offsets.received(place.offsets, fresh)
    if (place.buffer.length === 0) {
      dropExpired(place, place.next)
      place.offsets = Offsets.skipped(place.offsets, place.next)
    }
    return records
  }

/** Ends with the scope. A failure to fetch or to commit ends it too: then everything fails as that did. */
export const open = Effect.fnUntraced(function* (setting: Setting) {
  const { generation, membership, options, window } = setting
  const { group } = membership
  const places = yield* resume(setting)
  const idle = Latch.makeUnsafe(false)
  let broken: BrokerError | undefined
  let closing = false

  const isIdle = () => places.every((place) => out(place) === 0)
  const handOver = Effect.suspend(() => {
    closing = true
    idle.closeUnsafe()
    return isIdle() ? Effect.void : idle.await
  })

  const check = Effect.suspend(() => {
    const failure = broken ?? fetching.failure() ?? (Deferred.isDoneUnsafe(generation.over) ? fenced(group) : undefined)
    return failure === undefined ? Effect.void : Effect.fail(failure)
  })

  const take: Session["take"] = Effect.suspend(() => {
    fetching.news.closeUnsafe()
    const records = closing ? [] : inTurns(places, handOut(window))
    fetching.pump()
    return records.length > 0 ? Effect.succeed(records) : Effect.andThen(fetching.news.await, checkedTake)
  })
  const checkedTake = Effect.andThen(check, take)

  const finish = (pieces: ReadonlyArray<Piece>): Map<Place, ReadonlySet<number>> => {
    const done = new Map<Place, ReadonlySet<number>>(pieces[0]?.done)
    if (pieces.length === 1) return done
    for (const piece of pieces.slice(1)) {
      for (const [place, offsets] of piece.done) done.set(place, offsets.union(done.get(place) ?? new Set()))
    }
    return done
  }

  const markOf = (place: Place, done: ReadonlySet<number>): Mark => {
    const offsets = Offsets.finished(place.offsets, done)
    return {
      topic: place.inner,
      partition: place.partition,
      committed: Offsets.committed(offsets),
      metadata: Offsets.encode(offsets)
    }
  }

  const transact = Effect.fnUntraced(function* (pieces: ReadonlyArray<Piece>) {
    yield* check
    const done = finish(pieces)
    // A transaction without a mark would not be checked against the generation.
    if (done.size === 0 && places[0] !== undefined) done.set(places[0], new Set())
    const marks = [...done].map(([place, offsets]) => markOf(place, offsets))
    const positions = new Map([...done.keys()].map((place) => [place, place.offsets.position]))
    const records = pieces.flatMap((piece) => piece.records)
    const { member, transactions } = membership
    const onLate = () => (generation.late = true)
    const { id, memberId } = generation
    const behalf = { member, generation: id, memberId, marks, onLate, onDoubt: membership.renew }
    yield* transactions.run(records, marks.length > 0 ? behalf : undefined)
    for (const [place, offsets] of done) {
      place.offsets = Offsets.finished(place.offsets, offsets)
      place.saved = positions.get(place)!
    }
    if (isIdle()) idle.openUnsafe()
    fetching.news.openUnsafe()
  })

  const commits = yield* Grouped.make<Piece, void, BrokerError>(
    (pieces) =>
      Effect.exit(transact(pieces)).pipe(
        Effect.map((exit) => {
          if (Exit.isFailure(exit)) {
            const error = exit.cause.reasons.find((reason) => reason._tag === "Fail")
            broken ??= error?.error ?? fenced(group)
            fetching.news.openUnsafe()
          }
          return pieces.map(() => exit)
        })
      ),
    Effect.suspend(() => Effect.fail(broken ?? fenced(group)))
  )

  const fork = yield* FiberSet.makeRuntime<never>()

  /** What was read to its end is committed so, though the last offsets held no record: else a lag would stay. */
  const settle = (moved: ReadonlyArray<Fetching.Source>) => {
    const ended = (moved as ReadonlyArray<Place>).filter(
      ({ buffer, next, offsets, saved }) =>
        buffer.length === 0 && offsets.unfinished.length === 0 && saved !== undefined && next > saved
    )
    for (const place of ended) place.offsets = Offsets.skipped(place.offsets, place.next)
    if (ended.length === 0) return
    fork(Effect.ignore(commits({ records: [], done: new Map(ended.map((place) => [place, new Set()])) })))
  }
  const topics = [...new Set(generation.partitions.map(({ topic }) => topic))]
  const fetching = yield* Fetching.make(options, topics, places, settle)

  const find = ({ partition, topic }: Position) =>
    places.find((place) => place.partition === partition && place.topic === topic)

  const claim = (positions: ReadonlyArray<Position>): BrokerError | ReadonlyMap<Place, ReadonlySet<number>> => {
    const done = new Map<Place, Set<number>>()
    for (const position of positions) {
      const place = find(position)
      const { offset } = position
      if (!place?.inHand.has(offset))
        return invalid(
          `Group ${group} cannot finish ${placeName(position)}/${offset}: it is not in hand.`,
          position.topic
        )
      const offsets = done.get(place)
      if (offsets === undefined) done.set(place, new Set([offset]))
      else offsets.add(offset)
    }
    for (const [place, offsets] of done) for (const offset of offsets) place.inHand.delete(offset)
    return done
  }

  const commit: Session["commit"] = Effect.fnUntraced(function* (records, positions) {
    yield* check
    const done = claim(positions)
    if (done instanceof BrokerError) return yield* done
    if (records.length > 0 || done.size > 0) yield* commits({ records, done })
  })

  const session: Session = { generation, take: checkedTake, commit, isIdle, handOver }
  return session
})
