/** `npm run kafka:start` and `npm run consumers`: a broker, and the handlers of events, whatever the settings say. */
import { Effect, Option } from "effect"
import { spawn } from "node:child_process"
import { join } from "node:path"
import { bootstrapServers } from "../src/broker/kafka/KafkaSettings.ts"
import * as Running from "../src/runtime/Running.ts"
import * as Settings from "../src/settings.ts"

const consumers = ["contact-worker", "request-worker", "machine-worker", "announcer", "recorder"].join(",")

/** Runs a command of rtfm in its place: signals go on to it, and its exit code is this one's. */
const rtfm = (...args: ReadonlyArray<string>): void => {
  const cli = join(import.meta.dirname, "../src/cli.ts")
  const child = spawn(process.execPath, [cli, ...args], { stdio: "inherit" })
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal))
  child.once("exit", (code, signal) => process.exit(code ?? (signal === null ? 0 : 1)))
}

const { running, servers } = await Effect.runPromise(
  Effect.all({ running: Running.find, servers: bootstrapServers.config }).pipe(Effect.provide(Settings.layer))
)

const embedded = (what: string): void => {
  console.log("KAFKA_BOOTSTRAP_SERVERS is not set, so the broker is embedded: a part of the bot, in its DATA_DIR.")
  if (Option.isSome(running)) {
    console.log(`It runs at ${running.value.url}/ and has ${what}. There is nothing to start.`)
  } else {
    console.log(`The bot starts now, with ${what}.`)
    rtfm("start")
  }
}

const start = (): void => {
  if (Option.isNone(servers)) return embedded("the broker")
  console.log("KAFKA_BOOTSTRAP_SERVERS is set, so that Kafka is used. Topics that it lacks are created; then:")
  console.log("  npm start            the bot: the page, the API and all actors")
  console.log("  npm run consumers    more processes that handle events and tell of them")
  rtfm("topics", "create")
}

const consume = (): void => {
  if (Option.isNone(servers)) return embedded("the handlers of events")
  console.log("Handlers of events, and what tells of them, on the Kafka of KAFKA_BOOTSTRAP_SERVERS.")
  rtfm("start", "--actors", consumers)
}

const commands: Readonly<Record<string, () => void>> = { start, consumers: consume }
const command = commands[process.argv[2] ?? ""]
if (command === undefined) {
  console.error(`Expected one of ${Object.keys(commands).join(", ")}`)
  process.exit(64)
}
command()
