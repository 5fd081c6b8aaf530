/** The router over a file that changes, the broker in memory and the test's clock. */
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, FileSystem, Layer, Option, PlatformError } from "effect"
import { TestClock } from "effect/testing"
import * as Router from "../../src/actors/Router.ts"
import * as Supervise from "../../src/actors/Supervise.ts"
import { Broker } from "../../src/broker/Broker.ts"
import * as DeadLetters from "../../src/broker/DeadLetters.ts"
import * as Topics from "../../src/domain/Topics.ts"
import { FakeDiscord } from "../notify/FakeDiscord.ts"
import { notifications, start, until, world } from "../events/EventsWorld.ts"

const route = (name: string, topic: string, more = "") =>
  `  - name: ${name}\n    topic: ${topic}\n    title: "${name} {n}"\n${more}`
const file = (...routes: ReadonlyArray<string>) => `routes:\n${routes.join("")}`

/** A file system with one file; `undefined` is no file. */
const withFile = (content: string | undefined) => {
  const state = { content, version: 0 }
  const missing = PlatformError.systemError({ _tag: "NotFound", module: "FileSystem", method: "read" })
  const layer = FileSystem.layerNoop({
    readFileString: () => (state.content === undefined ? Effect.fail(missing) : Effect.succeed(state.content)),
    stat: () =>
      state.content === undefined
        ? Effect.fail(missing)
        : Effect.succeed({
            size: state.content.length as never,
            mtime: Option.some(new Date(state.version))
          } as unknown as FileSystem.File.Info)
  })
  return {
    layer,
    change: (content: string | undefined) => {
      state.content = content
      state.version++
    }
  }
}

const bytes = new TextEncoder()
const write = (topic: string, ...values: ReadonlyArray<unknown>) =>
  Broker.use((broker) =>
    broker.publish(
      values.map((value) => ({
        topic,
        key: "k",
        value: bytes.encode(typeof value === "string" ? value : JSON.stringify(value))
      }))
    )
  )
const router = Layer.effectDiscard(Layer.build(Supervise.layer([Router.actor])))
/** What reads the routes is loaded outside of the test's clock. */
const loaded = Effect.promise(() => import("../../src/notify/RoutesText.ts"))
const settle = Effect.gen(function* () {
  for (let i = 0; i < 30; i++) {
    yield* TestClock.adjust(0)
    yield* loaded
  }
})
const routing = Effect.gen(function* () {
  yield* Layer.build(router)
  yield* settle
  yield* until([], 1)
})
const titles = Effect.map(notifications, (all) => all.map(({ embed }) => embed.title))
const setup = (content: string | undefined, webhooks: ReadonlyArray<string> = []) => {
  const { change, layer } = withFile(content)
  return {
    change,
    layer: Layer.mergeAll(world({ webhooks }), layer, ConfigProvider.layer(ConfigProvider.fromUnknown({})))
  }
}

describe("Router", () => {
  it.effect("tells what its routes say, from when there were routes", () => {
    const { layer } = setup(file(route("a", "things"), route("b", "things", "    when: { n: 2 }\n")))
    return Effect.gen(function* () {
      yield* Broker.use((broker) =>
        broker.create([Topics.json("things", ""), Topics.deadLetters(Topics.json("things", ""))])
      )
      yield* write("things", { n: 0 })
      yield* TestClock.adjust("1 second")
      yield* routing
      yield* write("things", { n: 1 }, { n: 2 })
      yield* until(["router-things"], 1)
      assert.deepStrictEqual((yield* titles).toSorted(), ["a 1", "a 2", "b 2"])
    }).pipe(Effect.provide(layer), Effect.scoped)
  })

  it.effect("takes up changes of the file, and keeps what it had when they are wrong", () => {
    const { change, layer } = setup(undefined)
    return Effect.gen(function* () {
      yield* routing
      change(file(route("a", "things")))
      yield* TestClock.adjust("2 seconds")
      yield* settle
      yield* write("things", { n: 1 })
      yield* settle
      change("routes: [")
      yield* TestClock.adjust("2 seconds")
      yield* settle
      yield* write("things", { n: 2 })
      yield* settle
      change(file(route("b", "things"), route("c", "others")))
      yield* TestClock.adjust("2 seconds")
      yield* settle
      yield* write("things", { n: 3 })
      yield* write("others", { n: 4 })
      yield* settle
      assert.deepStrictEqual((yield* titles).toSorted(), ["a 1", "a 2", "b 3", "c 4"])
    }).pipe(Effect.provide(layer), Effect.scoped)
  })

  it.effect("never stops at a record that is no JSON", () => {
    const { layer } = setup(file(route("a", "things")))
    return Effect.gen(function* () {
      yield* routing
      yield* settle
      yield* write("things", "{", "", { n: 1 }, [1], "null")
      yield* until(["router-things"], 1)
      assert.deepStrictEqual(yield* titles, ["a 1", "a", "a"])
      const letters = yield* DeadLetters.list({ topic: "things" })
      assert.deepStrictEqual(
        letters.map(({ reason }) => reason),
        ["undecodable", "undecodable"]
      )
    }).pipe(Effect.provide(layer), Effect.scoped)
  })

  it.effect("keeps what comes in quiet hours until they end, and tells bursts as one", () => {
    const quiet = `    quiet: { from: "00:00", to: "01:00" }\n    group: "{kind}"\n`
    const { layer } = setup(file(route("a", "things", quiet)), ["DISCORD_WEBHOOK"])
    return Effect.gen(function* () {
      const discord = yield* FakeDiscord
      yield* start
      yield* routing
      yield* settle
      yield* write("things", ...Array.from({ length: 40 }, (_, n) => ({ n, kind: "x" })))
      yield* until(["router-things"], 1)
      yield* TestClock.adjust("59 minutes")
      assert.strictEqual(discord.messages.length, 0)
      yield* TestClock.adjust("2 minutes")
      yield* until(["announcer"])
      assert.deepStrictEqual(
        discord.messages.flatMap(({ embeds }) => embeds.map(({ title }) => title)),
        ["a 0", "a 1", "a 2", "37 more like this"]
      )
    }).pipe(Effect.provide(layer), Effect.scoped)
  })
})
