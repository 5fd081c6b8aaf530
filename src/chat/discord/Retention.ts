/** How long what was said in a server is kept: the limit that its owners set, and the deletions that keep to it. */
import { Clock, Duration, Effect, Latch } from "effect"
import { SqlClient } from "effect/sql"
import type { ChatEvent } from "../../domain/ChatMessage.ts"
import * as SqlFailure from "../../state/SqlFailure.ts"
import { ChatError } from "../Chat.ts"
import type { DiscordState } from "./DiscordState.ts"
import { snowflakeAt } from "./Hearing.ts"

/** Between two looks for what is too old. */
const pause = Duration.hours(1)
/** Messages deleted by one event. */
const atOnce = 500

export const longest = 3650

const factOf = (serverId: string): string => `retention ${serverId}`

/** Days; `undefined` where a server has set no limit. */
export const daysOf = (state: DiscordState, serverId: string) =>
  Effect.map(state.fact(factOf(serverId)), (days) => (Number(days ?? 0) > 0 ? Number(days) : undefined))

/** The time before which nothing of a server is kept, in milliseconds since the epoch. */
export const oldestOf = Effect.fnUntraced(function* (state: DiscordState, serverId: string) {
  const days = yield* daysOf(state, serverId)
  return days === undefined ? 0 : (yield* Clock.currentTimeMillis) - Duration.toMillis(Duration.days(days))
})

interface Said {
  readonly id: string
  readonly lane: string
}

/** The channel of the lane in which a message stands. */
const channelIn = ({ lane }: Said): string => lane.split("/")[1]!

/** `publish` puts events into the log, from where everyone who has something of a message deletes it. */
export const make = Effect.fnUntraced(function* <E>(
  state: DiscordState,
  publish: (events: ReadonlyArray<ChatEvent>) => Effect.Effect<void, E>
) {
  const sql = yield* SqlClient.SqlClient
  const wake = yield* Latch.make(true)

  const limited = sql<{ name: string }>`SELECT name FROM discord_facts WHERE name LIKE 'retention %'`.pipe(
    Effect.map((rows) => rows.map(({ name }) => name.slice(factOf("").length)))
  )

  /** The oldest after a message. Ids of Discord tell when they were made. */
  const tooOld = (serverId: string, after: string, before: number) =>
    sql<Said>`
      SELECT id, lane FROM messages
      WHERE server_id = ${serverId} AND deleted = 0 AND lane IS NOT NULL
        AND CAST(id AS INTEGER) > CAST(${after} AS INTEGER)
        AND CAST(id AS INTEGER) < CAST(${snowflakeAt(before)} AS INTEGER)
      ORDER BY CAST(id AS INTEGER) LIMIT ${atOnce}`

  const sweepServer = Effect.fnUntraced(function* (serverId: string) {
    const before = yield* oldestOf(state, serverId)
    let after = "0"
    while (before > 0) {
      const said = yield* tooOld(serverId, after, before)
      if (said.length === 0) return
      const at = yield* Clock.currentTimeMillis
      const events = [...Map.groupBy(said, channelIn)].map(([channelId, messages]): ChatEvent => {
        const messageIds = messages.map(({ id }) => id)
        return { type: "deleted", serverId, channelId, messageIds, at }
      })
      yield* publish(events)
      after = said.at(-1)!.id
    }
  })

  const sweep = Effect.flatMap(limited, (servers) => Effect.forEach(servers, sweepServer, { discard: true })).pipe(
    Effect.mapError((cause) =>
      cause instanceof ChatError
        ? cause
        : new ChatError({
            reason: "failed",
            detail: `What is too old to be kept could not be deleted: ${SqlFailure.from(cause as never).message}`,
            cause
          })
    )
  )

  return {
    /** 0 lifts the limit. */
    set: (serverId: string, days: number) =>
      Effect.andThen(state.setFact(factOf(serverId), String(days)), Effect.asVoid(wake.open)),
    /** Looks every hour, and when a limit is set. */
    keepTo: Effect.gen(function* () {
      yield* Effect.timeoutOption(wake.await, pause)
      yield* wake.close
      yield* Effect.catch(sweep, ({ detail }) => Effect.logWarning(detail))
    }).pipe(Effect.forever)
  }
})

export type Retention = Effect.Success<ReturnType<typeof make>>
