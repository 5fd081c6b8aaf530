/** `rtfm start`: the whole process, until it is told to stop. */
import { Console, Effect } from "effect"
import { Command } from "effect/cli"
import { Main, untilFatal } from "../main.ts"
import * as Room from "../runtime/Room.ts"
import * as Running from "../runtime/Running.ts"
import * as Settings from "../settings.ts"
import * as Server from "../web/Server.ts"

/** The first signal drains; the second ends the process at once and leaves the rest for the next start. */
const endOnSecondSignal = Effect.sync(() => {
  let signals = 0
  const end = () => {
    if (++signals > 1) process.exit(130)
  }
  process.on("SIGTERM", end)
  process.on("SIGINT", end)
})

const run = Effect.gen(function* () {
  const url = yield* Server.url
  yield* Running.announce(url)
  yield* Console.log(`\n  rtfm is ready: ${url}/\n  Ctrl-C stops it\n`)
  return yield* Effect.onInterrupt(untilFatal, () => Effect.logInfo("stopping: finishing what is in hand"))
}).pipe(Effect.scoped, Effect.provide(Main))

export const start = Command.make("start", {}, () =>
  Settings.check.pipe(Effect.andThen(Room.check), Effect.andThen(endOnSecondSignal), Effect.andThen(run))
).pipe(
  Command.withDescription("Start the bot: the page, the API and the actors"),
  Command.withExamples([
    { command: "rtfm start", description: "Run on embedded parts, with the page on this machine" },
    {
      command: "PORT=8080 LOG_LEVEL=info,speaker=debug rtfm start",
      description: "Another port, and more of what is said"
    }
  ])
)
