/** How far the log is said to be while sessions of Discord are lost and begun anew. */
import { assert, describe, it } from "@effect/vitest"
import { GatewayDispatchEvents, type GatewayDispatchPayload } from "discord-api-types/v10"
import { Effect, Redacted } from "effect"
import * as DiscordState from "../../../src/chat/discord/DiscordState.ts"
import * as Ear from "../../../src/chat/discord/Ear.ts"
import * as Guilds from "../../../src/chat/discord/Guilds.ts"
import * as Known from "../../../src/chat/discord/Known.ts"
import * as Rest from "../../../src/chat/discord/Rest.ts"
import * as Switches from "../../../src/chat/discord/Switches.ts"
import * as Bot from "./Bot.ts"

const serverId = "100"
const channelId = "200"

const dispatch = (t: GatewayDispatchEvents, d: unknown) => ({
  shardId: 0,
  session: { shardId: 0, shardCount: 1, sessionId: "any", resumeURL: "wss://any", sequence: 1 },
  payload: { op: 0, s: 1, t, d } as GatewayDispatchPayload
})
const ready = dispatch(GatewayDispatchEvents.Ready, { guilds: [{ id: serverId, unavailable: true }] })
const server = dispatch(GatewayDispatchEvents.GuildCreate, {
  id: serverId,
  name: "server",
  owner_id: "1",
  roles: [{ id: serverId, permissions: "1024" }],
  channels: [{ id: channelId, type: 0, name: "general", position: 0, permission_overwrites: [] }],
  threads: [],
  members: []
})
const message = (id: string) =>
  dispatch(GatewayDispatchEvents.MessageCreate, {
    id,
    type: 0,
    guild_id: serverId,
    channel_id: channelId,
    content: "Hello",
    author: { id: "1", username: "ada" },
    timestamp: new Date(0).toISOString()
  })

const listening = Effect.gen(function* () {
  const state = yield* DiscordState.make
  const guilds = Guilds.make("2")
  const rest = Rest.make({ token: Redacted.make("unused"), api: new URL("http://127.0.0.1:9") })
  const gaps: Array<Ear.Gap> = []
  const ear = Ear.make({
    rest,
    state,
    guilds,
    known: Known.make(rest, guilds, "2"),
    switches: yield* Switches.make(state, undefined),
    selfId: "2",
    isFirst: false,
    readsContent: true,
    wasAway: Effect.void,
    missed: (gap) => void gaps.push(gap),
    solutions: { emoji: null, trusted: new Set(), accept: () => Effect.void, withdraw: () => Effect.void },
    hearInteraction: () => Effect.succeed([])
  })
  return { ear, gaps }
})

describe("Ear", () => {
  it.effect("says that the log is up to date once what was missed is read, not before", () =>
    Effect.gen(function* () {
      const { ear, gaps } = yield* listening
      yield* ear.take([ready, server])
      const before = yield* ear.take([message("300")])
      assert.lengthOf(before.heard, 1)
      assert.deepStrictEqual(before.progress, { sessions: [], cursors: [] })
      ear.caughtUp(gaps[0]!)
      const { progress } = yield* ear.take([message("301")])
      assert.deepStrictEqual(progress.cursors, [{ channelId, serverId, messageId: "301" }])
      assert.lengthOf(progress.sessions, 1)
    }).pipe(Effect.provide(Bot.State))
  )

  it.effect("leaves no gap when the next session is lost, too, while the first gap is still being read", () =>
    Effect.gen(function* () {
      const { ear, gaps } = yield* listening
      yield* ear.take([ready, server])
      yield* ear.take([ready])
      ear.caughtUp(gaps[0]!)
      assert.deepStrictEqual((yield* ear.take([message("300")])).progress, { sessions: [], cursors: [] })
      yield* ear.take([server])
      ear.caughtUp(gaps[1]!)
      assert.lengthOf((yield* ear.take([message("301")])).progress.cursors, 1)
    }).pipe(Effect.provide(Bot.State))
  )
})
