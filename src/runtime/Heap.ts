/** Keeps V8 from taking far more memory than is in use, as it does on a machine with much of it. */
import { Effect } from "effect"
import { PerformanceObserver } from "node:perf_hooks"
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8"

/**
 * Bytes set aside for new objects, both halves together. Node 24 lets it grow to 134 MB wherever much is in hand at once,
 * and takes it back to 2 MB when little is; at that, a fifth of the work of a busy process is collecting.
 */
export const enough = 8 * 1024 * 1024

const size = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space")?.space_size ?? 0

/** Old objects are collected when they have grown by a quarter, instead of when there are four times as many. */
const collectOften = Effect.sync(() => setFlagsFromString("--heap-growing-percent=25"))

/** What the space is multiplied by when much in it is still in use; its largest size is read once, at the start of Node. */
const grow = (factor: 1 | 2) => setFlagsFromString(`--semi-space-growth-factor=${factor}`)

/** After each collection, since it is then that the space grows and shrinks. */
const watch = Effect.acquireRelease(
  Effect.sync(() => {
    const observer = new PerformanceObserver(() => grow(size() < enough ? 2 : 1))
    observer.observe({ entryTypes: ["gc"] })
    return observer
  }),
  (observer) => Effect.sync(() => observer.disconnect())
)

/** V8's own values: what it has compiled is of use only to a process that starts with the flags of the one that kept it. */
const release = Effect.sync(() => {
  setFlagsFromString("--heap-growing-percent=0")
  grow(2)
})

/** Until its scope closes. */
export const bound = Effect.acquireRelease(collectOften, () => release).pipe(Effect.andThen(watch))
