/**
 * Keeps every actor running: what ends one is logged, counted and answered by a new start with backoff. An actor that
 * keeps failing makes the process not ready; a fatal failure ends it. Shutdown drains the actors in the order in which
 * they were given, which is the order a message travels.
 */
import { Cause, Context, Deferred, Duration, Effect, Exit, Fiber, Layer, Metric, Random, Schema, Scope } from "effect"
import { Config } from "effect"
import { Broker, BrokerError } from "../broker/Broker.ts"
import type { ActorState, ActorStatus } from "../domain/Happening.ts"
import { Happenings } from "../runtime/Happenings.ts"
import * as Lately from "../runtime/Lately.ts"
import * as Setting from "../runtime/Setting.ts"

/** What an actor says of itself while it works. Written by the actor, read by whoever looks. */
export interface Vitals {
  state: ActorState
  restarts: number
  inHand: number
  handled: number
  retries: number
  deadLetters: number
  lastError: string | null
  /** Starts that failed since a record was handled, or since one lasted. */
  failedStarts: number
}

export interface Actor {
  readonly name: string
  /** Where its records come from and go to, for people. */
  readonly route: string
  /** The group it reads as; `null` for actors that read no topic. */
  readonly group: string | null
  readonly vitals: Vitals
  /** Runs until drained; anything else that ends it is a failure. */
  readonly run: Effect.Effect<void, unknown, Scope.Scope>
  /** Asks it to stop reading and to finish what it has in hand; `run` returns when that is done. */
  readonly drain: Effect.Effect<void>
}

export const vitals = (): Vitals => ({
  state: "starting",
  restarts: 0,
  inHand: 0,
  handled: 0,
  retries: 0,
  deadLetters: 0,
  lastError: null,
  failedStarts: 0
})

/** A failure that no new start can mend: the process ends with its message and exit code. */
export interface Fatal {
  readonly fatal: true
  readonly message: string
}
const isFatal = (error: unknown): error is Fatal =>
  typeof error === "object" && error !== null && "fatal" in error && error.fatal === true

/** Another process has a part of the work now: no failure, unless it happens again before anything was handled. */
const isMovedOn = (error: unknown): boolean => error instanceof BrokerError && error.reason === "fenced"

/** So many failed starts in a row, and the process is not ready. */
const failedStartsAllowed = 3
/** A start that lasts longer than a broker that is away is waited for has succeeded, though no record came. */
const lasting = Duration.seconds(25)
const firstWait = Duration.millis(200)
const longestWait = Duration.seconds(30)

export const shutdownGrace = Setting.withDefault("SHUTDOWN_GRACE", {
  description: "How long a stop waits for what is in hand",
  expected: 'a duration such as "10 seconds"',
  config: Config.Duration,
  fallback: "10 seconds",
  value: Duration.seconds(10)
})

const restarts = Metric.counter("rtfm_actor_restarts_total", {
  description: "Times an actor was started again after a failure",
  incremental: true
})
const lagGauge = Metric.gauge("rtfm_actor_lag_records", {
  description: "Records of its topic an actor has not finished"
})

const groupLagGauge = Metric.gauge("rtfm_group_lag_records", {
  description: "Records of a partition that the group of an actor has not finished"
})

/** So long anybody who looks waits for the broker; then the lags are as they were last known. */
const lagPatience = Duration.millis(500)

export class Supervisor extends Context.Service<
  Supervisor,
  {
    readonly actors: Effect.Effect<ReadonlyArray<ActorStatus>>
    /** The actors that keep failing; none means ready. */
    readonly failing: Effect.Effect<ReadonlyArray<string>>
    readonly draining: Effect.Effect<boolean>
    /** Never succeeds; fails when an actor reports what no new start can mend. */
    readonly fatal: Effect.Effect<never, Fatal>
  }
>()("rtfm/actors/Supervisor") {}

/** Exponential from 200 ms to 30 s, a fifth of it random so that actors do not start in step. */
const waitBefore = (attempt: number) =>
  Effect.map(Random.nextBetween(0.8, 1.2), (jitter) =>
    Duration.millis(Math.min(Duration.toMillis(firstWait) * 2 ** attempt, Duration.toMillis(longestWait)) * jitter)
  )

/** What failed, in its own words. */
export const sentence = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  return error instanceof Error ? error.message : String(error)
}

/** Only these actors run, by name; all of them unless given. */
export const Chosen = Context.Reference<ReadonlyArray<string> | undefined>("rtfm/actors/Chosen", {
  defaultValue: () => undefined
})

/** Names that no process may choose. */
export class ChoiceError extends Schema.TaggedError<ChoiceError>()("ChoiceError", { detail: Schema.String }) {
  override get message() {
    return this.detail
  }
}

/** Actors whose work processes can share, as members of a group. The others speak to the page, or work by the clock. */
const canBeShared = ({ group, name }: Actor): boolean => group !== null && name !== "speaker" && name !== "retractor"

const choose = Effect.fnUntraced(function* (actors: ReadonlyArray<Actor>) {
  const names = yield* Chosen
  if (names === undefined) return actors
  const shared = actors.filter(canBeShared)
  const wrong = names.filter((name) => !shared.some((actor) => actor.name === name))
  if (wrong.length === 0 && names.length > 0) return shared.filter(({ name }) => names.includes(name))
  const known = wrong.filter((name) => actors.some((actor) => actor.name === name))
  const why =
    known.length > 0 ? `${known.join(" and ")} can only run where all run` : `there is no actor ${wrong.join(", ")}`
  return yield* new ChoiceError({
    detail: `--actors: ${wrong.length === 0 ? "none is named" : why}. Choose among ${shared.map(({ name }) => name).join(", ")}.`
  })
})

/** Runs one actor for ever, until it is drained. */
const supervise = (actor: Actor, onChange: Effect.Effect<void>, fatal: Deferred.Deferred<never, Fatal>) => {
  const { vitals } = actor
  const become = (state: ActorState) =>
    Effect.suspend(() => {
      vitals.state = state
      return onChange
    })
  const restart = Effect.fnUntraced(function* (cause: Cause.Cause<unknown>) {
    const error = Cause.squash(cause)
    vitals.lastError = sentence(cause)
    vitals.inHand = 0
    if (isFatal(error)) {
      yield* Deferred.fail(fatal, error)
      return yield* Effect.never
    }
    if (isMovedOn(error) && vitals.failedStarts === 0) {
      vitals.failedStarts++
      return yield* Effect.logInfo(`${actor.name} starts again: ${sentence(cause)}`)
    }
    const wait = yield* waitBefore(vitals.failedStarts)
    vitals.failedStarts++
    vitals.restarts++
    yield* Metric.update(Metric.withAttributes(restarts, { actor: actor.name }), 1)
    yield* Effect.logError(`${actor.name} stopped; starting again in ${Math.round(Duration.toMillis(wait))} ms`, cause)
    yield* become("restarting")
    yield* Effect.sleep(wait)
  })
  const settle = Effect.gen(function* () {
    yield* Effect.sleep(lasting)
    if (vitals.failedStarts === 0) return
    vitals.failedStarts = 0
    yield* onChange
  })
  return Effect.gen(function* () {
    while (true) {
      yield* become("running")
      const exit = yield* Effect.exit(Effect.scoped(Effect.andThen(Effect.forkScoped(settle), actor.run)))
      if (Exit.isSuccess(exit)) return yield* become("stopped")
      if (Cause.hasInterruptsOnly(exit.cause)) return yield* Effect.failCause(exit.cause as Cause.Cause<never>)
      yield* restart(exit.cause)
    }
  }).pipe(Effect.annotateLogs({ actor: actor.name }))
}

const status = (actor: Actor, lag: ReadonlyMap<string, number>): ActorStatus => ({
  name: actor.name,
  route: actor.route,
  state: actor.vitals.state,
  restarts: actor.vitals.restarts,
  inHand: actor.vitals.inHand,
  handled: actor.vitals.handled,
  lag: actor.group === null ? null : (lag.get(actor.group) ?? null),
  deadLetters: actor.vitals.deadLetters,
  retries: actor.vitals.retries,
  lastError: actor.vitals.lastError
})

/**
 * Starts the actors in order; when the scope closes they are drained in the same order, within the grace. A definition
 * that makes none has nothing to do here.
 */
export const layer = <D extends ReadonlyArray<Effect.Effect<Actor | undefined, any, any>>>(definitions: D) =>
  Layer.effect(
    Supervisor,
    Effect.gen(function* () {
      const broker = yield* Broker
      const happenings = yield* Happenings
      const grace = yield* shutdownGrace.config
      const fatal = yield* Deferred.make<never, Fatal>()
      const all = yield* Effect.all(
        definitions as ReadonlyArray<
          Effect.Effect<Actor | undefined, Effect.Error<D[number]>, Effect.Services<D[number]>>
        >
      )
      const actors = yield* choose(all.filter((actor) => actor !== undefined))
      const scope = yield* Scope.make()
      let draining = false

      const changed = happenings.tell({ type: "status.changed" })
      const fibers = new Map<Actor, Fiber.Fiber<void>>()
      for (const actor of actors) {
        fibers.set(actor, yield* supervise(actor, changed, fatal).pipe(Effect.forkIn(scope)))
      }

      const drain = Effect.fnUntraced(function* (actor: Actor) {
        const fiber = fibers.get(actor)!
        // One that waits to be started again has nothing in hand, and nobody waits for it.
        if (actor.vitals.state === "restarting") return yield* Fiber.interrupt(fiber)
        actor.vitals.state = "draining"
        yield* actor.drain
        yield* Fiber.await(fiber)
      })
      yield* Effect.addFinalizer(() =>
        Effect.gen(function* () {
          draining = true
          const inTime = yield* Effect.forEach(actors, drain, { discard: true }).pipe(Effect.timeoutOption(grace))
          if (inTime._tag === "None") {
            yield* Effect.logWarning(`the grace of ${Duration.format(grace)} is over; the next start goes on from here`)
          }
          yield* Scope.close(scope, Exit.void)
        })
      )

      const groups = new Set(actors.map(({ group }) => group))
      let known: ReadonlyMap<string, number> = new Map()
      const askLags = Effect.gen(function* () {
        const lags = (yield* broker.lag()).filter(({ group }) => groups.has(group))
        for (const { group, lag, partition, topic } of lags)
          yield* Metric.update(
            Metric.withAttributes(groupLagGauge, { group, topic, partition: String(partition) }),
            lag
          )
        const sums = new Map<string, number>()
        for (const { group, lag } of lags) sums.set(group, (sums.get(group) ?? 0) + lag)
        for (const [actor, lag] of sums) yield* Metric.update(Metric.withAttributes(lagGauge, { actor }), lag)
        known = sums
      })
      const lately = yield* Lately.make(Effect.ignore(askLags), lagPatience)

      return Supervisor.of({
        actors: Effect.map(lately.look, () => actors.map((actor) => status(actor, known))),
        failing: Effect.sync(() =>
          actors.filter(({ vitals }) => vitals.failedStarts >= failedStartsAllowed).map(({ name }) => name)
        ),
        draining: Effect.sync(() => draining),
        fatal: Deferred.await(fatal)
      })
    })
  )
