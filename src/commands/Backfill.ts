/** `rtfm backfill`: what was said in Discord before the bot came becomes something it knows. */
import { Console, DateTime, Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { discordToken } from "../chat/discord/DiscordSettings.ts"
import { channelOf } from "../domain/ChatMessage.ts"
import type { ChatEvent } from "../domain/ChatMessage.ts"
import * as Topics from "../domain/Topics.ts"
import * as Sqlite from "../state/Sqlite.ts"
import { CommandError } from "./CommandError.ts"
import * as System from "./System.ts"

const text = new TextDecoder()

/** Events as records of the log. */
export const recordsOf = (events: ReadonlyArray<ChatEvent>) =>
  events.map((event) => ({ key: channelOf(event), value: text.decode(Topics.messages.encode(event)) }))

const channel = Flag.String("channel").pipe(
  Flag.withDescription("Id of a channel, with its threads; all the bot can read when absent"),
  Flag.optional
)
const since = Flag.String("since").pipe(
  Flag.withDescription("A day such as 2026-01-31; everything when absent"),
  Flag.optional
)

const dayOf = (day: string) => {
  const at = DateTime.make(day)
  if (Option.isSome(at)) return Effect.succeed(DateTime.toEpochMillis(at.value))
  return Effect.fail(new CommandError({ detail: `--since: expected a day such as 2026-01-31, got "${day}"` }))
}

export const backfill = Command.make(
  "backfill",
  { channel, since },
  Effect.fn(function* ({ channel, since }) {
    if (Option.isNone(yield* discordToken.config))
      return yield* new CommandError({ detail: "DISCORD_TOKEN is not set: there is no Discord to read from." })
    const from = yield* Option.match(since, { onNone: () => Effect.succeed(0), onSome: dayOf })
    const records = yield* System.records
    const { run } = yield* Effect.promise(() => import("../chat/discord/Backfill.ts"))
    const messages = yield* run({
      channelId: Option.getOrUndefined(channel),
      since: from,
      publish: (events) =>
        events.length === 0 ? Effect.void : Effect.asVoid(records.publish(Topics.messages.name, recordsOf(events))),
      told: (name, count) => (count === 0 ? Effect.void : Console.log(`#${name}: ${count} messages`))
    }).pipe(Effect.provide(Sqlite.layer))
    yield* Console.log(`${messages} messages read. Run it again to go on from here.`)
  }, Effect.scoped)
).pipe(
  Command.withDescription("Read what was said in Discord before the bot came"),
  Command.withExamples([
    { command: "rtfm backfill --since 2026-01-01", description: "Everything the bot can read, from a day on" },
    { command: "rtfm backfill --channel 123456789012345678", description: "One channel with its threads" }
  ])
)
