/** event-notifications → Discord's webhooks, bot-responses. The only one that calls webhooks: ten notifications a message. */
import { Effect, Metric } from "effect"
import type { OutgoingRecord } from "../broker/Broker.ts"
import { record } from "../broker/Records.ts"
import { Chat, type ChatError } from "../chat/Chat.ts"
import { type Embed, toText } from "../domain/Embed.ts"
import { channelOf, isWebhook, type Notification, referenceOf, withoutWebhook } from "../domain/Notification.ts"
import { type Message, pack } from "../domain/Packing.ts"
import * as Topics from "../domain/Topics.ts"
import { EventsChannel } from "../notify/EventsChannel.ts"
import { type Entry, Ledger } from "../notify/Ledger.ts"
import { Notifier, type NotifyError } from "../notify/Notifier.ts"
import * as Actor from "./Actor.ts"

/** Notifications packed together at most; more only grow a batch that may be told twice. */
const batch = 100

const repeatedTotal = Metric.counter("rtfm_notify_repeated_total", {
  description: "Notifications told again because nobody could say whether they arrived",
  incremental: true
})

/** What is said where there are no webhooks. */
interface Told {
  readonly text: string
  readonly embeds?: ReadonlyArray<Embed>
}

export const actor = Effect.gen(function* () {
  const chat = yield* Chat
  const events = yield* EventsChannel
  const ledger = yield* Ledger
  const notifier = yield* Notifier

  const inChannel = Effect.fnUntraced(function* (channelId: string, id: string, what: Told) {
    const { serverId } = yield* chat.audience(channelId)
    return record(Topics.responses, { type: "saying", id: `notification-${id}`, serverId, channelId, ...what })
  })
  const onPage = (id: string, what: Told) => Effect.flatMap(events.id, (channelId) => inChannel(channelId, id, what))

  /** In the bot's channel, or in the page where that is not set or cannot be used. */
  const say = (destination: string, id: string, what: Told): Effect.Effect<OutgoingRecord, ChatError> => {
    const channelId = channelOf(destination)
    if (channelId === undefined) return onPage(id, what)
    return inChannel(channelId, id, what).pipe(
      Effect.catchIf(
        ({ retryable }) => !retryable,
        ({ detail }) => Effect.andThen(Effect.logWarning(`${detail}: it is told in the page instead`), onPage(id, what))
      )
    )
  }

  const sayAll = (destination: string, notifications: ReadonlyArray<Notification>) =>
    Effect.forEach(notifications, ({ embed, id }) => say(destination, id, { text: toText(embed), embeds: [embed] }))

  /** Looks for what was begun and never confirmed, where that can be seen; the rest is told again. */
  const reconcile = Effect.fnUntraced(function* (destination: string, unsure: ReadonlyArray<Entry>) {
    if (unsure.length === 0) return []
    const references = [...new Set(unsure.map(({ reference }) => reference))]
    const found = yield* notifier.find(destination, references)
    const told = unsure.filter(({ reference }) => found?.has(reference) === true).map(({ id }) => id)
    if (told.length > 0) yield* ledger.sent(told)
    if (found === undefined) yield* Metric.update(repeatedTotal, unsure.length)
    return told
  })

  const pending = Effect.fnUntraced(function* (destination: string, notifications: ReadonlyArray<Notification>) {
    const begun = yield* ledger.begun(notifications.map(({ id }) => id))
    const unsure = begun.filter(({ sent }) => !sent)
    const told = new Set(begun.filter(({ sent }) => sent).map(({ id }) => id))
    for (const id of yield* reconcile(destination, unsure)) told.add(id)
    const left = new Map(notifications.filter(({ id }) => !told.has(id)).map((each) => [each.id, each]))
    return [...left.values()]
  })

  const send = Effect.fnUntraced(function* (destination: string, { embeds, ids }: Message) {
    yield* ledger.begin(ids, destination, referenceOf(ids[0]))
    yield* Effect.tapError(notifier.send(destination, embeds), ({ reason }) =>
      reason === "unreachable" ? Effect.void : ledger.forget(ids)
    )
    yield* ledger.sent(ids)
  })

  /** What a webhook that is gone can no longer tell is told elsewhere, with a word about why. */
  const elsewhere = Effect.fnUntraced(function* (
    destination: string,
    notifications: ReadonlyArray<Notification>,
    error?: NotifyError
  ) {
    const other = withoutWebhook(notifier.places)
    const notice =
      error === undefined
        ? []
        : [yield* say(other, `${destination}-${notifications[0]!.id}`, { text: `⚠️ ${error.detail}.` })]
    return [...notice, ...(yield* sayAll(other, notifications))]
  })

  const tell = Effect.fnUntraced(function* (destination: string, notifications: ReadonlyArray<Notification>) {
    if (!isWebhook(destination)) return yield* sayAll(destination, notifications)
    if (notifier.isGone(destination)) return yield* elsewhere(destination, notifications)
    const left = yield* pending(destination, notifications)
    const told = new Set<string>()
    const sending = Effect.forEach(
      pack(left),
      (message) =>
        Effect.andThen(
          send(destination, message),
          Effect.sync(() => message.ids.forEach((id) => told.add(id)))
        ),
      { discard: true }
    )
    return yield* sending.pipe(
      Effect.as<ReadonlyArray<OutgoingRecord>>([]),
      Effect.catchIf(
        (error): error is NotifyError => "reason" in error && error.reason === "gone",
        (error) =>
          elsewhere(
            destination,
            left.filter(({ id }) => !told.has(id)),
            error
          )
      )
    )
  })

  return yield* Actor.inBatches({
    name: "announcer",
    from: Topics.notifications,
    to: "webhooks, bot-responses",
    batch,
    oneKey: true,
    handleBatch: (deliveries) =>
      tell(
        deliveries[0]!.value.destination,
        deliveries.map(({ value }) => value)
      )
  })
})
