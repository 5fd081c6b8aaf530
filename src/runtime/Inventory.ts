/** Registers the parts behind the contracts, so that whoever looks sees what is embedded, what is real, and how each is. */
import { Effect, Layer, Option } from "effect"
import { Broker } from "../broker/Broker.ts"
import { bootstrapServers } from "../broker/kafka/KafkaSettings.ts"
import { discordToken } from "../chat/discord/DiscordSettings.ts"
import type { PartStatus } from "../domain/Happening.ts"
import { Passages } from "../knowledge/Passages.ts"
import { Embedder, type EmbedderStatus } from "../model/Embedder.ts"
import { Writer } from "../model/Writer.ts"
import { VectorStore, type VectorStoreStatus } from "../vectors/VectorStore.ts"
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

    yield* parts.register(
      Effect.match(broker.list, {
        onSuccess: (topics): PartStatus => ({
          name: "broker",
          kind: brokerKind,
          up: true,
          detail: `${topics.length} topics ${brokerKind === "real" ? "in Kafka" : "in a file of this process"}`
        }),
        onFailure: ({ detail }): PartStatus => ({ name: "broker", kind: brokerKind, up: false, detail })
      })
    )
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
