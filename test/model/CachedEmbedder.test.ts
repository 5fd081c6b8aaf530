/** A text is embedded once, by whichever embedder is free, and never again by a later process. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as CachedEmbedder from "../../src/model/CachedEmbedder.ts"
import { Embedder } from "../../src/model/Embedder.ts"
import * as FakeEmbedder from "../fixtures/FakeEmbedder.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "rtfm-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

/** Remembers what it was asked, and lets others go on meanwhile. */
const counting = (asked: Array<string>, id = "fake") =>
  Effect.map(Embedder, (inner): Embedder["Service"] => ({
    ...inner,
    id,
    embedPassages: (texts) =>
      Effect.andThen(
        Effect.sync(() => asked.push(...texts)),
        Effect.andThen(Effect.yieldNow, inner.embedPassages(texts))
      )
  })).pipe(Effect.provide(FakeEmbedder.layer))

const texts = Array.from({ length: 50 }, (_, i) => `text ${i}`)

describe("CachedEmbedder", () => {
  it.effect("gives each text its own vector, in order, and asks for each once", () =>
    Effect.gen(function* () {
      const [first, second]: [Array<string>, Array<string>] = [[], []]
      const file = join(yield* folder, "deeper", "vectors.sqlite")
      const cached = yield* CachedEmbedder.make(file, [yield* counting(first), yield* counting(second)])
      const vectors = yield* cached.embedPassages([...texts, ...texts])
      assert.deepStrictEqual(vectors, [...texts, ...texts].map(FakeEmbedder.vectorOf))
      assert.deepStrictEqual([...first, ...second].sort(), [...texts].sort())
      assert.isNotEmpty(first)
      assert.isNotEmpty(second)
      assert.deepStrictEqual(yield* cached.embedPassages([]), [])
    })
  )

  it.effect("remembers across processes, apart for each model", () =>
    Effect.gen(function* () {
      const file = join(yield* folder, "vectors.sqlite")
      const run = Effect.fnUntraced(function* (id: string) {
        const asked: Array<string> = []
        const cached = yield* CachedEmbedder.make(file, [yield* counting(asked, id)])
        const vectors = yield* cached.embedPassages(texts)
        assert.deepStrictEqual(vectors, texts.map(FakeEmbedder.vectorOf))
        return asked.length
      }, Effect.scoped)
      assert.deepStrictEqual([yield* run("a"), yield* run("a"), yield* run("b")], [50, 0, 50])
    })
  )

  it.effect("says which file it cannot open", () =>
    Effect.gen(function* () {
      const path = yield* folder
      writeFileSync(join(path, "file"), "no folder")
      const error = yield* Effect.flip(
        Layer.build(CachedEmbedder.layer(join(path, "file", "vectors.sqlite"), [yield* counting([])]))
      )
      assert.strictEqual(error.reason, "unavailable")
      assert.include(error.detail, join(path, "file", "vectors.sqlite"))
    })
  )
})
