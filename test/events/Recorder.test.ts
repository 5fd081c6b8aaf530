/** What was told of events is known for a while, to those who see it told. */
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as Recorder from "../../src/actors/Recorder.ts"
import * as Supervise from "../../src/actors/Supervise.ts"
import { Broker } from "../../src/broker/Broker.ts"
import { record } from "../../src/broker/Records.ts"
import type { Notification } from "../../src/domain/Notification.ts"
import * as Topics from "../../src/domain/Topics.ts"
import { kinds, requestCreated } from "../../src/events/Catalog.ts"
import { rendered } from "../../src/events/EventKind.ts"
import { Passages } from "../../src/knowledge/Passages.ts"
import * as PassagesSql from "../../src/knowledge/PassagesSql.ts"
import { Remembered } from "../../src/notify/Remembered.ts"
import { FakeDiscord } from "../notify/FakeDiscord.ts"
import { settle, world } from "./EventsWorld.ts"

const webhook = "DISCORD_WEBHOOK"
const at = 1_000

const notification = (destination: string, n = 1): Notification => {
  const event = { ...requestCreated.sample, id: `order-${n}`, at }
  return {
    id: event.id,
    destination,
    embed: rendered(requestCreated, event, { error: undefined, done: [] }),
    known: requestCreated.known(event, undefined),
    about: event.id,
    at
  }
}

const tell = (...notifications: ReadonlyArray<Notification>) =>
  Effect.andThen(
    Broker.use((broker) => broker.publish(notifications.map((each) => record(Topics.notifications, each)))),
    settle
  )

const start = Effect.gen(function* () {
  yield* Layer.build(Supervise.layer([Recorder.actor]))
  yield* settle
})

const found = (serverId: string, channelIds: ReadonlyArray<string>) =>
  Passages.use((passages) =>
    Effect.gen(function* () {
      const hits = yield* passages.searchText({
        terms: ["lobby", "machine"],
        limit: 10,
        serverId,
        channelIds: new Set(channelIds)
      })
      const chunks = yield* passages.chunks(hits.map(({ chunkId }) => chunkId))
      return chunks.flatMap((chunk) => chunk.passages.map(({ text, url }) => ({ text, url })))
    })
  )

const layer = (known?: string) =>
  Layer.mergeAll(Remembered.layer, PassagesSql.layer).pipe(
    Layer.provideMerge(world({ webhooks: [webhook] })),
    Layer.provideMerge(
      ConfigProvider.layer(ConfigProvider.fromUnknown(known === undefined ? {} : { REMEMBER_EVENTS_FOR: known }))
    )
  )

describe("events that were told", () => {
  it.effect("answer those who see the channel of the page, with the event as the source", () =>
    Effect.gen(function* () {
      yield* start
      yield* tell(notification("page"))
      const text =
        "The machine Lobby 1 (vm-12) at Main office, ground floor is working: it dispensed a Cold Brew on 1 January 1970, 00:00 UTC."
      assert.deepStrictEqual(yield* found("local", ["local:events"]), [{ text, url: "/#/events/order-1" }])
      assert.deepStrictEqual(yield* found("local", ["local:general"]), [])
    }).pipe(Effect.provide(layer()), Effect.scoped)
  )

  it.effect("answer those who see the channel of the webhook, and nobody else", () =>
    Effect.gen(function* () {
      yield* start
      yield* tell(notification(webhook))
      const url = "https://discord.com/channels/7/77"
      assert.deepStrictEqual(
        (yield* found("7", ["77"])).map((each) => each.url),
        [url]
      )
      assert.deepStrictEqual(yield* found("7", ["78"]), [])
      assert.deepStrictEqual(yield* found("local", ["local:events", "77"]), [])
    }).pipe(Effect.provide(layer()), Effect.scoped)
  )

  it.effect("are known once, however often they are told, and no longer when their time is over", () =>
    Effect.gen(function* () {
      yield* start
      yield* tell(notification("page"), notification("page"), notification("page", 2))
      assert.strictEqual((yield* found("local", ["local:events"])).length, 2)
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual((yield* found("local", ["local:events"])).length, 2)
      yield* TestClock.adjust("3 seconds")
      assert.deepStrictEqual(yield* found("local", ["local:events"]), [])
      yield* tell(notification("page"))
      assert.deepStrictEqual(yield* found("local", ["local:events"]), [])
    }).pipe(Effect.provide(layer("1 minute")), Effect.scoped)
  )

  it.effect("are not known at all where nobody can say who sees them, or nobody wants that", () =>
    Effect.gen(function* () {
      yield* start
      yield* tell(notification("DISCORD_WEBHOOK_NOBODY_SET"), notification("channel:gone"))
      assert.strictEqual((yield* Passages.use(({ counts }) => counts)).messages, 0)
      const { requests } = yield* FakeDiscord
      assert.deepStrictEqual(requests, [])
    }).pipe(Effect.provide(layer()), Effect.scoped)
  )

  it.effect("never say who asked, nor how to reach them", () =>
    Effect.sync(() => {
      for (const kind of kinds) {
        for (const error of [undefined, kind.sampleError]) {
          const known = kind.known(kind.sample, error)
          assert.match(known, /14 March 2026, 09:\d\d UTC/)
          for (const secret of ["@", "+44", "Grace", "two machines"]) assert.notInclude(known, secret)
        }
      }
    })
  )
})
