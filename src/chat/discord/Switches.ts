/** What the bot does where: settings of the operator, switches of the servers, and who does not want to be heard. */
import { Effect } from "effect"
import type { DiscordState, Mode } from "./DiscordState.ts"
import type { Channel } from "./Guilds.ts"

export const make = Effect.fnUntraced(function* (state: DiscordState, listenTo: ReadonlySet<string> | undefined) {
  const modes = yield* state.modes
  const optOuts = new Set<string>()
  const readOptOuts = Effect.map(state.optOuts, (ids) => {
    for (const id of ids) optOuts.add(id)
  })
  yield* readOptOuts

  const listens = (channel: Channel, parent: Channel | undefined): boolean =>
    listenTo === undefined ||
    [channel.id, channel.parentId, parent?.parentId].some((id) => typeof id === "string" && listenTo.has(id))

  return {
    /** Who left by the command line of another process is heard of here. */
    follow: Effect.ignore(readOptOuts).pipe(Effect.delay("10 seconds"), Effect.forever),
    /** A thread does what its channel does unless it has a switch of its own. */
    modeOf: (channel: Channel, parent: Channel | undefined): Mode =>
      listens(channel, parent) ? (modes.get(channel.id) ?? modes.get(parent?.id ?? "") ?? "answer") : "off",
    setMode: (channelId: string, mode: Mode) =>
      Effect.andThen(
        state.setMode(channelId, mode),
        Effect.sync(() => modes.set(channelId, mode))
      ),
    optedOut: (userId: string): boolean => optOuts.has(userId),
    optOut: (userId: string) =>
      Effect.andThen(
        state.optOut(userId),
        Effect.sync(() => optOuts.add(userId))
      )
  }
})

export type Switches = Effect.Success<ReturnType<typeof make>>
