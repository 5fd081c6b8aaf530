/** Past questions put to the next index, through the typed client, without a socket. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, Option } from "effect"
import { HttpServer } from "effect/http"
import { HttpApiTest } from "effect/http-api"
import { Broker } from "../../src/broker/Broker.ts"
import { record } from "../../src/broker/Records.ts"
import type { BotQuery } from "../../src/domain/Question.ts"
import * as Topics from "../../src/domain/Topics.ts"
import { Indexes, type Index } from "../../src/knowledge/Indexes.ts"
import { Passages } from "../../src/knowledge/Passages.ts"
import type { Retrieval, Retriever } from "../../src/knowledge/Retriever.ts"
import { Retrievers } from "../../src/knowledge/RetrieverLive.ts"
import { Api } from "../../src/web/Api.ts"
import { Guard, layerAuthorization } from "../../src/web/Guard.ts"
import * as IndexesOverHttp from "../../src/web/Indexes.ts"
import { layerProblems } from "../../src/web/Requests.ts"
import * as Writing from "../fixtures/gemini/Writing.ts"
import * as World from "./World.ts"

const place = { host: "127.0.0.1", port: 0, token: Option.none(), publicUrl: Option.none() }

const indexOf = (role: Index["role"]): Index => ({
  name: role,
  role,
  since: 1,
  paused: false,
  questions: null,
  verdict: null,
  embedder: undefined as never
})

/** What is found by a question that is not "the same" is another section in each index. */
const retrieverOf = (index: Index): Retriever["Service"] => ({
  retrieve: (question): Effect.Effect<Retrieval> =>
    Effect.succeed(
      Writing.retrieved(Writing.section(question === "the same" ? "One" : `${index.name} for ${question}`, question))
    )
})

const promoted = { ...indexOf("live"), name: "promoted" }

const worldWith = (next: Index | undefined) =>
  IndexesOverHttp.layer.pipe(
    Layer.provideMerge(
      Layer.mergeAll(
        Layer.mock(Indexes, {
          live: Effect.succeed(indexOf("live")),
          next: Effect.succeed(next),
          all: Effect.succeed([]),
          promote: Effect.succeed(promoted)
        }),
        Layer.mock(Passages, {
          counts: Effect.succeed({ documents: 1, chunks: 1, passages: 5, messages: 0 }),
          countUnembedded: () => Effect.succeed(4)
        }),
        Layer.mock(Retrievers, { of: (index) => Effect.succeed(retrieverOf(index)) })
      )
    ),
    Layer.provideMerge(
      Layer.mergeAll(
        layerProblems,
        layerAuthorization.pipe(Layer.provide(Guard.layerOf(place))),
        World.layer,
        HttpServer.layerServices,
        Logger.layer([])
      )
    )
  )

let asked = 0
const query = (text: string, over: Partial<BotQuery> = {}): BotQuery => ({
  id: `q-${++asked}`,
  text,
  serverId: "local",
  channelId: "local:general",
  author: { id: "ada", name: "Ada", bot: false },
  askedAt: 1,
  ...over
})

const replayed = Effect.fnUntraced(function* (...queries: ReadonlyArray<BotQuery>) {
  const broker = yield* Broker
  yield* broker.create(Topics.all)
  yield* broker.publish(queries.map((each) => record(Topics.queries, each)))
  const { indexes } = yield* HttpApiTest.groups(Api, ["indexes"])
  return yield* indexes.replay({ query: { since: 0 } })
})

describe("promote", () => {
  const promoting = Effect.gen(function* () {
    const { indexes } = yield* HttpApiTest.groups(Api, ["indexes"])
    return yield* indexes.steerIndex({ params: { action: "promote" } })
  })

  it.effect("is refused while the index has not all of its vectors", () =>
    Effect.gen(function* () {
      const { detail } = (yield* Effect.flip(promoting)) as { readonly detail: string }
      assert.strictEqual(detail, "next is still being built: it has 1 of 5 vectors, and can answer once it has all")
    }).pipe(Effect.provide(worldWith(indexOf("next"))))
  )

  it.effect("lets an index answer that was measured, whatever was found", () => {
    const verdict = { promoted: false, why: "it finds worse", questions: 1, live: null, next: null, at: 1 }
    return promoting.pipe(Effect.provide(worldWith({ ...indexOf("next"), verdict })))
  })
})

describe("replay", () => {
  it.effect("tells what each index would answer from, where they differ", () =>
    Effect.gen(function* () {
      const report = yield* replayed(query("the same"), query("How?"), query("How?"))
      assert.deepStrictEqual(report, {
        questions: 2,
        same: 1,
        differences: [
          {
            question: "How?",
            live: { answered: true, titles: ["live for How?"] },
            next: { answered: true, titles: ["next for How?"] }
          }
        ]
      })
    }).pipe(Effect.provide(worldWith(indexOf("next"))))
  )

  it.effect("shows nobody what was asked in channels that callers may not read, or only for its author", () =>
    Effect.gen(function* () {
      const report = yield* replayed(
        query("Who is dismissed?", { serverId: "100", channelId: "200" }),
        query("What do I earn?", { private: true }),
        query("Where?")
      )
      assert.deepStrictEqual([report.questions, report.differences.map(({ question }) => question)], [1, ["Where?"]])
    }).pipe(Effect.provide(worldWith(indexOf("next"))))
  )

  it.effect("asks a follow-up with what came before it", () =>
    Effect.gen(function* () {
      const before = [{ name: "Ada", bot: false, text: "How do I descale the kettle?" }]
      const report = yield* replayed(query("And why?", { context: { before } }))
      const [{ live, question }] = report.differences as [(typeof report.differences)[number]]
      assert.strictEqual(question, "And why?")
      assert.include(live.titles[0], "descale")
    }).pipe(Effect.provide(worldWith(indexOf("next"))))
  )

  it.effect("says what is missing when no index is being built", () =>
    Effect.gen(function* () {
      const { detail } = (yield* Effect.flip(replayed(query("How?")))) as { readonly detail: string }
      assert.strictEqual(detail, "No index is being built: rtfm reindex begins one")
    }).pipe(Effect.provide(worldWith(undefined)))
  )
})
