/** What a person sees when the model fails, whatever way it does; and what its breaker and metrics show. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { TestClock } from "effect/testing"
import { Allowance } from "../../src/model/Allowance.ts"
import { Embedder } from "../../src/model/Embedder.ts"
import { Writer } from "../../src/model/Writer.ts"
import * as GeminiServer from "../fixtures/gemini/GeminiServer.ts"
import { saying } from "../fixtures/gemini/Personas.ts"
import * as Reactions from "../fixtures/gemini/Reactions.ts"
import * as Writing from "../fixtures/gemini/Writing.ts"
import { golden } from "../golden/golden.ts"

const question = "How often should I descale the kettle?"
const quote = "Descale the kettle every three months with citric acid."
const right = JSON.stringify(saying({ text: quote, passage: 1, quote }))

/** Lets what goes over promises happen between two steps of the test's clock. */
const eventLoop = Effect.promise(() => new Promise((done) => setImmediate(done)))

/** Runs with the test's clock moving as long as it takes. */
const inItsTime = Effect.fnUntraced(function* <A, E, R>(effect: Effect.Effect<A, E, R>) {
  const fiber = yield* Effect.forkChild(effect)
  while (fiber.pollUnsafe() === undefined) {
    yield* TestClock.adjust("500 millis")
    yield* eventLoop
  }
  return yield* Fiber.join(fiber)
})

const ask = Writer.use((writer) => writer.write(question, Writing.retrieved(Writing.kettle), { askerId: "ada" }))

const used = (what: "budget" | "person") =>
  Layer.succeed(Allowance, {
    check: () => Effect.succeed(what),
    spend: () => Effect.void,
    wrote: () => Effect.void,
    answersPerPerson: 20
  })

interface Case {
  readonly name: string
  readonly reactions: ReadonlyArray<Reactions.Reaction>
  readonly settings?: Record<string, string>
  readonly allowance?: Layer.Layer<Allowance>
}

const { cut, limited, slow, text } = Reactions
const second = { GEMINI_FALLBACK_MODEL: "gemini-second" }

const cases: ReadonlyArray<Case> = [
  { name: "It works", reactions: [text(right)] },
  { name: "It is overloaded for a moment", reactions: [Reactions.overloaded, text(right)] },
  { name: "It is down", reactions: Array.from({ length: 3 }, () => Reactions.overloaded) },
  { name: "It fails inside", reactions: Array.from({ length: 3 }, () => Reactions.internal) },
  {
    name: "It is down, and a second model is named",
    reactions: [...Array.from({ length: 3 }, () => Reactions.overloaded), text(right)],
    settings: second
  },
  { name: "It does not answer", reactions: [Reactions.silent] },
  { name: "It takes a minute", reactions: [slow(60_000, text(right))] },
  { name: "It has had its calls for this minute", reactions: [limited({ retryDelay: "34s" })] },
  {
    name: "It has had its calls for this minute, and is free again in a second",
    reactions: [limited({ retryDelay: "1s" }), text(right)]
  },
  { name: "It has had its calls for today", reactions: [limited({ quota: "requestsPerDay", retryDelay: "7200s" })] },
  { name: "The key is wrong", reactions: [Reactions.invalidKey] },
  { name: "The key may not be used", reactions: [Reactions.forbidden] },
  { name: "It returns no JSON", reactions: [text("Descale it, obviously!"), text("Sure: every 3 months.")] },
  { name: "It returns no JSON, and the second time does", reactions: [text("Sure!"), text(right)] },
  { name: "It returns other JSON", reactions: [text(`{"answer":"yes"}`), text(`{"verdict":"maybe"}`)] },
  { name: "It is cut in the middle", reactions: [cut(right, 3)] },
  { name: "It ends in the middle", reactions: [text(right.slice(0, 90), { finishReason: "MAX_TOKENS" }), text("{")] },
  { name: "It declines the question for safety", reactions: [Reactions.blocked()] },
  { name: "It stops its answer for safety", reactions: [Reactions.stopped()] },
  { name: "Today's budget is used up", reactions: [], allowance: used("budget") },
  { name: "The person has had their answers for today", reactions: [], allowance: used("person") },
  {
    name: "It proves nothing of what it says",
    reactions: [Reactions.json(saying({ text: "Never.", passage: 1, quote: "Never descale the kettle." }))]
  }
]

const seen = ({ allowance, name, reactions, settings }: Case) =>
  Effect.gen(function* () {
    const server = GeminiServer.make({ key: Writing.key, model: () => Reactions.internal })
    server.script(...reactions)
    const { mode, refused, text } = yield* inItsTime(ask).pipe(
      Effect.provide(Writing.layer(server, settings, allowance))
    )
    const asked = server.calls.map(({ model }) => model)
    const models = asked.length === 0 ? "no model" : asked.join(", then ")
    return `## ${name}\n\nAsked: ${models}. Mode: ${mode}${refused ? ", a refusal" : ""}.\n\n${text}\n`
  })

it.effect(
  "what a person sees when the model fails",
  () =>
    Effect.gen(function* () {
      const sections = yield* Effect.forEach(cases, seen)
      yield* golden("answers/when-the-model-fails.md", ["# When the model fails\n", ...sections].join("\n"))
    }),
  60_000
)

/** The value of a metric with these labels. */
const metric = (name: string, labels: Record<string, string>) =>
  Effect.map(PrometheusMetrics.format(), (text) => {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
    const line = text
      .split("\n")
      .find((line) => line.startsWith(`${name}{`) && wanted.every((label) => line.includes(label)))
    return Number(line?.split(" ").at(-1))
  })

describe("the breaker", () => {
  it.effect("opens after three questions that found the model down, and closes once it answers again", () => {
    const server = GeminiServer.make({ model: () => Reactions.overloaded })
    return Effect.gen(function* () {
      const writer = yield* Writer
      for (let i = 0; i < 3; i++) yield* inItsTime(ask)
      assert.deepInclude(yield* writer.status, { up: false, breaker: "open" })
      assert.include((yield* writer.status).detail, "The model is overloaded")
      const calls = server.calls.length
      const answer = yield* ask
      assert.deepStrictEqual([answer.mode, server.calls.length - calls], ["quoted", 0])
      assert.strictEqual(yield* metric("rtfm_model_breaker_state", { use: "write" }), 2)

      server.become(() => text(right))
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* inItsTime(ask)).mode, "model")
      assert.deepInclude(yield* writer.status, { up: true, breaker: "closed", detail: "gemini-flash-latest of Gemini" })
      const total = "rtfm_model_calls_total"
      assert.strictEqual(yield* metric("rtfm_model_breaker_state", { use: "write" }), 0)
      assert.isAtLeast(yield* metric(total, { use: "write", outcome: "unavailable" }), 3)
      assert.isAtLeast(yield* metric(total, { use: "write", outcome: "resting" }), 1)
      assert.isAtLeast(yield* metric("rtfm_answer_quoted_total", { why: "down" }), 4)
      assert.isAtLeast(yield* metric("rtfm_model_tokens_total", { use: "write", kind: "input" }), 100)
      assert.isAbove(yield* metric("rtfm_model_cost_dollars_total", { use: "write" }), 0)
    }).pipe(Effect.provide(Writing.layer(server)))
  })

  it.effect("stays closed for what is no outage: limits, safety, nonsense", () => {
    const server = GeminiServer.make({ model: () => limited({ retryDelay: "1s" }) })
    return Effect.gen(function* () {
      const writer = yield* Writer
      for (const reaction of [limited({ retryDelay: "9s" }), Reactions.blocked(), text("no JSON")]) {
        server.become(() => reaction)
        for (let i = 0; i < 4; i++) yield* inItsTime(ask)
      }
      assert.deepInclude(yield* writer.status, { breaker: "closed" })
    }).pipe(Effect.provide(Writing.layer(server)))
  })

  it.effect("of the writer does not hold up the embedder", () => {
    const server = GeminiServer.make({ model: () => Reactions.overloaded })
    return Effect.gen(function* () {
      for (let i = 0; i < 3; i++) yield* inItsTime(ask)
      const embedder = yield* Embedder
      assert.lengthOf(yield* inItsTime(embedder.embedQueries(["kettle"])), 1)
      assert.deepInclude(yield* embedder.status, { state: "loaded", breaker: "closed" })
    }).pipe(Effect.provide(Writing.layer(server)))
  })
})
