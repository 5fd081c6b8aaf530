/**
 * A process with a slow actor on a topic with a backlog: `node kafkaBacklog.ts SERVERS PREFIX SECONDS`. Prints as JSON
 * the megabytes it held before it read anything, the most it held while it read, and the records it handled.
 */
import { Duration, Effect, Layer, Logger, Schema } from "effect"
import { randomBytes } from "node:crypto"
import * as Actor from "../src/actors/Actor.ts"
import { Broker } from "../src/broker/Broker.ts"
import { layerOptions } from "../src/broker/Kafka.ts"
import * as Topics from "../src/domain/Topics.ts"

const [servers = "", prefix = "", time = "10"] = process.argv.slice(2)

const Anything = Schema.Struct({ text: Schema.String })
const topic = (name: string) =>
  Topics.topic({ name, schema: Anything, key: () => "", retention: "1 day", description: "" })

/** Reads for some seconds; the most that the process held meanwhile, in megabytes. */
const reading = Effect.fnUntraced(function* (name: string, seconds: number, handleMs: number) {
  let handled = 0
  const actor = yield* Actor.oneByOne({
    name: `slow-${name}`,
    from: topic(name),
    to: "",
    handle: () =>
      Effect.as(
        Effect.delay(
          Effect.sync(() => handled++),
          handleMs
        ),
        []
      )
  })
  const fiber = yield* Effect.forkScoped(actor.run)
  let most = 0
  for (let i = 0; i < seconds * 10; i++) {
    yield* Effect.sleep("100 millis")
    most = Math.max(most, process.memoryUsage().rss)
    const failure = fiber.pollUnsafe()
    if (failure !== undefined) return yield* Effect.die(failure)
  }
  return { megabytes: most / 1024 / 1024, handled }
})

const program = Effect.gen(function* () {
  const broker = yield* Broker
  yield* broker.create([{ name: "warm", partitions: 3, retention: Duration.days(1), description: "" }])
  const value = () => Buffer.from(JSON.stringify({ text: randomBytes(150).toString("hex") }))
  yield* broker.publish(Array.from({ length: 2_000 }, (_, i) => ({ topic: "warm", key: `k${i % 50}`, value: value() })))
  // The same code has run before, so what comes on top is for the backlog.
  const before = yield* Effect.scoped(reading("warm", 5, 1))
  const during = yield* Effect.scoped(reading("backlog", Number(time), 100))
  return { before: before.megabytes, most: during.megabytes, handled: during.handled }
})

const World = layerOptions({ servers: servers.split(","), replica: "backlog", prefix }).pipe(
  Layer.provideMerge(Logger.layer([]))
)
console.log(JSON.stringify(await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(World)))))
process.exit()
