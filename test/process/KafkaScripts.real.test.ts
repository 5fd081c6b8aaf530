/** `npm run kafka:start` and `npm run consumers`, with the embedded broker and with a real Kafka. */
import { assert, describe, it } from "@effect/vitest"
import { randomBytes } from "node:crypto"
import { resolve } from "node:path"
import { requestCreated } from "../../src/events/Catalog.ts"
import * as KafkaServer from "../fixtures/KafkaServer.ts"
import { call, inFolder, run, start, until } from "./Rtfm.ts"

const bootstrap = KafkaServer.forFile(KafkaServer.bootstrap)
const program = resolve(import.meta.dirname, "../../scripts/kafka.ts")
const quiet = { INGEST_OWN_DOCS: "false" }

describe("kafka:start and consumers", { timeout: 180_000 }, () => {
  it("start the bot where the broker is embedded, and say so when it runs already", () =>
    inFolder(async (folder) => {
      const bot = await start({ folder, program, args: ["start"], env: quiet })
      assert.include(bot.output(), "the broker is embedded: a part of the bot")
      assert.strictEqual((await call(bot.url, "/health/live")).status, 200)
      for (const [args, what] of [
        [["start"], "the broker"],
        [["consumers"], "the handlers of events"]
      ] as const) {
        const again = run({ folder, program, args })
        assert.strictEqual(await again.exited, 0, again.output())
        assert.include(again.output(), `It runs at ${bot.url}/ and has ${what}. There is nothing to start.`)
      }
      assert.strictEqual(await bot.kill("SIGTERM"), 0)
    }))

  it("make the topics of a Kafka, and handle its events in a process of their own", () =>
    inFolder(async (folder) => {
      const env = {
        ...quiet,
        KAFKA_BOOTSTRAP_SERVERS: bootstrap(),
        KAFKA_TOPIC_PREFIX: `${randomBytes(4).toString("hex")}.`
      }
      const made = run({ folder, program, args: ["start"], env })
      assert.strictEqual(await made.exited, 0, made.output())
      assert.match(made.output(), /sipeat\.request\.events/)

      const handlers = run({ folder, program, args: ["consumers"], env })
      await until(handlers.output, (said) => said.includes("rtfm works as contact-worker,"), 60)
      const value = JSON.stringify({ ...requestCreated.sample, id: "order-1" })
      const sent = run({
        folder,
        env,
        args: ["produce", value, "--topic", requestCreated.topic.name, "--key", "order-1"]
      })
      assert.strictEqual(await sent.exited, 0, sent.output())
      const told = run({
        folder,
        env,
        args: ["consume", "--topic", "event-notifications", "--follow", "--from", "earliest", "--count", "1", "--json"]
      })
      assert.strictEqual(await told.exited, 0, told.output())
      assert.include(told.output(), "Request event processed")
      handlers.child.kill("SIGTERM")
      assert.strictEqual(await handlers.exited, 0, handlers.output())
    }))
})
