/** Webhooks of a Discord that keeps its limits on the test's clock: an HTTP client without a network. */
import { Clock, Context, Effect, Layer } from "effect"
import { HttpClient, HttpClientError, HttpClientResponse } from "effect/http"
import { limits } from "../../src/domain/Embed.ts"

interface WireEmbed {
  readonly title?: string
  readonly description?: string
  readonly fields?: ReadonlyArray<{ readonly name: string; readonly value: string }>
  readonly footer?: { readonly text: string }
}

export interface Message {
  readonly id: string
  readonly webhook: string
  readonly at: number
  readonly embeds: ReadonlyArray<WireEmbed>
}

/** What happens to a request instead of what usually does. */
export type Fault =
  | { readonly status: number; readonly body?: string; readonly headers?: Record<string, string> }
  /** The connection breaks, before or after the message is kept. */
  | "lost before"
  | "lost after"

export class FakeDiscord extends Context.Service<
  FakeDiscord,
  {
    readonly messages: Array<Message>
    readonly requests: Array<{ readonly url: string; readonly at: number; readonly authorization: string | undefined }>
    /** Asked for every message that is to be sent; the usual happens when it has nothing. */
    fault: (nth: number, webhook: string, at: number) => Fault | undefined
    limited: number
  }
>()("rtfm/test/notify/FakeDiscord") {}

export const url = (name: string) => `https://discord.test/api/webhooks/1${name.length}/secret-${name}`

const text = (value: string | undefined, most: number) => value === undefined || (value !== "" && value.length <= most)
const sizeOf = (embed: WireEmbed): number =>
  [
    embed.title,
    embed.description,
    embed.footer?.text,
    ...(embed.fields ?? []).flatMap(({ name, value }) => [name, value])
  ]
    .map((part) => part?.length ?? 0)
    .reduce((sum, length) => sum + length, 0)
const isFine = (embeds: ReadonlyArray<WireEmbed>): boolean =>
  embeds.length > 0 &&
  embeds.length <= limits.embeds &&
  embeds.reduce((sum, embed) => sum + sizeOf(embed), 0) <= limits.total &&
  embeds.every(
    ({ description, fields = [], footer, title }) =>
      text(title, limits.title) &&
      text(description, limits.description) &&
      text(footer?.text, limits.footer) &&
      fields.length <= limits.fields &&
      fields.every(({ name, value }) => text(name, limits.name) && text(value, limits.value))
  )

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } })

/** 5 in 2 s, which it announces, and 30 in a minute, which it does not. */
const tooSoon = (sent: ReadonlyArray<Message>, at: number): number | undefined => {
  const waits = [
    { count: 5, ms: 2000 },
    { count: 30, ms: 60_000 }
  ].flatMap(({ count, ms }) => {
    const within = sent.filter((message) => message.at > at - ms)
    return within.length < count ? [] : [within.at(-count)!.at + ms - at]
  })
  return waits.length === 0 ? undefined : Math.max(...waits)
}

export const layer = Layer.effectContext(
  Effect.sync(() => {
    const discord = FakeDiscord.of({ messages: [], requests: [], fault: () => undefined, limited: 0 })
    let nth = 0

    const keep = (webhook: string, at: number, embeds: ReadonlyArray<WireEmbed>) => {
      const message = { id: String(discord.messages.length + 1), webhook, at, embeds }
      discord.messages.push(message)
      return json(200, { id: message.id })
    }

    const execute = (webhook: string, at: number, body: string): Response | "lost" => {
      const { embeds } = JSON.parse(body) as { embeds: ReadonlyArray<WireEmbed> }
      const fault = discord.fault(++nth, webhook, at)
      if (fault === "lost before") return "lost"
      if (fault === "lost after") {
        keep(webhook, at, embeds)
        return "lost"
      }
      if (fault !== undefined)
        return new Response(fault.body ?? "", { status: fault.status, headers: fault.headers ?? {} })
      if (!isFine(embeds)) return json(400, { message: "Invalid Form Body", code: 50035 })
      const wait = tooSoon(
        discord.messages.filter((message) => message.webhook === webhook),
        at
      )
      if (wait !== undefined) {
        discord.limited++
        return json(429, { message: "You are being rate limited.", retry_after: wait / 1000, global: false })
      }
      return keep(webhook, at, embeds)
    }

    const history = () =>
      json(
        200,
        discord.messages
          .slice(-100)
          .toReversed()
          .map(({ embeds, id }) => ({ id, embeds }))
      )

    const client = HttpClient.make((request, address) =>
      Effect.gen(function* () {
        const at = yield* Clock.currentTimeMillis
        discord.requests.push({ url: address.href, at, authorization: request.headers["authorization"] })
        const body = request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : ""
        const response = address.pathname.includes("/channels/")
          ? history()
          : request.method === "GET"
            ? json(200, { channel_id: "77", guild_id: "7" })
            : address.searchParams.get("wait") === "true"
              ? execute(address.pathname, at, body)
              : json(400, { message: "wait is missing" })
        if (response === "lost") {
          return yield* new HttpClientError.HttpClientError({
            reason: new HttpClientError.TransportError({ request, cause: new Error(`lost ${address.href}`) })
          })
        }
        return HttpClientResponse.fromWeb(request, response)
      })
    )
    return Context.make(FakeDiscord, discord).pipe(Context.add(HttpClient.HttpClient, client))
  })
)
