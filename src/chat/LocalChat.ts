/** The chat of the page: channels and messages in the state, and the same contract to the actors as any platform. */
import { Clock, Context, Effect, Latch, Layer, Stream } from "effect"
import { type SqlError, SqlClient } from "effect/sql"
import { createHash, randomUUID } from "node:crypto"
import type { ChatEvent } from "../domain/ChatMessage.ts"
import type { LocalChannel, LocalMessage, Reaction } from "../domain/Happening.ts"
import { maxQuestionLength, queryOf } from "../domain/Question.ts"
import { Happenings } from "../runtime/Happenings.ts"
import * as SqlFailure from "../state/SqlFailure.ts"
import { type Batch, Chat, ChatError, type Heard, type Reply } from "./Chat.ts"
import {
  type ChannelRow,
  channelOf,
  decodeEvent,
  encodeEvent,
  type ReactionRow,
  type Row,
  serverId,
  slug,
  threadIdOf,
  toChannel,
  toChatMessage,
  toLocal,
  toReactions,
  toRow
} from "./local/Rows.ts"

export interface Post {
  readonly channelId: string
  readonly author: { readonly id: string; readonly name: string }
  /** At most 4,000 characters. */
  readonly text: string
  readonly replyTo?: string
  /** The message is a question to the bot whatever its text says. */
  readonly asks?: boolean
  /** The same key is the same message, whatever else is sent with it. */
  readonly idempotencyKey?: string
}

export class LocalChat extends Context.Service<
  LocalChat,
  {
    readonly channels: Effect.Effect<ReadonlyArray<LocalChannel>, ChatError>
    /** A name that exists gives the channel that has it. */
    createChannel(name: string): Effect.Effect<LocalChannel, ChatError>
    /** The thread that hangs from a message, made when it is missing. None hangs from a message of a thread. */
    openThread(messageId: string): Effect.Effect<LocalChannel, ChatError>
    /** Puts an emoji under a message, or takes it away; returns what is there then. */
    react(reaction: {
      readonly messageId: string
      readonly emoji: string
      readonly by: { readonly id: string; readonly name: string }
      readonly on: boolean
    }): Effect.Effect<ReadonlyArray<Reaction>, ChatError>
    /** The newest `limit` messages before a message, or of all; oldest first. */
    messages(
      channelId: string,
      options: { readonly before?: string; readonly limit: number }
    ): Effect.Effect<ReadonlyArray<LocalMessage>, ChatError>
    /** `undefined` when there is none, or it was deleted. */
    message(messageId: string): Effect.Effect<LocalMessage | undefined, ChatError>
    /** The bot's answer to a message, once said. */
    answerTo(messageId: string): Effect.Effect<LocalMessage | undefined, ChatError>
    /** Durable when it returns. */
    post(post: Post): Effect.Effect<LocalMessage, ChatError>
    /** Only the author's own. */
    edit(edit: {
      readonly messageId: string
      readonly authorId: string
      readonly text: string
    }): Effect.Effect<LocalMessage, ChatError>
    /** Only the author's own. */
    remove(removal: { readonly messageId: string; readonly authorId: string }): Effect.Effect<void, ChatError>
  }
>()("rtfm/chat/LocalChat") {}

export { serverId }
export const defaultChannelId = "local:general"
const bot = { id: "rtfm", name: "rtfm", bot: true }

/** Events handed to the listener at once. */
const heardAtOnce = 500

const heardIn = (event: ChatEvent): Heard => {
  const query = event.type === "created" ? queryOf(event.message) : undefined
  return { event, ...(query !== undefined && { query }) }
}

const failed = (cause: SqlError.SqlError) => {
  const { message, reason } = SqlFailure.from(cause)
  const detail =
    reason === "full"
      ? "There is no room left on the disk of DATA_DIR: nothing can be said until there is."
      : `The local chat could not use its database: ${message}.`
  return new ChatError({ reason: "failed", detail, cause })
}
const unknownChannel = (channelId: string) =>
  new ChatError({ reason: "unknown-channel", detail: `There is no channel ${channelId}` })
const invalid = (detail: string) => new ChatError({ reason: "invalid", detail })

/** Characters of a thread's name, which is how its message begins. */
const threadNameLength = 60

const threadName = (text: string): string => {
  const line = text
    .replace(/(?<![\w@])@rtfm\b|^\s*!rtfm\b/gi, "")
    .replace(/\s+/g, " ")
    .trim()
  return line.length > threadNameLength ? `${line.slice(0, threadNameLength - 1).trimEnd()}…` : line || "thread"
}

/** Reactions one message has at most, so that a row of them stays a row. */
const mostReactions = 20
const isEmoji = (text: string): boolean => /^\p{RGI_Emoji}$/v.test(text)

const messageId = (post: Post): string =>
  post.idempotencyKey === undefined
    ? `m-${randomUUID()}`
    : `m-${createHash("sha256").update(post.idempotencyKey).digest("hex").slice(0, 32)}`

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const happenings = yield* Happenings
  const news = yield* Latch.make(true)

  const now = Clock.currentTimeMillis
  const find = (id: string) => Effect.map(sql<Row>`SELECT * FROM local_messages WHERE id = ${id}`, (rows) => rows[0])
  const emit = (event: ChatEvent) => sql`INSERT INTO local_events (event) VALUES (${encodeEvent(event)})`

  /** Runs in one transaction, then wakes the listener. */
  const change = <A, E>(effect: Effect.Effect<A, E | SqlError.SqlError>) =>
    sql.withTransaction(effect).pipe(Effect.tap(() => news.open))

  const requireChannel = Effect.fnUntraced(function* (channelId: string) {
    const rows = yield* sql`SELECT 1 FROM local_channels WHERE id = ${channelId}`
    if (rows.length === 0) return yield* unknownChannel(channelId)
  })

  const insert = Effect.fnUntraced(function* (message: LocalMessage, asks: boolean) {
    yield* sql`INSERT INTO local_messages ${sql.insert({ ...toRow(message, asks) })}`
    // What the bot says is an answer in the log already, where its quotes can be taken back.
    const heard = message.author.bot ? { ...message, text: "" } : message
    yield* emit({ type: "created", message: toChatMessage(heard, asks) })
  })

  const reactionsTo = (ids: ReadonlyArray<string>) =>
    ids.length === 0
      ? Effect.succeed([])
      : sql<ReactionRow>`
          SELECT message_id, emoji, person_id, person_name FROM local_reactions
          WHERE message_id IN ${sql.in(ids)} ORDER BY reacted_at, person_id`

  const withReactions = (rows: ReadonlyArray<Row>) =>
    Effect.map(reactionsTo(rows.map(({ id }) => id)), (all) => {
      const reactions = Map.groupBy(all, ({ message_id }) => message_id)
      return rows.map((row) => toLocal(row, toReactions(reactions.get(row.id) ?? [])))
    })

  /** Adds a message unless its id is there already; says which, so that watchers hear of it once. */
  const add = Effect.fnUntraced(
    function* (message: LocalMessage, asks: boolean) {
      const stored = yield* change(
        Effect.gen(function* () {
          const existing = yield* find(message.id)
          if (existing !== undefined) return { message: toLocal(existing), fresh: false }
          yield* requireChannel(message.channelId)
          yield* insert(message, asks)
          return { message, fresh: true }
        })
      )
      if (stored.fresh) yield* happenings.tell({ type: "message.created", message: stored.message })
      return stored.message
    },
    Effect.catchTag("SqlError", failed)
  )

  const own = Effect.fnUntraced(function* (id: string, authorId: string) {
    const row = yield* find(id)
    if (row === undefined) return yield* invalid(`There is no message ${id}`)
    if (row.author_id !== authorId || row.author_bot === 1) {
      return yield* new ChatError({ reason: "forbidden", detail: "Only its author may change a message" })
    }
    return row
  })

  const createChannel = Effect.fn("LocalChat.createChannel")(
    function* (name: string) {
      const id = `local:${slug(name)}`
      if (id === "local:") return yield* invalid(`Expected a channel name with a letter or digit, got "${name}"`)
      const channel = { id, name: slug(name), createdAt: yield* now }
      const rows = yield* sql<{ created_at: number }>`
      INSERT INTO local_channels (id, name, created_at) VALUES (${id}, ${channel.name}, ${channel.createdAt})
      ON CONFLICT (id) DO NOTHING RETURNING created_at`
      if (rows.length > 0) yield* happenings.tell({ type: "channel.created", channel })
      return channel
    },
    Effect.catchTag("SqlError", failed)
  )

  const requireMessage = Effect.fnUntraced(function* (id: string) {
    const row = yield* find(id)
    return row === undefined ? yield* invalid(`There is no message ${id}`) : row
  })

  const openThread = Effect.fn("LocalChat.openThread")(
    function* (messageId: string) {
      const root = yield* requireMessage(messageId)
      if (channelOf(root.channel_id) !== root.channel_id) return yield* invalid("A thread has no threads of its own")
      const id = threadIdOf(root.channel_id, root.id)
      const thread = { parentId: root.channel_id, messageId: root.id }
      const channel = { id, name: threadName(root.text), createdAt: yield* now, thread }
      const made = yield* sql`
        INSERT INTO local_channels (id, name, created_at, parent_id, root_id)
        VALUES (${id}, ${channel.name}, ${channel.createdAt}, ${thread.parentId}, ${thread.messageId})
        ON CONFLICT (id) DO NOTHING RETURNING id`
      if (made.length > 0) yield* happenings.tell({ type: "channel.created", channel })
      const [row] = yield* sql<ChannelRow>`SELECT * FROM local_channels WHERE id = ${id}`
      return toChannel(row!)
    },
    Effect.catchTag("SqlError", failed)
  )

  const react = Effect.fn("LocalChat.react")(
    function* ({ by, emoji, messageId, on }: Parameters<LocalChat["Service"]["react"]>[0]) {
      if (!isEmoji(emoji)) return yield* invalid("Expected one emoji")
      const { channel_id } = yield* requireMessage(messageId)
      const reactions = yield* sql.withTransaction(
        Effect.gen(function* () {
          const before = toReactions(yield* reactionsTo([messageId]))
          if (on && before.length >= mostReactions && !before.some((each) => each.emoji === emoji))
            return yield* invalid(`A message has at most ${mostReactions} different reactions`)
          const row = { message_id: messageId, emoji, person_id: by.id, person_name: by.name, reacted_at: yield* now }
          yield* on
            ? sql`INSERT INTO local_reactions ${sql.insert(row)} ON CONFLICT DO NOTHING`
            : sql`DELETE FROM local_reactions
                  WHERE message_id = ${messageId} AND emoji = ${emoji} AND person_id = ${by.id}`
          return toReactions(yield* reactionsTo([messageId]))
        })
      )
      yield* happenings.tell({ type: "message.reacted", channelId: channel_id, messageId, reactions })
      return reactions
    },
    Effect.catchTag("SqlError", failed)
  )

  const post = Effect.fn("LocalChat.post")(function* (post: Post) {
    const text = post.text.trim()
    if (text === "") return yield* invalid("A message needs some text")
    if (text.length > maxQuestionLength) return yield* invalid(`A message has at most ${maxQuestionLength} characters`)
    const at = yield* now
    const message: LocalMessage = {
      id: messageId(post),
      channelId: post.channelId,
      author: { ...post.author, bot: false },
      text,
      ...(post.replyTo !== undefined && { replyTo: post.replyTo }),
      createdAt: at,
      editedAt: at
    }
    return yield* add(message, post.asks ?? false)
  })

  const edit = Effect.fn("LocalChat.edit")(
    function* (edit: { readonly messageId: string; readonly authorId: string; readonly text: string }) {
      const text = edit.text.trim()
      if (text === "") return yield* invalid("A message needs some text")
      const editedAt = yield* now
      const message = yield* change(
        Effect.gen(function* () {
          const row = yield* own(edit.messageId, edit.authorId)
          yield* sql`UPDATE local_messages SET text = ${text}, edited_at = ${editedAt} WHERE id = ${row.id}`
          const [before] = yield* withReactions([row])
          const message = { ...before!, text, editedAt }
          yield* emit({ type: "edited", message: toChatMessage(message, row.asks === 1) })
          return message
        })
      )
      yield* happenings.tell({ type: "message.edited", message })
      return message
    },
    Effect.catchTag("SqlError", failed)
  )

  const remove = Effect.fn("LocalChat.remove")(
    function* (removal: { readonly messageId: string; readonly authorId: string }) {
      const at = yield* now
      const row = yield* change(
        Effect.gen(function* () {
          const row = yield* own(removal.messageId, removal.authorId)
          yield* sql`DELETE FROM local_messages WHERE id = ${row.id}`
          yield* sql`DELETE FROM local_reactions WHERE message_id = ${row.id}`
          const channelId = channelOf(row.channel_id)
          yield* emit({ type: "deleted", serverId, channelId, messageIds: [row.id], at })
          return row
        })
      )
      yield* happenings.tell({ type: "message.deleted", channelId: row.channel_id, messageId: row.id })
    },
    Effect.catchTag("SqlError", failed)
  )

  const messages = Effect.fn("LocalChat.messages")(
    function* (channelId: string, options: { readonly before?: string; readonly limit: number }) {
      yield* requireChannel(channelId)
      const before = options.before === undefined ? undefined : yield* find(options.before)
      const rows = yield* sql<Row>`
      SELECT * FROM local_messages
      WHERE channel_id = ${channelId} AND seq < ${before?.seq ?? Number.MAX_SAFE_INTEGER}
      ORDER BY seq DESC LIMIT ${options.limit}`
      return yield* withReactions(rows.toReversed())
    },
    Effect.catchTag("SqlError", failed)
  )

  const channels = sql<ChannelRow>`SELECT * FROM local_channels ORDER BY created_at, id`.pipe(
    Effect.map((rows) => rows.map(toChannel)),
    Effect.mapError(failed)
  )

  const say = Effect.fn("Chat.say")(function* (reply: Reply) {
    const at = yield* now
    const message: LocalMessage = {
      id: reply.id,
      channelId: reply.threadId ?? reply.channelId,
      author: bot,
      text: reply.text,
      ...(reply.replyTo !== undefined && { replyTo: reply.replyTo }),
      createdAt: at,
      editedAt: at,
      ...(reply.answer !== undefined && { answer: reply.answer }),
      ...(reply.embeds !== undefined && { embeds: reply.embeds })
    }
    return toChatMessage(yield* add(message, false), false)
  })

  const revise = Effect.fn("Chat.revise")(
    function* ({ answer, id, text }: Reply) {
      const row = yield* find(id)
      if (row === undefined) return
      const [before] = yield* withReactions([row])
      const message = { ...before!, text, editedAt: yield* now, ...(answer !== undefined && { answer }) }
      const { answer: kept } = toRow(message, false)
      yield* sql`UPDATE local_messages SET text = ${text}, answer = ${kept}, edited_at = ${message.editedAt} WHERE id = ${id}`
      // What was shown before is shown to nobody who comes back.
      yield* happenings.forget(new Set([id, row.reply_to ?? id]))
      yield* happenings.tell({ type: "message.edited", message })
    },
    Effect.catchTag("SqlError", failed)
  )

  const unconfirmed = (after: number) =>
    sql<{ seq: number; event: string }>`
      SELECT seq, event FROM local_events WHERE seq > ${after} ORDER BY seq LIMIT ${heardAtOnce}`

  const confirm = (seq: number) =>
    Effect.mapError(Effect.asVoid(sql`DELETE FROM local_events WHERE seq <= ${seq}`), failed)

  /** The next events after `cursor`; waits until there are some. */
  const nextHeard = Effect.fnUntraced(
    function* (cursor: number) {
      let rows = yield* unconfirmed(cursor)
      while (rows.length === 0) {
        yield* news.await
        yield* news.close
        rows = yield* unconfirmed(cursor)
      }
      const heard = yield* Effect.forEach(rows, (row) =>
        Effect.map(Effect.fromResult(decodeEvent(row.event)), heardIn).pipe(Effect.orDie)
      )
      const last = rows.at(-1)!.seq
      const batch: Batch = { heard, confirm: confirm(last) }
      return [batch, last] as const
    },
    Effect.catchTag("SqlError", failed)
  )

  yield* createChannel("general")

  return Context.make(
    LocalChat,
    LocalChat.of({
      channels,
      createChannel,
      openThread,
      react,
      messages,
      message: (id) =>
        Effect.mapError(
          Effect.map(find(id), (row) => row && toLocal(row)),
          failed
        ),
      answerTo: (id) =>
        Effect.mapError(
          Effect.map(sql<Row>`SELECT * FROM local_messages WHERE reply_to = ${id} AND answer IS NOT NULL`, (rows) =>
            rows[0] === undefined ? undefined : toLocal(rows[0])
          ),
          failed
        ),
      post,
      edit,
      remove
    })
  ).pipe(
    Context.add(
      Chat,
      Chat.of({
        heard: Stream.unfold(0, (cursor) => nextHeard(cursor)),
        say,
        // The page shows drafts as they happen.
        draft: () => Effect.void,
        revise,
        audience: Effect.fn("Chat.audience")(function* (channelId) {
          const all = yield* channels
          if (!all.some(({ id }) => id === channelId)) return yield* unknownChannel(channelId)
          return { serverId, channelIds: new Set(all.map(({ id }) => channelOf(id))) }
        }),
        announcements: Effect.map(createChannel("announcements"), ({ id }) => id),
        // What is said here is kept here, so nothing happens unheard.
        outdated: () => Effect.succeed(new Set()),
        typing: (channelId) => happenings.tell({ type: "typing", channelId })
      })
    )
  )
})

/** Both the page's side and the actors' side of the one chat. */
export const layer = Layer.effectContext(make)
