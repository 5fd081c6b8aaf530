/** The stream of events: where it begins, what it says when something is missing, and that it lives. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import type { Happening } from "../../src/domain/Happening.ts"
import { Happenings } from "../../src/runtime/Happenings.ts"
import { frames, fromId, heartbeat, idOf, withResets } from "../../src/web/Events.ts"

const typing = (channelId: string): Happening => ({ type: "typing", channelId })
const frame = (number: number, channelId: string) =>
  `id: ${idOf(number)}\ndata: ${JSON.stringify(typing(channelId))}\n\n`
const opening = "retry: 2000\n: open\n\n"
const reset = 'event: reset\ndata: {"type":"reset"}\n\n'

/** The first `count` texts a watcher gets, asked for before anything else happens. */
const watch = Effect.fnUntraced(function* (lastEventId: string | undefined, count: number) {
  const happenings = yield* Happenings
  return yield* frames(happenings, fromId(lastEventId)).pipe(
    Stream.take(count),
    Stream.runCollect,
    Effect.forkChild({ startImmediately: true })
  )
})

const tell = (...channels: ReadonlyArray<string>) =>
  Happenings.use((happenings) => Effect.forEach(channels, (channel) => happenings.tell(typing(channel))))

describe("ids", () => {
  it("say where a watcher was", () => {
    assert.deepStrictEqual(fromId(undefined), { type: "now" })
    assert.deepStrictEqual(fromId(""), { type: "now" })
    assert.deepStrictEqual(fromId(idOf(7)), { type: "after", number: 7 })
    for (const id of [idOf(7, "deadbeef"), "7", `${idOf(7)}x`, idOf(-1), "\r\n"]) {
      assert.deepStrictEqual(fromId(id), { type: "elsewhere" }, id)
    }
  })

  it("without a gap need no reset", () => {
    const numbered = { id: 5, happening: typing("a") }
    assert.deepStrictEqual(withResets(undefined, numbered), [5, [numbered]])
    assert.deepStrictEqual(withResets(4, numbered), [5, [numbered]])
    assert.deepStrictEqual(withResets(3, numbered), [5, ["reset", numbered]])
    assert.deepStrictEqual(withResets(9, numbered), [5, ["reset", numbered]])
  })
})

describe("frames", () => {
  it.effect("begin now", () =>
    Effect.gen(function* () {
      yield* tell("before")
      const watching = yield* watch(undefined, 3)
      yield* tell("a", "b")
      assert.deepStrictEqual(yield* Fiber.join(watching), [opening, frame(2, "a"), frame(3, "b")])
    }).pipe(Effect.provide(Happenings.layer))
  )

  it.effect("go on after the last one seen", () =>
    Effect.gen(function* () {
      yield* tell("a", "b", "c")
      const watching = yield* watch(idOf(1), 4)
      yield* tell("d")
      assert.deepStrictEqual(yield* Fiber.join(watching), [opening, frame(2, "b"), frame(3, "c"), frame(4, "d")])
    }).pipe(Effect.provide(Happenings.layer))
  )

  it.effect("say reset when what was missed is no longer kept", () =>
    Effect.gen(function* () {
      yield* tell(...Array.from({ length: 2_500 }, (_, i) => `${i + 1}`))
      const texts = yield* Fiber.join(yield* watch(idOf(3), 3))
      assert.deepStrictEqual(texts, [opening, reset, frame(501, "501")])
    }).pipe(Effect.provide(Happenings.layer))
  )

  it.effect("say reset to a watcher of another process and lose nothing after it", () =>
    Effect.gen(function* () {
      yield* tell("before")
      const watching = yield* watch(idOf(1, "deadbeef"), 2)
      yield* tell("a")
      assert.deepStrictEqual(yield* Fiber.join(watching), [`${opening}${reset}`, frame(2, "a")])
    }).pipe(Effect.provide(Happenings.layer))
  )

  it.effect("beat while nothing happens", () =>
    Effect.gen(function* () {
      const watching = yield* watch(undefined, 3)
      yield* TestClock.adjust(heartbeat)
      yield* TestClock.adjust(heartbeat)
      assert.deepStrictEqual(yield* Fiber.join(watching), [opening, ": beat\n\n", ": beat\n\n"])
    }).pipe(Effect.provide(Happenings.layer))
  )

  it.effect("keep little for a slow watcher, who is told what it lost", () =>
    Effect.gen(function* () {
      const happenings = yield* Happenings
      const seen: Array<string> = []
      yield* tell("first")
      yield* frames(happenings, fromId(idOf(0))).pipe(
        Stream.rechunk(1),
        Stream.takeUntil((text) => text === frame(5_001, "5001")),
        Stream.runForEach((text) =>
          Effect.gen(function* () {
            seen.push(text)
            if (seen.length === 2) yield* tell(...Array.from({ length: 5_000 }, (_, i) => `${i + 2}`))
          })
        )
      )
      const lost = seen.indexOf(reset)
      assert.deepStrictEqual(seen.slice(0, 2), [opening, frame(1, "first")])
      assert.notStrictEqual(lost, -1)
      assert.isBelow(seen.length, 5_000)
      assert.deepStrictEqual(
        seen.slice(seen.lastIndexOf(reset) + 1, -1),
        Array.from({ length: 1_999 }, (_, i) => frame(i + 3_002, `${i + 3_002}`))
      )
    }).pipe(Effect.provide(Happenings.layer))
  )
})
