/** The `rtfm` command. */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Cause, Console, Effect, Exit, Layer } from "effect"
import { Command } from "effect/cli"
import { ask } from "./commands/Ask.ts"
import { deadLetters } from "./commands/DeadLetters.ts"
import { doctor } from "./commands/Doctor.ts"
import { exitCodeOf, sentenceOf } from "./commands/Failure.ts"
import { ingest } from "./commands/Ingest.ts"
import { start } from "./commands/Start.ts"
import { topics } from "./commands/Topics.ts"
import { version } from "./runtime/Home.ts"
import * as Logging from "./runtime/Logging.ts"
import * as Settings from "./settings.ts"

const rtfm = Command.make("rtfm").pipe(
  Command.withDescription("Answers questions from your documentation and your chat, with quotes and links"),
  Command.withSubcommands([start, ask, ingest, topics, deadLetters, doctor]),
  Command.withExamples([
    { command: "rtfm start", description: "Start the bot and its page" },
    { command: "rtfm ingest docs/", description: "Teach it a folder of documentation" },
    { command: 'rtfm ask "How do I ingest a folder?"', description: "Ask it something" }
  ])
)

/** One sentence for people and an exit code for programs; a bug shows where it is. */
const report = (cause: Cause.Cause<unknown>) =>
  Effect.suspend(() => {
    const sentence = sentenceOf(cause)
    return sentence === undefined ? Effect.void : Console.error(sentence)
  })

// Settings that are wrong have been named by then, all of them; the loggers must not name one first.
const Logs = Logging.layer.pipe(Layer.catch(() => Layer.empty))

Command.run(rtfm, { version }).pipe(
  Effect.tapCause(report),
  Effect.provide(Layer.provideMerge(Logs, Layer.mergeAll(Settings.layer, NodeServices.layer))),
  NodeRuntime.runMain({
    disableErrorReporting: true,
    teardown: (exit, onExit) => onExit(Exit.isSuccess(exit) ? 0 : exitCodeOf(exit.cause))
  })
)
