/** The contract on a real Kafka. */
import { Duration, Effect, Layer } from "effect"
import { randomBytes } from "node:crypto"
import { layerOptions } from "../../src/broker/Kafka.ts"
import { suite } from "../contract/Broker.ts"
import * as KafkaServer from "../fixtures/KafkaServer.ts"

const bootstrap = KafkaServer.forFile(KafkaServer.bootstrap)

const unique = (name: string) => `${name}-${randomBytes(4).toString("hex")}`

/** Names of its own for everything, so that tests share a broker and see only what is theirs. */
const layer = Layer.unwrap(
  Effect.sync(() => layerOptions({ servers: bootstrap().split(","), replica: unique("r"), prefix: `${unique("t")}.` }))
)

suite("Kafka", layer, {
  quiet: Duration.millis(700),
  maxValueBytes: 1024 * 1024,
  utf8Headers: true,
  shared: true,
  longestName: 200,
  runs: 4
})
