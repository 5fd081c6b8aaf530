/** Tables of `chat/discord/DiscordState`. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export const migration = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE discord_sessions (
      shard INTEGER PRIMARY KEY,
      shards INTEGER NOT NULL,
      session_id TEXT NOT NULL,
      resume_url TEXT NOT NULL,
      sequence INTEGER NOT NULL,
      at INTEGER NOT NULL
    )`
  // The newest message of each channel and thread that is in the log.
  yield* sql`
    CREATE TABLE discord_cursors (
      channel_id TEXT PRIMARY KEY,
      server_id TEXT NOT NULL,
      message_id TEXT NOT NULL
    )`
  // A part without a message was about to be sent.
  yield* sql`
    CREATE TABLE discord_replies (
      reply_id TEXT NOT NULL,
      part INTEGER NOT NULL,
      channel_id TEXT NOT NULL,
      message_id TEXT,
      digest TEXT NOT NULL,
      at INTEGER NOT NULL,
      PRIMARY KEY (reply_id, part)
    )`
  yield* sql`CREATE INDEX discord_replies_by_message ON discord_replies (message_id)`
  yield* sql`CREATE INDEX discord_replies_by_age ON discord_replies (at)`
  // Tokens with which the answer to a command is written; good for 15 minutes.
  yield* sql`
    CREATE TABLE discord_interactions (
      question_id TEXT PRIMARY KEY,
      application_id TEXT NOT NULL,
      token TEXT NOT NULL,
      private INTEGER NOT NULL,
      expires_at INTEGER NOT NULL
    )`
  yield* sql`
    CREATE TABLE discord_channels (
      channel_id TEXT PRIMARY KEY,
      mode TEXT NOT NULL
    )`
  yield* sql`
    CREATE TABLE discord_opt_outs (
      user_id TEXT PRIMARY KEY,
      at INTEGER NOT NULL
    )`
  // Which answers quote a message.
  yield* sql`
    CREATE TABLE discord_quotes (
      message_id TEXT NOT NULL,
      reply_id TEXT NOT NULL,
      PRIMARY KEY (message_id, reply_id)
    )`
  yield* sql`
    CREATE TABLE discord_facts (
      name TEXT PRIMARY KEY,
      value TEXT NOT NULL
    )`
})
