/** What Gemini's API answers, as kinds of failures that decide what happens next. */
import { assert, it } from "@effect/vitest"
import { Duration, Effect, Redacted, Stream } from "effect"
import * as Client from "../../../src/model/gemini/Client.ts"
import type { GeminiError } from "../../../src/model/gemini/GeminiError.ts"
import * as GeminiServer from "../../fixtures/gemini/GeminiServer.ts"
import * as Reactions from "../../fixtures/gemini/Reactions.ts"

const request = { model: "gemini-test", contents: "hello" }

/** How both ways to generate fail with a reaction. */
const failures = (reaction: Reactions.Reaction) =>
  Effect.gen(function* () {
    const server = GeminiServer.make({ model: () => reaction })
    const make = Client.make({ apiKey: Redacted.make("key") })
    const client = yield* Effect.provideService(make, Client.Fetch, server.fetch)
    const whole = yield* Effect.flip(client.generate(request))
    const streamed = yield* Effect.flip(Stream.runDrain(client.stream(request)))
    return [whole, streamed] as const
  })

const told: ReadonlyArray<readonly [Reactions.Reaction, Partial<GeminiError>]> = [
  [
    Reactions.invalidArgument,
    { kind: "invalid", detail: "Gemini answered 400: Request contains an invalid argument." }
  ],
  [Reactions.notFound, { kind: "invalid" }],
  [Reactions.invalidKey, { kind: "denied" }],
  [Reactions.unauthenticated, { kind: "denied" }],
  [Reactions.forbidden, { kind: "denied" }],
  [Reactions.internal, { kind: "unavailable" }],
  [Reactions.overloaded, { kind: "unavailable" }],
  [Reactions.limited(), { kind: "limited" }],
  [Reactions.limited({ retryDelay: "34.5s" }), { kind: "limited", retryAfter: Duration.seconds(34.5) }],
  [
    Reactions.limited({ quota: "requestsPerMinute", value: 15 }),
    { kind: "limited", limit: { of: "requests", perMinute: 15 } }
  ],
  [
    Reactions.limited({ quota: "tokensPerMinute", value: 250_000 }),
    { kind: "limited", limit: { of: "tokens", perMinute: 250_000 } }
  ],
  [Reactions.limited({ quota: "requestsPerDay", value: 20, retryDelay: "9s" }), { kind: "exhausted" }],
  [{ status: 502, body: "<html>Bad gateway</html>" }, { kind: "unavailable" }]
]

for (const [reaction, expected] of told) {
  it.effect(`${reaction.status} ${JSON.stringify(expected)}`, () =>
    Effect.gen(function* () {
      for (const error of yield* failures(reaction)) {
        const { detail, kind, limit, retryAfter } = error
        assert.deepInclude({ detail, kind, limit, retryAfter }, { ...expected })
        assert.match(detail, /\.$/)
        if (kind === "denied") assert.include(detail, "GEMINI_API_KEY")
      }
    })
  )
}

it.effect("an answer that breaks off is cut", () =>
  Effect.gen(function* () {
    const cut = Reactions.cut("a long answer that does not come to its end", 1)
    const server = GeminiServer.make({ model: () => cut })
    const make = Client.make({ apiKey: Redacted.make("key") })
    const client = yield* Effect.provideService(make, Client.Fetch, server.fetch)
    const { kind } = yield* Effect.flip(Stream.runDrain(client.stream(request)))
    assert.strictEqual(kind, "cut")
  })
)

it.effect("a service that is not there cannot be reached", () =>
  Effect.gen(function* () {
    const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" })
    const nobody = () => Promise.reject(new TypeError("fetch failed", { cause }))
    const make = Client.make({ apiKey: Redacted.make("key") })
    const client = yield* Effect.provideService(make, Client.Fetch, nobody)
    const { detail, kind } = yield* Effect.flip(client.generate(request))
    assert.deepStrictEqual([kind, detail], ["unavailable", "Gemini cannot be reached (ECONNREFUSED)."])
  })
)
