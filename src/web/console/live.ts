/** What happens, as it happens: one stream of server-sent events that goes on from where it broke off. */
import type { Happening } from "../../domain/Happening.ts"
import { authorization, locked } from "./api.ts"
import { reader, type ServerSent } from "./ServerSent.ts"

export interface Watcher {
  /** Connected; `resumed` when what was missed follows. */
  readonly opened: (resumed: boolean) => void
  /** In order. */
  readonly happened: (happenings: ReadonlyArray<Happening>) => void
  /** Too much was missed: what is known has to be read again. */
  readonly reset: () => void
  /** Not connected; the next try is at this time. */
  readonly lost: (nextTryAt: number) => void
}

const firstWait = 500
const longestWait = 15_000
/** The server says something every 15 s; without that the connection is dead. */
const longestSilence = 40_000
/** Between one drawing of what happened and the next. */
const rest = 80

let wakeUp: () => void = () => undefined

/** Tries now instead of waiting. */
export const tryNow = (): void => wakeUp()

addEventListener("online", tryNow)

/** Watches until the server asks for a token. */
export const watch = async (watcher: Watcher): Promise<void> => {
  let last: string | undefined
  let wait = firstWait
  const deliver = inBatches(watcher)
  while (!locked.value) {
    await follow(last, {
      opened: () => {
        wait = firstWait
        watcher.opened(last !== undefined)
      },
      came: (event) => {
        last = event.id ?? last
        deliver(event)
      }
    })
    if (locked.value) return
    const pause = wait * (0.8 + Math.random() * 0.4)
    watcher.lost(Date.now() + pause)
    await sleep(pause)
    wait = Math.min(wait * 2, longestWait)
  }
}

interface Follower {
  readonly opened: () => void
  readonly came: (event: ServerSent) => void
}

/** Follows one connection to its end, however it ends. */
const follow = async (last: string | undefined, follower: Follower): Promise<void> => {
  const ended = new AbortController()
  const silence = alarm(longestSilence, () => ended.abort())
  try {
    const response = await fetch("/api/events", { headers: headers(last), cache: "no-store", signal: ended.signal })
    if (response.status === 401) locked.value = true
    if (!response.ok || !response.body) return
    follower.opened()
    const read = reader()
    const pieces = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (let piece = await pieces.read(); !piece.done; piece = await pieces.read()) {
      silence.putOff()
      read(piece.value).forEach(follower.came)
    }
  } catch {
    return
  } finally {
    silence.stop()
    // What was not read to its end would hold the connection.
    ended.abort()
  }
}

const headers = (last: string | undefined): Record<string, string> => ({
  accept: "text/event-stream",
  ...authorization(),
  ...(last === undefined ? {} : { "last-event-id": last })
})

const alarm = (ms: number, ring: () => void) => {
  let timer = setTimeout(ring, ms)
  const stop = () => clearTimeout(timer)
  const putOff = () => {
    stop()
    timer = setTimeout(ring, ms)
  }
  return { putOff, stop }
}

/** The first at once, and what follows closely together, so that a flood is drawn a few times a second. */
const inBatches = (watcher: Watcher): ((event: ServerSent) => void) => {
  let batch: Array<Happening> = []
  let resting = false
  const flush = () => {
    const happenings = batch
    batch = []
    resting = happenings.length > 0
    if (!resting) return
    watcher.happened(happenings)
    setTimeout(flush, rest)
  }
  return (event) => {
    if (event.event === "reset") {
      flush()
      watcher.reset()
    } else if (event.event === "message" && batch.push(JSON.parse(event.data) as Happening) === 1 && !resting) {
      queueMicrotask(flush)
    }
  }
}

const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    wakeUp = () => {
      clearTimeout(timer)
      resolve()
    }
  })
