/** Files on messages of Discord: each read under a link that was asked for just then, from Discord's own hosts only. */
import { type APIMessage, Routes } from "discord-api-types/v10"
import { Effect, Layer, Option, Stream } from "effect"
import { Attachments, type Wanted } from "../Attachments.ts"
import { ChatError } from "../Chat.ts"
import { discordApiUrl, discordToken } from "./DiscordSettings.ts"
import * as Rest from "./Rest.ts"

const hosts: ReadonlySet<string> = new Set(["cdn.discordapp.com", "media.discordapp.net"])

/** Hops of a redirect that are followed, each to a host of Discord's. */
const mostHops = 3
/** Between two pieces. */
const patience = "60 seconds"

/**
 * Whether a link is to a file of Discord's. Where the API is another program, its own machine may serve files, too; it
 * has the bot's token, so it is trusted as Discord is.
 */
export const isOwn = (link: URL, api: URL): boolean => {
  if (!/^\/(?:ephemeral-)?attachments\/\d+\/\d+\//.test(link.pathname) || link.username !== "") return false
  if (hosts.has(link.hostname)) return link.protocol === "https:" && link.port === ""
  return !/(?:^|\.)discord\.com$/.test(api.hostname) && link.hostname === api.hostname
}

const gone = ({ reason }: Rest.RestError): boolean =>
  reason === "unknown-message" || reason === "unknown-channel" || reason === "forbidden"

/** The link is no good any more, or never was. */
const refused: ReadonlySet<number> = new Set([401, 403, 404, 410])

const unreachable = (why: string) =>
  new ChatError({ reason: "unreachable", detail: `A file of a message could not be read from Discord: ${why}` })
const elsewhere = (host: string) =>
  new ChatError({ reason: "invalid", detail: `A file of a message is at ${host}, which is no host of Discord's` })

export const make = (rest: Rest.Rest, api: URL): Attachments["Service"] => {
  /** The link as the message has it now; `undefined` when there is no such file any more. */
  const linkOf = ({ channelId, fileId, messageId }: Wanted) =>
    rest
      .call<APIMessage>("read the files of a message", {
        method: "get",
        route: Routes.channelMessage(channelId, messageId)
      })
      .pipe(
        Effect.map(({ attachments }) => attachments.find(({ id }) => id === fileId)?.url),
        Effect.catchIf(gone, () => Effect.undefined),
        Effect.mapError(({ detail, reason }) => {
          const passes = reason === "unreachable" || reason === "limited" || reason === "unauthorized"
          return new ChatError({ reason: passes ? "unreachable" : "failed", detail })
        })
      )

  const request = Effect.fnUntraced(function* (link: URL) {
    const controller = yield* Effect.acquireRelease(
      Effect.sync(() => new AbortController()),
      (controller) => Effect.sync(() => controller.abort())
    )
    return yield* Effect.tryPromise({
      try: () =>
        fetch(link, {
          redirect: "manual",
          signal: controller.signal,
          headers: { "accept-encoding": "identity", "user-agent": "DiscordBot (rtfm, 0)" }
        }),
      catch: () => unreachable("there was no answer")
    })
  })

  const follow = Effect.fnUntraced(function* (start: string) {
    let link: URL | null = URL.parse(start)
    for (let hop = 0; hop <= mostHops; hop++) {
      if (link === null || !isOwn(link, api)) return yield* elsewhere(link?.host ?? "no address")
      const response = yield* request(link)
      if (response.status < 300 || response.status >= 400) return response
      link = URL.parse(response.headers.get("location") ?? "", link.href)
    }
    return yield* elsewhere("too many other addresses")
  })

  const contentOf = (body: ReadableStream<Uint8Array> | null) =>
    body === null
      ? Stream.empty
      : Stream.fromReadableStream({ evaluate: () => body, onError: () => unreachable("it broke off") }).pipe(
          Stream.timeoutOrElse({ duration: patience, orElse: () => Stream.fail(unreachable("it stood still")) })
        )

  return Attachments.of({
    open: Effect.fn("Attachments.open")(function* (wanted) {
      // A link that expired meanwhile is asked for once more.
      for (const _ of ["first", "again"]) {
        const link = yield* linkOf(wanted)
        if (link === undefined) return undefined
        const response = yield* follow(link)
        if (response.ok) return contentOf(response.body)
        if (!refused.has(response.status)) return yield* unreachable(`it answered ${response.status}`)
      }
      return yield* unreachable("it is not there")
    })
  })
}

/** By settings; there is a token wherever this is used. */
export const layer = Layer.effect(
  Attachments,
  Effect.gen(function* () {
    const token = Option.getOrThrow(yield* discordToken.config)
    const api = yield* discordApiUrl.config
    return make(Rest.make({ token, api }), api)
  })
)
