/** The local embedder with its real thread and model: order, idle end, crashes, and a model that is not there. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Embedder } from "../../src/model/Embedder.ts"
import * as LocalEmbedder from "../../src/model/LocalEmbedder.ts"

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * b[i]!, 0)
const crashing = LocalEmbedder.layerWith({
  entry: new URL("../fixtures/crashingEmbedderWorker.ts", import.meta.url)
})
/** Loads, and never answers. */
const silent = LocalEmbedder.layerWith({
  entry: new URL(
    `data:text/javascript,import { parentPort } from "node:worker_threads";
    parentPort.on("message", () => {}); parentPort.postMessage({ type: "ready" })`
  )
})
const state = Effect.flatMap(Embedder, (embedder) => Effect.map(embedder.status, (status) => status.state))

describe("LocalEmbedder", () => {
  it.effect("gives unit vectors in which related texts are near", () =>
    Effect.gen(function* () {
      const embedder = yield* Embedder
      const [question, near, far] = yield* embedder.embedPassages([
        "How do I install the program?",
        "Setup: download and run the installer.",
        "Bananas ripen faster beside apples."
      ])
      assert.strictEqual(question!.length, embedder.dimensions)
      assert.approximately(dot(question!, question!), 1, 1e-5)
      assert.isAbove(dot(question!, near!), dot(question!, far!) + 0.2)
      const [again] = yield* embedder.embedQueries(["How do I install the program?"])
      assert.approximately(dot(question!, again!), 1, 1e-5)
      assert.deepStrictEqual(yield* embedder.embedQueries([]), [])
    }).pipe(Effect.provide(LocalEmbedder.layer))
  )

  it.effect("answers a question before the passages that wait", () =>
    Effect.gen(function* () {
      const embedder = yield* Embedder
      const finished: Array<string> = []
      const passages = Array.from({ length: 12 }, (_, i) => `passage ${i} ${"of many words ".repeat(60)}`)
      const waiting = yield* Effect.forEach(passages, (text) =>
        Effect.forkChild(Effect.tap(embedder.embedPassages([text]), () => Effect.sync(() => finished.push("passage"))))
      )
      yield* Effect.yieldNow
      yield* Effect.tap(embedder.embedQueries(["which one?"]), () => Effect.sync(() => finished.push("question")))
      assert.isAtMost(finished.indexOf("question"), 1)
      yield* Fiber.joinAll(waiting)
      assert.strictEqual(finished.length, 13)
    }).pipe(Effect.provide(LocalEmbedder.layer))
  )

  it.effect("leaves memory after a minute without work and comes back", () =>
    Effect.gen(function* () {
      const embedder = yield* Embedder
      assert.strictEqual(yield* state, "idle")
      yield* embedder.embedPassages(["one"])
      assert.strictEqual(yield* state, "loaded")
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(yield* state, "loaded")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* state, "idle")
      yield* embedder.embedPassages(["two"])
      assert.strictEqual(yield* state, "loaded")
    }).pipe(Effect.provide(LocalEmbedder.layer))
  )

  it.effect("goes on when a caller stops waiting", () =>
    Effect.gen(function* () {
      const embedder = yield* Embedder
      const caller = yield* Effect.forkChild(
        embedder.embedPassages(Array.from({ length: 40 }, (_, i) => `text ${i} ${"word ".repeat(150)}`))
      )
      yield* embedder.embedQueries(["first"])
      yield* Fiber.interrupt(caller)
      const [vector] = yield* embedder.embedPassages(["second"])
      assert.approximately(dot(vector!, vector!), 1, 1e-5)
    }).pipe(Effect.provide(LocalEmbedder.layer))
  )

  it.effect("keeps the vectors of questions", () =>
    Effect.gen(function* () {
      const embedder = yield* Embedder
      const [a, b] = yield* embedder.embedQueries(["the same", "other"])
      const [c, d, e] = yield* embedder.embedQueries(["other", "the same", "the same"])
      assert.isTrue(a === d && a === e && b === c)
    }).pipe(Effect.provide(crashing))
  )

  it.effect("makes the vector of a question once, however many ask for it at the same time", () =>
    Effect.gen(function* () {
      const embedder = yield* Embedder
      const ask = Effect.map(embedder.embedQueries(["the same"]), ([vector]) => vector)
      const [a, b, c] = yield* Effect.all([ask, ask, ask], { concurrency: "unbounded" })
      assert.isTrue(a === b && a === c)
    }).pipe(Effect.provide(crashing))
  )

  it.effect("is started again after a crash, and tries the batch once more", () =>
    Effect.gen(function* () {
      const embedder = yield* Embedder
      const folder = mkdtempSync(join(tmpdir(), "rtfm-"))
      yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(folder, { recursive: true })))
      const vectors = yield* embedder.embedPassages([`crash unless ${join(folder, "flag")}`])
      assert.strictEqual(vectors.length, 1)
    }).pipe(Effect.provide(crashing))
  )

  it.effect("fails a text that crashes it each time, and serves the next", () =>
    Effect.gen(function* () {
      const embedder = yield* Embedder
      const error = yield* Effect.flip(embedder.embedPassages(["crash"]))
      assert.strictEqual(error.reason, "failed")
      assert.match(error.detail, /all-MiniLM-L6-v2.*ended with code 3/)
      assert.strictEqual((yield* embedder.embedPassages(["fine"])).length, 1)
    }).pipe(Effect.provide(crashing))
  )

  it.effect("says why a model cannot be loaded, and rests before it tries again", () =>
    Effect.gen(function* () {
      const embedder = yield* Embedder
      const error = yield* Effect.flip(embedder.embedQueries(["hello"]))
      assert.strictEqual(error.reason, "unavailable")
      assert.match(error.detail, /^The local embedder \(all-MiniLM-L6-v2\) cannot be loaded: .*no-such-model/)
      const status = yield* embedder.status
      assert.deepStrictEqual(status, { state: "unavailable", detail: error.detail })
      assert.strictEqual(yield* Effect.flip(embedder.embedQueries(["hello"])), error)
      yield* TestClock.adjust("1 minute")
      assert.notStrictEqual(yield* Effect.flip(embedder.embedQueries(["hello"])), error)
    }).pipe(Effect.provide(LocalEmbedder.layerWith({ packages: { engine: "@lat.md/embed", model: "no-such-model" } })))
  )

  it.effect("gives up loading that takes too long", () =>
    Effect.gen(function* () {
      const embedder = yield* Embedder
      const fiber = yield* Effect.forkChild(Effect.flip(embedder.embedQueries(["hello"])))
      yield* TestClock.adjust("1 minute")
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(error.reason, "unavailable")
      assert.match(error.detail, /too long/)
    }).pipe(Effect.provide(LocalEmbedder.layerWith({ entry: new URL("data:text/javascript,setInterval(()=>{},1e6)") })))
  )

  it.effect("fails what waits and what is in hand when it is stopped", () =>
    Effect.gen(function* () {
      const waiting = yield* Effect.gen(function* () {
        const embedder = yield* Embedder
        const texts = ["in hand", "waiting"]
        const fibers = yield* Effect.forEach(texts, (text) =>
          Effect.forkDetach(Effect.flip(embedder.embedPassages([text])))
        )
        while ((yield* state) !== "loaded") yield* Effect.promise(() => new Promise(setImmediate))
        return fibers
      }).pipe(Effect.provide(silent))
      for (const fiber of waiting) assert.match((yield* Fiber.join(fiber)).detail, /stopped/)
    })
  )
})
