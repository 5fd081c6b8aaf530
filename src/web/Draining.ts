/** Whether the process is stopping: nothing new is taken on, what is in hand finishes. */
import { Context, Deferred, Effect, Layer } from "effect"

export class Draining extends Context.Service<
  Draining,
  {
    /** From now on the process is stopping; doing it twice changes nothing. */
    readonly begin: Effect.Effect<void>
    readonly begun: Effect.Effect<boolean>
    /** Returns when the stop begins. */
    readonly awaited: Effect.Effect<void>
  }
>()("rtfm/web/Draining") {
  static readonly layer = Layer.effect(
    Draining,
    Effect.gen(function* () {
      const latch = yield* Deferred.make<void>()
      return Draining.of({
        begin: Effect.asVoid(Deferred.succeed(latch, undefined)),
        begun: Deferred.isDone(latch),
        awaited: Deferred.await(latch)
      })
    })
  )
}
