/** What a person sees when something is wrong with Kafka or the schema registry, each in a sentence. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as KafkaServer from "../fixtures/KafkaServer.ts"
import * as SchemaRegistry from "../fixtures/SchemaRegistry.ts"
import { golden } from "../golden/golden.ts"
import { onKafka, refusal, run, type Settings } from "./inProcess.ts"

const kafka = KafkaServer.forFile(KafkaServer.makeSecure)
const registry = KafkaServer.forFile(SchemaRegistry.make)

const deadAddress = Effect.map(Effect.promise(SchemaRegistry.freePort), (port) => `127.0.0.1:${port}`)

/** Without what is different in every run. */
const normal = (sentence: string, { DATA_DIR, KAFKA_TOPIC_PREFIX = "" }: Settings): string =>
  sentence
    .replaceAll(DATA_DIR!, "DATA_DIR")
    .replaceAll(KAFKA_TOPIC_PREFIX, "")
    .replaceAll(/127\.0\.0\.1:\d+/g, "ADDRESS")

const withPassword = (settings: Settings, mechanism: string, user: string): Settings => ({
  ...settings,
  KAFKA_BOOTSTRAP_SERVERS: kafka().sasl,
  KAFKA_SASL_MECHANISM: mechanism,
  KAFKA_USERNAME: user,
  KAFKA_PASSWORD: "wrong password"
})

const takenOver = (settings: Settings) =>
  Effect.promise(async () => {
    const fields = [{ name: "id", type: "long" }]
    const subject = `${settings["KAFKA_TOPIC_PREFIX"]}bot-queries-value`
    await fetch(`${registry().url}/subjects/${subject}/versions`, {
      method: "POST",
      headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
      body: JSON.stringify({
        schema: JSON.stringify({ type: "record", name: "BotQueries", namespace: "rtfm", fields })
      })
    })
  })

describe("Sentences of Kafka", () => {
  it.live("name what, where and why", () =>
    Effect.gen(function* () {
      const settings = yield* onKafka(kafka().bootstrap)
      yield* run(settings, "topics", "create")
      const large = join(settings.DATA_DIR, "large")
      writeFileSync(large, "x".repeat(5 * 1024 * 1024))
      const away = { ...settings, KAFKA_BOOTSTRAP_SERVERS: yield* deadAddress }
      const registered = { ...settings, SCHEMA_REGISTRY_URL: registry().url }
      const registryAway = { ...settings, SCHEMA_REGISTRY_URL: `http://${yield* deadAddress}/apis/ccompat/v7` }
      const query = JSON.stringify({
        id: "q",
        text: "?",
        serverId: "s",
        channelId: "c",
        author: { id: "a", name: "A", bot: false },
        askedAt: 0
      })
      const toQueries = ["produce", query, "--topic", "bot-queries", "--avro"]
      const ask = (on: Settings, ...args: ReadonlyArray<string>) =>
        Effect.map(refusal(on, ...args), (sentence) => normal(sentence, settings))

      const sentences: Array<readonly [string, string]> = [
        ["produce to an unknown topic", yield* ask(settings, "produce", "x", "--topic", "nowhere")],
        ["consume an unknown topic", yield* ask(settings, "consume", "--topic", "nowhere")],
        [
          "describe an unknown topic",
          (yield* ask(settings, "topics", "describe", "nowhere")).replace(/there are .*/, "there are …")
        ],
        ["produce a record of 5 MB", yield* ask(settings, "produce", "--file", large)],
        ["produce to a broker that is not there", yield* ask(away, "produce", "x")],
        ["list the topics of a broker that is not there", yield* ask(away, "topics", "list")],
        ["come with a wrong password (PLAIN)", yield* ask(withPassword(settings, "PLAIN", "alice"), "produce", "x")],
        [
          "come with a wrong password (SCRAM-SHA-512)",
          yield* ask(withPassword(settings, "SCRAM-SHA-512", "scram"), "topics", "list")
        ],
        ["write Avro with a registry that is not there", yield* ask(registryAway, ...toQueries)],
        ["register schemas with a registry that is not there", yield* ask(registryAway, "schemas", "register")],
        ["write what does not fit the schema", yield* ask(registered, ...toQueries.with(1, "{}"))],
        ["write Avro without a schema", yield* ask(registered, ...toQueries.with(3, "discord-commands"))],
        ["write Avro without a registry", yield* ask(settings, ...toQueries)]
      ]
      const other = { ...registered, KAFKA_TOPIC_PREFIX: `other.${settings.KAFKA_TOPIC_PREFIX}` }
      yield* takenOver(other)
      const incompatible = (...args: ReadonlyArray<string>) =>
        Effect.map(refusal(other, ...args), (sentence) => normal(sentence, other))
      sentences.push(["register an incompatible schema", yield* incompatible("schemas", "register")])
      sentences.push(["start with an incompatible schema", yield* incompatible("produce", "x")])

      yield* golden("kafka/sentences.txt", sentences.map(([what, said]) => `${what}:\n  ${said}\n`).join("\n"))
      for (const [, said] of sentences) assert.notInclude(said, "wrong password")
    })
  )
})
