/** The parts the process is made of, embedded or real, and how each is. */
import { Context, Effect, Layer } from "effect"
import type { PartStatus } from "../domain/Happening.ts"

export class Parts extends Context.Service<
  Parts,
  {
    /** Adds a part; its status is asked for whenever somebody looks, so it must be cheap. */
    register(status: Effect.Effect<PartStatus>): Effect.Effect<void>
    readonly all: Effect.Effect<ReadonlyArray<PartStatus>>
  }
>()("rtfm/runtime/Parts") {
  static readonly layer = Layer.sync(Parts, () => {
    const registered: Array<Effect.Effect<PartStatus>> = []
    return Parts.of({
      register: (status) => Effect.sync(() => void registered.push(status)),
      all: Effect.suspend(() => Effect.all(registered, { concurrency: "unbounded" }))
    })
  })
}
