/** Messages that may have been deleted or edited while nobody listened are looked up before they are quoted: nobody tells of it later. */
import { type APIMessage, GatewayDispatchEvents, type GatewayDispatchPayload, Routes } from "discord-api-types/v10"
import { Clock, Effect, Metric } from "effect"
import type { ChatError, Window } from "../Chat.ts"
import type { DiscordState } from "./DiscordState.ts"
import * as Hearing from "./Hearing.ts"
import type { Rest, RestError } from "./Rest.ts"

export interface Options {
  readonly rest: Rest
  readonly state: DiscordState
  readonly selfId: Effect.Effect<string, RestError>
  /** Whether Discord has told of the channel or thread. */
  readonly isThere: (channelId: string) => boolean
  /** Has the dispatch heard that would have told of it. */
  readonly hear: (payload: GatewayDispatchPayload) => Effect.Effect<void, ChatError | RestError>
}

/** Messages of an answer of Discord; more it does not give. */
const pageSize = 100
const atOnce = 5
/** An answer that comes late is better than one that does not know what it should. */
const deadline = "20 seconds"
/** What could not be looked up is not asked for again at once: others wait for it, and Discord counts refusals. */
const lookAgain = { passing: 5_000, refused: 30_000 }
/** Messages of which is known that they are as they were; beyond it all are looked up anew. */
const mostChecked = 50_000

const recheckedTotal = Metric.counter("rtfm_discord_rechecked_total", {
  description: "Messages looked up before they were quoted, since nobody had listened, by what became of them",
  incremental: true
})
const count = (outcome: string, messages: number) =>
  messages === 0 ? Effect.void : Metric.update(Metric.withAttributes(recheckedTotal, { outcome }), messages)

type Known = Window["messages"][number]
const idsOf = ({ messages }: Pick<Window, "messages">) => messages.map(({ id }) => id)

const dispatch = (t: GatewayDispatchEvents, d: unknown) => ({ op: 0, s: 0, t, d }) as GatewayDispatchPayload

const inOrder = (messages: ReadonlyArray<Known>) => messages.toSorted((a, b) => (Hearing.isAfter(a.id, b.id) ? 1 : -1))

/** What became of messages, as far as a page of the channel tells that begins with the first of them. */
const compare = (messages: ReadonlyArray<Known>, page: ReadonlyArray<APIMessage>, selfId: string) => {
  const there = new Map(page.map((message) => [message.id, message]))
  const newest = page.map(({ id }) => id).reduce((a, b) => (Hearing.isAfter(a, b) ? a : b), "0")
  const reached = (id: string) => page.length < pageSize || !Hearing.isAfter(id, newest)
  const isEdited = ({ id, text }: Known) => {
    const message = there.get(id)
    return message?.edited_timestamp != null && Hearing.textOf(message, selfId) !== text
  }
  const told = messages.filter(({ id }) => reached(id))
  return {
    gone: told.filter(({ id }) => !there.has(id)).map(({ id }) => id),
    edited: told.filter(isEdited).map(({ id }) => there.get(id)!),
    checked: told.map(({ id }) => id),
    beyond: messages.filter(({ id }) => !reached(id))
  }
}

export const make = ({ hear, isThere, rest, selfId, state }: Options) => {
  let checked = new Set<string>()
  let checkedSince = 0
  /** When channels that could not be read may be tried again. */
  const shutUntil = new Map<string, number>()

  const hearChanges = Effect.fnUntraced(function* (
    { channelId, serverId, threadId }: Window,
    gone: ReadonlyArray<string>,
    edited: ReadonlyArray<APIMessage>
  ) {
    const place = { channel_id: threadId ?? channelId, guild_id: serverId }
    if (gone.length > 0) yield* hear(dispatch(GatewayDispatchEvents.MessageDeleteBulk, { ...place, ids: gone }))
    for (const message of edited) yield* hear(dispatch(GatewayDispatchEvents.MessageUpdate, { ...message, ...place }))
  })

  const hearRemoved = ({ channelId, serverId, threadId }: Window) =>
    hear(
      threadId === undefined
        ? dispatch(GatewayDispatchEvents.ChannelDelete, { id: channelId, guild_id: serverId })
        : dispatch(GatewayDispatchEvents.ThreadDelete, { id: threadId, guild_id: serverId, parent_id: channelId })
    )

  /** A page that lacks a message is not enough to take it for deleted. */
  const isDeleted = Effect.fnUntraced(
    function* ({ channelId, threadId }: Window, id: string) {
      const route = Routes.channelMessage(threadId ?? channelId, id)
      yield* rest.call("look up a message before it is quoted", { method: "get", route, deadline })
      return false
    },
    (looked) =>
      Effect.catchIf(
        looked,
        ({ reason }) => reason === "unknown-message",
        () => Effect.succeed(true)
      )
  )

  /** Those of the messages, the oldest first, that are not as they are known. */
  const look = Effect.fnUntraced(function* (
    window: Window,
    messages: ReadonlyArray<Known>
  ): Effect.fn.Return<ReadonlyArray<string>, ChatError | RestError> {
    const page = yield* rest.call<ReadonlyArray<APIMessage>>("look up messages before they are quoted", {
      method: "get",
      route: Routes.channelMessages(window.threadId ?? window.channelId),
      query: { after: String(BigInt(messages[0]!.id) - 1n), limit: String(pageSize) },
      deadline
    })
    const found = compare(messages, page, yield* selfId)
    const gone = yield* Effect.filter(found.gone, (id) => isDeleted(window, id), { concurrency: atOnce })
    yield* hearChanges(window, gone, found.edited)
    const outdated = [...gone, ...found.edited.map(({ id }) => id)]
    // What changed is known as it was until that is heard, and looked up again as long.
    for (const id of found.checked) if (!outdated.includes(id)) checked.add(id)
    yield* count("deleted", gone.length)
    yield* count("edited", found.edited.length)
    yield* count("unchanged", found.checked.length - outdated.length)
    return found.beyond.length === 0 ? outdated : [...outdated, ...(yield* look(window, found.beyond))]
  })

  const shut = Effect.fnUntraced(function* (place: string, { reason }: ChatError | RestError) {
    const passes = reason === "unreachable" || reason === "limited" || reason === "failed"
    const now = yield* Clock.currentTimeMillis
    shutUntil.set(place, now + (passes ? lookAgain.passing : lookAgain.refused))
  })

  const lookIn = Effect.fnUntraced(function* (window: Window) {
    const place = window.threadId ?? window.channelId
    const messages = window.messages.filter(({ id }) => !checked.has(id) && Hearing.timeOf(id) < checkedSince)
    if (messages.length === 0) return []
    const all = idsOf({ messages })
    const now = yield* Clock.currentTimeMillis
    if (now < (shutUntil.get(place) ?? 0)) return all
    return yield* look(window, inOrder(messages)).pipe(
      Effect.tapError((error) => shut(place, error)),
      Effect.tapErrorTag("RestError", ({ reason }) =>
        reason === "unknown-channel" && !isThere(place) ? hearRemoved(window) : Effect.void
      ),
      Effect.catch(({ message }) =>
        count("unknown", all.length).pipe(
          Effect.andThen(Effect.logWarning(`messages are not quoted until they can be looked up: ${message}`)),
          Effect.as(all)
        )
      )
    )
  })

  return {
    /** Nothing that happened until now to messages that are known may have been heard. */
    wasAway: Effect.flatMap(Clock.currentTimeMillis, (now) => state.setFact("away-until", String(now))),
    outdated: Effect.fn("Recheck.outdated")(
      function* (windows: ReadonlyArray<Window>) {
        const awayUntil = Number((yield* state.fact("away-until")) ?? 0)
        if (awayUntil !== checkedSince || checked.size > mostChecked) checked = new Set()
        checkedSince = awayUntil
        const outdated = yield* Effect.forEach(windows, lookIn, { concurrency: atOnce })
        return new Set(outdated.flat())
      },
      (outdated, windows) => Effect.orElseSucceed(outdated, () => new Set(windows.flatMap(idsOf)))
    )
  }
}
