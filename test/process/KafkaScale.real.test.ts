/** Several processes on one real Kafka and one real schema registry, killed, stopped and bereft of the broker. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Result, Schedule, Stream } from "effect"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as Avro from "../../src/broker/Avro.ts"
import { Broker, type OutgoingRecord } from "../../src/broker/Broker.ts"
import { layerOptions } from "../../src/broker/Kafka.ts"
import * as Topics from "../../src/domain/Topics.ts"
import * as KafkaServer from "../fixtures/KafkaServer.ts"
import * as SchemaRegistry from "../fixtures/SchemaRegistry.ts"
import { call, newFolder, removeFolder, type Rtfm, run, start, until } from "./Rtfm.ts"

const messages = 2_000
const questions = 200
/** Parts in which both are published, with something happening after each. */
const parts = 16
const kills = 12
const outages = ["5 seconds", "20 seconds"] as const
/** A member's session is 6 s. */
const longerThanSession = "8 seconds"

const channelOf = (n: number) => `local:c${n % 7}`
const author = { id: "ada", name: "Ada", bot: false }
const common = { serverId: "local", author }

const message = (n: number): OutgoingRecord => {
  const text = `Shelf number ${n} of the archive holds the letters of the year ${1000 + n}.`
  const at = 1_700_000_000_000 + n
  const value = { ...common, id: `m${n}`, channelId: channelOf(n), text, mentionsBot: false, url: `/m${n}` }
  const event = { type: "created", message: { ...value, createdAt: at, editedAt: at } } as const
  return { topic: Topics.messages.name, key: channelOf(n), value: Topics.messages.encode(event) }
}
const question = (n: number): OutgoingRecord => {
  const value = { ...common, id: `q${n}`, channelId: channelOf(n), text: `What is on shelf number ${n}?`, askedAt: n }
  return { topic: Topics.queries.name, key: channelOf(n), value: Topics.queries.encode(value) }
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

/** How many of `all` there are by the end of a part. */
const upTo = (part: number, all: number) => Math.floor((part * all) / parts)

/** The given part of both. */
const publishPart = (part: number) =>
  Effect.gen(function* () {
    const broker = yield* Broker
    const share = (all: number) => range(upTo(part, all), upTo(part + 1, all))
    yield* broker.publish([...share(messages).map(message), ...share(questions).map(question)])
  })

const everything = (topic: string) =>
  Broker.use((broker) => Stream.runCollect(broker.read({ topic, from: "earliest" })))

/** The ids of answered questions, with the channel, as they stand in the log. */
const answered = Effect.map(everything(Topics.responses.name), (records) =>
  records.flatMap(({ key, value }) => {
    const decoded = Topics.responses.decode(value)
    assert.isTrue(Result.isSuccess(decoded))
    const response = Result.getOrThrow(decoded)
    return "answer" in response ? [{ channel: key!, id: response.questionId }] : []
  })
)

const countIndexed = (folder: string): number => {
  const db = new DatabaseSync(join(folder, "data", "rtfm.db"), { readOnly: true })
  try {
    return Number(db.prepare("SELECT count(DISTINCT message_id) AS n FROM passages").get()!["n"])
  } finally {
    db.close()
  }
}

/** A look that fails, as while the broker comes up, is followed by another; the last one decides. */
const untilTrue = <E, R>(look: Effect.Effect<boolean, E, R>) =>
  look.pipe(
    Effect.retry({ schedule: Schedule.spaced("500 millis"), times: 60 }),
    Effect.repeat({ schedule: Schedule.spaced("500 millis"), until: (holds) => holds }),
    Effect.timeoutOption("180 seconds")
  )

const untilAnswered = (count: number) => untilTrue(Effect.map(answered, (all) => all.length >= count))

const kill = ({ child }: Pick<Rtfm, "child">) => Effect.sync(() => child.kill("SIGKILL"))

/** Broker, registry and the process of the page, with the channels in which is asked. */
const makeWorld = Effect.gen(function* () {
  const [server, registry] = yield* Effect.all([KafkaServer.make, SchemaRegistry.make], { concurrency: 2 })
  const folder = yield* Effect.acquireRelease(Effect.sync(newFolder), (folder) =>
    Effect.sync(() => removeFolder(folder))
  )
  const env = {
    KAFKA_BOOTSTRAP_SERVERS: server.bootstrap,
    SCHEMA_REGISTRY_URL: registry.url,
    INGEST_OWN_DOCS: "false",
    // Many starts of the same program.
    NODE_COMPILE_CACHE: join(folder, "compiled")
  }
  const main = yield* Effect.acquireRelease(
    Effect.promise(() => start({ folder, env })),
    kill
  )
  for (let n = 0; n < 7; n++) yield* Effect.promise(() => call(main.url, "/api/channels", { json: { name: `c${n}` } }))
  /** Another process beside it, once it works. */
  const worker = (name: string) =>
    Effect.acquireRelease(
      Effect.promise(async () => {
        const args = ["start", "--actors", "indexer,answerer"]
        const worker = run({ folder, args, env: { ...env, REPLICA_ID: name } })
        const works = until(worker.output, (output) => output.includes("rtfm works as indexer, answerer"), 120)
        await Promise.race([works, worker.exited.then(() => assert.fail(`it ended: ${worker.output()}`))])
        return worker
      }),
      kill
    )
  const plain = layerOptions({ servers: [server.bootstrap], replica: "test" })
  const avro = Avro.layer({ address: { url: registry.url }, topics: Topics.all, register: true })
  const log = Context.get(yield* Layer.build(plain), Broker)
  const broker = Context.get(yield* Layer.build(Layer.provide(avro, Layer.succeed(Broker, log))), Broker)
  return { server, folder, main, worker, log, broker }
})

describe("rtfm start, several times on one Kafka", () => {
  it.live(
    "loses nothing, answers each question once and keeps the order, whoever dies",
    () =>
      Effect.gen(function* () {
        const { broker, folder, log, main, server, worker } = yield* makeWorld

        yield* Effect.gen(function* () {
          let a = yield* worker("a")
          const b = yield* worker("b")
          let part = 0
          const next = Effect.suspend(() => publishPart(part++))
          for (let i = 0; i < kills; i++) {
            yield* next
            // At any moment of its work.
            yield* Effect.sleep(Math.random() * 800)
            yield* kill(a)
            a = yield* worker("a")
          }
          for (const down of outages) {
            yield* next
            yield* server.kill
            yield* Effect.sleep(down)
            yield* server.start
            yield* untilTrue(Effect.as(broker.list, true))
          }
          yield* next
          b.child.kill("SIGSTOP")
          yield* Effect.sleep(longerThanSession)
          // Others have taken over what it had.
          yield* untilAnswered(upTo(part, questions))
          b.child.kill("SIGCONT")
          yield* next

          yield* untilAnswered(questions)
          yield* untilTrue(Effect.sync(() => countIndexed(folder) >= messages))
          const all = yield* answered
          const indexed = countIndexed(folder)
          const letters = (yield* everything(`${Topics.queries.name}.dlq`)).length
          yield* Effect.log(
            `${messages} messages, ${indexed} indexed; ${questions} questions, ${all.length} answers, ` +
              `${new Set(all.map(({ id }) => id)).size} of them different; ${kills} kills; ${letters} dead letters`
          )
          assert.strictEqual(indexed, messages)
          assert.strictEqual(letters, 0)
          for (const [channel, answers] of Map.groupBy(all, ({ channel }) => channel)) {
            const asked = range(0, questions).filter((n) => channelOf(n) === channel)
            assert.deepStrictEqual(
              answers.map(({ id }) => id),
              asked.map((n) => `q${n}`)
            )
          }
          assert.strictEqual(all.length, questions)
          const written = yield* Effect.provideService(everything(Topics.responses.name), Broker, log)
          assert.isTrue(written.every(({ value }) => value[0] === 0))
          assert.strictEqual(yield* Effect.promise(() => main.kill("SIGTERM")), 0)
        }).pipe(
          Effect.provideService(Broker, broker),
          Effect.tapCause(() => Effect.log(main.output().slice(-20_000)))
        )
      }).pipe(Effect.scoped),
    900_000
  )
})
