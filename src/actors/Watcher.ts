/** An actor that reads no topic: it works on what it watches until it is drained, and loses nothing when interrupted. */
import { Deferred, Effect, type Scope } from "effect"
import type * as Supervise from "./Supervise.ts"

interface Options<E> extends Pick<Supervise.Actor, "name" | "route" | "vitals"> {
  /** Run beside each other; what can be interrupted nowhere must say so itself. */
  readonly work: ReadonlyArray<Effect.Effect<void, E, Scope.Scope>>
}

export const make = Effect.fnUntraced(function* <E>({ work, ...about }: Options<E>) {
  const stop = yield* Deferred.make<void>()
  return {
    ...about,
    group: null,
    run: Effect.raceFirst(Effect.all(work, { concurrency: "unbounded", discard: true }), Deferred.await(stop)),
    drain: Effect.asVoid(Deferred.succeed(stop, undefined))
  } satisfies Supervise.Actor
})
