/** Frees the buffers of what passed, as it passes. */
import { Effect, Stream } from "effect"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

/** Bytes that pass between two sweeps: each costs tens of milliseconds, and small files none. */
const between = 16 * 1024 * 1024

/** V8's own, which is only shown where its flag is set; other engines have none. */
const collector = (): (() => void) | undefined => {
  setFlagsFromString("--expose-gc")
  const found = runInNewContext("typeof gc === 'function' ? gc : undefined")
  setFlagsFromString("--no-expose-gc")
  return found
}

let collect: (() => void) | undefined

/** The same content. Left to itself, V8 lets a hundred megabytes of buffers that nobody holds gather before it looks. */
export const swept = <E, R>(content: Stream.Stream<Uint8Array, E, R>): Stream.Stream<Uint8Array, E, R> =>
  Stream.suspend(() => {
    let since = 0
    return Stream.tap(content, ({ length }) =>
      Effect.sync(() => {
        since += length
        if (since < between) return
        since = 0
        collect ??= collector()
        collect?.()
      })
    )
  })
