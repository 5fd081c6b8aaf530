/** Forgetting a person: which messages are theirs, the events that remove them, and a receipt that can be checked. */
import { Clock, DateTime, Duration, Effect, Result, Schedule, Stream } from "effect"
import { SqlClient } from "effect/sql"
import type { ChatEvent } from "../domain/ChatMessage.ts"
import { type Gone, holders } from "../domain/Remains.ts"
import * as Topics from "../domain/Topics.ts"
import * as SqlFailure from "../state/SqlFailure.ts"
import { ChatError } from "./Chat.ts"

/** What is known of somebody. */
export interface Held {
  /** Messages that can be found and quoted. */
  readonly messages: number
  /** Messages of theirs that the page shows. */
  readonly shown: number
  /** Files of theirs in the store. */
  readonly files: number
  /** What they thought of answers. */
  readonly opinions: number
  /** Records of the log that have words of theirs. */
  readonly records: number
}

export interface Receipt {
  readonly userId: string
  readonly before: Held
  readonly after: Held
  /**
   * Topics that cannot be changed and hold words of theirs, which this program shows to nobody: how many records, and
   * when the last of them expires, in milliseconds since the epoch.
   */
  readonly stillIn: ReadonlyArray<{ readonly topic: string; readonly records: number; readonly until: number }>
}

export interface Log<E, R> {
  /** Appends events. */
  readonly publish: (events: ReadonlyArray<ChatEvent>) => Effect.Effect<void, E, R>
  /** Everything a topic holds, values as text. */
  readonly read: (topic: string) => Stream.Stream<{ readonly value: string; readonly timestamp: number }, E, R>
  /** Whether records can be erased; where not, they stay until they expire. */
  readonly erases: boolean
}

/** Message ids of one event. */
const atOnce = 500
/** How long the actors are given to carry it out. */
const patience = Duration.seconds(20)

const toBytes = new TextEncoder()

const safely = Effect.mapError(
  (cause: Parameters<typeof SqlFailure.from>[0]) =>
    new ChatError({
      reason: "failed",
      detail: `What is known could not be read: ${SqlFailure.from(cause).message}`,
      cause
    })
)

interface Said {
  readonly id: string
  readonly serverId: string
  readonly channelId: string
}

/** In what can be found, and in the page. */
const saidInState = Effect.fnUntraced(function* (userId: string) {
  const sql = yield* SqlClient.SqlClient
  return yield* sql<Said>`
    SELECT DISTINCT p.message_id AS id, c.server_id AS "serverId", c.channel_id AS "channelId"
    FROM passages p JOIN chunks c ON c.seq = p.chunk_seq
    WHERE p.author_id = ${userId} AND p.message_id IS NOT NULL
    UNION SELECT m.id, 'local', coalesce(c.parent_id, c.id)
    FROM local_messages m JOIN local_channels c ON c.id = m.channel_id
    WHERE m.author_id = ${userId} AND m.author_bot = 0
    UNION SELECT message_id, server_id, channel_id FROM files WHERE author_id = ${userId}`
}, safely)

/** In the log: also questions, which nobody finds, and what was said in direct messages. */
const saidInLog = Effect.fnUntraced(function* <E, R>(userId: string, { read }: Log<E, R>) {
  const inMessages = (value: string): ReadonlyArray<Said> =>
    Result.match(Topics.messages.decode(toBytes.encode(value)), {
      onFailure: () => [],
      onSuccess: (event) => ("message" in event && event.message.author.id === userId ? [event.message] : [])
    })
  const inQueries = (value: string): ReadonlyArray<Said> =>
    Result.match(Topics.queries.decode(toBytes.encode(value)), {
      onFailure: () => [],
      onSuccess: (query) => (query.author.id === userId ? [query] : [])
    })
  const sources = [Topics.messages, Topics.queries].flatMap((topic) => {
    const saidIn = topic === Topics.messages ? inMessages : inQueries
    return [topic, Topics.deadLetters(topic)].map(({ name }) => ({ name, saidIn }))
  })
  const said = yield* Effect.forEach(sources, ({ name, saidIn }) =>
    read(name).pipe(
      Stream.map(({ value }) => (value.includes(userId) ? saidIn(value) : [])),
      Stream.runCollect
    )
  )
  return said.flat(2)
})

const deletions = (said: ReadonlyArray<Said>, at: number): ReadonlyArray<ChatEvent> =>
  [...Map.groupBy(said, ({ channelId, serverId }) => `${serverId}/${channelId}`).values()].flatMap((there) => {
    const { channelId, serverId } = there[0]!
    const ids = [...new Set(there.map(({ id }) => id))]
    const parts = Array.from({ length: Math.ceil(ids.length / atOnce) }, (_, n) =>
      ids.slice(n * atOnce, (n + 1) * atOnce)
    )
    return parts.map((messageIds): ChatEvent => ({ type: "deleted", serverId, channelId, messageIds, at }))
  })

/** What of each topic has words of theirs. */
const heldInLog = Effect.fnUntraced(function* <E, R>(gone: Gone, { read }: Log<E, R>) {
  if (gone.messageIds.size === 0) return []
  const held = yield* Effect.forEach(holders, ({ has, spec }) =>
    read(spec.name).pipe(
      Stream.filter(({ value }) => value !== "" && has(toBytes.encode(value), gone)),
      Stream.runFold(
        () => ({ records: 0, newest: 0 }),
        ({ newest, records }, { timestamp }) => ({ records: records + 1, newest: Math.max(newest, timestamp) })
      ),
      Effect.map(({ newest, records }) => ({
        topic: spec.name,
        records,
        until: newest + Duration.toMillis(spec.retention)
      }))
    )
  )
  return held.filter(({ records }) => records > 0)
})

const held = Effect.fnUntraced(function* (userId: string, inLog: Receipt["stillIn"]) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ messages: number; shown: number; files: number; opinions: number }>`
    SELECT (SELECT count(*) FROM passages WHERE author_id = ${userId}) AS messages,
      (SELECT count(*) FROM local_messages WHERE author_id = ${userId} AND author_bot = 0) AS shown,
      (SELECT count(*) FROM files WHERE author_id = ${userId}) AS files,
      (SELECT count(*) FROM feedback WHERE given_by = ${userId}) AS opinions`
  return {
    messages: Number(row!.messages),
    shown: Number(row!.shown),
    files: Number(row!.files),
    opinions: Number(row!.opinions),
    records: inLog.reduce((sum, { records }) => sum + records, 0)
  } satisfies Held
}, safely)

const removeFromState = Effect.fnUntraced(function* (userId: string) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`DELETE FROM feedback WHERE given_by = ${userId}`
  yield* sql`DELETE FROM asked_questions WHERE asker_id = ${userId}`
  yield* sql`DELETE FROM local_reactions WHERE person_id = ${userId}`
  yield* sql`DELETE FROM local_messages WHERE author_id = ${userId} AND author_bot = 0`
}, safely)

/** Removes what a person said and thought. Returns once that is carried out, or has not been for a while. */
export const forget = Effect.fn("Forgetting.forget")(function* <E, R>(userId: string, log: Log<E, R>) {
  const said = [...(yield* saidInState(userId)), ...(yield* saidInLog(userId, log))]
  const gone = { messageIds: new Set(said.map(({ id }) => id)), placeIds: new Set<string>() }
  const inLog = yield* heldInLog(gone, log)
  const before = yield* held(userId, inLog)
  const events = deletions(said, yield* Clock.currentTimeMillis)
  if (events.length > 0) yield* log.publish(events)
  yield* removeFromState(userId)
  const now = Effect.flatMap(heldInLog(gone, log), (left) => held(userId, left))
  const after = yield* now.pipe(
    Effect.repeat({
      schedule: Schedule.spaced("200 millis"),
      until: ({ files, messages, records }) => messages === 0 && records === 0 && files === 0
    }),
    Effect.timeoutOrElse({ duration: patience, orElse: () => now })
  )
  return { userId, before, after, stillIn: log.erases ? [] : inLog } satisfies Receipt
})

const day = (millis: number): string => DateTime.formatIsoDateUtc(DateTime.makeUnsafe(millis))

const countOf = (what: string, before: number, after: number) => `${what}: ${before} before, ${after} now.`

export const receiptText = ({ after, before, stillIn }: Receipt): string =>
  [
    countOf("Messages of yours that could be found", before.messages, after.messages),
    ...(before.shown === 0 ? [] : [countOf("Messages of yours on the page", before.shown, after.shown)]),
    ...(before.files === 0 ? [] : [countOf("Files of yours", before.files, after.files)]),
    countOf("Opinions of yours on answers", before.opinions, after.opinions),
    countOf("Records of the log with words of yours", before.records, after.records),
    "Nothing more of what you say is kept.",
    ...(stillIn.length === 0
      ? []
      : [
          `Kafka keeps what it has until it expires, and nobody is shown it: ${stillIn.map(({ records, topic, until }) => `${topic}, ${records} until ${day(until)}`).join("; ")}.`
        ])
  ].join("\n")
