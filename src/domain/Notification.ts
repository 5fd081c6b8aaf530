/** What is to be told, and where. */
import { Schema } from "effect"
import { Millis } from "./ChatMessage.ts"
import { Embed } from "./Embed.ts"

/**
 * Where a notification goes: the name of the setting that holds a webhook, `channel:` and the id of a channel of the
 * bot, or `page`. Never an address: those are secrets.
 */
export const Destination = Schema.String.check(
  Schema.isPattern(/^(?:page|channel:\S{1,200}|DISCORD_WEBHOOK(?:_[A-Z0-9_]{1,60})?)$/, {
    message: "Expected `page`, `channel:` and a channel's id, or a name that begins with DISCORD_WEBHOOK"
  })
)

/** A record of `event-notifications`. */
export const Notification = Schema.Struct({
  /** Derived from what it tells, so that it is the same however often that is handled. */
  id: Schema.NonEmptyString,
  destination: Destination,
  embed: Embed,
  /** Those with the same words may be told as "37 more like this"; without it each is told by itself. */
  group: Schema.optionalKey(Schema.NonEmptyString),
  /** The same in sentences, which answer questions for a while. */
  known: Schema.optionalKey(Schema.NonEmptyString),
  /** The event it tells of. */
  about: Schema.optionalKey(Schema.NonEmptyString),
  at: Millis
})
export type Notification = typeof Notification.Type

export const page = "page"
const channelPrefix = "channel:"
const webhookPrefix = "DISCORD_WEBHOOK"

export const isWebhook = (destination: string): boolean => destination.startsWith(webhookPrefix)
export const toChannel = (channelId: string): string => channelPrefix + channelId
/** `undefined` for the page and webhooks. */
export const channelOf = (destination: string): string | undefined =>
  destination.startsWith(channelPrefix) ? destination.slice(channelPrefix.length) : undefined

/** What there is to choose from. */
export interface Places {
  /** Names of the settings that hold a webhook. */
  readonly webhooks: ReadonlySet<string>
  /** A channel of the bot. */
  readonly channelId: string | undefined
}

/** Where what has no webhook goes: the bot's channel, else the page. */
export const withoutWebhook = ({ channelId }: Places): string => (channelId === undefined ? page : toChannel(channelId))

/** The webhook of its own, else the one for all, else the bot's channel, else the page. */
export const destinationOf = (places: Places, own?: string): string => {
  const webhook = [own, webhookPrefix].find((name) => name !== undefined && places.webhooks.has(name))
  return webhook ?? withoutWebhook(places)
}

/** FNV-1a over UTF-16 units with two seeds: short, steady, and enough to tell the messages of a channel apart. */
const hash = (text: string, seed: number): string => {
  let h = seed
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return (h >>> 0).toString(16).padStart(8, "0")
}

/** What a notification can be recognised by in a channel: at the end of its footer. */
export const referenceOf = (id: string): string => `#${hash(id, 0x811c9dc5)}${hash(id, 0x9747b28c).slice(0, 4)}`

/** The embed with its reference. */
export const marked = ({ embed, id }: Notification): Embed => {
  const footer = embed.footer === undefined ? "" : `${embed.footer} · `
  return { ...embed, footer: footer + referenceOf(id) }
}
