/** `rtfm start`: the whole process, until it is told to stop. */
import { Console, Effect, Layer, Option } from "effect"
import { Command, Flag } from "effect/cli"
import * as Supervise from "../actors/Supervise.ts"
import { bootstrapServers } from "../broker/kafka/KafkaSettings.ts"
import { Headless, Main, untilFatal } from "../main.ts"
import * as RoutesFile from "../notify/RoutesFile.ts"
import * as Room from "../runtime/Room.ts"
import * as Running from "../runtime/Running.ts"
import * as Heap from "../runtime/Heap.ts"
import * as Settings from "../settings.ts"
import * as Server from "../web/Server.ts"
import { CommandError } from "./CommandError.ts"

/** The first signal drains; the second ends the process at once and leaves the rest for the next start. */
const endOnSecondSignal = Effect.sync(() => {
  let signals = 0
  const end = () => {
    if (++signals > 1) process.exit(130)
  }
  process.on("SIGTERM", end)
  process.on("SIGINT", end)
})

const untilStopped = Effect.onInterrupt(untilFatal, () => Effect.logInfo("stopping: finishing what is in hand"))

const run = Effect.gen(function* () {
  yield* Heap.bound
  const url = yield* Server.url
  yield* Running.announce(url)
  yield* Console.log(`\n  rtfm is ready: ${url}/\n  Ctrl-C stops it\n`)
  return yield* untilStopped
}).pipe(Effect.scoped, Effect.provide(Main))

/** A process that only works: it has no page and no API, which belong to the one that runs everything. */
const runSome = (text: string) => {
  const names = text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "")
  return Effect.gen(function* () {
    if (Option.isNone(yield* bootstrapServers.config))
      return yield* new CommandError({
        detail: "--actors shares the work among several processes, which takes Kafka: set KAFKA_BOOTSTRAP_SERVERS."
      })
    const working = Effect.gen(function* () {
      yield* Heap.bound
      yield* Console.log(`\n  rtfm works as ${names.join(", ")}\n  Ctrl-C stops it\n`)
      return yield* untilStopped
    }).pipe(Effect.scoped)
    const some = Headless.pipe(Layer.provide(Layer.succeed(Supervise.Chosen, names)))
    return yield* Effect.provide(working, some)
  })
}

const actors = Flag.String("actors").pipe(
  Flag.withDescription("Only these actors, with commas between: they share the work with the process of the page"),
  Flag.optional
)

export const start = Command.make(
  "start",
  { actors },
  Effect.fnUntraced(function* ({ actors }) {
    yield* Settings.check
    // While it runs, a file that is wrong changes nothing; who starts it can mend it now.
    yield* Effect.flatMap(RoutesFile.routesFile.config, RoutesFile.read)
    yield* Room.check
    yield* endOnSecondSignal
    return Option.isSome(actors) ? yield* runSome(actors.value) : yield* run
  })
).pipe(
  Command.withDescription("Start the bot: the page, the API and the actors"),
  Command.withExamples([
    { command: "rtfm start", description: "Run on embedded parts, with the page on this machine" },
    {
      command: "rtfm start --actors indexer,answerer",
      description: "Another process beside it on the same Kafka and DATA_DIR, which takes its share of that work"
    },
    {
      command: "PORT=8080 LOG_LEVEL=info,speaker=debug rtfm start",
      description: "Another port, and more of what is said"
    }
  ])
)
