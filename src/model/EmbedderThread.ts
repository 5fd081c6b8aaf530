/** The worker thread the local embedder computes in: opened with its model loaded, asked one batch at a time. */
import { Cause, type Duration, Effect, Queue } from "effect"
import { Worker } from "node:worker_threads"
import { EmbedderError } from "./Embedder.ts"
import type { EmbedderPackages, EmbedderReply } from "./embedderWorker.ts"

export const model = "all-MiniLM-L6-v2"
export const dimensions = 384

export interface ThreadOptions {
  /** The thread's file; unless given it is beside the running one, as source or as bundle like that. */
  readonly entry: URL
  readonly packages: EmbedderPackages
  /** How long loading, or a batch, may take. */
  readonly patience: Duration.Input
}

export const unavailable = (why: string) =>
  new EmbedderError({ reason: "unavailable", detail: `The local embedder (${model}) cannot be loaded: ${why}` })
const failed = (why: string) =>
  new EmbedderError({ reason: "failed", detail: `The local embedder (${model}) failed: ${why}` })

export interface Thread {
  readonly embed: (texts: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Float32Array>, EmbedderError>
  readonly end: Effect.Effect<void>
}

/** Starts the thread and waits until the model is loaded. */
export const open = Effect.fnUntraced(function* (options: ThreadOptions) {
  const replies = yield* Queue.unbounded<EmbedderReply, EmbedderError>()
  const crashed = (why: string) => Queue.failCauseUnsafe(replies, Cause.fail(failed(why)))
  const worker = yield* Effect.try({
    try: () => new Worker(options.entry, { name: "embedder", workerData: options.packages, execArgv: [] }),
    catch: (cause) => unavailable(`its thread does not start (${String(cause)})`)
  })
  worker.on("message", (reply: EmbedderReply) => Queue.offerUnsafe(replies, reply))
  worker.on("error", (cause) => crashed(`its thread crashed (${cause instanceof Error ? cause.message : cause})`))
  worker.on("exit", (code) => crashed(`its thread ended with code ${code}`))

  const end = Effect.promise(() => worker.terminate()).pipe(Effect.asVoid)
  const reply = (late: EmbedderError) =>
    Queue.take(replies).pipe(
      Effect.timeoutOrElse({ duration: options.patience, orElse: () => Effect.fail(late) }),
      Effect.onError(() => end)
    )
  const first = yield* reply(unavailable("it takes too long")).pipe(
    Effect.mapError((error) => (error.reason === "failed" ? unavailable(error.detail) : error))
  )
  if (first.type !== "ready") {
    yield* end
    return yield* unavailable(first.type === "unavailable" ? first.detail : "it answers out of turn")
  }
  const embed = Effect.fnUntraced(function* (texts: ReadonlyArray<string>) {
    worker.postMessage(texts, [])
    const answer = yield* reply(failed("a batch takes too long"))
    if (answer.type === "vectors") {
      return texts.map((_, i) => answer.vectors.slice(i * dimensions, (i + 1) * dimensions))
    }
    yield* end
    return yield* failed(answer.type === "failed" ? answer.detail : "it answers out of turn")
  })
  return { embed, end } satisfies Thread
})
