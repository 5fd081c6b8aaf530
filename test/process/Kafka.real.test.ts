/** The whole process on a real Kafka. */
import { assert, describe, it } from "@effect/vitest"
import { randomBytes } from "node:crypto"
import * as KafkaServer from "../fixtures/KafkaServer.ts"
import { call, inFolder, newFolder, removeFolder, run, start, until } from "./Rtfm.ts"

const bootstrap = KafkaServer.forFile(KafkaServer.bootstrap)

describe("rtfm start on Kafka", () => {
  it("answers from what was said before it was killed, and each question once", { timeout: 180_000 }, async () => {
    const folder = newFolder()
    const env = {
      KAFKA_BOOTSTRAP_SERVERS: bootstrap(),
      KAFKA_TOPIC_PREFIX: `${randomBytes(4).toString("hex")}.`,
      INGEST_OWN_DOCS: "false"
    }
    try {
      const first = await start({ folder, env })
      const said = await call(first.url, "/api/channels/local:general/messages", {
        json: { text: "The spare key of the archive hangs behind the green door.", author: { id: "ada", name: "Ada" } }
      })
      assert.strictEqual(said.status, 200)
      await first.kill("SIGKILL")

      const second = await start({ folder, env })
      const found = async () => (await call(second.url, "/api/search?q=archive")).body.found.length > 0
      while (!(await found()));
      const ask = () =>
        call(second.url, "/api/questions?wait=60", {
          json: { text: "Where hangs the spare key of the archive?" },
          headers: { "idempotency-key": "question" }
        })
      const { body, status } = await ask()
      assert.strictEqual(status, 200)
      assert.include(body.citations[0]?.quote, "behind the green door")
      assert.strictEqual((await ask()).body.id, body.id)
      const parts = (await call(second.url, "/api/status")).body.parts
      assert.strictEqual(parts.find((part: { name: string }) => part.name === "broker").kind, "real")
      const { body: chat } = await call(second.url, "/api/channels/local:general/messages")
      assert.strictEqual(chat.filter((message: { answer?: unknown }) => message.answer !== undefined).length, 1)
      assert.strictEqual(await second.kill("SIGTERM"), 0)
    } finally {
      removeFolder(folder)
    }
  })

  it("refuses to share what cannot be shared, and names what can", { timeout: 120_000 }, () =>
    inFolder(async (folder) => {
      const told = async (actors: string, env: Readonly<Record<string, string>> = {}) => {
        const { exited, output } = run({ folder, args: ["start", "--actors", actors], env })
        return [await exited, output()] as const
      }
      const kafka = { KAFKA_BOOTSTRAP_SERVERS: bootstrap(), KAFKA_TOPIC_PREFIX: `${randomBytes(4).toString("hex")}.` }
      const [unknown, alone, none, embedded] = await Promise.all([
        told("indexer,indexr", kafka),
        told("speaker", kafka),
        told(",", kafka),
        told("indexer")
      ])
      for (const [code] of [unknown, alone, none, embedded]) assert.notStrictEqual(code, 0)
      assert.match(unknown[1], /--actors: there is no actor indexr\. Choose among .*indexer.*answerer/)
      assert.include(alone[1], "--actors: speaker can only run where all run.")
      assert.include(none[1], "--actors: none is named.")
      assert.include(embedded[1], "set KAFKA_BOOTSTRAP_SERVERS")
    })
  )

  it("is written to until Ctrl-C: what was printed is there, and nothing else", { timeout: 180_000 }, () =>
    inFolder(async (folder) => {
      const env = { KAFKA_BOOTSTRAP_SERVERS: bootstrap(), KAFKA_TOPIC_PREFIX: `${randomBytes(4).toString("hex")}.` }
      const topic = ["--topic", "bot-queries.dlq"]
      const args = ["produce", "again", "--continuous", "--rate", "200", ...topic]
      const { child, exited, output } = run({ folder, args, env })
      const placesIn = (text: string) => Array.from(text.matchAll(/^bot-queries\.dlq \d \d+$/gm), ([place]) => place)
      await until(output, (text) => placesIn(text).length > 20, 60)
      child.kill("SIGINT")
      assert.strictEqual(await exited, 0, output())
      const places = placesIn(output())
      assert.match(output(), new RegExp(`^${places.length} records to bot-queries\\.dlq in .* s, `, "m"))
      const consuming = run({ folder, args: ["consume", "--json", ...topic], env })
      assert.strictEqual(await consuming.exited, 0)
      const there = consuming
        .output()
        .split("\n")
        .filter((line) => line.startsWith("{"))
      assert.sameMembers(
        there.map((line) => JSON.parse(line)).map(({ offset, partition }) => `bot-queries.dlq ${partition} ${offset}`),
        places
      )
    })
  )

  it("waits for a Kafka that does not answer, and says so", { timeout: 60_000 }, async () => {
    const folder = newFolder()
    try {
      const process = await start({ folder, env: { KAFKA_BOOTSTRAP_SERVERS: "127.0.0.1:1", INGEST_OWN_DOCS: "false" } })
      assert.include(process.output(), "127.0.0.1:1")
      const { body } = await call(process.url, "/api/status")
      assert.isFalse(body.ready)
      assert.strictEqual((await call(process.url, "/health/live")).status, 200)
      assert.strictEqual(await process.kill("SIGTERM"), 0)
    } finally {
      removeFolder(folder)
    }
  })
})
