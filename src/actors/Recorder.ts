/** event-notifications → passages. What was told of events answers questions of those who see it told, for a while. */
import { Array, Clock, Config, Duration, Effect } from "effect"
import { Chat } from "../chat/Chat.ts"
import type { ChatMessage } from "../domain/ChatMessage.ts"
import { channelOf, isWebhook, type Notification } from "../domain/Notification.ts"
import * as Topics from "../domain/Topics.ts"
import { Passages } from "../knowledge/Passages.ts"
import { EventsChannel } from "../notify/EventsChannel.ts"
import { Notifier, type Place } from "../notify/Notifier.ts"
import { Remembered } from "../notify/Remembered.ts"
import * as Setting from "../runtime/Setting.ts"
import * as Actor from "./Actor.ts"
import type * as Supervise from "./Supervise.ts"

export const rememberFor = Setting.withDefault("REMEMBER_EVENTS_FOR", {
  description: "How long an event that was told answers questions in the channel that was told",
  expected: 'a duration such as "24 hours", or "0 seconds" for not at all',
  config: Config.Duration,
  fallback: "24 hours",
  value: Duration.hours(24)
})

/** Records looked at in one go. */
const batch = 200
/** Other processes, too, add to what is remembered. */
const lookAgain = Duration.seconds(30)

const local = "local"
const author = { id: "rtfm-events", name: "Events", bot: false }

/** A thread of their own, so that what people say beside them stays together. */
const thread = "events"

const linkTo = ({ channelId, serverId }: Place, about: string): string =>
  serverId === local
    ? `/#/events/${encodeURIComponent(about)}`
    : `https://discord.com/channels/${serverId}/${channelId}`

const idOf = ({ id }: Notification): string => `event-${id}`

const messageOf = (notification: Notification, known: string, place: Place): ChatMessage => ({
  id: idOf(notification),
  ...place,
  threadId: thread,
  author,
  text: known,
  mentionsBot: false,
  url: linkTo(place, notification.about ?? notification.id),
  createdAt: notification.at,
  editedAt: notification.at
})

export const actor = Effect.gen(function* () {
  const chat = yield* Chat
  const events = yield* EventsChannel
  const notifier = yield* Notifier
  const passages = yield* Passages
  const remembered = yield* Remembered
  const lifetime = Duration.toMillis(yield* rememberFor.config)

  /** Nowhere, when nobody can say who sees what is told there. */
  const placeOf = Effect.fnUntraced(function* (destination: string) {
    if (isWebhook(destination)) return yield* notifier.placeOf(destination)
    const channelId = channelOf(destination) ?? (yield* events.id)
    const audience = yield* Effect.option(chat.audience(channelId))
    return audience._tag === "None" ? undefined : { serverId: audience.value.serverId, channelId }
  })

  const remember = Effect.fnUntraced(function* (
    notifications: Array.NonEmptyReadonlyArray<Notification>,
    place: Place
  ) {
    yield* remembered.keep(
      Array.map(notifications, (each) => ({ id: idOf(each), ...place, until: each.at + lifetime }))
    )
    yield* passages.applyChat(
      notifications.map((each) => ({ type: "created", message: messageOf(each, each.known ?? "", place) }))
    )
  })

  const forget = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const over = yield* remembered.over(now, batch)
    if (over.length === 0) return
    yield* passages.applyChat(
      over.map(({ channelId, id, serverId }) => ({ type: "deleted", serverId, channelId, messageIds: [id], at: now }))
    )
    yield* remembered.forget(over.map(({ id }) => id))
  })

  const untilNext = Effect.gen(function* () {
    const next = yield* remembered.next
    const now = yield* Clock.currentTimeMillis
    yield* Effect.sleep(Math.min(Duration.toMillis(lookAgain), Math.max(0, (next ?? Infinity) - now)))
  })

  const reading = yield* Actor.inBatches({
    name: "recorder",
    from: Topics.notifications,
    to: "passages",
    guest: true,
    batch,
    handleBatch: Effect.fnUntraced(function* (deliveries) {
      const now = yield* Clock.currentTimeMillis
      const known = deliveries
        .map(({ value }) => value)
        .filter(({ at, known }) => known !== undefined && at + lifetime > now)
      for (const [destination, notifications] of Object.entries(
        Array.groupBy(known, ({ destination }) => destination)
      )) {
        const place = yield* placeOf(destination)
        if (place !== undefined) yield* remember(notifications, place)
      }
      return []
    })
  })
  const forgetting = Effect.forever(Effect.andThen(forget, untilNext))
  return { ...reading, run: Effect.raceFirst(reading.run, forgetting) } satisfies Supervise.Actor
})
