/** A group's reading of an embedded broker's topics: what is handed out, and what is done. */
import { Clock, Effect, Latch } from "effect"
import { BrokerError, type IncomingRecord, type OutgoingRecord, type Position, type Subscription } from "../Broker.ts"
import * as Offsets from "../Offsets.ts"
import { inTurns, invalid } from "../Rules.ts"
import type { Log } from "./Log.ts"
import type { Partition, Topic, Topics } from "./Topics.ts"
import { attempt, Changes, type Write } from "./Transactions.ts"

/** Where the member is with one partition. */
interface Place {
  readonly partition: Partition
  offsets: Offsets.Offsets
  /** Unfinished under an earlier member and not handed out again yet, ascending. */
  again: ReadonlyArray<number>
}

export interface Member extends Subscription {
  /** From now on taking and committing fail as `fenced`. */
  leave(): void
}

export const make = (options: {
  readonly log: Log
  readonly topics: Topics
  readonly write: Write
  readonly group: string
  readonly reading: ReadonlyArray<Topic>
  readonly window: number
}): Member => {
  const { log, topics, write, group, reading, window } = options
  const places = reading.flatMap((topic) => topic.partitions.map((partition) => resume(log, group, partition)))
  const news = Latch.makeUnsafe(false)
  const wake = () => news.openUnsafe()
  reading.forEach((topic) => topic.readers.add(news))
  let left = false

  const checkLeft = () => {
    if (left) throw new BrokerError({ reason: "fenced", detail: `This member has left group ${group}.` })
  }

  const isReady = ({ partition, offsets, again }: Place): boolean =>
    again.length > 0 || (offsets.position < partition.end && Offsets.room(offsets, window) > 0)

  /** What retention has deleted before it could come again counts as finished. */
  const dropExpired = (place: Place): void => {
    const expired = place.again.filter((offset) => offset < place.partition.start)
    if (expired.length === 0) return
    place.again = place.again.slice(expired.length)
    place.offsets = Offsets.finished(place.offsets, expired)
  }

  const handOutAgain = (place: Place, limit: number): ReadonlyArray<IncomingRecord> => {
    const out = place.offsets.unfinished.length - place.again.length
    const offsets = place.again.slice(0, Math.max(0, Math.min(limit, window - out)))
    const records = offsets.flatMap((offset) => topics.scan(place.partition, offset, 1))
    place.again = place.again.slice(offsets.length)
    return records
  }

  const handOut = (place: Place, limit: number): ReadonlyArray<IncomingRecord> => {
    dropExpired(place)
    if (place.again.length > 0) return handOutAgain(place, limit)
    const from = Math.max(place.offsets.position, place.partition.start)
    const records = topics.scan(place.partition, from, Math.min(limit, Offsets.room(place.offsets, window)))
    const offsets = records.map(({ offset }) => offset)
    place.offsets = Offsets.received(place.offsets, offsets)
    return records
  }

  /** All it hands out, or nothing when the log cannot be read. */
  const handOutReady = (): ReadonlyArray<IncomingRecord> => {
    checkLeft()
    const ready = places.filter(isReady)
    const changes = new Changes()
    ready.forEach((place) => changes.remember(place))
    try {
      return inTurns(ready, handOut)
    } catch (cause) {
      changes.rollback()
      throw cause
    }
  }

  const take: Subscription["take"] = Effect.suspend(() => {
    news.closeUnsafe()
    return attempt(log, handOutReady).pipe(
      Effect.filterOrElse(
        (records) => records.length > 0,
        () => Effect.andThen(news.await, take)
      )
    )
  })

  const finish = (place: Place, done: ReadonlySet<number>, changes: Changes): void => {
    const { topic, partition, id } = place.partition
    const offsets = Offsets.finished(place.offsets, done)
    const wasOut = place.offsets.unfinished.length - offsets.unfinished.length === done.size
    if (!wasOut || place.again.some((offset) => done.has(offset)))
      throw invalid(`Group ${group} cannot finish a record of ${topic}/${partition} that it has not in hand.`, topic)
    changes.remember(place)
    changes.onCommit(wake)
    place.offsets = offsets
    const unfinished = Offsets.encode(offsets)
    log.saveOffsets({ group, partition: id, committed: Offsets.committed(offsets), unfinished })
  }

  const commit = Effect.fn("Subscription.commit")(function* (batch: {
    readonly outputs: ReadonlyArray<OutgoingRecord>
    readonly done: ReadonlyArray<Position>
  }) {
    const now = yield* Clock.currentTimeMillis
    yield* write((changes) => {
      checkLeft()
      for (const [place, done] of byPlace(places, batch.done)) finish(place, done, changes)
      topics.append(batch.outputs, now, changes)
    })
  })

  const leave = () => {
    left = true
    reading.forEach((topic) => topic.readers.delete(news))
    wake()
  }

  return { take, commit, leave }
}

const resume = (log: Log, group: string, partition: Partition): Place => {
  const stored = log.offsets(group, partition.id)
  const offsets = stored ? Offsets.decode(stored.committed, stored.unfinished) : Offsets.startingAt(partition.start)
  return { partition, offsets, again: offsets.unfinished }
}

const byPlace = (places: ReadonlyArray<Place>, done: ReadonlyArray<Position>): Map<Place, Set<number>> => {
  const grouped = new Map<Place, Set<number>>()
  for (const { topic, partition, offset } of done) {
    const place = places.find((p) => p.partition.partition === partition && p.partition.topic === topic)
    if (place === undefined) throw invalid(`Partition ${topic}/${partition} is not read by this member.`, topic)
    const offsets = grouped.get(place)
    if (offsets === undefined) grouped.set(place, new Set([offset]))
    else offsets.add(offset)
  }
  return grouped
}
