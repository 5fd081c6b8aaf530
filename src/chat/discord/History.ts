/** What was said in channels of Discord before: page by page, oldest first, threads and forum posts included. */
import { type APIChannel, type APIMessage, type APIThreadList, Routes } from "discord-api-types/v10"
import { Effect, Option, Schedule, Stream } from "effect"
import * as Guilds from "./Guilds.ts"
import * as Hearing from "./Hearing.ts"
import type { Rest, RestError } from "./Rest.ts"

/** Messages of a page; more Discord does not give. */
const pageSize = 100

/** Gone or hidden since: there is nothing to read. */
const closed = ({ reason }: RestError): boolean =>
  reason === "unknown-channel" || reason === "forbidden" || reason === "invalid"

const patiently = Schedule.exponential("1 second").pipe(Schedule.jittered)

/** The messages of a channel after an id, a page at a time. */
export const pages = (
  rest: Rest,
  channelId: string,
  after: string
): Stream.Stream<ReadonlyArray<APIMessage>, RestError> =>
  Stream.paginate(after, (after) =>
    rest
      .call<ReadonlyArray<APIMessage>>(`read channel ${channelId}`, {
        method: "get",
        route: Routes.channelMessages(channelId),
        query: { after, limit: String(pageSize) },
        deadline: "5 minutes"
      })
      .pipe(
        Effect.retry({
          schedule: patiently,
          times: 8,
          while: ({ reason }) => reason === "unreachable" || reason === "limited"
        }),
        Effect.catchIf(closed, () => Effect.succeed([])),
        Effect.map((page) => {
          const sorted = page.toSorted((a, b) => (Hearing.isAfter(a.id, b.id) ? 1 : -1))
          const last = sorted.at(-1)?.id
          const next = page.length === pageSize ? Option.fromUndefinedOr(last) : Option.none<string>()
          return [sorted.length === 0 ? [] : [sorted], next] as const
        })
      )
  )

/** The public threads of a channel that were archived since a time; the gateway never tells of them. */
export const archivedThreads = Effect.fnUntraced(function* (rest: Rest, channelId: string, since: number) {
  const found: Array<APIChannel> = []
  let before: string | undefined
  while (true) {
    const list: APIThreadList & { readonly has_more?: boolean } = yield* rest
      .call<APIThreadList & { readonly has_more?: boolean }>(`list the threads of channel ${channelId}`, {
        method: "get",
        route: Routes.channelThreads(channelId, "public"),
        query: { limit: "100", ...(before !== undefined && { before }) },
        deadline: "5 minutes"
      })
      .pipe(Effect.catchIf(closed, () => Effect.succeed({ threads: [], members: [] })))
    const threads = list.threads as ReadonlyArray<APIChannel & { thread_metadata?: { archive_timestamp: string } }>
    const archivedAt = ({ thread_metadata }: (typeof threads)[number]) =>
      Date.parse(thread_metadata?.archive_timestamp ?? "")
    found.push(...threads.filter((thread) => archivedAt(thread) >= since))
    before = threads.at(-1)?.thread_metadata?.archive_timestamp
    if (list.has_more !== true || before === undefined || Date.parse(before) < since) return found
  }
})

/** Channels of a server in which something can be read, forums by their threads. */
export const parentsIn = (guilds: Guilds.Guilds, serverId: string): ReadonlyArray<Guilds.Channel> =>
  guilds
    .channelsOf(serverId)
    .filter((channel) => !Guilds.isThread(channel) && (Guilds.hasMessages(channel) || Guilds.isForum(channel)))
