/** Reads what was said while nobody listened: every channel from where the log has it, then the server is up to date. */
import { Effect, Queue, Stream } from "effect"
import type { Batch, ChatError } from "../Chat.ts"
import type { Cursor, DiscordState } from "./DiscordState.ts"
import type { Ear, Gap } from "./Ear.ts"
import * as Guilds from "./Guilds.ts"
import * as Hearing from "./Hearing.ts"
import * as History from "./History.ts"
import type { Rest, RestError } from "./Rest.ts"

export interface Options {
  readonly rest: Rest
  readonly state: DiscordState
  readonly guilds: Guilds.Guilds
  readonly ear: Ear
}

/** Channels that are read at a time. */
const atOnce = 4

export const make = Effect.fnUntraced(function* ({ ear, guilds, rest, state }: Options) {
  const gaps = yield* Queue.unbounded<Gap>()
  // A page is read when the one before it is taken.
  const batches = yield* Queue.bounded<Batch>(1)

  const readChannel = Effect.fnUntraced(function* (channel: Guilds.Channel, after: string) {
    yield* History.pages(rest, channel.id, after).pipe(
      Stream.runForEach((page) =>
        Effect.gen(function* () {
          const heard = yield* Effect.forEach(page, (message) =>
            ear.hearOld({ ...message, guild_id: channel.serverId } as Hearing.Message)
          )
          const cursor: Cursor = { channelId: channel.id, serverId: channel.serverId, messageId: page.at(-1)!.id }
          yield* Queue.offer(batches, {
            heard: heard.flat(),
            confirm: state.confirm({ sessions: [], cursors: [cursor] })
          })
        })
      )
    )
  })

  const readServer = Effect.fnUntraced(function* (serverId: string, seenAt: number) {
    const parents = History.parentsIn(guilds, serverId).filter(guilds.canRead)
    const archived = yield* Effect.forEach(
      parents.filter(({ voice }) => !voice),
      ({ id }) => History.archivedThreads(rest, id, seenAt),
      { concurrency: atOnce }
    )
    for (const thread of archived.flat()) guilds.addChannel(thread, serverId)
    const cursors = new Map((yield* state.cursors(serverId)).map(({ channelId, messageId }) => [channelId, messageId]))
    const missed = guilds.channelsOf(serverId).flatMap((channel) => {
      const after = cursors.get(channel.id) ?? Hearing.snowflakeAt(seenAt)
      const { lastMessageId } = channel
      const news = lastMessageId !== null && Hearing.isAfter(lastMessageId, after)
      return news && Guilds.hasMessages(channel) && guilds.canRead(channel) ? [{ channel, after }] : []
    })
    yield* Effect.forEach(missed, ({ after, channel }) => readChannel(channel, after), {
      concurrency: atOnce,
      discard: true
    })
    if (missed.length > 0)
      yield* Effect.logInfo(`read what was missed in ${missed.length} channels of server ${serverId}`)
  })

  const work = Effect.gen(function* () {
    while (true) {
      const gap = yield* Queue.take(gaps)
      const seenAt = yield* state.seenAt
      if (seenAt !== undefined) yield* readServer(gap.serverId, seenAt)
      // Only what is in the log counts as caught up.
      yield* Queue.offer(batches, { heard: [], confirm: Effect.sync(() => ear.caughtUp(gap)) })
    }
  })

  return {
    /** A server of which something may have been missed. */
    add: (gap: Gap) => Queue.offerUnsafe(gaps, gap),
    /** Fails with what keeps it from reading. */
    batches: Stream.merge(
      Stream.fromQueue(batches),
      Stream.fromEffect(work as Effect.Effect<never, ChatError | RestError>).pipe(Stream.drain)
    ) as Stream.Stream<Batch, ChatError | RestError>
  }
})

export type CatchUp = Effect.Success<ReturnType<typeof make>>
