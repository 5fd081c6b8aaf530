/** Questions through the typed client, without a socket; the test plays the bot. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Option } from "effect"
import { HttpServer } from "effect/http"
import { HttpApiTest } from "effect/http-api"
import { TestClock } from "effect/testing"
import { ChatError } from "../../src/chat/Chat.ts"
import { Api } from "../../src/web/Api.ts"
import { Draining } from "../../src/web/Draining.ts"
import { Guard, layerAuthorization } from "../../src/web/Guard.ts"
import * as Questions from "../../src/web/Questions.ts"
import { layerProblems } from "../../src/web/Requests.ts"
import * as World from "./World.ts"

const place = { host: "127.0.0.1", port: 0, token: Option.none(), publicUrl: Option.none() }

const layer = Questions.layer.pipe(
  Layer.provideMerge(
    Layer.mergeAll(
      layerProblems,
      layerAuthorization.pipe(Layer.provide(Guard.layerOf(place))),
      Draining.layer,
      World.layer,
      HttpServer.layerServices
    )
  )
)

const client = Effect.map(HttpApiTest.groups(Api, ["questions"]), ({ questions }) => questions)
const ask = { headers: {}, query: {}, payload: { text: "How do I ingest?" } }
const posted = (count: number) => World.World.use((world) => world.posted(count))
const answer = (id: string) => World.World.use((world) => world.answer(id))
const asked = (id: string) => ({
  id,
  question: "How do I ingest?",
  channelId: "local:general",
  answer: World.answer.text,
  refused: false,
  mode: "closest",
  citations: World.answer.citations,
  timing: World.answer.timing
})
const pending = (id: string) => ({
  id,
  question: "How do I ingest?",
  channelId: "local:general",
  state: "pending"
})

describe("asking", () => {
  it.effect("waits for the answer", () =>
    Effect.gen(function* () {
      const questions = yield* client
      const asking = yield* Effect.forkChild(questions.ask(ask))
      yield* posted(1)
      yield* answer("m-1")
      assert.deepStrictEqual(yield* Fiber.join(asking), asked("m-1") as never)
    }).pipe(Effect.provide(layer))
  )

  it.effect("says where to look when the answer takes longer than it waits", () =>
    Effect.gen(function* () {
      const questions = yield* client
      for (const [request, seconds] of [
        [ask, 30],
        [{ ...ask, query: { wait: 5 } }, 5],
        [{ ...ask, headers: { prefer: "wait=7" } }, 7]
      ] as const) {
        const asking = yield* Effect.forkChild(questions.ask({ ...request, responseMode: "decoded-and-response" }))
        yield* TestClock.adjust(`${seconds - 1} seconds`)
        assert.isUndefined(asking.pollUnsafe())
        yield* TestClock.adjust("1 second")
        const [body, response] = yield* Fiber.join(asking)
        assert.deepStrictEqual(body, pending(body.id) as never)
        assert.strictEqual(response.status, 202)
        assert.strictEqual(response.headers["location"], `/api/questions/${body.id}`)
      }
    }).pipe(Effect.provide(layer))
  )

  it.effect("does not wait when told so", () =>
    Effect.gen(function* () {
      const questions = yield* client
      assert.deepStrictEqual(yield* questions.ask({ ...ask, query: { wait: 0 } }), pending("m-1") as never)
      const headers = { prefer: "respond-async" }
      assert.deepStrictEqual(yield* questions.ask({ ...ask, headers }), pending("m-2") as never)
    }).pipe(Effect.provide(layer))
  )

  it.effect("twice with one key is one question with one answer", () =>
    Effect.gen(function* () {
      const questions = yield* client
      const again = { ...ask, headers: { "idempotency-key": "k1" } }
      const first = yield* Effect.forkChild(questions.ask(again))
      const second = yield* Effect.forkChild(questions.ask(again))
      yield* posted(1)
      yield* answer("m-k1")
      assert.deepStrictEqual(yield* Fiber.join(first), asked("m-k1") as never)
      assert.deepStrictEqual(yield* Fiber.join(second), asked("m-k1") as never)
      assert.deepStrictEqual(yield* questions.ask(again), asked("m-k1") as never)
      const { messages } = yield* World.World
      assert.strictEqual(messages.filter(({ author }) => !author.bot).length, 1)
    }).pipe(Effect.provide(layer))
  )

  it.effect("finds an answer that another process said", () =>
    Effect.gen(function* () {
      const questions = yield* client
      const { messages } = yield* World.World
      const asking = yield* Effect.forkChild(questions.ask(ask))
      yield* posted(1)
      yield* TestClock.adjust("10 millis")
      messages.push({ ...messages[0]!, id: "answer-m-1", replyTo: "m-1", answer: World.answer })
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.join(asking), asked("m-1") as never)
    }).pipe(Effect.provide(layer))
  )

  it.effect("gives up soon when the process stops, so that the stop is not held up", () =>
    Effect.gen(function* () {
      const questions = yield* client
      const asking = yield* Effect.forkChild(questions.ask(ask))
      yield* posted(1)
      yield* Draining.use(({ begin }) => begin)
      yield* TestClock.adjust("3 seconds")
      assert.isUndefined(asking.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.join(asking), pending("m-1") as never)
    }).pipe(Effect.provide(layer))
  )

  it.effect("fails with what the chat says", () =>
    Effect.gen(function* () {
      const questions = yield* client
      const nowhere = { ...ask, payload: { text: "How?", channelId: "local:nowhere" } }
      const error = yield* Effect.flip(questions.ask(nowhere))
      assert.deepInclude(error, { _tag: "NotFound", status: 404, detail: "There is no channel local:nowhere" })
      const world = yield* World.World
      for (const [reason, tag] of [
        ["invalid", "Invalid"],
        ["forbidden", "Forbidden"],
        ["failed", "Unavailable"],
        ["unreachable", "Unavailable"]
      ] as const) {
        world.broken = new ChatError({ reason, detail: "No" })
        assert.deepInclude(yield* Effect.flip(questions.ask(ask)), { _tag: tag, detail: "No" })
      }
    }).pipe(Effect.provide(layer))
  )
})

describe("looking", () => {
  it.effect("gives the answer, or says that there is none yet", () =>
    Effect.gen(function* () {
      const questions = yield* client
      yield* questions.ask({ ...ask, query: { wait: 0 } })
      const look = { params: { id: "m-1" }, headers: {}, query: {} }
      assert.deepStrictEqual(yield* questions.question(look), pending("m-1") as never)
      const waiting = yield* Effect.forkChild(questions.question({ ...look, query: { wait: 10 } }))
      yield* TestClock.adjust("10 millis")
      yield* answer("m-1")
      assert.deepStrictEqual(yield* Fiber.join(waiting), asked("m-1") as never)
      assert.deepStrictEqual(yield* questions.question(look), asked("m-1") as never)
    }).pipe(Effect.provide(layer))
  )

  it.effect("knows no question that is not there, and what the bot said is none", () =>
    Effect.gen(function* () {
      const questions = yield* client
      yield* questions.ask({ ...ask, query: { wait: 0 } })
      yield* answer("m-1")
      for (const id of ["m-9", "answer-m-1"]) {
        const error = yield* Effect.flip(questions.question({ params: { id }, headers: {}, query: {} }))
        assert.deepInclude(error, { _tag: "NotFound", detail: "There is no question with this id" })
      }
    }).pipe(Effect.provide(layer))
  )
})

describe("how long to wait", () => {
  const seconds = (prefer: string, otherwise = 30) =>
    Questions.secondsToWait({ query: {}, headers: { prefer } }, otherwise)

  it("is what the address says, then what Prefer says, at most a minute", () => {
    assert.strictEqual(Questions.secondsToWait({ query: {}, headers: {} }, 30), 30)
    assert.strictEqual(Questions.secondsToWait({ query: { wait: 3 }, headers: { prefer: "wait=9" } }, 30), 3)
    assert.strictEqual(seconds("wait=9"), 9)
    assert.strictEqual(seconds("handling=lenient, wait=9"), 9)
    assert.strictEqual(seconds("respond-async, wait=9"), 9)
    assert.strictEqual(seconds("wait=9999"), 60)
    assert.strictEqual(seconds("respond-async"), 0)
    assert.strictEqual(seconds("no-wait=1x"), 30)
  })
})
