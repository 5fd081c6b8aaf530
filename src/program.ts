/** The `rtfm` program: settings and logs around the command tree, and what it says and returns when something fails. */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { type Cause, Console, Effect, Exit, Layer } from "effect"
import { Command } from "effect/cli"
import { exitCodeOf, sentenceOf } from "./commands/Failure.ts"
import { rtfm } from "./commands/Rtfm.ts"
import { version } from "./runtime/Home.ts"
import * as Logging from "./runtime/Logging.ts"
import * as Settings from "./settings.ts"

/** One sentence for people; a bug shows where it is. */
const report = (cause: Cause.Cause<unknown>) => {
  const sentence = sentenceOf(cause)
  return sentence === undefined ? Effect.void : Console.error(sentence)
}

// A setting of the logs that is wrong is named with all the others by the command; until then the defaults do.
const Logs = Logging.layer.pipe(Layer.catch(() => Layer.empty))

// Whoever reads the output may close it early, as `head` does; that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error
})

Command.run(rtfm, { version }).pipe(
  Effect.tapCause(report),
  Effect.provide(Layer.provideMerge(Logs, Layer.mergeAll(Settings.layer, NodeServices.layer))),
  NodeRuntime.runMain({
    disableErrorReporting: true,
    teardown: (exit, onExit) => onExit(Exit.isSuccess(exit) ? 0 : exitCodeOf(exit.cause))
  })
)
