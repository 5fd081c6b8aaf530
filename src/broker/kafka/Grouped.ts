/** Work that is asked for while other work is under way waits, and then goes together. */
import { Deferred, Effect, type Exit, Latch } from "effect"

/** Pieces of work that go together at most. */
const atOnce = 128

/**
 * `run` says what became of each piece, in their order; it is never run twice at the same time. What is still waiting
 * when the scope closes comes to `left`.
 */
export const make = Effect.fnUntraced(function* <A, B, E>(
  run: (pieces: ReadonlyArray<A>) => Effect.Effect<ReadonlyArray<Exit.Exit<B, E>>>,
  left: Effect.Effect<B, E>
) {
  interface Waiting {
    readonly piece: A
    readonly outcome: Deferred.Deferred<B, E>
  }
  const queue: Array<Waiting> = []
  const asked = Latch.makeUnsafe(false)
  let closed = false
  let under: ReadonlyArray<Waiting> = []
  const abandon = (waiting: ReadonlyArray<Waiting>) =>
    Effect.forEach(waiting, ({ outcome }) => Deferred.complete(outcome, left), { discard: true })
  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      closed = true
      yield* abandon([...under, ...queue])
    })
  )
  const next = Effect.gen(function* () {
    yield* Latch.await(asked)
    // Others that ask in the same moment come along.
    yield* Effect.yieldNow
    under = queue.splice(0, atOnce)
    if (queue.length === 0) asked.closeUnsafe()
    const outcomes = yield* run(under.map(({ piece }) => piece))
    yield* Effect.forEach(under, ({ outcome }, i) => Deferred.done(outcome, outcomes[i]!), { discard: true })
    under = []
  })
  yield* Effect.forkScoped(Effect.forever(next))

  /** An interrupted wait leaves the work under way. */
  return (piece: A): Effect.Effect<B, E> =>
    Effect.suspend(() => {
      if (closed) return left
      const outcome = Deferred.makeUnsafe<B, E>()
      queue.push({ piece, outcome })
      asked.openUnsafe()
      return Deferred.await(outcome)
    })
})
