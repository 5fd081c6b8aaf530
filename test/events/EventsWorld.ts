/** Events from their topics to a Discord without a network: the broker in memory, the state in memory, the test's clock. */
import { ConfigProvider, Context, Effect, Layer, Logger, Redacted, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Announcer from "../../src/actors/Announcer.ts"
import * as EventWorker from "../../src/actors/EventWorker.ts"
import * as Reminder from "../../src/actors/Reminder.ts"
import * as Speaker from "../../src/actors/Speaker.ts"
import * as Supervise from "../../src/actors/Supervise.ts"
import { Broker } from "../../src/broker/Broker.ts"
import { layerMemory } from "../../src/broker/Memory.ts"
import * as LocalChat from "../../src/chat/LocalChat.ts"
import type { Notification } from "../../src/domain/Notification.ts"
import * as Topics from "../../src/domain/Topics.ts"
import type { Event, EventKind } from "../../src/events/EventKind.ts"
import * as Services from "../../src/events/services/Services.ts"
import { Recent } from "../../src/events/Recent.ts"
import { Steps } from "../../src/events/Steps.ts"
import * as DiscordWebhook from "../../src/notify/DiscordWebhook.ts"
import { EventsChannel } from "../../src/notify/EventsChannel.ts"
import { Later } from "../../src/notify/Later.ts"
import { Ledger } from "../../src/notify/Ledger.ts"
import { Notifier } from "../../src/notify/Notifier.ts"
import { Happenings } from "../../src/runtime/Happenings.ts"
import * as Migrations from "../../src/state/Migrations.ts"
import * as Sqlite from "../../src/state/Sqlite.ts"
import * as FakeDiscord from "../notify/FakeDiscord.ts"

const State = Migrations.layer.pipe(Layer.provideMerge(Sqlite.layerClient(":memory:")))
const Log = Layer.effectDiscard(Broker.use((broker) => broker.create(Topics.all))).pipe(Layer.provideMerge(layerMemory))

export interface Setup {
  /** Names of settings that hold a webhook. */
  readonly webhooks?: ReadonlyArray<string>
  readonly channelId?: string
  readonly botToken?: string
}

export const world = ({ botToken, channelId, webhooks = [] }: Setup = {}) => {
  const Notify = Layer.effect(
    Notifier,
    DiscordWebhook.make({
      webhooks: new Map(webhooks.map((name) => [name, Redacted.make(FakeDiscord.url(name))])),
      ...(channelId !== undefined && { channelId }),
      ...(botToken !== undefined && { botToken: Redacted.make(botToken) })
    })
  )
  return Layer.mergeAll(
    Notify,
    Ledger.layer,
    Later.layer,
    EventsChannel.layer,
    Steps.layer,
    Recent.layer,
    Services.layer
  ).pipe(
    Layer.provideMerge(LocalChat.layer),
    Layer.provideMerge(Layer.mergeAll(FakeDiscord.layer, State, Log, Happenings.layer)),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({}))),
    Layer.provideMerge(Logger.layer([]))
  )
}

const everyone = [
  EventWorker.contacts,
  EventWorker.requests,
  EventWorker.machines,
  Reminder.actor,
  Announcer.actor,
  Speaker.actor
] as const

/** Runs until the scope of the test closes, or the one that is returned. */
export const start = Effect.gen(function* () {
  const scope = yield* Scope.fork(yield* Effect.scope)
  const context = yield* Layer.buildWithScope(Supervise.layer(everyone), scope)
  return { scope, supervisor: Context.get(context, Supervise.Supervisor) }
})

export const publish = <A>(kind: EventKind<A, any>, ...events: ReadonlyArray<Event<A>>) =>
  Broker.use((broker) =>
    broker.publish(
      events.map((event) => ({
        topic: kind.topic.name,
        key: kind.topic.key(event),
        value: kind.topic.encode(event)
      }))
    )
  )

const lagOf = (groups: ReadonlyArray<string>) =>
  Broker.use((broker) =>
    Effect.map(broker.lag(), (all) =>
      all.filter(({ group }) => groups.includes(group)).reduce((sum, { lag }) => sum + lag, 0)
    )
  )
export const workers = ["contact-worker", "request-worker", "machine-worker"]

/** Lets everything happen that needs no time. */
export const settle = Effect.gen(function* () {
  for (let i = 0; i < 20; i++) yield* TestClock.adjust(0)
})

/** Moves the clock by `step` ms until the groups have finished; returns the milliseconds that took. */
export const until = Effect.fnUntraced(function* (groups: ReadonlyArray<string>, step = 250, most = 3_600_000) {
  let passed = 0
  yield* settle
  while ((yield* lagOf(groups)) > 0) {
    if (passed > most) return yield* Effect.die(new Error(`still ${yield* lagOf(groups)} after ${passed} ms`))
    yield* TestClock.adjust(step)
    passed += step
  }
  return passed
})

export const all = [...workers, "announcer", "speaker"]

export const notifications: Effect.Effect<ReadonlyArray<Notification>, never, Broker> = Broker.use((broker) =>
  broker.read({ topic: Topics.notifications.name, from: "earliest" }).pipe(
    Stream.map(({ value }) => {
      const decoded = Topics.notifications.decode(value)
      if (decoded._tag === "Failure") throw new Error(decoded.failure)
      return decoded.success
    }),
    Stream.runCollect,
    Effect.orDie
  )
)

export const saidIn = (channelId: string) =>
  LocalChat.LocalChat.use((chat) => chat.messages(channelId, { limit: 100 })).pipe(
    Effect.map((messages) => messages.map(({ text }) => text)),
    Effect.orElseSucceed(() => [] as ReadonlyArray<string>)
  )
