/** The connection over which Discord tells what happens: every dispatch in order, resumed where it broke off. */
import { type SessionInfo, WebSocketManager, WebSocketShardEvents } from "@discordjs/ws"
import type { REST } from "@discordjs/rest"
import { GatewayDispatchEvents, type GatewayDispatchPayload } from "discord-api-types/v10"
import { Clock, Deferred, Duration, Effect, Latch, Metric, Redacted } from "effect"
import { ChatError, type ChatFatalError } from "../Chat.ts"
import { fatalClose, refusedToken } from "./Refusals.ts"

export interface Dispatch {
  readonly shardId: number
  /** The session as it is once this dispatch is in the log. */
  readonly session: SessionInfo | null
  readonly payload: GatewayDispatchPayload
}

export interface Options {
  readonly client: REST
  readonly token: Redacted.Redacted
  readonly intents: number
  /** As they were when the last batch was confirmed. */
  readonly sessions: ReadonlyArray<SessionInfo>
  /** Called at once with what must not wait its turn. */
  readonly urgent: (dispatch: Dispatch) => void
}

export interface Gateway {
  /** What came since the last call, at least one; oldest first. */
  readonly take: Effect.Effect<ReadonlyArray<Dispatch>, ChatError | ChatFatalError>
  readonly status: () => { readonly up: boolean; readonly latencyMs: number | null; readonly waiting: number }
}

/** Dispatches that wait to be taken. More of them and the connection is closed until they are taken, then resumed. */
const mostWaiting = 20_000
/** Dispatches handed over at once: each time waits for a transaction of the state. */
const atOnce = 2_000
/** Longer without a sign of life, three heartbeats, and the connection is given up. */
const silence = Duration.minutes(2)
/** Tells Discord that the session goes on elsewhere. */
const resumable = 4200

const dispatchesTotal = Metric.counter("rtfm_discord_dispatches_total", {
  description: "Events that came from Discord's gateway",
  incremental: true
})
const closesTotal = Metric.counter("rtfm_discord_closes_total", {
  description: "Times a connection to Discord's gateway ended, by close code",
  incremental: true
})

const down = (detail: string, cause?: unknown) =>
  new ChatError({ reason: "unreachable", detail, ...(cause !== undefined && { cause }) })

/** A failure of the library while it connects, in its own words. */
const connectFailure = (cause: unknown): ChatError | ChatFatalError => {
  if (typeof cause === "object" && cause !== null && "status" in cause && cause.status === 401) return refusedToken
  const message = cause instanceof Error ? cause.message : String(cause)
  if (/token to be set/i.test(message)) return refusedToken
  return down(`Discord's gateway cannot be reached: ${message.split("\n")[0]}`)
}

/** Connects for as long as the scope is open, and leaves the sessions resumable. */
export const connect = Effect.fnUntraced(function* ({ client, intents, sessions, token, urgent }: Options) {
  const current = new Map<number, SessionInfo | null>(sessions.map((session) => [session.shardId, session]))
  const failed = yield* Deferred.make<never, ChatError | ChatFatalError>()
  const news = Latch.makeUnsafe(false)
  const run = Effect.runSyncWith(yield* Effect.context<never>())
  let waiting: Array<Dispatch> = []
  let closing = false
  let up = false
  let latencyMs: number | null = null
  let seenAt = yield* Clock.currentTimeMillis

  const manager = new WebSocketManager({
    token: Redacted.value(token),
    intents,
    rest: client,
    retrieveSessionInfo: (shardId) => current.get(shardId) ?? null,
    // Closing for good would forget the session that the next start resumes.
    updateSessionInfo: (shardId, session) => void (closing || current.set(shardId, session))
  })
  const fail = (error: ChatError | ChatFatalError) => Deferred.doneUnsafe(failed, Effect.fail(error))

  manager.on(WebSocketShardEvents.Dispatch, (payload, shardId) => {
    seenAt = Date.now()
    if (closing) return
    if (payload.t === GatewayDispatchEvents.Ready || payload.t === GatewayDispatchEvents.Resumed) up = true
    const session = current.get(shardId) ?? null
    const dispatch = { shardId, payload, session: session && { ...session, sequence: payload.s } }
    urgent(dispatch)
    waiting.push(dispatch)
    if (waiting.length > mostWaiting) fail(down("More came from Discord than could be written to the log"))
    news.openUnsafe()
  })
  manager.on(WebSocketShardEvents.HeartbeatComplete, ({ latency }) => {
    seenAt = Date.now()
    latencyMs = latency
  })
  manager.on(WebSocketShardEvents.Closed, (code) => {
    up = false
    run(Metric.update(Metric.withAttributes(closesTotal, { code: String(code) }), 1))
    const fatal = fatalClose(code)
    if (fatal !== undefined) fail(fatal)
  })
  manager.on(WebSocketShardEvents.Error, () => undefined)
  manager.on(WebSocketShardEvents.SocketError, () => undefined)

  yield* Effect.addFinalizer(() =>
    Effect.promise(async () => {
      closing = true
      await manager.destroy({ code: resumable, reason: "rtfm stops" })
    }).pipe(Effect.timeoutOption("3 seconds"), Effect.ignore)
  )

  const connecting = Effect.tryPromise({ try: () => manager.connect(), catch: connectFailure })
  yield* Effect.forkScoped(Effect.catch(connecting, (error) => Effect.sync(() => fail(error))))

  const watch = Effect.gen(function* () {
    while (Date.now() - seenAt < Duration.toMillis(silence)) yield* Effect.sleep("10 seconds")
    fail(down("Discord's gateway has been silent for two minutes; connecting again"))
  })
  yield* Effect.forkScoped(watch)

  const next = Effect.gen(function* () {
    while (waiting.length === 0) {
      news.closeUnsafe()
      yield* Latch.await(news)
    }
    const taken = waiting.slice(0, atOnce)
    waiting = waiting.slice(atOnce)
    yield* Metric.update(dispatchesTotal, taken.length)
    return taken
  })

  return {
    take: Effect.raceFirst(next, Deferred.await(failed)),
    status: () => ({ up, latencyMs, waiting: waiting.length })
  } satisfies Gateway
})
