/** `rtfm dlq` on the embedded broker and on Kafka: what waits goes back once, and never for nothing. */
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer } from "effect"
import { NodeServices } from "@effect/platform-node"
import { Broker, type IncomingRecord } from "../../src/broker/Broker.ts"
import { type Reason, toDeadLetter } from "../../src/broker/DeadLetter.ts"
import { Brokers } from "../../src/main.ts"
import * as KafkaServer from "../fixtures/KafkaServer.ts"
import { embedded, lines, onKafka, refusal, run, type Settings } from "./inProcess.ts"

const bootstrap = KafkaServer.forFile(KafkaServer.bootstrap)

const failed = (offset: number, reason: Reason) => {
  const record: IncomingRecord = {
    topic: "things",
    partition: 0,
    offset,
    key: `key ${offset}`,
    value: new TextEncoder().encode(reason),
    headers: { trace: String(offset) },
    timestamp: 0
  }
  return toDeadLetter(record, { reason, error: "no", actor: "worker", attempts: 6, firstFailedAt: 1 })
}

const publish = (settings: Settings, reasons: ReadonlyArray<Reason>) =>
  Broker.use((broker) => broker.publish(reasons.map((reason, i) => failed(i, reason)))).pipe(
    Effect.provide(Layer.provideMerge(Brokers, NodeServices.layer)),
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown(settings))
  )

for (const [name, installation] of [
  ["the embedded broker", embedded],
  ["Kafka", Effect.suspend(() => onKafka(bootstrap()))]
] as const) {
  describe(`rtfm dlq on ${name}`, () => {
    it.live("sends back what may succeed now, to where it came from or elsewhere, each once", () =>
      Effect.gen(function* () {
        const settings = yield* installation
        const dlq = (...args: ReadonlyArray<string>) => run(settings, "dlq", ...args)
        const waiting = Effect.map(dlq("list", "--topic", "things", "--json"), (text) =>
          JSON.parse(text).map(({ value }: { value: string }) => value)
        )
        const inTopic = (topic: string) =>
          Effect.map(run(settings, "consume", "--topic", topic, "--json"), (text) =>
            lines(text).map((line) => {
              const { headers, key, value } = JSON.parse(line)
              return [value, key, headers.trace]
            })
          )
        yield* run(settings, "topics", "create", "things", "things.dlq", "elsewhere")
        yield* publish(settings, ["exhausted", "rejected", "defect", "undecodable", "exhausted"])
        assert.lengthOf(yield* waiting, 5)

        const [first] = JSON.parse(yield* dlq("list", "--topic", "things", "--json"))
        const shown = yield* dlq("show", `${first.topic}/${first.partition}/${first.offset}`)
        assert.include(shown, `came from     things/0/${first.key.slice(4)}`)
        assert.include(shown, `trace: ${first.key.slice(4)}`)
        assert.include(yield* refusal(settings, "dlq", "show", "things.dlq/0/999"), "There is no dead letter")

        const all = ["redrive", "--topic", "things"]
        const tomorrow = new Date(Date.now() + 86_400_000).toISOString()
        assert.match(yield* dlq(...all, "--since", tomorrow, "--force"), /^0 dead letters sent back\./)
        assert.match(yield* dlq(...all, "--dry-run"), /^3 dead letters would be sent back\.[^]*2 dead letters stay/)
        assert.deepStrictEqual(yield* inTopic("things"), [])
        assert.match(yield* dlq(...all, "--limit", "1"), /^1 dead letter sent back\./)
        assert.match(yield* dlq(...all, "--to", "elsewhere"), /^2 dead letters sent back\./)
        assert.sameDeepMembers(
          [...(yield* inTopic("things")), ...(yield* inTopic("elsewhere"))],
          [
            ["exhausted", "key 0", "0"],
            ["defect", "key 2", "2"],
            ["exhausted", "key 4", "4"]
          ]
        )
        assert.lengthOf(yield* inTopic("elsewhere"), 2)

        assert.sameMembers(yield* waiting, ["rejected", "undecodable"])
        assert.match(yield* refusal(settings, "dlq", ...all), /^2 dead letters stay: undecodable or rejected/)
        assert.lengthOf(yield* inTopic("things"), 1)
        assert.match(yield* dlq(...all, "--since", "1h", "--force"), /^2 dead letters sent back\./)
        assert.deepStrictEqual(yield* waiting, [])
        assert.match(yield* dlq(...all), /^0 dead letters sent back\./)
        assert.lengthOf(yield* inTopic("things"), 3)
      })
    )

    it.live("sends back all or nothing", () =>
      Effect.gen(function* () {
        const settings = yield* installation
        yield* run(settings, "topics", "create", "things", "things.dlq")
        yield* publish(settings, ["exhausted", "exhausted", "exhausted"])
        const nowhere = ["redrive", "--topic", "things", "--to", "nowhere"]
        assert.include(yield* refusal(settings, "dlq", ...nowhere), "There is no topic nowhere")
        const text = yield* run(settings, "dlq", "list", "--topic", "things", "--json")
        assert.lengthOf(JSON.parse(text), 3)
      })
    )
  })
}
