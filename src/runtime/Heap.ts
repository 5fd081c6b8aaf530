/** Keeps V8 from taking far more memory than is in use, as it does on a machine with much of it. */
import { Effect, Schedule } from "effect"
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8"

/**
 * Bytes set aside for new objects, both halves together: from then on it stays as it is. Node 24 lets it grow to 134 MB
 * wherever much is in hand at once; with 8 MB a busy process uses a third more of the processor for collecting.
 */
const enough = 8 * 1024 * 1024

const size = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space")?.space_size ?? 0

/** Old objects are collected when they have grown by a quarter, instead of when there are four times as many. */
const collectOften = Effect.sync(() => setFlagsFromString("--heap-growing-percent=25"))

/** It is doubled by need; a factor of 1 ends that. Its largest size is read once, at the start of Node. */
const freeze = Effect.sync(() => setFlagsFromString("--semi-space-growth-factor=1"))

/** V8's own values: what it has compiled is of use only to a process that starts with the flags of the one that kept it. */
const release = Effect.sync(() => {
  setFlagsFromString("--heap-growing-percent=0")
  setFlagsFromString("--semi-space-growth-factor=2")
})

/** Until its scope closes. Returns once there is nothing left to watch. */
export const bound = Effect.acquireRelease(collectOften, () => release).pipe(
  Effect.andThen(
    Effect.repeat(Effect.sync(size), { until: (bytes) => bytes >= enough, schedule: Schedule.spaced("50 millis") })
  ),
  Effect.andThen(freeze)
)
