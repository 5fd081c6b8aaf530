/** Chroma's server: our own, started again when it dies, or one that runs elsewhere. */
import { Cause, Clock, Context, Effect, Layer, Metric, Option, Schema, Stream, SubscriptionRef } from "effect"
import { HttpClient } from "effect/http"
import path from "node:path"
import { answers, childFile, type Ending, run } from "./ChromaProcess.ts"
import { VectorStoreError, type VectorStoreStatus } from "./VectorStore.ts"

/** Chroma's own server does not exist for this machine, or cannot be loaded on it: vectors have to stay in memory. */
export class ChromaUnsupported extends Schema.TaggedError<ChromaUnsupported>()("ChromaUnsupported", {
  detail: Schema.String
}) {
  override get message() {
    return this.detail
  }
}

export type ServerStatus = Omit<VectorStoreStatus, "breaker">

export class ChromaServer extends Context.Service<
  ChromaServer,
  {
    /**
     * Where it answers, without a slash at the end. Waits while it is being started, but not longer than 10 s after
     * the start began; fails at once while it is down.
     */
    readonly url: Effect.Effect<string, VectorStoreError | ChromaUnsupported>
    readonly status: Effect.Effect<ServerStatus>
  }
>()("rtfm/vectors/ChromaServer") {}

const restartsTotal = Metric.counter("rtfm_vectors_server_restarts_total", {
  description: "Times our own Chroma server was started again",
  incremental: true
})

/** How long after the start of a server a call waits for it, in milliseconds. */
const patience = 10_000
/** A server that was up this long, in milliseconds, was well: its death counts as the first of a row. */
const healthyAfter = 10_000
/** Before the start after a death, in milliseconds; doubles with each death in a row, up to the longest. */
const firstPause = 100
const longestPause = 10_000

type State =
  | { readonly name: "starting"; readonly detail: string }
  | { readonly name: "up"; readonly detail: string; readonly url: string; readonly pid: number }
  | { readonly name: "down"; readonly detail: string }
  | { readonly name: "unsupported"; readonly detail: string }

interface Known {
  readonly state: State
  readonly since: number
  readonly restarts: number
}

const starting: State = { name: "starting", detail: "Our own Chroma server is being started." }

/** Whatever ends a run is an ending, a bug and a full disk included. */
const asEnding = (cause: Cause.Cause<unknown>): Effect.Effect<Ending> =>
  Cause.hasInterruptsOnly(cause)
    ? Effect.interrupt
    : Effect.succeed({ detail: `could not be run: ${Cause.squash(cause)}`, unsupported: false })

/** Keeps a server on the folder, and `current` up to date. Ends only where no server can ever run. */
const supervise = Effect.fnUntraced(function* (
  current: SubscriptionRef.SubscriptionRef<Known>,
  options: { readonly folder: string; readonly child: string }
) {
  const become = (state: State, restarts = 0) =>
    Effect.flatMap(Clock.currentTimeMillis, (since) =>
      SubscriptionRef.update(current, (known) => ({ state, since, restarts: known.restarts + restarts }))
    )
  const server = run({
    ...options,
    onWait: (server) =>
      become(
        server === undefined
          ? { ...starting, detail: `Our own Chroma server waits for another one to leave ${options.folder}.` }
          : { name: "up", detail: `The Chroma server of another process answers at ${server.url}.`, ...server }
      ),
    onStart: become(starting),
    onUp: ({ pid, url }) => become({ name: "up", detail: `Our own Chroma server answers at ${url}.`, url, pid })
  }).pipe(Effect.catchCause(asEnding))

  for (let deaths = 0; ; deaths++) {
    const { detail, unsupported } = yield* server
    if (unsupported) {
      const loss = `Chroma's server cannot run on this machine (it ${detail}): vectors are kept in memory and are computed anew at each start.`
      yield* Effect.logWarning(loss)
      return yield* become({ name: "unsupported", detail: loss })
    }
    if (yield* wasWell(current)) deaths = 0
    const pause = Math.min(firstPause * 2 ** deaths, longestPause)
    yield* become({ name: "down", detail: `Our own Chroma server ${detail}.` })
    yield* Effect.logWarning(`Chroma's server ${detail}; it is started again in ${pause} ms`)
    yield* Effect.sleep(pause)
    yield* become(starting, 1)
    yield* Metric.update(restartsTotal, 1)
  }
})

const wasWell = Effect.fnUntraced(function* (current: SubscriptionRef.SubscriptionRef<Known>) {
  const { since, state } = yield* SubscriptionRef.get(current)
  return state.name === "up" && (yield* Clock.currentTimeMillis) - since > healthyAfter
})

/** The state once it is no longer starting, or the starting one when that takes too long. */
const settled = Effect.fnUntraced(function* (current: SubscriptionRef.SubscriptionRef<Known>) {
  const { since, state } = yield* SubscriptionRef.get(current)
  if (state.name !== "starting") return state
  const left = since + patience - (yield* Clock.currentTimeMillis)
  const next = yield* SubscriptionRef.changes(current).pipe(
    Stream.map((known) => known.state),
    Stream.filter((state) => state.name !== "starting"),
    Stream.runHead,
    Effect.timeoutOption(Math.max(0, left))
  )
  return Option.getOrElse(Option.flatten(next), () => state)
})

const urlOf = (state: State): Effect.Effect<string, VectorStoreError | ChromaUnsupported> => {
  if (state.name === "up") return Effect.succeed(state.url)
  return state.name === "unsupported"
    ? Effect.fail(new ChromaUnsupported({ detail: state.detail }))
    : Effect.fail(new VectorStoreError({ reason: "unreachable", detail: state.detail }))
}

const statusOf = ({ restarts, since, state }: Known): ServerStatus => ({
  kind: state.name === "unsupported" ? "memory" : "embedded",
  state: state.name === "unsupported" ? "up" : state.name,
  since,
  restarts,
  pid: state.name === "up" ? state.pid : null,
  detail: state.detail
})

const makeEmbedded = Effect.fnUntraced(function* (options: { readonly folder: string; readonly child: string }) {
  yield* Metric.update(restartsTotal, 0)
  const since = yield* Clock.currentTimeMillis
  const current = yield* SubscriptionRef.make<Known>({ state: starting, since, restarts: 0 })
  yield* supervise(current, options).pipe(Effect.annotateLogs({ part: "vectors" }), Effect.forkScoped)
  return ChromaServer.of({
    url: Effect.flatMap(settled(current), urlOf),
    status: Effect.map(SubscriptionRef.get(current), statusOf)
  })
})

/** Our own server on a folder, which no other server may have open. Gives at once; the server starts meanwhile. */
export const layerEmbedded = (options: { readonly folder: string; readonly child?: string }) =>
  Layer.effect(
    ChromaServer,
    makeEmbedded({ folder: path.resolve(options.folder), child: options.child ?? childFile() })
  )

const makeRemote = Effect.fnUntraced(function* (url: string) {
  const http = yield* HttpClient.HttpClient
  let known: Pick<ServerStatus, "state" | "since"> = { state: "starting", since: yield* Clock.currentTimeMillis }
  const look = Effect.gen(function* () {
    const state = (yield* answers(http, url)) ? "up" : "down"
    if (state !== known.state) known = { state, since: yield* Clock.currentTimeMillis }
    const detail = `The Chroma server at ${url} ${state === "up" ? "answers" : "does not answer"}.`
    return { ...known, kind: "remote", restarts: 0, pid: null, detail } satisfies ServerStatus
  })
  return ChromaServer.of({ url: Effect.succeed(url), status: yield* Effect.cachedWithTTL(look, "5 seconds") })
})

/** A server that somebody else runs; `url` without a slash at the end. */
export const layerRemote = (url: string) => Layer.effect(ChromaServer, makeRemote(url))
