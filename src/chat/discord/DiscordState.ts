/** What must be known of Discord after a restart: session, cursors, what was posted, tokens, switches. */
import { Clock, Effect } from "effect"
import { createHash } from "node:crypto"
import { SqlClient, type SqlError } from "effect/sql"
import type { SessionInfo } from "@discordjs/ws"
import { ChatError } from "../Chat.ts"
import * as SqlFailure from "../../state/SqlFailure.ts"

/** What the bot does in a channel: it hears and answers unless somebody chose otherwise. */
export const modes = ["listen", "answer", "automatic", "off"] as const
export type Mode = (typeof modes)[number]

/** A part of a reply that was posted, or was about to be. */
export interface Posted {
  readonly part: number
  readonly channelId: string
  /** `null`: whether it was stored is not known. */
  readonly messageId: string | null
  /** Of its text, by which it is known again. */
  readonly digest: string
  /** When it was first tried, in milliseconds since the epoch. */
  readonly at: number
}

export interface InteractionToken {
  readonly applicationId: string
  readonly token: string
  readonly private: boolean
  readonly expiresAt: number
}

export interface Cursor {
  readonly channelId: string
  readonly serverId: string
  readonly messageId: string
}

/** What is in the log once a batch is confirmed. */
export interface Progress {
  readonly sessions: ReadonlyArray<SessionInfo>
  readonly cursors: ReadonlyArray<Cursor>
  /** Everything said anywhere before then is in the log, in milliseconds since the epoch. */
  readonly seenAt?: number
}

/** How long what was posted is remembered: as long as a dead letter may be sent back. */
const rememberedFor = 15 * 24 * 3600 * 1000

const failed = (cause: SqlError.SqlError) =>
  new ChatError({
    reason: "failed",
    detail: `What is known of Discord could not be kept: ${SqlFailure.from(cause).message}`,
    cause
  })

/** The same for text that Discord shows the same. */
export const digestOf = (text: string): string =>
  createHash("sha256").update(text.trim()).digest("base64url").slice(0, 22)

export type DiscordState = Effect.Success<typeof make>

export const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const safely = Effect.mapError(failed)

  const sessions = sql<{
    shard: number
    shards: number
    session_id: string
    resume_url: string
    sequence: number
    at: number
  }>`
    SELECT * FROM discord_sessions`.pipe(
    Effect.map((rows) =>
      rows.map((row) => ({
        shardId: row.shard,
        shardCount: row.shards,
        sessionId: row.session_id,
        resumeURL: row.resume_url,
        sequence: row.sequence,
        at: row.at
      }))
    ),
    safely
  )

  const keepFact = (name: string, value: string) => sql`
    INSERT INTO discord_facts (name, value) VALUES (${name}, ${value})
    ON CONFLICT (name) DO UPDATE SET value = excluded.value`

  const confirm = Effect.fnUntraced(function* ({ cursors, seenAt, sessions }: Progress) {
    const at = yield* Clock.currentTimeMillis
    yield* sql.withTransaction(
      Effect.gen(function* () {
        for (const { resumeURL, sequence, sessionId, shardCount, shardId } of sessions)
          yield* sql`
            INSERT INTO discord_sessions (shard, shards, session_id, resume_url, sequence, at)
            VALUES (${shardId}, ${shardCount}, ${sessionId}, ${resumeURL}, ${sequence}, ${at})
            ON CONFLICT (shard) DO UPDATE SET shards = excluded.shards, session_id = excluded.session_id,
              resume_url = excluded.resume_url, sequence = excluded.sequence, at = excluded.at`
        const rows = cursors.map(({ channelId, messageId, serverId }) => [channelId, serverId, messageId])
        yield* sql`
          INSERT INTO discord_cursors (channel_id, server_id, message_id)
          SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(${JSON.stringify(rows)}) WHERE true
          ON CONFLICT (channel_id) DO UPDATE SET message_id = excluded.message_id`
        if (seenAt !== undefined) yield* keepFact("seen-at", String(seenAt))
      })
    )
  }, safely)

  const fact = (name: string) =>
    sql<{ value: string }>`SELECT value FROM discord_facts WHERE name = ${name}`.pipe(
      Effect.map((rows) => rows[0]?.value),
      safely
    )

  return {
    sessions,
    /** A session that cannot be resumed, or whose gap is not closed yet, must not be resumed. */
    forgetSession: (shardId: number) =>
      Effect.asVoid(safely(sql`DELETE FROM discord_sessions WHERE shard = ${shardId}`)),
    confirm,
    seenAt: Effect.map(fact("seen-at"), (at) => (at === undefined ? undefined : Number(at))),
    /** The newest message in the log of each channel and thread of a server. */
    cursors: (serverId: string) =>
      sql<{ channel_id: string; message_id: string }>`
        SELECT channel_id, message_id FROM discord_cursors WHERE server_id = ${serverId}`.pipe(
        Effect.map((rows) =>
          rows.map((row): Cursor => ({ channelId: row.channel_id, serverId, messageId: row.message_id }))
        ),
        safely
      ),
    forgetServer: (serverId: string) =>
      Effect.asVoid(safely(sql`DELETE FROM discord_cursors WHERE server_id = ${serverId}`)),

    posted: (replyId: string) =>
      sql<{ part: number; channel_id: string; message_id: string | null; digest: string; at: number }>`
        SELECT part, channel_id, message_id, digest, at FROM discord_replies WHERE reply_id = ${replyId} ORDER BY part`.pipe(
        Effect.map((rows) =>
          rows.map((row): Posted => ({
            part: row.part,
            channelId: row.channel_id,
            messageId: row.message_id,
            digest: row.digest,
            at: row.at
          }))
        ),
        safely
      ),
    /** Written before a part is sent, and again once its message is known. */
    post: Effect.fnUntraced(function* (replyId: string, it: Omit<Posted, "at">) {
      const at = yield* Clock.currentTimeMillis
      yield* sql`
        INSERT INTO discord_replies (reply_id, part, channel_id, message_id, digest, at)
        VALUES (${replyId}, ${it.part}, ${it.channelId}, ${it.messageId}, ${it.digest}, ${at})
        ON CONFLICT (reply_id, part) DO UPDATE SET channel_id = excluded.channel_id, digest = excluded.digest,
          message_id = coalesce(excluded.message_id, message_id)`
      if (it.part === 0) yield* sql`DELETE FROM discord_replies WHERE at < ${at - rememberedFor}`
    }, safely),
    /** The reply a message of the bot is part of. */
    replyOf: (messageId: string) =>
      sql<{ reply_id: string }>`SELECT reply_id FROM discord_replies WHERE message_id = ${messageId}`.pipe(
        Effect.map((rows) => rows[0]?.reply_id),
        safely
      ),
    /** Which of these messages are parts of replies. */
    known: (messageIds: ReadonlyArray<string>) =>
      sql<{
        message_id: string
      }>`SELECT message_id FROM discord_replies WHERE message_id IN ${sql.in(messageIds)}`.pipe(
        Effect.map((rows) => new Set(rows.map((row) => row.message_id))),
        safely
      ),

    keepToken: Effect.fnUntraced(function* (questionId: string, it: InteractionToken) {
      const now = yield* Clock.currentTimeMillis
      yield* sql`DELETE FROM discord_interactions WHERE expires_at < ${now}`
      yield* sql`
        INSERT INTO discord_interactions (question_id, application_id, token, private, expires_at)
        VALUES (${questionId}, ${it.applicationId}, ${it.token}, ${it.private ? 1 : 0}, ${it.expiresAt})
        ON CONFLICT (question_id) DO NOTHING`
    }, safely),
    /** `undefined` when the question came another way, or too long ago. */
    tokenOf: Effect.fnUntraced(function* (questionId: string) {
      const now = yield* Clock.currentTimeMillis
      const rows = yield* sql<{ application_id: string; token: string; private: number; expires_at: number }>`
        SELECT * FROM discord_interactions WHERE question_id = ${questionId} AND expires_at > ${now}`
      const row = rows[0]
      if (row === undefined) return undefined
      const { application_id, expires_at, token } = row
      const found: InteractionToken = {
        applicationId: application_id,
        token,
        private: row.private === 1,
        expiresAt: expires_at
      }
      return found
    }, safely),

    modes: sql<{ channel_id: string; mode: Mode }>`SELECT channel_id, mode FROM discord_channels`.pipe(
      Effect.map((rows) => new Map(rows.map((row) => [row.channel_id, row.mode]))),
      safely
    ),
    setMode: (channelId: string, mode: Mode) =>
      Effect.asVoid(
        safely(sql`
          INSERT INTO discord_channels (channel_id, mode) VALUES (${channelId}, ${mode})
          ON CONFLICT (channel_id) DO UPDATE SET mode = excluded.mode`)
      ),

    optOuts: sql<{ user_id: string }>`SELECT user_id FROM discord_opt_outs`.pipe(
      Effect.map((rows) => new Set(rows.map((row) => row.user_id))),
      safely
    ),
    optOut: Effect.fnUntraced(function* (userId: string) {
      const at = yield* Clock.currentTimeMillis
      yield* sql`INSERT INTO discord_opt_outs (user_id, at) VALUES (${userId}, ${at}) ON CONFLICT (user_id) DO NOTHING`
    }, safely),

    fact,
    setFact: (name: string, value: string) => Effect.asVoid(safely(keepFact(name, value)))
  }
})
