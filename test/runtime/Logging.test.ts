import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Result } from "effect"
import { TestConsole } from "effect/testing"
import * as Logging from "../../src/runtime/Logging.ts"

const logsAt = (env: Record<string, string>) =>
  Effect.gen(function* () {
    for (const actor of ["speaker", "indexer", undefined]) {
      const lines = Effect.gen(function* () {
        yield* Effect.logDebug(`${actor} debug`)
        yield* Effect.logInfo(`${actor} info`)
        yield* Effect.logWarning(`${actor} warn`)
      })
      yield* actor === undefined ? lines : Effect.annotateLogs(lines, { actor, topic: "bot-queries", offset: 7 })
    }
    return (yield* TestConsole.logLines).map(String)
  }).pipe(Effect.provide(Logging.layer.pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))))))

const messages = (lines: ReadonlyArray<string>) =>
  lines.map((line) => /message="?([^"]+?)"?(?: \w+=|$)/.exec(line)?.[1])

describe("Logging", () => {
  it("reads a level for all and one for some actors, and says what it does not know", () => {
    const levels = Result.getOrThrow(Logging.parseLevels("warn, Speaker=debug ,indexer=none"))
    assert.strictEqual(levels.level, "Warn")
    assert.deepStrictEqual(
      [...levels.perActor],
      [
        ["speaker", "Debug"],
        ["indexer", "None"]
      ]
    )
    assert.isTrue(Result.isFailure(Logging.parseLevels("loud")))
    assert.isTrue(Result.isFailure(Logging.parseLevels("info,speaker=loud")))
  })

  it.effect("drops what is below the level of its actor, and of all", () =>
    Effect.gen(function* () {
      const lines = yield* logsAt({ LOG_LEVEL: "info,speaker=debug,indexer=warn", LOG_FORMAT: "logfmt" })
      assert.deepStrictEqual(messages(lines), [
        "speaker debug",
        "speaker info",
        "speaker warn",
        "indexer warn",
        "undefined info",
        "undefined warn"
      ])
    })
  )

  it.effect("lines carry actor, topic and offset", () =>
    Effect.gen(function* () {
      const [line] = yield* logsAt({ LOG_LEVEL: "none,speaker=warn", LOG_FORMAT: "json" })
      const { annotations, level, message } = JSON.parse(line!)
      assert.deepStrictEqual(
        { annotations, level, message },
        {
          annotations: { actor: "speaker", topic: "bot-queries", offset: 7 },
          level: "WARN",
          message: "speaker warn"
        }
      )
    })
  )
})
