/** The chat of Discord under test: it listens, confirms what it heard, and keeps it for the test to look at. */
import { ConfigProvider, Effect, Exit, Fiber, Layer, Scope, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { Broker } from "../../../src/broker/Broker.ts"
import { layerMemory } from "../../../src/broker/Memory.ts"
import type { Chat, Heard } from "../../../src/chat/Chat.ts"
import * as DiscordChat from "../../../src/chat/discord/Discord.ts"
import { Happenings } from "../../../src/runtime/Happenings.ts"

import * as Topics from "../../../src/domain/Topics.ts"
import * as FeedbackStore from "../../../src/knowledge/Feedback.ts"
import * as Documents from "../../../src/docs/Documents.ts"
import * as PassagesSql from "../../../src/knowledge/PassagesSql.ts"
import * as Migrations from "../../../src/state/Migrations.ts"
import * as Sqlite from "../../../src/state/Sqlite.ts"
import type { Discord } from "../../discord/Discord.ts"

/** Nothing of what is heard gets into it. */
const Log = Layer.effectDiscard(Broker.use((broker) => broker.create(Topics.all))).pipe(Layer.provideMerge(layerMemory))

/** What outlives the bot. */
export const State = Migrations.layer.pipe(Layer.provideMerge(Sqlite.layerClient(":memory:")))

export interface Bot {
  readonly chat: Chat["Service"]
  readonly heard: ReadonlyArray<Heard>
  readonly queries: () => ReadonlyArray<NonNullable<Heard["query"]>>
  readonly events: () => ReadonlyArray<NonNullable<Heard["event"]>>
  /** Why it no longer listens. */
  readonly failure: () => unknown
  /** As a process that is killed: nothing more is confirmed. */
  readonly stop: Effect.Effect<void>
}

interface Options {
  readonly env?: Readonly<Record<string, string>>
  /** Whether what is heard gets into the log. */
  readonly confirms?: boolean
}

/** The chat alone, for as long as the scope is open. */
export const chat = Effect.fnUntraced(function* (discord: Discord, env: Readonly<Record<string, string>> = {}) {
  const sql = yield* SqlClient.SqlClient
  const settings = ConfigProvider.layer(ConfigProvider.fromUnknown({ ...discord.env, ...env }))
  const services = yield* Layer.build(
    Layer.mergeAll(FeedbackStore.layer, PassagesSql.layer, Documents.layer, Happenings.layer, Log).pipe(
      Layer.provideMerge(Layer.succeed(SqlClient.SqlClient, sql)),
      Layer.provideMerge(settings)
    )
  )
  return yield* DiscordChat.make.pipe(Effect.provide(services))
})

export const start = Effect.fnUntraced(function* (discord: Discord, { confirms = true, env = {} }: Options = {}) {
  const scope = yield* Scope.fork(yield* Effect.scope)
  const there = yield* Scope.provide(chat(discord, env), scope)
  const heard: Array<Heard> = []
  let failure: unknown
  const listening = there.heard.pipe(
    Stream.runForEach((batch) =>
      Effect.gen(function* () {
        heard.push(...batch.heard)
        if (confirms) yield* batch.confirm
        discord.world.changed()
      })
    ),
    Effect.tapCause((cause) =>
      Effect.sync(() => {
        failure = cause
        discord.world.changed()
      })
    )
  )
  const fiber = yield* Effect.forkIn(Effect.exit(listening), scope)
  return {
    chat: there,
    heard,
    queries: () => heard.flatMap(({ query }) => query ?? []),
    events: () => heard.flatMap(({ event }) => event ?? []),
    failure: () => failure,
    stop: Effect.andThen(Fiber.interrupt(fiber), Scope.close(scope, Exit.void))
  } satisfies Bot
})

/** Starts one and waits until it is connected. */
export const listening = Effect.fnUntraced(function* (discord: Discord, options: Options = {}) {
  const before = discord.gateway.identifies + discord.gateway.resumes
  const bot = yield* start(discord, options)
  yield* discord.until(() => discord.gateway.identifies + discord.gateway.resumes > before, "a connection")
  return bot
})
