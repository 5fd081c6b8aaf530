/** Registers the parts behind the contracts, so that whoever looks sees what is embedded, what is real, and how each is. */
import { Duration, Effect, Layer, Option } from "effect"
import { Broker } from "../broker/Broker.ts"
import { bootstrapServers } from "../broker/kafka/KafkaSettings.ts"
import { discordToken } from "../chat/discord/DiscordSettings.ts"
import type { PartStatus } from "../domain/Happening.ts"
import { Passages } from "../knowledge/Passages.ts"
import { Embedder, type EmbedderStatus } from "../model/Embedder.ts"
import { Writer } from "../model/Writer.ts"
import { VectorStore, type VectorStoreStatus } from "../vectors/VectorStore.ts"
import * as Lately from "./Lately.ts"
import { Parts } from "./Parts.ts"
import * as Room from "./Room.ts"

const vectorsPart = ({ breaker, detail, kind, state }: VectorStoreStatus): PartStatus => ({
  name: "vectors",
  kind: kind === "remote" ? "real" : "embedded",
  up: state === "up",
  detail,
  breaker
})

const embedderPart = ({ breaker, detail, kind, state }: EmbedderStatus): PartStatus => ({
  name: "embedder",
  kind: kind ?? "embedded",
  up: state !== "unavailable",
  detail,
  ...(breaker !== undefined && { breaker })
})

/** So long anybody who looks waits for the broker; a broker of this machine answers within a few milliseconds. */
const patience = Duration.millis(500)

/** A broker that has not answered for so long is down. */
const longest = Duration.seconds(2)

const seconds = (millis: number): string => (millis / 1000).toFixed(1)

/** As it was last known, with how long the broker has not answered since. */
const brokerPart = (kind: PartStatus["kind"], { last, waiting }: Lately.Seen<PartStatus>): PartStatus => {
  const known = last ?? { name: "broker", kind, up: false, detail: "nothing is known of the broker yet" }
  if (waiting === 0) return known
  const up = known.up && waiting < Duration.toMillis(longest)
  return { ...known, up, detail: `${known.detail}; it has not answered for ${seconds(waiting)} s` }
}

export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const parts = yield* Parts
    const broker = yield* Broker
    const vectors = yield* VectorStore
    const embedder = yield* Embedder
    const writer = yield* Writer
    const passages = yield* Passages
    const token = yield* discordToken.config
    const brokerKind = Option.isSome(yield* bootstrapServers.config) ? "real" : "embedded"

    const askBroker = Effect.match(broker.list, {
      onSuccess: (topics): PartStatus => ({
        name: "broker",
        kind: brokerKind,
        up: true,
        detail: `${topics.length} topics ${brokerKind === "real" ? "in Kafka" : "in a file of this process"}`
      }),
      onFailure: ({ detail }): PartStatus => ({ name: "broker", kind: brokerKind, up: false, detail })
    })
    const lately = yield* Lately.make(askBroker, patience)
    yield* parts.register(Effect.map(lately.look, (seen) => brokerPart(brokerKind, seen)))
    yield* parts.register(
      Effect.succeed(
        Option.isSome(token)
          ? { name: "chat", kind: "real", up: true, detail: "Discord, and the page's own channels" }
          : { name: "chat", kind: "embedded", up: true, detail: "the page's own channels" }
      )
    )
    yield* parts.register(
      Effect.match(Effect.andThen(Room.check, passages.counts), {
        onSuccess: ({ passages }): PartStatus => ({
          name: "state",
          kind: "embedded",
          up: true,
          detail: `${passages} passages in a file of this process`
        }),
        onFailure: ({ message }): PartStatus => ({ name: "state", kind: "embedded", up: false, detail: message })
      })
    )
    yield* parts.register(Effect.map(vectors.status, vectorsPart))
    yield* parts.register(Effect.map(embedder.status, embedderPart))
    yield* parts.register(Effect.map(writer.status, (status): PartStatus => ({ name: "writer", ...status })))
  })
)
