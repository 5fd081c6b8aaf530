/** What may take long to ask, for those who cannot wait: as it was last known, where the answer is not there in time. */
import { Clock, Duration, Effect, Fiber } from "effect"

export interface Seen<A> {
  /** The newest answer; `undefined` before the first. */
  readonly last: A | undefined
  /** Milliseconds since the question that has no answer yet; 0 when `last` is the answer. */
  readonly waiting: number
}

/** Whoever looks while a question is open waits for its answer, too. The question goes on when nobody waits any more. */
export const make = Effect.fnUntraced(function* <A>(ask: Effect.Effect<A>, patience: Duration.Input) {
  const scope = yield* Effect.scope
  let last: A | undefined
  let open: { readonly fiber: Fiber.Fiber<A>; readonly since: number } | undefined

  const begin = Effect.gen(function* () {
    const since = yield* Clock.currentTimeMillis
    const answer = Effect.map(ask, (answer) => (last = answer))
    const fiber = yield* Effect.ensuring(
      answer,
      Effect.sync(() => (open = undefined))
    ).pipe(Effect.forkIn(scope))
    return (open = { fiber, since })
  })

  const look = Effect.gen(function* () {
    const { fiber, since } = open ?? (yield* begin)
    yield* Effect.timeoutOption(Fiber.await(fiber), patience)
    const seen: Seen<A> = { last, waiting: open === undefined ? 0 : (yield* Clock.currentTimeMillis) - since }
    return seen
  })
  return { look }
})
