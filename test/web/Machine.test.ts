/** The last hour, complaints and settings, as the machine shows them. */
import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Layer, Logger } from "effect"
import * as Complaints from "../../src/runtime/Complaints.ts"
import { Declared, inForce } from "../../src/runtime/Declared.ts"
import * as Logging from "../../src/runtime/Logging.ts"
import * as Setting from "../../src/runtime/Setting.ts"
import * as History from "../../src/web/History.ts"

const seen = (end: number, handled: number, lag: number | null = 0): History.Seen => ({
  topics: [["bot-queries", end]],
  actors: [{ name: "answerer", handled, lag }]
})

describe("the last hour", () => {
  it("counts what came between two looks, and says where nothing is known", () => {
    const history = History.make(10)
    history.add(seen(100, 7))
    history.add(seen(103, 8, 2))
    history.skip()
    history.add(seen(110, 12))
    assert.deepStrictEqual(history.read(), {
      topics: { "bot-queries": [3, null, 7] },
      actors: { answerer: { handled: [1, null, 4], lag: [2, null, 0] } }
    })
  })

  it("keeps so many steps and no more, and takes nothing below zero", () => {
    const history = History.make(3)
    for (const end of [5, 6, 8, 0, 4]) history.add(seen(end, 0))
    assert.deepStrictEqual(history.read().topics["bot-queries"], [2, 0, 4])
  })

  it("a topic that is new counts from when it was first seen", () => {
    const history = History.make(3)
    history.add({ topics: [], actors: [] })
    history.add(seen(40, 9))
    assert.deepStrictEqual(history.read().topics["bot-queries"], [0])
  })
})

describe("complaints", () => {
  const complaint = (text: string) => ({ at: 1, level: "warning" as const, actor: null, text })

  it("are the newest hundred, what is said again in a row counted", () => {
    const kept = Complaints.make()
    for (let n = 0; n < 150; n++) kept.add(complaint(`number ${n}`))
    kept.add({ ...complaint("number 149"), at: 2 })
    assert.strictEqual(kept.all().length, 100)
    assert.deepStrictEqual(kept.all()[0], { ...complaint("number 149"), at: 2, times: 2 })
    assert.strictEqual(kept.all().at(-1)!.text, "number 50")
  })

  it.effect("come from the log: its warnings and errors, with their actor and cause", () => {
    const kept = Complaints.make()
    return Effect.gen(function* () {
      yield* Effect.logInfo("nothing to see")
      yield* Effect.logWarning("slow").pipe(Effect.annotateLogs({ actor: "speaker" }))
      yield* Effect.sandbox(Effect.die(new Error("no route"))).pipe(
        Effect.catch((cause) => Effect.logError("cannot say", cause))
      )
      assert.deepStrictEqual(
        kept.all().map(({ actor, level, text }) => [level, actor, text]),
        [
          ["error", null, "cannot say: no route"],
          ["warning", "speaker", "slow"]
        ]
      )
    }).pipe(
      Effect.provide(
        Logging.layer.pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ LOG_FORMAT: "json" }))))
      ),
      Effect.provideService(Complaints.Complaints, kept),
      Effect.provideService(Logger.LogToStderr, true)
    )
  })
})

it.effect("settings in force show what is set and what stands in, and no secret", () => {
  const text = { description: "D", expected: "text", config: (name: string) => Config.String(name) }
  const settings = [
    Setting.withDefault("A", { ...text, fallback: "a", value: "a" }),
    Setting.optional("B", text),
    Setting.optional("TOKEN", { ...text, secret: true }),
    Setting.optional("URL", text)
  ]
  const environment = { TOKEN: "hush", URL: "postgres://ada:hush@db/rtfm" }
  return Effect.gen(function* () {
    const shown = yield* inForce
    assert.deepStrictEqual(
      shown.map(({ isSet, name, value }) => [name, value, isSet]),
      [
        ["A", "a", false],
        ["B", null, false],
        ["TOKEN", null, true],
        ["URL", "postgres://…@db/rtfm", true]
      ]
    )
    assert.notInclude(JSON.stringify(shown), "hush")
  }).pipe(
    Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(environment))),
    Effect.provideService(Declared, settings)
  )
})
