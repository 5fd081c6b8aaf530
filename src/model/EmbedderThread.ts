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

const whyOf = (reply: EmbedderReply) => ("detail" in reply ? reply.detail : "it answers out of turn")

export interface Thread {
  readonly embed: (texts: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Float32Array>, EmbedderError>
  readonly end: Effect.Effect<void>
}

/** Starts the thread and waits until the model is loaded. */
export const open = Effect.fnUntraced(function* (options: ThreadOptions) {
  const replies = yield* Queue.unbounded<EmbedderReply, string>()
  const crashed = (why: string) => Queue.failCauseUnsafe(replies, Cause.fail(why))
  const worker = yield* Effect.try({
    try: () => new Worker(options.entry, { name: "embedder", workerData: options.packages, execArgv: [] }),
    catch: (cause) => unavailable(`its thread does not start (${String(cause)})`)
  })
  worker.on("message", (reply: EmbedderReply) => Queue.offerUnsafe(replies, reply))
  worker.on("error", (cause) => crashed(`its thread crashed (${cause instanceof Error ? cause.message : cause})`))
  worker.on("exit", (code) => crashed(`its thread ended with code ${code}`))

  const end = Effect.promise(() => worker.terminate()).pipe(Effect.asVoid)
  const reply = (error: (why: string) => EmbedderError) =>
    Queue.take(replies).pipe(
      Effect.mapError(error),
      Effect.timeoutOrElse({ duration: options.patience, orElse: () => Effect.fail(error("it takes too long")) }),
      Effect.onError(() => end)
    )

  const first = yield* reply(unavailable)
  if (first.type !== "ready") {
    yield* end
    return yield* unavailable(whyOf(first))
  }
  const embed = Effect.fnUntraced(function* (texts: ReadonlyArray<string>) {
    worker.postMessage(texts, [])
    const answer = yield* reply(failed)
    if (answer.type === "vectors") {
      return texts.map((_, i) => answer.vectors.slice(i * dimensions, (i + 1) * dimensions))
    }
    yield* end
    return yield* failed(whyOf(answer))
  })
  return { embed, end } satisfies Thread
})
