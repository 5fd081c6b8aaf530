import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import * as Settings from "../src/settings.ts"

const checked = (env: Record<string, string>) =>
  Settings.check.pipe(Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))))

describe("settings", () => {
  it.effect("need nothing to be set", () => checked({}))

  it.effect("are named all at once when wrong, with what was expected and without the value", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        checked({ PORT: "many", CHROMA_URL: "nowhere", LOG_FORMAT: "pink", API_TOKEN: "se cret", DATA_DIR: "/tmp" })
      )
      assert.deepStrictEqual(error.problems.map(({ name }) => name).toSorted(), [
        "API_TOKEN",
        "CHROMA_URL",
        "LOG_FORMAT",
        "PORT"
      ])
      assert.include(error.message, "4 settings are wrong")
      assert.include(error.message, "PORT: expected a number from 0 to 65535")
      assert.notInclude(error.message, "se cret")
    })
  )

  it.effect("take a key of Gemini only as it can be sent, however it was pasted", () =>
    Effect.gen(function* () {
      yield* checked({ GEMINI_API_KEY: " AIzaSy-0123 \n" })
      for (const key of ["   ", "AIza Sy", "AIza\nSy", "\u043a\u043b\u044e\u0447"]) {
        const error = yield* Effect.flip(checked({ GEMINI_API_KEY: key }))
        assert.deepStrictEqual(
          error.problems.map(({ name }) => name),
          ["GEMINI_API_KEY"]
        )
        assert.notInclude(error.message, key)
      }
    })
  )

  it("have names of their own, descriptions and expectations that end a sentence without a full stop", () => {
    assert.strictEqual(new Set(Settings.all.map(({ name }) => name)).size, Settings.all.length)
    for (const { description, expected, name } of Settings.all) {
      assert.match(name, /^[A-Z][A-Z0-9_]+$/)
      for (const text of [description, expected]) assert.match(text, /^\S.*[^.\s]$/, `${name}: ${text}`)
    }
  })
})
