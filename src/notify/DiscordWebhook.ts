/** Discord's webhooks: within the pace of a channel, obeying what Discord says of limits, their addresses never shown. */
import { Clock, Config, ConfigProvider, Duration, Effect, Layer, Metric, Option, Redacted, Schema } from "effect"
import { HttpClient, HttpClientRequest, type HttpClientResponse } from "effect/http"
import type { Embed } from "../domain/Embed.ts"
import { minute, nextAt, recent } from "../domain/Pace.ts"
import * as Setting from "../runtime/Setting.ts"
import { Notifier, NotifyError, type Place } from "./Notifier.ts"
import { backoff, exhaustedFor, type Response, verdict } from "./Retrying.ts"

const Url = Schema.String.check(
  Schema.isPattern(/^https?:\/\/[^\s/?#]+(?:\/[\w-]+)*\/webhooks\/\d+\/[\w-]+(?:\?\S*)?$/)
)

const webhook = (name: string, what: string) =>
  Setting.optional(name, {
    description: `Webhook of Discord for ${what}`,
    expected: "the address that Discord shows for a webhook, such as https://discord.com/api/webhooks/123/abc",
    config: (name) => Config.schema(Url, name).pipe(Config.map((url) => Redacted.make(url, { label: name }))),
    secret: true
  })

const otherwise = "absent: that of DISCORD_WEBHOOK"
const perMinute = Setting.withDefault("WEBHOOK_MESSAGES_PER_MINUTE", {
  description: "Messages that the channel of a webhook is sent in a minute at most; Discord takes 30 from all together",
  expected: "a whole number from 1 to 1000",
  config: (name) => Config.schema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 })), name),
  fallback: String(minute.messages),
  value: minute.messages
})

const webhooks = [
  webhook("DISCORD_WEBHOOK", "notifications; absent: ANNOUNCEMENT_CHANNEL_ID, or the channel events of the page"),
  webhook("DISCORD_WEBHOOK_CONTACT", `contacts; ${otherwise}`),
  webhook("DISCORD_WEBHOOK_REQUEST", `orders of drinks; ${otherwise}`),
  webhook("DISCORD_WEBHOOK_MACHINE", `machines and their maintenance; ${otherwise}`),
  webhook("DISCORD_WEBHOOK_SALES", `the sales team; ${otherwise}`)
]
export const settings: ReadonlyArray<Setting.Setting<any>> = [...webhooks, perMinute]

const timeout = Duration.seconds(15)
const userAgent = "DiscordBot (rtfm-bot, 0.1)"

const sentTotal = Metric.counter("rtfm_notify_messages_total", {
  description: "Messages to webhooks, by what became of them",
  incremental: true
})
const count = (result: "sent" | "limited" | "unreachable" | "gone" | "invalid") =>
  Metric.update(Metric.withAttributes(sentTotal, { result }), 1)

/** What is known of a webhook. */
interface State {
  readonly url: Redacted.Redacted
  sentAt: ReadonlyArray<number>
  /** Nothing is sent before, in milliseconds since the epoch. */
  notBefore: number
  failures: number
  gone: boolean
  /** Its channel, once it was asked for. */
  place: Place | undefined
}

const toBody = ({ at, author, color, description, fields, footer, title, url }: Embed) => ({
  title,
  color,
  timestamp: new Date(at).toISOString(),
  fields,
  ...(url !== undefined && { url }),
  ...(author !== undefined && { author: { name: author } }),
  ...(description !== undefined && { description }),
  ...(footer !== undefined && { footer: { text: footer } })
})

const read = Effect.fnUntraced(function* (response: HttpClientResponse.HttpClientResponse) {
  const body = yield* response.text
  const answer: Response = { status: response.status, headers: { ...response.headers }, body }
  return answer
})

/** With `wait`, so that what was not kept is an error; a thread of the address stays. */
const executeUrl = (url: Redacted.Redacted): string => {
  const address = new URL(Redacted.value(url))
  address.searchParams.set("wait", "true")
  return address.href
}

const Webhook = Schema.Struct({ channel_id: Schema.String, guild_id: Schema.optionalKey(Schema.String) })
const History = Schema.Array(
  Schema.Struct({
    embeds: Schema.Array(Schema.Struct({ footer: Schema.optionalKey(Schema.Struct({ text: Schema.String })) }))
  })
)

/** What a setting that only a route names holds. */
export const named = (name: string) => webhook(name, "a route").config

export interface Options {
  readonly webhooks: ReadonlyMap<string, Redacted.Redacted>
  readonly channelId?: string
  /** Webhooks beyond those, by the names of their settings. */
  readonly others?: (name: string) => Effect.Effect<Option.Option<Redacted.Redacted>>
  /** Reads channels, to see what was told when an answer was lost. */
  readonly botToken?: Redacted.Redacted
  /** Messages a channel is sent in a minute; default 30. */
  readonly perMinute?: number
}

export const make = Effect.fnUntraced(function* ({ botToken, channelId, others, perMinute, webhooks }: Options) {
  const http = yield* HttpClient.HttpClient
  const fresh = (url: Redacted.Redacted): State => ({
    url,
    sentAt: [],
    notBefore: 0,
    failures: 0,
    gone: false,
    place: undefined
  })
  const states = new Map<string, State>(Array.from(webhooks, ([name, url]) => [name, fresh(url)]))
  const stateOf = Effect.fnUntraced(function* (name: string) {
    if (!states.has(name) && others !== undefined) {
      const url = yield* others(name)
      if (Option.isSome(url)) states.set(name, fresh(url.value))
    }
    return states.get(name)
  })
  const requireState = Effect.fnUntraced(function* (destination: string) {
    const state = yield* stateOf(destination)
    if (state !== undefined && !state.gone) return state
    return yield* new NotifyError({ reason: "gone", detail: `There is no webhook in ${destination}` })
  })

  const request = (request: HttpClientRequest.HttpClientRequest) =>
    http
      .execute(HttpClientRequest.setHeader(request, "user-agent", userAgent))
      .pipe(Effect.flatMap(read), Effect.timeout(timeout), Effect.option)

  const wait = Effect.fnUntraced(function* (destination: string, state: State) {
    const now = yield* Clock.currentTimeMillis
    const at = Math.max(nextAt(state.sentAt, now, perMinute), state.notBefore)
    if (at <= now) return
    return yield* new NotifyError({
      reason: "limited",
      detail: `The channel of ${destination} takes the next message in ${at - now} ms`,
      retryAfter: at - now
    })
  })

  const unreachable = Effect.fnUntraced(function* (state: State, now: number, detail: string) {
    state.failures++
    const retryAfter = backoff(state.failures)
    state.notBefore = now + retryAfter
    yield* count("unreachable")
    yield* Effect.logWarning(`${detail}; next in ${retryAfter} ms`)
    return yield* new NotifyError({ reason: "unreachable", detail, retryAfter })
  })

  const settle = Effect.fnUntraced(function* (destination: string, state: State, response: Response, now: number) {
    const decided = verdict(response)
    switch (decided.type) {
      case "sent": {
        state.failures = 0
        state.notBefore = now + exhaustedFor(response)
        yield* count("sent")
        return decided.id
      }
      case "limited": {
        const until = now + decided.ms
        for (const each of decided.everywhere ? states.values() : [state]) each.notBefore = until
        yield* count("limited")
        yield* Effect.logInfo(
          `Discord limits ${decided.everywhere ? "every webhook" : destination} for ${decided.ms} ms`
        )
        return yield* new NotifyError({
          reason: "limited",
          detail: `Discord limits ${destination}`,
          retryAfter: decided.ms
        })
      }
      case "gone": {
        state.gone = true
        yield* count("gone")
        const detail = `The webhook in ${destination} is gone or refuses its token (status ${response.status}); it is not called again before the next start`
        yield* Effect.logError(detail)
        return yield* new NotifyError({ reason: "gone", detail })
      }
      case "refused": {
        yield* count("invalid")
        return yield* new NotifyError({
          reason: "invalid",
          detail: `Discord refused a message for ${destination} with ${decided.detail}`
        })
      }
      case "unknown":
        return yield* unreachable(state, now, `Discord answered ${destination} with status ${response.status}`)
    }
  })

  const send = Effect.fn("Notifier.send")(function* (destination: string, embeds: ReadonlyArray<Embed>) {
    const state = yield* requireState(destination)
    yield* wait(destination, state)
    const startedAt = yield* Clock.currentTimeMillis
    state.sentAt = [...recent(state.sentAt, startedAt), startedAt]
    const response = yield* request(
      HttpClientRequest.post(executeUrl(state.url)).pipe(
        HttpClientRequest.bodyJsonUnsafe({ embeds: embeds.map(toBody), allowed_mentions: { parse: [] } })
      )
    )
    const now = yield* Clock.currentTimeMillis
    if (Option.isNone(response)) {
      return yield* unreachable(state, now, `Discord did not answer ${destination}`)
    }
    return yield* settle(destination, state, response.value, now)
  })

  const json = <A, I>(schema: Schema.Codec<A, I>, response: Option.Option<Response>) =>
    Option.filter(response, ({ status }) => status === 200).pipe(
      Option.flatMap(({ body }) => Schema.decodeOption(Schema.fromJsonString(schema))(body))
    )

  /** Its own address without what belongs to the sending of messages, and what it says of itself. */
  const describe = Effect.fnUntraced(function* (url: Redacted.Redacted) {
    const address = new URL(Redacted.value(url))
    const thread = address.searchParams.get("thread_id")
    address.search = ""
    return { address, thread, webhook: json(Webhook, yield* request(HttpClientRequest.get(address.href))) }
  })

  const placeOf = Effect.fnUntraced(function* (destination: string) {
    const state = yield* stateOf(destination)
    if (state === undefined || state.gone) return undefined
    if (state.place === undefined) {
      const { webhook } = yield* describe(state.url)
      if (Option.isNone(webhook) || webhook.value.guild_id === undefined) return undefined
      state.place = { serverId: webhook.value.guild_id, channelId: webhook.value.channel_id }
    }
    return state.place
  })

  /** The webhook says which channel it belongs to; the bot reads the last hundred messages there. */
  const footers = Effect.fnUntraced(function* (url: Redacted.Redacted, token: Redacted.Redacted) {
    const { address, thread, webhook } = yield* describe(url)
    if (Option.isNone(webhook)) return undefined
    const base = address.href.slice(0, address.href.indexOf("/webhooks/"))
    const channel = thread ?? webhook.value.channel_id
    const messages = json(
      History,
      yield* request(
        HttpClientRequest.get(`${base}/channels/${channel}/messages?limit=100`).pipe(
          HttpClientRequest.setHeader("authorization", `Bot ${Redacted.value(token)}`)
        )
      )
    )
    return Option.match(messages, {
      onNone: () => undefined,
      onSome: (messages) => messages.flatMap(({ embeds }) => embeds.map(({ footer }) => footer?.text ?? ""))
    })
  })

  const find = Effect.fn("Notifier.find")(function* (destination: string, references: ReadonlyArray<string>) {
    if (botToken === undefined) return undefined
    const { url } = yield* requireState(destination)
    const told = yield* footers(url, botToken)
    return told && new Set(references.filter((reference) => told.some((footer) => footer.endsWith(reference))))
  })

  return Notifier.of({
    places: { webhooks: new Set(webhooks.keys()), channelId },
    has: (name) => Effect.map(stateOf(name), (state) => state !== undefined),
    isGone: (destination) => states.get(destination)?.gone ?? false,
    placeOf,
    send,
    find
  })
})

/** Those of the settings that are there. */
const fromSettings = Effect.gen(function* () {
  const urls = new Map<string, Redacted.Redacted>()
  for (const { config, name } of webhooks) {
    const url = yield* config
    if (Option.isSome(url)) urls.set(name, url.value)
  }
  return urls
})

/** The bot's own channel and token, where there are any. */
export const layer = (bot: {
  readonly channelId: Config.Config<Option.Option<string>>
  readonly token: Config.Config<Option.Option<Redacted.Redacted>>
}) =>
  Layer.effect(
    Notifier,
    Effect.gen(function* () {
      const channelId = Option.getOrUndefined(yield* bot.channelId)
      const botToken = Option.getOrUndefined(yield* bot.token)
      const provider = yield* ConfigProvider.ConfigProvider
      const others = (name: string) =>
        named(name).pipe(
          Effect.provideService(ConfigProvider.ConfigProvider, provider),
          Effect.orElseSucceed(() => Option.none())
        )
      return yield* make({
        webhooks: yield* fromSettings,
        perMinute: yield* perMinute.config,
        others,
        ...(channelId !== undefined && { channelId }),
        ...(botToken !== undefined && { botToken })
      })
    })
  )
