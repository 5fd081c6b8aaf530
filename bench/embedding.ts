/** Gemini's test server at 20 ms a call: passages to vectors in Chroma, against a bare loop that embeds and upserts the same. */
import { GoogleGenAI } from "@google/genai"
import { ConfigProvider, Duration, Effect, Layer, Redacted } from "effect"
import { fork } from "node:child_process"
import { once } from "node:events"
import * as Indexes from "../src/knowledge/Indexes.ts"
import type { Unembedded } from "../src/knowledge/Passages.ts"
import * as Allowance from "../src/model/Allowance.ts"
import * as Gemini from "../src/model/gemini/Gemini.ts"
import * as QuotingWriter from "../src/model/QuotingWriter.ts"
import * as GeminiServer from "../test/fixtures/gemini/GeminiServer.ts"
import type { Figure } from "./broker.ts"
import { medianOf, rate } from "./numbers.ts"
import { bareLoop, inTurns, inWorld, passagesOf, textOf, vectorizing } from "./vectors.ts"

/** Milliseconds that a call takes. */
const latency = 20
/** Texts of one call of Gemini's, at most. */
const batch = 100
const dimensions = 768
const goals = { share: 0.9, callsShare: 1 / 50 }

/** Seconds by the clock, and of this process's processor, which other work on the machine disturbs less. */
interface Cost {
  readonly time: number
  readonly processor: number
}

const costOf = Effect.fnUntraced(function* <A, E, R>(work: Effect.Effect<A, E, R>) {
  const before = process.cpuUsage()
  const [took] = yield* Effect.timed(work)
  const { system, user } = process.cpuUsage(before)
  return { time: Duration.toSeconds(took), processor: (system + user) / 1e6 } satisfies Cost
})

interface Server {
  readonly url: string
  /** Calls that embedded so far. */
  readonly calls: Effect.Effect<number>
}

/** In a process of its own, so that what it does takes no time of those who call it. */
const server = Effect.gen(function* () {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => fork(import.meta.filename, ["--server"])),
    (child) => Effect.sync(() => void child.kill())
  )
  const told = Effect.map(
    Effect.promise(() => once(child, "message")),
    ([message]) => message
  )
  const url: string = yield* told
  const calls = Effect.suspend(() => {
    child.send("calls")
    return told
  })
  return { url, calls } satisfies Server
})

const serve = Effect.gen(function* () {
  const gemini = yield* GeminiServer.listen({ latency: { embed: latency } })
  process.on("message", () => process.send!(gemini.calls.length))
  process.send!(gemini.url)
  return yield* Effect.never
}).pipe(Effect.scoped)

const bare = (name: string, { url }: Server, all: ReadonlyArray<Unembedded>) => {
  const gemini = new GoogleGenAI({ apiKey: "bench", httpOptions: { baseUrl: url } })
  const vectorsOf = async (rows: ReadonlyArray<Unembedded>) => {
    const { embeddings } = await gemini.models.embedContent({
      model: "bare",
      contents: rows.map(textOf),
      config: { outputDimensionality: dimensions, taskType: "RETRIEVAL_DOCUMENT" }
    })
    return embeddings!.map(({ values }) => values!)
  }
  return Effect.flatMap(bareLoop({ name, all, batch, vectorsOf }), costOf)
}

/** Another embedder for each round, so that every passage waits for its vector. */
const embedder = (model: string, { url }: Server) => {
  const env = { GEMINI_BASE_URL: url, GEMINI_EMBEDDING_MODEL: model }
  return Gemini.layer(Redacted.make("bench"), QuotingWriter.layer).pipe(
    Layer.provide(Allowance.layerUnlimited),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
  )
}

const ours = (model: string, server: Server, count: number) =>
  Effect.gen(function* () {
    const callsBefore = yield* server.calls
    const cost = yield* costOf(yield* vectorizing(count))
    return { ...cost, calls: (yield* server.calls) - callsBefore }
  }).pipe(Effect.scoped, Effect.provide(Indexes.layer.pipe(Layer.provideMerge(embedder(model, server)))))

const measure = (count: number, rounds: number) =>
  Effect.gen(function* () {
    const running = yield* server
    const all = yield* passagesOf(count)
    // The first finds code that is cold.
    const times = yield* inTurns(
      rounds + 1,
      (round) => bare(`bare-${round}`, running, all),
      (round) => ours(`round-${round}`, running, count)
    )
    const warm = times.slice(1)
    const ratio = medianOf(warm, ({ bare, ours }) => bare.time / ours.time)
    const calls = medianOf(warm, ({ ours }) => ours.calls)
    const shown = (of: (time: (typeof warm)[number]) => Cost) => {
      const [time, processor] = [medianOf(warm, (t) => of(t).time), medianOf(warm, (t) => of(t).processor)]
      return `${rate(count, time)} passages/s, ${((processor / count) * 1_000).toFixed(2)} ms of processor each`
    }
    return [
      {
        name: `embedding: against a bare loop by ${batch}, calls of ${latency} ms`,
        value: ratio.toFixed(2),
        goal: `≥ ${goals.share}`,
        ok: ratio >= goals.share
      },
      {
        name: "embedding: calls of Gemini",
        value: `1 for ${(count / calls).toFixed(0)} passages`,
        goal: `1 for ${1 / goals.callsShare} or more`,
        ok: calls / count <= goals.callsShare
      },
      { name: "embedding: passages to vectors", value: shown(({ ours }) => ours) },
      { name: "embedding: the same by a bare loop", value: shown(({ bare }) => bare) }
    ] satisfies ReadonlyArray<Figure>
  }).pipe(Effect.scoped)

export const run = (quick: boolean): Promise<ReadonlyArray<Figure>> =>
  inWorld(measure(quick ? 2_000 : 5_000, quick ? 2 : 5))

if (import.meta.main) {
  if (process.argv.includes("--server")) await Effect.runPromise(serve)
  else console.table(await run(process.argv.includes("--quick")))
}
