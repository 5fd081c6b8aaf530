/**
 * An actor reads a topic as one group, handles its records and commits outputs and inputs in one transaction.
 *
 * Records of one key are handled in order, or abreast and handed on in order; records of other keys go on meanwhile and
 * may finish first. What fails is tried again with growing waits, its key waiting and no other; what cannot succeed
 * becomes a dead letter in the same transaction that marks it done.
 */
import {
  Cause,
  Clock,
  Deferred,
  Duration,
  Effect,
  Exit,
  FiberSet,
  Latch,
  Metric,
  Random,
  Result,
  Semaphore
} from "effect"
import {
  Broker,
  type BrokerError,
  type IncomingRecord,
  type OutgoingRecord,
  type Position,
  type Subscription
} from "../broker/Broker.ts"
import { type Reason, toDeadLetter } from "../broker/DeadLetter.ts"
import { isErased } from "../broker/Erased.ts"
import type { Source } from "../domain/Topics.ts"
import { CurrentVisit, type Visiting, Ways } from "../runtime/Ways.ts"
import * as Abreast from "./Abreast.ts"
import * as Lanes from "./Lanes.ts"
import * as Supervise from "./Supervise.ts"

export interface Delivery<In> {
  readonly value: In
  readonly record: IncomingRecord
}

interface Common<In> {
  /** Also the name of its group. */
  readonly name: string
  readonly from: Source<In>
  /** What it writes to, for people. */
  readonly to: string
  /** Attempts before a record becomes a dead letter; default 6, about 6 s of waiting. */
  readonly attempts?: number
  /** A drain goes on until the topic is read to its end, instead of stopping after what is in hand. */
  readonly drainToEnd?: boolean
  /** Another actor answers for the topic: a record that cannot be decoded is put aside by that one, and passed over here. */
  readonly guest?: boolean
}

export interface OneByOne<In, E> extends Common<In> {
  /** Records handled at once; default 16. */
  readonly concurrency?: number
  /** Of these, so many may be of one key; what they make is handed on in their order. Default 1. */
  readonly abreast?: number
  /** `isNext` tells whether nothing of the record's key is to be handed on before it. */
  readonly handle: (
    value: In,
    record: IncomingRecord,
    isNext: () => boolean
  ) => Effect.Effect<ReadonlyArray<OutgoingRecord>, E>
}

export interface InBatches<In, E> extends Common<In> {
  /** Records handed over at once, at most. A batch that fails is tried again record by record. */
  readonly batch: number
  /** The records of a batch are of one key, and up to 16 batches are handled at once. */
  readonly oneKey?: boolean
  readonly handleBatch: (deliveries: ReadonlyArray<Delivery<In>>) => Effect.Effect<ReadonlyArray<OutgoingRecord>, E>
}

/** A record on its way through the actor. */
interface Item<In> extends Delivery<In> {
  attempts: number
  /** Milliseconds since the epoch; 0 until it fails. */
  firstFailedAt: number
  /** What came of it, or of the batch that it was the first of. */
  made: ReadonlyArray<OutgoingRecord>
  readonly visit: Visiting
}

interface Options<In, E> extends Common<In> {
  readonly concurrency: number
  readonly batch: number
  readonly oneKey?: boolean
  readonly abreast?: number
  readonly handle: (
    items: ReadonlyArray<Item<In>>,
    isNext: (item: Item<In>) => boolean
  ) => Effect.Effect<ReadonlyArray<OutgoingRecord>, E>
}

const defaultAttempts = 6
const defaultConcurrency = 16
const firstWait = 200
const longestWait = 30_000

/** 200 ms after the first failure, doubled each time up to 30 s, a fifth of it random. */
const waitAfter = (attempts: number) =>
  Effect.map(Random.nextBetween(0.8, 1.2), (jitter) =>
    Math.round(Math.min(firstWait * 2 ** (attempts - 1), longestWait) * jitter)
  )

const recordsTotal = Metric.counter("rtfm_actor_records_total", {
  description: "Records an actor has finished, dead letters included",
  incremental: true
})
const retriesTotal = Metric.counter("rtfm_actor_retries_total", {
  description: "Attempts made again after a failure",
  incremental: true
})
const deadLettersTotal = Metric.counter("rtfm_actor_dead_letters_total", {
  description: "Records that became dead letters, by reason",
  incremental: true
})
const handleSeconds = Metric.histogram("rtfm_actor_handle_seconds", {
  description: "Time a handler takes for one record, or for one batch",
  boundaries: Metric.exponentialBoundaries({ start: 0.0005, factor: 4, count: 9 })
})
const counters = (actor: string) => ({
  finished: Metric.withAttributes(recordsTotal, { actor }),
  retries: Metric.withAttributes(retriesTotal, { actor }),
  seconds: Metric.withAttributes(handleSeconds, { actor }),
  deadLetter: (reason: Reason) => Metric.update(Metric.withAttributes(deadLettersTotal, { actor, reason }), 1)
})

/** Whether a failure may pass by itself; an error says that it cannot with `retryable: false`. */
const mayPass = (cause: Cause.Cause<unknown>): boolean => {
  const error = Cause.squash(cause)
  return !(typeof error === "object" && error !== null && "retryable" in error && error.retryable === false)
}
/** A disk without room says nothing about the record, which waits for as long as that takes. */
const isFull = (cause: Cause.Cause<unknown>): boolean => {
  const error = Cause.squash(cause)
  return typeof error === "object" && error !== null && "reason" in error && error.reason === "full"
}
/**
 * Milliseconds that a failure asks to wait with `retryAfter`. It says nothing about the records: they are tried again
 * together, and the attempt does not count.
 */
const waitAsked = (cause: Cause.Cause<unknown>): number | undefined => {
  const error = Cause.squash(cause)
  return typeof error === "object" && error !== null && "retryAfter" in error && typeof error.retryAfter === "number"
    ? error.retryAfter
    : undefined
}
const reasonOf = (cause: Cause.Cause<unknown>): Reason =>
  Cause.hasDies(cause) ? "defect" : mayPass(cause) ? "exhausted" : "rejected"

const placeOf = ({ offset, partition, topic }: Position) => ({ topic, partition, offset })

/** Without a key there is no order to keep: every record has a lane of its own. */
const laneKey = (record: IncomingRecord): string => record.key ?? `\0${record.partition}/${record.offset}`

/** An actor whose records are handled one by one. */
export const oneByOne = <In, E>({ handle, ...options }: OneByOne<In, E>) =>
  make({
    concurrency: defaultConcurrency,
    ...options,
    batch: 1,
    handle: ([item], isNext) =>
      handle(item!.value, item!.record, () => isNext(item!)).pipe(
        Effect.provideService(CurrentVisit, item!.visit),
        Effect.annotateLogs(placeOf(item!.record))
      )
  })

/** An actor whose work is cheaper in batches. */
export const inBatches = <In, E>({ handleBatch, ...options }: InBatches<In, E>) =>
  make({ ...options, concurrency: options.oneKey === true ? defaultConcurrency : 1, handle: handleBatch })

const make = <In, E>(options: Options<In, E>): Effect.Effect<Supervise.Actor, never, Broker> =>
  Effect.gen(function* () {
    const broker = yield* Broker
    const vitals = Supervise.vitals()
    const draining = yield* Deferred.make<void>()
    return {
      name: options.name,
      route: `${options.from.name} → ${options.to}`,
      group: options.name,
      vitals,
      run: session(options, vitals, broker, draining),
      drain: Effect.asVoid(Deferred.succeed(draining, undefined))
    }
  })

/** From joining the group to leaving it. A failure ends the session; what was not committed comes again. */
const session = Effect.fnUntraced(function* <In, E>(
  options: Options<In, E>,
  vitals: Supervise.Vitals,
  broker: Broker["Service"],
  draining: Deferred.Deferred<void>
) {
  const subscription = yield* broker.subscribe({ topics: [options.from.name], group: options.name })
  const desk = yield* makeDesk(options, vitals, subscription)
  const atEnd = Effect.map(broker.lag(options.name), (lags) => lags.every(({ lag }) => lag === 0))
  const drained = Deferred.await(draining).pipe(
    Effect.andThen(options.drainToEnd === true ? desk.until(atEnd) : Effect.void),
    Effect.andThen(desk.finishInHand)
  )
  yield* Effect.raceFirst(desk.run, drained)
})

/** Where the records of one session are sorted, handled and committed. */
const makeDesk = Effect.fnUntraced(function* <In, E>(
  options: Options<In, E>,
  vitals: Supervise.Vitals,
  subscription: Subscription
) {
  const tally = counters(options.name)
  const ways = yield* Ways
  const clock = yield* Clock.Clock
  const attemptsAllowed = options.attempts ?? defaultAttempts
  const places = Semaphore.makeUnsafe(options.concurrency)
  const lanes = options.abreast === undefined ? Lanes.make<Item<In>>() : Abreast.make<Item<In>>(options.abreast)
  const workers = yield* FiberSet.make<void>()

  const ready = Latch.makeUnsafe(false)
  const results = Latch.makeUnsafe(false)
  const progress = Latch.makeUnsafe(false)
  let outputs: Array<OutgoingRecord> = []
  let done: Array<Item<In>> = []
  let closing = false
  let uncommitted = 0

  /** To be committed. */
  const handOn = (items: ReadonlyArray<Item<In>>) => {
    if (items.length === 0) return
    for (const item of items) {
      for (const output of item.made) outputs.push(output)
      done.push(item)
    }
    uncommitted += items.length
    results.openUnsafe()
  }

  const note = (made: ReadonlyArray<OutgoingRecord>, items: ReadonlyArray<Item<In>>) => {
    const topics = [...new Set(made.map(({ topic }) => topic))]
    for (const { visit } of items) visit.outputs = topics
    items[0]!.made = made
  }

  const deadLetter = Effect.fnUntraced(function* (item: Item<In>, reason: Reason, error: string) {
    const { record, visit } = item
    visit.deadLetter = { reason, error }
    vitals.deadLetters++
    vitals.lastError = error
    yield* tally.deadLetter(reason)
    yield* Effect.logError(`dead letter (${reason}): ${error}`).pipe(Effect.annotateLogs(placeOf(record)))
    const { attempts, firstFailedAt } = item
    note([toDeadLetter(record, { reason, error, actor: options.name, attempts, firstFailedAt })], [item])
  })

  const sort = Effect.fnUntraced(function* (records: ReadonlyArray<IncomingRecord>) {
    const now = clock.currentTimeMillisUnsafe()
    const visits: Array<Visiting> = []
    for (const record of records) {
      const decoded = options.from.decode(record.value)
      const about = Result.isSuccess(decoded) ? options.from.about?.(decoded.success) : undefined
      const visit = ways.taken(options.name, record, about, now)
      visits.push(visit)
      if (Result.isSuccess(decoded)) {
        lanes.add(laneKey(record), { value: decoded.success, record, attempts: 0, firstFailedAt: 0, made: [], visit })
      } else {
        const item = { value: undefined as In, record, attempts: 1, firstFailedAt: now, made: [], visit }
        if (options.guest !== true && !isErased(record)) yield* deadLetter(item, "undecodable", decoded.failure)
        handOn([item])
      }
    }
    yield* ways.changed(visits)
    if (lanes.hasReady()) ready.openUnsafe()
  })

  const told = (items: ReadonlyArray<Item<In>>) => ways.changed(items.map(({ visit }) => visit))

  /** The same attempt stands on the visit of each of them. */
  const began = ({ items }: Lanes.Batch<Item<In>>) => {
    const startedAt = clock.currentTimeMillisUnsafe()
    for (const { visit } of items) visit.attempts.push({ startedAt, endedAt: null, error: null, nextAt: null })
    return told(items)
  }

  const ended = ({ items }: Lanes.Batch<Item<In>>, exit: Exit.Exit<unknown, E>) => {
    const endedAt = clock.currentTimeMillisUnsafe()
    const error = Exit.isFailure(exit) ? Supervise.sentence(exit.cause) : null
    for (const { visit } of items) Object.assign(visit.attempts.at(-1)!, { endedAt, error })
    return told(items)
  }

  /** Handles a batch; afterwards its keys are served again, at once or after a wait. */
  const work = Effect.fnUntraced(function* (batch: Lanes.Batch<Item<In>>) {
    vitals.inHand += batch.items.length
    for (const item of batch.items) item.attempts++
    yield* began(batch)
    const exit = yield* Effect.exit(
      options.handle(batch.items, lanes.isNext).pipe(Effect.trackDuration(tally.seconds, Duration.toSeconds))
    )
    vitals.inHand -= batch.items.length
    yield* ended(batch, exit)
    if (Exit.isSuccess(exit)) {
      vitals.handled += batch.items.length
      vitals.failedStarts = 0
      note(exit.value, batch.items)
      handOn(lanes.finished(batch))
    } else {
      yield* failed(batch, exit.cause)
    }
    ready.openUnsafe()
    progress.openUnsafe()
  })

  /** Its keys are served again after a wait. */
  const later = Effect.fnUntraced(function* (wait: number, { items }: Lanes.Batch<Item<In>>, putBack: () => void) {
    const nextAt = clock.currentTimeMillisUnsafe() + wait
    for (const { visit } of items) visit.attempts.at(-1)!.nextAt = nextAt
    yield* told(items)
    const again = Effect.sync(() => {
      putBack()
      ready.openUnsafe()
    })
    yield* FiberSet.run(workers, Effect.andThen(Effect.sleep(wait), again))
  })

  const failed = Effect.fnUntraced(function* (batch: Lanes.Batch<Item<In>>, cause: Cause.Cause<E>) {
    const asked = waitAsked(cause)
    if (asked !== undefined) {
      for (const item of batch.items) item.attempts--
      yield* Effect.logDebug(`next in ${asked} ms: ${Supervise.sentence(cause)}`)
      return yield* later(asked, batch, () => lanes.putBackWhole(batch))
    }
    vitals.lastError = Supervise.sentence(cause)
    if (batch.items.length > 1) {
      for (const item of batch.items) item.attempts--
      yield* Effect.logWarning(
        `a batch of ${batch.items.length} failed; going on one by one: ${Supervise.sentence(cause)}`
      )
      return lanes.putBack(batch)
    }
    const item = batch.items[0]!
    if (item.firstFailedAt === 0) item.firstFailedAt = clock.currentTimeMillisUnsafe()
    if (isFull(cause)) item.attempts = Math.min(item.attempts, attemptsAllowed - 1)
    if (!mayPass(cause) || item.attempts >= attemptsAllowed) {
      yield* deadLetter(item, reasonOf(cause), Supervise.sentence(cause))
      return handOn(lanes.finished(batch))
    }
    vitals.retries++
    yield* Metric.update(tally.retries, 1)
    const wait = yield* waitAfter(item.attempts)
    yield* Effect.logWarning(
      `attempt ${item.attempts} of ${attemptsAllowed} failed, next in ${wait} ms: ${Supervise.sentence(cause)}`
    ).pipe(Effect.annotateLogs(placeOf(item.record)))
    yield* later(wait, batch, () => lanes.putBack(batch))
  })

  const read = subscription.take.pipe(Effect.flatMap(sort), Effect.forever)

  const dispatch = Effect.gen(function* () {
    while (true) {
      yield* Semaphore.take(places, 1)
      while (closing || !lanes.hasReady()) {
        ready.closeUnsafe()
        yield* Latch.await(ready)
      }
      const batch = lanes.take(options.batch, options.oneKey)
      yield* FiberSet.run(workers, Effect.ensuring(work(batch), Semaphore.release(places, 1)))
    }
  })

  const commit = Effect.gen(function* () {
    while (true) {
      yield* Latch.await(results)
      // Others that are about to finish join this transaction.
      yield* Effect.yieldNow
      results.closeUnsafe()
      const items = done
      const batch = { outputs, done: items.map(({ record }) => record) }
      outputs = []
      done = []
      yield* subscription.commit(batch)
      uncommitted -= items.length
      yield* Metric.update(tally.finished, items.length)
      progress.openUnsafe()
      const committedAt = clock.currentTimeMillisUnsafe()
      for (const { visit } of items) visit.committedAt = committedAt
      yield* told(items)
    }
  })

  return {
    /** Never returns; fails when the broker does. */
    run: Effect.all([read, dispatch, commit, FiberSet.join(workers)], { concurrency: "unbounded", discard: true }),
    /** Starts nothing new and returns when what is in hand is finished and committed. */
    finishInHand: Effect.gen(function* () {
      closing = true
      while (vitals.inHand > 0 || uncommitted > 0) {
        progress.closeUnsafe()
        yield* Latch.await(progress)
      }
    }),
    /** Returns once `reached` holds; asked again after every commit. */
    until: (reached: Effect.Effect<boolean, BrokerError>) =>
      Effect.gen(function* () {
        while (!(yield* reached)) {
          progress.closeUnsafe()
          yield* Latch.await(progress)
        }
      })
  }
})
