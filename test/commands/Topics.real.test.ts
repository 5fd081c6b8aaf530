/** `rtfm topics` on the embedded broker and on Kafka. */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer } from "effect"
import { Command } from "effect/cli"
import { TestConsole } from "effect/testing"
import { randomBytes } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { rtfm } from "../../src/commands/Rtfm.ts"
import * as KafkaServer from "../fixtures/KafkaServer.ts"

const bootstrap = KafkaServer.forFile(KafkaServer.bootstrap)

type Settings = Readonly<Record<string, string>>

/** Settings of an installation of its own. */
const folder = Effect.acquireRelease(
  Effect.sync(() => ({ DATA_DIR: mkdtempSync(join(tmpdir(), "rtfm-topics-")) })),
  ({ DATA_DIR }) => Effect.sync(() => rmSync(DATA_DIR, { recursive: true, force: true }))
)
const onKafka = Effect.map(folder, (settings) => ({
  ...settings,
  KAFKA_BOOTSTRAP_SERVERS: bootstrap(),
  KAFKA_TOPIC_PREFIX: `${randomBytes(4).toString("hex")}.`
}))

/** What a command prints. */
const run = (settings: Settings, ...args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    yield* Command.runWith(rtfm, { version: "0.0.0" })(["topics", ...args])
    return (yield* TestConsole.logLines).join("\n")
  }).pipe(
    Effect.provide(Layer.merge(TestConsole.layer, NodeServices.layer)),
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown(settings))
  )
const refusal = (settings: Settings, ...args: ReadonlyArray<string>) =>
  Effect.map(Effect.flip(run(settings, ...args)), (error) => (error as Error).message)

const lines = (text: string): ReadonlyArray<string> => text.split("\n")

for (const [name, installation] of [
  ["the embedded broker", folder],
  ["Kafka", onKafka]
] as const) {
  describe(`rtfm topics on ${name}`, () => {
    it.live("shows what is missing, makes it, and then finds all as wanted", () =>
      Effect.gen(function* () {
        const settings = yield* installation
        assert.include(yield* run(settings, "list"), "There are no topics")
        const before = lines(yield* run(settings, "plan"))
        assert.lengthOf(before, 12)
        for (const line of before) assert.match(line, /^\+ \S+: missing, --apply creates it, with 3 partitions, kept /)
        assert.include(yield* run(settings, "list"), "There are no topics")
        for (const line of lines(yield* run(settings, "plan", "--apply"))) assert.match(line, /^\+ \S+: created, /)
        for (const line of lines(yield* run(settings, "plan"))) assert.match(line, /^= /)
        for (const line of lines(yield* run(settings, "create"))) assert.match(line, /: is there already$/)
        assert.lengthOf(lines(yield* run(settings, "list")), 13)
      })
    )

    it.live("changes what loses nothing, and what loses records only when somebody insists", () =>
      Effect.gen(function* () {
        const settings = yield* installation
        yield* run(settings, "create", "bot-queries", "--partitions", "1", "--retention", "12h")
        yield* run(settings, "create", "bot-responses", "--partitions", "6", "--retention", "forever")
        const entries = (text: string) => lines(text).filter((line) => line.startsWith("~"))
        const queries = ["partitions: 3 wanted, 1 there", "retention: 1d wanted, 12h there"]
        const [six, forever] = ["partitions: 3 wanted, 6 there", "retention: 1d wanted, for ever there"]
        const insist = "left as it is unless --shorten: older records would be deleted"
        const responses = [`~ bot-responses: ${six}; left as it is`, `~ bot-responses: ${forever}; ${insist}`]
        assert.deepStrictEqual(entries(yield* run(settings, "plan")), [
          ...queries.map((difference) => `~ bot-queries: ${difference}; --apply changes it`),
          ...responses
        ])
        assert.deepStrictEqual(entries(yield* run(settings, "plan", "--apply")), [
          ...queries.map((difference) => `~ bot-queries: ${difference}; changed`),
          ...responses
        ])
        assert.deepStrictEqual(entries(yield* run(settings, "plan")), responses)
        yield* run(settings, "plan", "--apply", "--shorten")
        assert.deepStrictEqual(entries(yield* run(settings, "plan")), [`~ bot-responses: ${six}; left as it is`])
      })
    )

    it.live("deletes what it is told to, when that is meant", () =>
      Effect.gen(function* () {
        const settings = yield* installation
        assert.strictEqual(yield* run(settings, "create", "a", "b"), "a: created\nb: created")
        assert.include(yield* refusal(settings, "delete", "a"), "Nothing is deleted without --yes")
        assert.include(yield* refusal(settings, "delete", "a", "nowhere", "--yes"), "There is no topic nowhere")
        assert.match(yield* run(settings, "describe", "a"), /^a: kept 7 d/)
        assert.strictEqual(yield* run(settings, "delete", "a", "--yes"), "a: deleted")
        assert.include(yield* refusal(settings, "describe", "a"), "There is no topic a; there are b.")
      })
    )
  })
}

describe("rtfm topics on Kafka", () => {
  it.live("creates topics as asked, and describes them with their leaders", () =>
    Effect.gen(function* () {
      const settings = yield* onKafka
      const wishes = ["--partitions", "2", "--retention", "30d", "--compression", "gzip", "--cleanup", "compact,delete"]
      yield* run(settings, "create", "sensors", ...wishes)
      const text = yield* run(settings, "describe", "sensors")
      assert.match(text, /^sensors: kept 30 d, cleanup compact,delete, compression gzip, 1 copy\n/)
      assert.match(text, /\n +1 +0 +0 +0 {2}\S+:\d+\n/)
      const copies = { ...settings, KAFKA_REPLICATION_FACTOR: "3" }
      assert.include(yield* refusal(copies, "create", "other"), "INVALID_REPLICATION_FACTOR")
      yield* run(settings, "plan", "--apply")
      const differences = lines(yield* run(copies, "plan"))
      assert.strictEqual(differences[0], "~ discord-messages: replicas: 3 wanted, 1 there; left as it is")
    })
  )
})
