/** A subscription: a session of the member's current generation, and of the next when nothing is lost by it. */
import { Deferred, Effect, Exit, Scope, Semaphore } from "effect"
import { BrokerError, type Subscription } from "../Broker.ts"
import type { Directory } from "./Directory.ts"
import type { Membership } from "./Membership.ts"
import type { Placing } from "./Sending.ts"
import * as Session from "./Session.ts"
import type { Options } from "./KafkaSettings.ts"

interface Setting {
  readonly options: Options
  readonly directory: Directory
  readonly placing: Placing
  readonly membership: Membership
  readonly window: number
}

/**
 * When the group shares out its partitions anew while records are in hand, the subscription is over, `fenced`: what was
 * not committed comes again, here or with another member. With nothing in hand it goes on, unnoticed.
 */
export const make = Effect.fnUntraced(function* ({ placing, ...setting }: Setting) {
  const { membership } = setting
  const { group } = membership
  const scope = yield* Effect.scope
  const lock = Semaphore.makeUnsafe(1)
  const end = yield* Deferred.make<never, BrokerError>()
  let open: { readonly session: Session.Session; readonly scope: Scope.Closeable } | undefined

  yield* Effect.addFinalizer(() =>
    Deferred.fail(end, new BrokerError({ reason: "fenced", detail: `This member has left group ${group}.` }))
  )

  const closeSession = Effect.suspend(() => {
    const old = open
    open = undefined
    return old === undefined ? Effect.void : Scope.close(old.scope, Exit.void)
  })

  const openSession = Effect.gen(function* () {
    const sessionScope = yield* Scope.fork(scope)
    const generation = yield* membership.current
    const session = yield* Session.open({ ...setting, generation }).pipe(
      Scope.provide(sessionScope),
      Effect.onError(() => Scope.close(sessionScope, Exit.void))
    )
    open = { session, scope: sessionScope }
    return session
  })

  /** The session of the current generation. */
  const ready = Effect.gen(function* () {
    const current = open?.session
    if (current !== undefined && (!Deferred.isDoneUnsafe(current.generation.over) || !current.isIdle())) return current
    // A lost membership is not mended by a new session.
    if (current !== undefined && membership.isLost()) yield* Deferred.await(current.generation.over)
    yield* closeSession
    return yield* openSession
  }).pipe(Semaphore.withPermit(lock))

  membership.beforeHandingOver(Effect.suspend(() => open?.session.handOver ?? Effect.void))

  /** A failure ends the subscription, for everyone who waits. */
  const ending = <A>(effect: Effect.Effect<A, BrokerError>): Effect.Effect<A, BrokerError> =>
    Effect.raceFirst(
      Deferred.await(end),
      Effect.tapError(effect, (error) => Deferred.fail(end, error))
    )

  const takeOnce = Effect.flatMap(ready, (session) =>
    Effect.raceFirst(
      session.take,
      Effect.as(
        Effect.flatMap(Deferred.await(session.generation.over), () => (session.isIdle() ? Effect.void : session.take)),
        []
      )
    )
  )
  const take: Subscription["take"] = Effect.filterOrElse(
    ending(takeOnce),
    (records) => records.length > 0,
    () => take
  )

  const commit: Subscription["commit"] = Effect.fn("Subscription.commit")(function* ({ done, outputs }) {
    const session = yield* ending(ready)
    const records = yield* placing(outputs)
    yield* Effect.raceFirst(Deferred.await(end), session.commit(records, done))
  })

  const subscription: Subscription = { take, commit }
  return subscription
})
