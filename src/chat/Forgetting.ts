/** Forgetting a person: which messages are theirs, the events that remove them, and a receipt that can be checked. */
import { Clock, DateTime, Duration, Effect, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import type { ChatEvent } from "../domain/ChatMessage.ts"
import * as Topics from "../domain/Topics.ts"
import * as SqlFailure from "../state/SqlFailure.ts"
import { ChatError } from "./Chat.ts"

/** What is known of somebody. */
export interface Held {
  /** Messages that can be found and quoted. */
  readonly messages: number
  /** What they thought of answers. */
  readonly opinions: number
}

export interface Receipt {
  readonly userId: string
  readonly before: Held
  readonly after: Held
  /** Topics whose records still hold words of theirs, and when the last of those expires, in milliseconds since the epoch. */
  readonly stillIn: ReadonlyArray<{ readonly topic: string; readonly until: number }>
}

/** Message ids of one event. */
const atOnce = 500
/** How long the log is given to be read. */
const patience = Duration.seconds(20)

const safely = Effect.mapError(
  (cause: Parameters<typeof SqlFailure.from>[0]) =>
    new ChatError({
      reason: "failed",
      detail: `What is known could not be read: ${SqlFailure.from(cause).message}`,
      cause
    })
)

export const held = Effect.fnUntraced(function* (userId: string) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ messages: number; opinions: number }>`
    SELECT (SELECT count(*) FROM passages WHERE author_id = ${userId}) AS messages,
      (SELECT count(*) FROM feedback WHERE given_by = ${userId}) AS opinions`
  return { messages: Number(row!.messages), opinions: Number(row!.opinions) } satisfies Held
}, safely)

/** Of everything a person said, as far as it can be found. */
const deletions = Effect.fnUntraced(function* (userId: string) {
  const sql = yield* SqlClient.SqlClient
  const at = yield* Clock.currentTimeMillis
  const rows = yield* sql<{ id: string; serverId: string; channelId: string }>`
    SELECT DISTINCT p.message_id AS id, c.server_id AS "serverId", c.channel_id AS "channelId"
    FROM passages p JOIN chunks c ON c.seq = p.chunk_seq
    WHERE p.author_id = ${userId} AND p.message_id IS NOT NULL`
  const places = Map.groupBy(rows, ({ channelId, serverId }) => `${serverId}/${channelId}`)
  return [...places.values()].flatMap((said) => {
    const { channelId, serverId } = said[0]!
    const ids = said.map(({ id }) => id)
    const parts = Array.from({ length: Math.ceil(ids.length / atOnce) }, (_, n) =>
      ids.slice(n * atOnce, (n + 1) * atOnce)
    )
    return parts.map((messageIds): ChatEvent => ({ type: "deleted", serverId, channelId, messageIds, at }))
  })
}, safely)

const ownTopics = [Topics.messages, Topics.queries, Topics.responses]

/** Until when records of today may hold the words, by the retention each topic is made with. */
const stillIn = (now: number): Receipt["stillIn"] =>
  [...ownTopics, ...ownTopics.map(Topics.deadLetters)].map(({ name, retention }) => ({
    topic: name,
    until: now + Duration.toMillis(retention)
  }))

/** Removes what a person said and thought; `publish` puts events into the log. Returns once they are carried out. */
export const forget = Effect.fn("Forgetting.forget")(function* <E, R>(
  userId: string,
  publish: (events: ReadonlyArray<ChatEvent>) => Effect.Effect<void, E, R>
) {
  const sql = yield* SqlClient.SqlClient
  const before = yield* held(userId)
  const events = yield* deletions(userId)
  if (events.length > 0) yield* publish(events)
  yield* safely(sql`DELETE FROM feedback WHERE given_by = ${userId}`)
  const after = yield* held(userId).pipe(
    Effect.repeat({ schedule: Schedule.spaced("100 millis"), until: ({ messages }) => messages === 0 }),
    Effect.timeoutOrElse({ duration: patience, orElse: () => held(userId) })
  )
  return { userId, before, after, stillIn: stillIn(yield* Clock.currentTimeMillis) } satisfies Receipt
})

const day = (millis: number): string => DateTime.formatIsoDateUtc(DateTime.makeUnsafe(millis))

export const receiptText = ({ after, before, stillIn }: Receipt): string =>
  [
    `Messages of yours that could be found: ${before.messages} before, ${after.messages} now.`,
    `Opinions of yours on answers: ${before.opinions} before, ${after.opinions} now.`,
    "Nothing more of what you say is kept.",
    `Until it expires, the log may still hold words of yours, which nobody can find: ${stillIn.map(({ topic, until }) => `${topic} until ${day(until)}`).join(", ")}.`
  ].join("\n")
