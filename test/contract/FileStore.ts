/** What every store for files promises; run on each of them. */
import { assert, layer } from "@effect/vitest"
import { Data, Effect, type Layer, Stream } from "effect"
import { createHash } from "node:crypto"
import { FileStore } from "../../src/files/FileStore.ts"

const text = new TextEncoder()
const read = new TextDecoder()
const pieces = (...all: ReadonlyArray<string>) => Stream.fromIterable(all.map((piece) => text.encode(piece)))

/** The content failed. */
class Torn extends Data.TaggedError("Torn")<{ readonly at: number }> {}

const contentOf = Effect.fnUntraced(function* (key: string) {
  const store = yield* FileStore
  const all = yield* Stream.runCollect(store.get(key))
  return all.map((piece) => read.decode(piece, { stream: true })).join("")
})

/** Pieces of 64 KiB, each of another byte. */
const many = (megabytes: number) =>
  Stream.fromIterable(Array.from({ length: megabytes * 16 }, (_, n) => new Uint8Array(65_536).fill(n % 251)))

const digest = <E, R>(content: Stream.Stream<Uint8Array, E, R>) =>
  Effect.map(
    Stream.runFold(
      content,
      () => createHash("sha256"),
      (hash, piece) => hash.update(piece)
    ),
    (hash) => hash.digest("hex")
  )

export const suite = <E>(name: string, store: Layer.Layer<FileStore, E>) =>
  layer(store, { excludeTestServices: true, timeout: "60 seconds" })(`FileStore: ${name}`, (it) => {
    it.effect("gives back what was put, and what was put last", () =>
      Effect.gen(function* () {
        const { put } = yield* FileStore
        yield* put("a/b/note.txt", "text/plain", pieces("Once ", "upon a ", "time"))
        assert.strictEqual(yield* contentOf("a/b/note.txt"), "Once upon a time")
        yield* put("a/b/note.txt", "text/plain", pieces("The end"))
        assert.strictEqual(yield* contentOf("a/b/note.txt"), "The end")
      })
    )

    it.effect("takes an empty file, and names with spaces, accents and signs", () =>
      Effect.gen(function* () {
        const { list, put } = yield* FileStore
        for (const key of ["odd/an empty one", "odd/Überschrift (1)+&=%.md", "odd/emoji 🙂"]) {
          yield* put(key, "text/plain", key.endsWith("one") ? Stream.empty : pieces(key))
          assert.strictEqual(yield* contentOf(key), key.endsWith("one") ? "" : key)
        }
        assert.lengthOf(yield* list("odd/"), 3)
      })
    )

    it.effect("takes a file of many parts, whole", () =>
      Effect.gen(function* () {
        const { get, put } = yield* FileStore
        yield* put("large", "application/octet-stream", many(12))
        assert.strictEqual(yield* digest(get("large")), yield* digest(many(12)))
      })
    )

    it.effect("keeps nothing of a file whose content fails, and what was there before", () =>
      Effect.gen(function* () {
        const { list, put } = yield* FileStore
        const torn = (megabytes: number) => Stream.concat(many(megabytes), Stream.fail(new Torn({ at: megabytes })))
        for (const megabytes of [1, 11]) {
          const error = yield* Effect.flip(put("torn", "application/octet-stream", torn(megabytes)))
          assert.deepStrictEqual(error, new Torn({ at: megabytes }))
          assert.deepStrictEqual(yield* list("torn"), [])
        }
        yield* put("kept", "text/plain", pieces("before"))
        yield* Effect.flip(put("kept", "text/plain", torn(11)))
        assert.strictEqual(yield* contentOf("kept"), "before")
      })
    )

    it.effect("removes files, and what is not there", () =>
      Effect.gen(function* () {
        const { list, put, remove } = yield* FileStore
        for (const key of ["gone/1", "gone/2", "gone/3"]) yield* put(key, "text/plain", pieces(key))
        yield* remove(["gone/1", "gone/3", "gone/never was"])
        assert.deepStrictEqual(yield* list("gone/"), ["gone/2"])
        yield* remove([])
      })
    )

    it.effect("says that a file is not there", () =>
      Effect.gen(function* () {
        const { get } = yield* FileStore
        const error = yield* Effect.flip(Stream.runDrain(get("nowhere/at all")))
        assert.strictEqual(error.reason, "missing")
        assert.isFalse(error.retryable)
      })
    )

    it.effect("lists in order, and says where a file is", () =>
      Effect.gen(function* () {
        const { check, list, put, urlOf } = yield* FileStore
        for (const key of ["order/b", "order/a", "order/c/d"]) yield* put(key, "text/plain", pieces(key))
        assert.deepStrictEqual(yield* list("order/"), ["order/a", "order/b", "order/c/d"])
        assert.include(urlOf("order/a b"), "order/a")
        assert.isAbove((yield* check).length, 10)
      })
    )
  })
