/** What the bot says in Discord: each part of a reply once, found again when it is not known whether it was stored. */
import {
  type APIMessage,
  MessageFlags,
  RESTJSONErrorCodes,
  Routes,
  ThreadAutoArchiveDuration
} from "discord-api-types/v10"
import { Clock, Effect, Metric } from "effect"
import { createHash } from "node:crypto"
import type { ChatError, Reply } from "../Chat.ts"
import { digestOf, type DiscordState, type InteractionToken, type Posted } from "./DiscordState.ts"
import { longestMessage, neutralise, shorten } from "./DiscordText.ts"
import * as Hearing from "./Hearing.ts"
import { type Part, partsOf } from "./Rendering.ts"
import type { Call, Rest, RestError } from "./Rest.ts"

export interface Options {
  readonly rest: Rest
  readonly state: DiscordState
  readonly selfId: Effect.Effect<string, ChatError | RestError>
  readonly publicUrl: URL | undefined
  readonly asksHuman: boolean
  /** Whether what does not fit into one message goes on in a thread. */
  readonly longInThreads: boolean
}

const saidTotal = Metric.counter("rtfm_discord_messages_total", {
  description: "Messages sent, edited, or found to be there already, by which of them",
  incremental: true
})
const counted = (outcome: "sent" | "edited" | "found") =>
  Metric.update(Metric.withAttributes(saidTotal, { outcome }), 1)

/** What is shown of an answer that is still being written may be replaced; what was said stays. */
const draftDigest = "draft"
/** Between two edits of one message, in milliseconds. */
const editPause = 1000
/** For what the next draft replaces anyway. */
const quick = { retries: 0, deadline: "2 seconds" } as const

/** Clocks differ, so a message may seem older than the attempt to send it. */
const slack = 60_000
/** Characters of an embed's text, and of all embeds of a message. */
const [longestEmbed, longestEmbeds] = [4096, 6000]

/** Nobody is ever called, in what is sent and in what is edited. */
const silent = { allowed_mentions: { parse: [], replied_user: false }, flags: MessageFlags.SuppressEmbeds }

/** The same for the same part; Discord allows 25 characters. */
export const nonceOf = (replyId: string, part: number): string =>
  createHash("sha256").update(`${replyId}/${part}`).digest("base64url").slice(0, 24)

/** The first message of a reply. */
export interface Said {
  readonly id: string
  readonly channelId: string
  /** Absent when it was said before. */
  readonly message?: APIMessage
}

export const make = ({ asksHuman, longInThreads, publicUrl, rest, selfId, state }: Options) => {
  const send = (channelId: string, reply: Reply, part: number, { components, content }: Part) =>
    rest
      .call<APIMessage>(`say something in channel ${channelId}`, {
        method: "post",
        route: Routes.channelMessages(channelId),
        body: {
          content,
          components,
          nonce: nonceOf(reply.id, part),
          enforce_nonce: true,
          ...(part === 0 &&
            reply.replyTo !== undefined &&
            isSnowflake(reply.replyTo) && {
              message_reference: { message_id: reply.replyTo, channel_id: channelId, fail_if_not_exists: false }
            }),
          ...silent
        }
      })
      .pipe(Effect.tap(() => counted("sent")))

  const edit = (channelId: string, messageId: string, { components, content }: Part, how: Partial<Call> = {}) =>
    rest
      .call<APIMessage>(`edit a message in channel ${channelId}`, {
        method: "patch",
        route: Routes.channelMessage(channelId, messageId),
        body: { content, components, embeds: [], ...silent },
        ...how
      })
      .pipe(Effect.tap(() => counted("edited")))

  const editCommand = (
    { applicationId, token }: InteractionToken,
    { components, content }: Part,
    { embeds = [], ...how }: Partial<Call> & { readonly embeds?: ReadonlyArray<unknown> }
  ) =>
    rest.call<APIMessage>("answer a command", {
      method: "patch",
      route: Routes.webhookMessage(applicationId, token),
      auth: false,
      body: { content, embeds, components, allowed_mentions: silent.allowed_mentions },
      ...how
    })

  /** The message that an attempt stored whose answer was lost: by author, what it replies to, and its words. */
  const find = Effect.fnUntraced(function* (channelId: string, reply: Reply, { at, digest, part }: Posted) {
    const me = yield* selfId
    const history = yield* rest.call<ReadonlyArray<APIMessage>>(`look for a message in channel ${channelId}`, {
      method: "get",
      route: Routes.channelMessages(channelId),
      query: { after: Hearing.snowflakeAt(at - slack), limit: "100" }
    })
    const mine = history
      .filter(({ author }) => author.id === me)
      .toSorted((a, b) => (Hearing.isAfter(a.id, b.id) ? 1 : -1))
    const known = yield* state.known(mine.map(({ id }) => id))
    const replies = ({ message_reference }: APIMessage) =>
      part === 0 && reply.replyTo !== undefined && message_reference?.message_id === reply.replyTo
    return mine.find((it) => !known.has(it.id) && (replies(it) || digestOf(it.content) === digest))
  })

  /** A part that is there stays as it is, unless it is a draft. */
  const finish = Effect.fnUntraced(function* (
    channelId: string,
    reply: Reply,
    part: Part,
    posted: Posted,
    messageId: string
  ) {
    const said: Said = { id: messageId, channelId }
    if (posted.digest !== draftDigest) return said
    const message = yield* edit(channelId, messageId, part).pipe(
      // Somebody deleted the draft: the answer is not wanted.
      Effect.catchIf(
        ({ reason }) => reason === "unknown-message",
        () => Effect.undefined
      )
    )
    yield* state.post(reply.id, { part: posted.part, channelId, messageId, digest: digestOf(part.content) })
    return message === undefined ? said : { ...said, message }
  })

  const sayPart = Effect.fnUntraced(function* (
    channelId: string,
    reply: Reply,
    n: number,
    part: Part,
    posted: Posted | undefined
  ) {
    const entry = { part: n, channelId, digest: digestOf(part.content) }
    if (posted?.messageId != null) return yield* finish(channelId, reply, part, posted, posted.messageId)
    const found = posted === undefined ? undefined : yield* find(channelId, reply, posted)
    if (found === undefined) yield* state.post(reply.id, { ...entry, messageId: null })
    else yield* counted("found")
    // A draft whose answer was lost is found by what it replies to, and has other words.
    const stale = found !== undefined && digestOf(found.content) !== entry.digest
    const message =
      found === undefined
        ? yield* send(channelId, reply, n, part)
        : stale
          ? yield* edit(channelId, found.id, part)
          : found
    yield* state.post(reply.id, { ...entry, messageId: message.id })
    return { id: message.id, channelId, message }
  })

  /** A thread of a message has the message's id, so it is opened once however often that is tried. */
  const placeOfRest = Effect.fnUntraced(function* ({ channelId, id }: Said, { answer, question, threadId }: Reply) {
    if (!longInThreads || answer === undefined || threadId !== undefined) return channelId
    return yield* rest
      .call("open a thread for the rest of an answer", {
        method: "post",
        route: Routes.threads(channelId, id),
        body: { name: threadName(question ?? ""), auto_archive_duration: ThreadAutoArchiveDuration.OneDay }
      })
      .pipe(
        Effect.as(id),
        Effect.catchIf(
          ({ code }) => code === RESTJSONErrorCodes.ThreadAlreadyCreatedForMessage,
          () => Effect.succeed(id)
        ),
        // There are no threads here, too many of them, or the bot may not open any.
        Effect.catchIf(
          ({ reason }) => reason !== "unreachable" && reason !== "limited" && reason !== "unauthorized",
          () => Effect.succeed(channelId)
        )
      )
  })

  const sayInChannel = Effect.fnUntraced(function* (channelId: string, reply: Reply, parts: ReadonlyArray<Part>) {
    const posted = yield* state.posted(reply.id)
    const before = (n: number) => posted.find(({ part }) => part === n)
    const first: Said = yield* sayPart(channelId, reply, 0, parts[0]!, before(0))
    if (parts.length === 1) return first
    // Where it went on before, it goes on.
    const place = posted.find(({ part }) => part > 0)?.channelId ?? (yield* placeOfRest(first, reply))
    for (const [n, part] of parts.entries()) if (n > 0) yield* sayPart(place, reply, n, part, before(n))
    return first
  })

  /** The answer of a command is one message that is edited, so it is whole however often it is tried. */
  const sayToCommand = Effect.fnUntraced(function* (
    channelId: string,
    reply: Reply,
    token: InteractionToken,
    parts: ReadonlyArray<Part>
  ) {
    const [first, ...rest_] = parts
    const [before] = yield* state.posted(reply.id)
    if (before?.messageId != null && before.digest !== draftDigest) return { id: before.messageId, channelId }
    const whole = { content: first!.content, components: parts.at(-1)!.components }
    const message = yield* editCommand(token, whole, { embeds: embedsOf(rest_) })
    yield* counted("sent")
    yield* state.post(reply.id, { part: 0, channelId, messageId: message.id, digest: digestOf(first!.content) })
    return { id: message.id, channelId, message }
  })

  /** Says a reply whole; a part that is there already is not said again. */
  const say = Effect.fnUntraced(function* (reply: Reply) {
    const channelId = reply.threadId ?? reply.channelId
    const parts = partsOf(reply, { publicUrl, asksHuman })
    const token = reply.questionId === undefined ? undefined : yield* state.tokenOf(reply.questionId)
    const said: Said =
      token === undefined
        ? yield* sayInChannel(channelId, reply, parts)
        : yield* Effect.catchIf(
            sayToCommand(channelId, reply, token, parts),
            (error) => error._tag === "RestError" && error.reason === "expired" && !token.private,
            () => sayInChannel(channelId, reply, parts)
          )
    drafted.delete(reply.id)
    return said
  })

  /** When each answer that is being written was last shown, in milliseconds since the epoch. */
  const drafted = new Map<string, number>()

  /** Shows what is written so far, once a second at most; what comes sooner is left out, since more will come. */
  const draft = Effect.fnUntraced(
    function* (reply: Reply) {
      const now = yield* Clock.currentTimeMillis
      if (now - (drafted.get(reply.id) ?? 0) < editPause) return
      drafted.set(reply.id, now)
      const channelId = reply.threadId ?? reply.channelId
      const part: Part = { content: `${shorten(neutralise(reply.text), longestMessage - 10)} ▌`, components: [] }
      const token = reply.questionId === undefined ? undefined : yield* state.tokenOf(reply.questionId)
      const [posted] = yield* state.posted(reply.id)
      if (posted !== undefined && (posted.digest !== draftDigest || posted.messageId === null)) return
      const entry = { part: 0, channelId, digest: draftDigest }
      if (token !== undefined) {
        const message = yield* editCommand(token, part, quick)
        return yield* state.post(reply.id, { ...entry, messageId: message.id })
      }
      if (posted?.messageId != null) return yield* edit(channelId, posted.messageId, part, quick)
      yield* state.post(reply.id, { ...entry, messageId: null })
      const message = yield* send(channelId, reply, 0, part)
      yield* state.post(reply.id, { ...entry, messageId: message.id })
    },
    (effect) => Effect.ignore(effect)
  )

  /** Gone already, or in a place that is closed: nobody reads it there. */
  const unreadable = ({ reason }: RestError) =>
    reason === "unknown-message" || reason === "unknown-channel" || reason === "forbidden"

  /** Puts a new form of a reply in the place of what was said; messages that it no longer needs go. */
  const revise = Effect.fnUntraced(function* (reply: Reply) {
    const parts = partsOf(reply, { publicUrl, asksHuman })
    const token = reply.questionId === undefined ? undefined : yield* state.tokenOf(reply.questionId)
    const own = { content: parts[0]!.content, components: parts.at(-1)!.components }
    // As long as the command can be answered, what only its asker sees can be changed, too.
    if (token !== undefined) yield* Effect.ignore(editCommand(token, own, { embeds: embedsOf(parts.slice(1)) }))
    for (const { channelId, digest, messageId, part: n } of yield* state.posted(reply.id)) {
      if (messageId === null || digest === draftDigest) continue
      const part = parts[n]
      const route = Routes.channelMessage(channelId, messageId)
      const change =
        part === undefined
          ? rest.call("take back a message", { method: "delete", route })
          : edit(channelId, messageId, part)
      yield* Effect.catchIf(Effect.asVoid(change), unreadable, () => Effect.void)
      if (part !== undefined)
        yield* state.post(reply.id, { part: n, channelId, messageId, digest: digestOf(part.content) })
    }
  })

  const typing = (channelId: string) =>
    rest
      .call("show that the bot is typing", {
        method: "post",
        route: Routes.channelTyping(channelId),
        retries: 0,
        deadline: "3 seconds"
      })
      .pipe(Effect.ignore)

  return { say, draft, revise, typing }
}

export type Voice = ReturnType<typeof make>

/** What was asked, on one line and calling nobody. */
const threadName = (question: string): string =>
  shorten(
    question
      .replaceAll(/<[@#][^>]*>/g, "")
      .replaceAll(/\s+/g, " ")
      .trim(),
    90
  ) || "The answer"

const isSnowflake = (id: string): boolean => /^\d{15,20}$/.test(id)

/** What does not fit into the message itself stands below it, as far as Discord lets it. */
const embedsOf = (parts: ReadonlyArray<Part>): ReadonlyArray<{ readonly description: string }> => {
  let room = longestEmbeds
  return parts.flatMap(({ content }) => {
    const description = content.slice(0, Math.min(longestEmbed, room)).toWellFormed()
    room -= description.length
    return description === "" ? [] : [{ description }]
  })
}
