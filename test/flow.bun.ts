/** The flow under Bun: ingested, said, asked, answered, and all of it still there after a new start. Ends with 1 when not. */
import { NodeServices } from "@effect/platform-node"
import { ConfigProvider, Console, Effect, Layer, Logger, Stream } from "effect"
import { strict as assert } from "node:assert"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Ingester } from "../src/actors/Ingester.ts"
import { Broker } from "../src/broker/Broker.ts"
import * as SqliteBroker from "../src/broker/Sqlite.ts"
import * as LocalChat from "../src/chat/LocalChat.ts"
import * as Documents from "../src/docs/Documents.ts"
import * as Topics from "../src/domain/Topics.ts"
import { Passages } from "../src/knowledge/Passages.ts"
import * as PassagesSql from "../src/knowledge/PassagesSql.ts"
import * as Retriever from "../src/knowledge/RetrieverLive.ts"
import { Actors } from "../src/main.ts"
import { Embedder } from "../src/model/Embedder.ts"
import * as QuotingWriter from "../src/model/QuotingWriter.ts"
import { Happenings } from "../src/runtime/Happenings.ts"
import * as Migrations from "../src/state/Migrations.ts"
import * as Sqlite from "../src/state/Sqlite.ts"
import { layerMemory as memoryVectors } from "../src/vectors/Memory.ts"
import * as FakeEmbedder from "./fixtures/FakeEmbedder.ts"

const folder = mkdtempSync(join(tmpdir(), "rtfm-bun-"))

const Log = Layer.effectDiscard(Broker.use((broker) => broker.create(Topics.all))).pipe(
  Layer.provideMerge(SqliteBroker.layerFile(join(folder, "broker.db")))
)
const State = Migrations.layer.pipe(Layer.provideMerge(Sqlite.layerClient(join(folder, "rtfm.db"))))
const NoOwnDocs = ConfigProvider.layer(ConfigProvider.fromUnknown({ INGEST_OWN_DOCS: "false" }))

/** One life of the process. */
const World = Actors.pipe(
  Layer.provideMerge(Layer.mergeAll(Retriever.layer, QuotingWriter.layer)),
  Layer.provideMerge(
    Layer.mergeAll(LocalChat.layer, PassagesSql.layer, Documents.layer, memoryVectors, FakeEmbedder.layer)
  ),
  Layer.provideMerge(Layer.mergeAll(State, Log)),
  Layer.provideMerge(Happenings.layer),
  Layer.provide(Layer.mergeAll(NodeServices.layer, NoOwnDocs)),
  Layer.provideMerge(Logger.layer([]))
)

const channelId = "local:general"
const author = { id: "ada", name: "Ada" }
const say = (text: string) => LocalChat.LocalChat.use((chat) => chat.post({ channelId, author, text }))

const ask = Effect.fnUntraced(function* (text: string) {
  const happenings = yield* Happenings
  const question = yield* say(text)
  const answers = happenings.since(0).pipe(
    Stream.map(({ happening }) => (happening.type === "message.created" ? happening.message : undefined)),
    Stream.filter((message) => message?.replyTo === question.id),
    Stream.take(1),
    Stream.runCollect
  )
  const { answer } = (yield* answers)[0]!
  return { question, quote: answer!.citations[0]?.quote }
})

const known = Effect.gen(function* () {
  const passages = yield* Passages
  const embedder = yield* Embedder
  while ((yield* passages.counts).passages < 2) yield* Effect.yieldNow
  while ((yield* passages.countUnembedded(embedder.id)) > 0) yield* Effect.yieldNow
})

const descaling = "Descale the kettle every three months with citric acid."
const key = "The spare key of the archive hangs behind the green door."

const first = Effect.gen(function* () {
  const ingester = yield* Ingester
  const files = [{ path: "kettle.md", text: `# Kettle\n\n## Descaling\n\n${descaling}` }]
  yield* ingester.ingest({ source: "manual", files, removeMissing: true })
  yield* say(key)
  yield* known
  const { question, quote } = yield* ask("!rtfm how often should I descale the kettle?")
  assert.equal(quote, descaling)
  return question.id
}).pipe(Effect.provide(World))

const second = (asked: string) =>
  Effect.gen(function* () {
    const chat = yield* LocalChat.LocalChat
    yield* known
    assert.equal((yield* ask("!rtfm where hangs the spare key of the archive?")).quote, key)
    const answers = (yield* chat.messages(channelId, { limit: 50 })).filter(({ replyTo }) => replyTo === asked)
    assert.equal(answers.length, 1)
  }).pipe(Effect.provide(World))

try {
  await Effect.runPromise(Effect.flatMap(first, second))
  await Effect.runPromise(Console.log("the flow works"))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
