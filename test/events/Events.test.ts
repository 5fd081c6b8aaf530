/** Events go through their handlers and are told where they should be, in order, whatever Discord does. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { Broker } from "../../src/broker/Broker.ts"
import * as DeadLetters from "../../src/broker/DeadLetters.ts"
import * as LocalChat from "../../src/chat/LocalChat.ts"
import { toText } from "../../src/domain/Embed.ts"
import { referenceOf } from "../../src/domain/Notification.ts"
import { contactCreated, machineCreated, requestCreated } from "../../src/events/Catalog.ts"
import { maintenanceDays } from "../../src/events/MachineCreated.ts"
import { Recent } from "../../src/events/Recent.ts"
import { Steps } from "../../src/events/Steps.ts"
import { Happenings } from "../../src/runtime/Happenings.ts"
import { FakeDiscord } from "../notify/FakeDiscord.ts"
import { all, notifications, publish, saidIn, settle, start, until, workers, world } from "./EventsWorld.ts"

const webhooks = ["DISCORD_WEBHOOK"]
const order = (n: number, amount = 2.5) => ({
  ...requestCreated.sample,
  id: `order-${n}`,
  data: {
    ...requestCreated.sample.data,
    amount,
    machine: { ...requestCreated.sample.data.machine, id: `vm-${n % 50}` }
  }
})
const orders = (count: number, from = 0) => Array.from({ length: count }, (_, i) => order(from + i))

const titles = FakeDiscord.use((discord) =>
  Effect.sync(() => discord.messages.flatMap(({ embeds }) => embeds.map(({ title }) => title)))
)
/** Ids of notifications, in the order in which they were told, by their references. */
const told = Effect.gen(function* () {
  const discord = yield* FakeDiscord
  const ids = new Map((yield* notifications).map(({ id }) => [referenceOf(id), id]))
  return discord.messages.flatMap(({ embeds }) => embeds.map(({ footer }) => ids.get(footer!.text.slice(-13))))
})

describe("events", () => {
  it.effect("of every kind are handled and told in the webhook of their kind, else in that of all", () =>
    Effect.gen(function* () {
      yield* start
      yield* publish(contactCreated, contactCreated.sample)
      yield* publish(requestCreated, requestCreated.sample)
      yield* publish(machineCreated, machineCreated.sample)
      yield* until(all)
      const discord = yield* FakeDiscord
      const places = discord.messages.flatMap(({ embeds, webhook }) =>
        embeds.map(({ title }) => `${webhook.split("-").at(-1)}: ${title}`)
      )
      assert.deepStrictEqual(places.toSorted(), [
        "DISCORD_WEBHOOK: 🏭 Machine event processed",
        "DISCORD_WEBHOOK: 📧 Contact event processed",
        "DISCORD_WEBHOOK: 🤝 A company wants to be contacted",
        "DISCORD_WEBHOOK_REQUEST: 🥤 Request event processed"
      ])
    }).pipe(Effect.provide(world({ webhooks: [...webhooks, "DISCORD_WEBHOOK_REQUEST"] })), Effect.scoped)
  )

  it.effect("without any webhook are told in the page, and in the bot's channel where there is one", () =>
    Effect.gen(function* () {
      yield* start
      yield* publish(requestCreated, order(1), order(2, 500))
      yield* until(all)
      const said = yield* saidIn("local:events")
      assert.strictEqual(said.length, 2)
      assert.isTrue(said.some((text) => text.startsWith("**🥤 Request event processed**")))
      assert.isTrue(said.some((text) => text.includes("Payment processing failed: The simulated payment declines")))
      const chat = yield* LocalChat.LocalChat
      const messages = yield* chat.messages("local:events", { limit: 10 })
      assert.deepStrictEqual(
        messages.map(({ embeds, text }) => embeds?.map(toText)[0] === text),
        [true, true]
      )
    }).pipe(Effect.provide(world()), Effect.scoped)
  )

  it.effect("are listed with what was done about them, and watchers hear of each change", () =>
    Effect.gen(function* () {
      const recent = yield* Recent
      const heard = yield* Happenings.use((happenings) =>
        happenings.since().pipe(
          Stream.filter(({ happening }) => happening.type === "event.changed"),
          Stream.take(7),
          Stream.runCount,
          Effect.forkChild({ startImmediately: true })
        )
      )
      yield* start
      yield* recent.published(order(1))
      assert.deepInclude((yield* recent.list(5))[0], { takenAt: null, toldAt: null, embed: null })
      yield* publish(requestCreated, order(1), order(2, 500))
      yield* until(all)
      const [second, first] = yield* recent.list(5)
      assert.deepStrictEqual([first!.event, first!.error], [order(1), null])
      assert.match(second!.error!, /^Payment processing failed/)
      assert.match(second!.embed!.title, /failed$/)
      assert.strictEqual(yield* Fiber.join(heard), 7)
    }).pipe(Effect.provide(world()), Effect.scoped)
  )

  it.effect("are no longer listed after a day", () =>
    Effect.gen(function* () {
      const recent = yield* Recent
      yield* recent.published(order(1))
      yield* TestClock.adjust("25 hours")
      yield* recent.published(order(3))
      assert.deepStrictEqual(
        (yield* recent.list(5)).map(({ event }) => event.id),
        [order(3).id]
      )
    }).pipe(Effect.provide(world()))
  )

  it.effect("go to the bot's channel, and to the page when that cannot be used", () =>
    Effect.gen(function* () {
      yield* start
      yield* publish(requestCreated, order(1))
      yield* until(all)
      assert.strictEqual((yield* saidIn("local:general")).length, 1)
      assert.strictEqual((yield* saidIn("local:events")).length, 0)
    }).pipe(Effect.provide(world({ channelId: "local:general" })), Effect.scoped)
  )

  it.effect("name the first refusal, and nothing is paid or taken for it", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const steps = yield* Steps
      yield* start
      yield* publish(requestCreated, order(1, 500))
      yield* until(all)
      const [embed] = (yield* notifications).map(({ embed }) => embed)
      assert.strictEqual(embed!.title, "🥤 Request event failed")
      assert.strictEqual(embed!.color, 0xe74c3c)
      assert.strictEqual(
        embed!.fields[0]!.value,
        "Payment processing failed: The simulated payment declines more than 100.00"
      )
      assert.deepStrictEqual(
        (yield* steps.history("order-1")).map(({ outcome, step }) => `${step} ${outcome}`),
        ["Inventory done", "Payment refused", "Restock done"]
      )
      const stock = yield* sql<{ amount: number }>`SELECT amount FROM simulated_stock WHERE drink = 'Cold Brew'`
      assert.deepStrictEqual(
        stock.map(({ amount }) => amount),
        [20]
      )
    }).pipe(Effect.provide(world({ webhooks })), Effect.scoped)
  )

  it.effect("that come twice are handled once and told once", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* start
      yield* publish(requestCreated, order(1), order(1))
      yield* until(all)
      yield* publish(requestCreated, order(1))
      yield* until(all)
      assert.strictEqual((yield* titles).length, 1)
      const [paid] = yield* sql<{ n: number }>`SELECT COUNT(*) AS n FROM simulated_calls WHERE path = 'charges'`
      assert.strictEqual(paid!.n, 1)
    }).pipe(Effect.provide(world({ webhooks })), Effect.scoped)
  )

  it.effect("remind of maintenance when it is due, also after a restart", () =>
    Effect.gen(function* () {
      const { scope } = yield* start
      const at = -maintenanceDays[0]! * 86_400_000 + 3_600_000
      yield* publish(machineCreated, { ...machineCreated.sample, at })
      yield* until(all)
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(yield* titles, ["🏭 Machine event processed"])
      yield* start
      yield* TestClock.adjust("59 minutes")
      assert.strictEqual((yield* notifications).length, 1)
      yield* TestClock.adjust("1 minute")
      yield* until(all)
      assert.deepStrictEqual(yield* titles, ["🏭 Machine event processed", "🔧 Maintenance is due"])
    }).pipe(Effect.provide(world({ webhooks })), Effect.scoped)
  )
})

describe("delivery", () => {
  it.effect(
    "tells 300 events of a minute within 75 s in one channel, none dropped, none refused",
    (context) =>
      Effect.gen(function* () {
        const discord = yield* FakeDiscord
        yield* start
        const startedAt = 1_000_000
        yield* TestClock.setTime(startedAt)
        for (let second = 0; second < 60; second++) {
          yield* publish(requestCreated, ...orders(5, second * 5))
          yield* TestClock.adjust("1 second")
          yield* settle
        }
        yield* until(all, 250, 120_000)
        const last = discord.messages.at(-1)!.at - startedAt
        assert.strictEqual((yield* titles).length, 300)
        assert.strictEqual(new Set(yield* told).size, 300)
        assert.strictEqual(discord.limited, 0)
        assert.isAtMost(last, 75_000)
        const { length } = discord.messages
        yield* Effect.promise(() => context.annotate(`300 events in ${last / 1000} s, in ${length} messages`))
      }).pipe(Effect.provide(world({ webhooks })), Effect.scoped),
    60_000
  )

  it.effect(
    "waits for a Discord that is down for five minutes, while handlers go on, and tells all in order then",
    (context) =>
      Effect.gen(function* () {
        const discord = yield* FakeDiscord
        let down = true
        discord.fault = () => (down ? "lost before" : undefined)
        yield* start
        for (let minute = 0; minute < 5; minute++) {
          yield* publish(requestCreated, ...orders(40, minute * 40))
          assert.strictEqual(yield* until(workers), 0)
          yield* TestClock.adjust("1 minute")
        }
        assert.strictEqual(discord.messages.length, 0)
        down = false
        const took = yield* until(all, 250, 120_000)
        assert.isAtMost(took, 90_000)
        yield* Effect.promise(() => context.annotate(`200 events told ${took / 1000} s after Discord was back`))
        assert.deepStrictEqual(
          yield* told,
          (yield* notifications).map(({ id }) => id)
        )
        assert.deepStrictEqual(yield* DeadLetters.list({}), [])
      }).pipe(Effect.provide(world({ webhooks })), Effect.scoped),
    60_000
  )

  it.effect("tells what was lost on the way again, and once where the bot can see that it arrived", () =>
    Effect.gen(function* () {
      const discord = yield* FakeDiscord
      discord.fault = (nth) => (nth === 1 ? "lost after" : undefined)
      yield* start
      yield* publish(requestCreated, order(1))
      yield* until(all)
      assert.strictEqual(discord.messages.length, 1)
    }).pipe(Effect.provide(world({ webhooks, botToken: "bot" })), Effect.scoped)
  )

  it.effect("tells it twice where the bot sees nothing, as the docs say", () =>
    Effect.gen(function* () {
      const discord = yield* FakeDiscord
      discord.fault = (nth) => (nth === 1 ? "lost after" : undefined)
      yield* start
      yield* publish(requestCreated, order(1))
      yield* until(all)
      assert.strictEqual(discord.messages.length, 2)
    }).pipe(Effect.provide(world({ webhooks })), Effect.scoped)
  )

  it.effect("goes on in the page when a webhook is gone, and says so once", () =>
    Effect.gen(function* () {
      const discord = yield* FakeDiscord
      discord.fault = () => ({ status: 404 })
      yield* start
      yield* publish(requestCreated, ...orders(3))
      yield* until(all)
      yield* publish(requestCreated, ...orders(2, 3))
      yield* until(all)
      assert.strictEqual(discord.requests.length, 1)
      const said = yield* saidIn("local:events")
      assert.strictEqual(said.length, 6)
      assert.strictEqual(said.filter((text) => text.includes("The webhook in DISCORD_WEBHOOK is gone")).length, 1)
    }).pipe(Effect.provide(world({ webhooks })), Effect.scoped)
  )

  it.effect("never stops at what is no event: each becomes a dead letter with its reason", () =>
    Effect.gen(function* () {
      const broker = yield* Broker
      const bytes = new TextEncoder()
      yield* start
      const { data, ...event } = order(1)
      const { drink: _, ...incomplete } = data
      const wrong = [
        "{",
        "",
        JSON.stringify({ ...event, data: incomplete }),
        JSON.stringify({ ...event, type: "contact.created", data }),
        JSON.stringify({ ...event, data: { ...data, drink: "x".repeat(2 * 1024 * 1024) } })
      ]
      yield* broker.publish(
        wrong.map((value) => ({ topic: requestCreated.topic.name, key: "k", value: bytes.encode(value) }))
      )
      yield* publish(requestCreated, order(2))
      yield* until(all)
      assert.strictEqual((yield* titles).length, 1)
      const letters = yield* DeadLetters.list({ topic: requestCreated.topic.name })
      assert.deepStrictEqual(
        letters.map(({ reason }) => reason),
        Array.from(wrong, () => "undecodable")
      )
    }).pipe(Effect.provide(world({ webhooks })), Effect.scoped)
  )
})
