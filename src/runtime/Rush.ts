/** Whether more comes in than can be dealt with at once: then what can wait does, so that nothing that comes in is late. */
import { Context, Effect } from "effect"
import { setTimeout as wait } from "node:timers/promises"

export interface Pace {
  /** So much came in at once that more is to be expected. */
  readonly felt: Effect.Effect<void>
  /** Waits while there is a rush, and not for long, so that what waits gets its turns in one without end. */
  readonly over: Effect.Effect<void>
}

/** How long more is expected, how often it is looked, and the longest wait; in milliseconds of the machine. */
const [lasts, step, longest] = [60, 20, 400]

const make = (): Pace => {
  let until = 0
  const over = async () => {
    for (let waited = 0; waited < longest && performance.now() < until; waited += step) await wait(step)
  }
  return {
    felt: Effect.sync(() => void (until = performance.now() + lasts)),
    over: Effect.suspend(() => (performance.now() < until ? Effect.promise(over) : Effect.void))
  }
}

/** Of this process. */
export const Rush = Context.Reference<Pace>("rtfm/runtime/Rush", { defaultValue: make })
