/** Files by key, outside of the state. Content travels in pieces and is never whole in memory. */
import { Context, Effect, Layer, Schema, Stream } from "effect"
import { joined } from "./Bytes.ts"

export class FileStoreError extends Schema.TaggedError<FileStoreError>()("FileStoreError", {
  /**
   * `unreachable`: no answer, or one that asks to come back; `denied`: the keys are not accepted or may not do this;
   * `missing`: there is no such bucket or file; `failed`: anything else.
   */
  reason: Schema.Literals(["unreachable", "denied", "missing", "failed"]),
  /** One sentence without secrets that names the store. */
  detail: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message() {
    return this.detail
  }
  /** Keys and buckets are mended by people, and what waits for that is tried again. */
  get retryable(): boolean {
    return this.reason !== "missing"
  }
}

export class FileStore extends Context.Service<
  FileStore,
  {
    /**
     * Puts content under a key, in the place of what was there. It is there as a whole or not at all: when the content
     * fails, that is the failure, and what was there stays. `type` is a media type.
     */
    put<E>(key: string, type: string, content: Stream.Stream<Uint8Array, E>): Effect.Effect<void, FileStoreError | E>
    get(key: string): Stream.Stream<Uint8Array, FileStoreError>
    /** What is not there counts as removed. */
    remove(keys: ReadonlyArray<string>): Effect.Effect<void, FileStoreError>
    /** The keys that begin so, in the order of their bytes. */
    list(prefix: string): Effect.Effect<ReadonlyArray<string>, FileStoreError>
    /** Whether it can be used, and where it is, in one sentence. */
    readonly check: Effect.Effect<string, FileStoreError>
    /** Where a file is, for people and programs that may read the store; without a signature. */
    urlOf(key: string): string
  }
>()("rtfm/files/FileStore") {}

/** For tests: gone with the process. */
export const layerMemory = Layer.sync(FileStore, () => {
  const files = new Map<string, Uint8Array>()
  const missing = (key: string) => new FileStoreError({ reason: "missing", detail: `There is no file ${key}` })
  return FileStore.of({
    put: (key, _, content) =>
      Effect.map(Stream.runCollect(content), (pieces) => {
        files.set(key, joined(pieces))
      }),
    get: (key) =>
      Stream.suspend(() => {
        const bytes = files.get(key)
        return bytes === undefined ? Stream.fail(missing(key)) : Stream.succeed(bytes)
      }),
    remove: (keys) =>
      Effect.sync(() => {
        for (const key of keys) files.delete(key)
      }),
    list: (prefix) => Effect.sync(() => [...files.keys()].filter((key) => key.startsWith(prefix)).sort()),
    check: Effect.succeed("Files are kept in memory, until the process ends"),
    urlOf: (key) => `memory:${key}`
  })
})
