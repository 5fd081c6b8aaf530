/** Several processes on one real Kafka, killed, stopped and bereft of it: every question gets one answer, in order. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schedule, Stream } from "effect"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Broker, type OutgoingRecord } from "../../src/broker/Broker.ts"
import { layerOptions } from "../../src/broker/Kafka.ts"
import * as Topics from "../../src/domain/Topics.ts"
import * as KafkaServer from "../fixtures/KafkaServer.ts"
import { call, newFolder, removeFolder, run, start, until } from "./Rtfm.ts"

const messages = 2_000
const questions = 200
/** Parts in which both are published, with something happening after each. */
const parts = 16
const kills = 12

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

/** The given part of both. */
const publishPart = (part: number) =>
  Effect.gen(function* () {
    const broker = yield* Broker
    const share = (all: number) => range(Math.floor((part * all) / parts), Math.floor(((part + 1) * all) / parts))
    yield* broker.publish([...share(messages).map(message), ...share(questions).map(question)])
  })

const everything = (topic: string) =>
  Broker.use((broker) => Stream.runCollect(broker.read({ topic, from: "earliest" })))

/** The ids of answered questions, by channel, as they stand in the log. */
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

describe("rtfm start, several times on one Kafka", () => {
  it.live(
    "loses nothing, answers each question once and keeps the order, whoever dies",
    () =>
      Effect.gen(function* () {
        const server = yield* KafkaServer.make
        const folder = yield* Effect.acquireRelease(Effect.sync(newFolder), (folder) =>
          Effect.sync(() => removeFolder(folder))
        )
        const env = { KAFKA_BOOTSTRAP_SERVERS: server.bootstrap, INGEST_OWN_DOCS: "false" }
        const acquire = <A extends { readonly child: { kill: (signal: NodeJS.Signals) => boolean } }>(
          make: () => Promise<A>
        ) => Effect.acquireRelease(Effect.promise(make), ({ child }) => Effect.sync(() => child.kill("SIGKILL")))
        const main = yield* acquire(() => start({ folder, env }))
        for (let n = 0; n < 7; n++)
          yield* Effect.promise(() => call(main.url, "/api/channels", { json: { name: `c${n}` } }))
        const worker = (name: string) =>
          acquire(async () => {
            const args = ["start", "--actors", "indexer,answerer"]
            const worker = run({ folder, args, env: { ...env, REPLICA_ID: name } })
            await until(worker.output, (output) => output.includes("rtfm works as indexer, answerer"), 90)
            return worker
          })

        yield* Effect.gen(function* () {
          let a = yield* worker("a")
          const b = yield* worker("b")
          let part = 0
          const next = Effect.suspend(() => publishPart(part++))
          for (let i = 0; i < kills; i++) {
            yield* next
            yield* Effect.sleep(Math.random() * 800)
            a.child.kill("SIGKILL")
            a = yield* worker("a")
          }
          for (const down of ["5 seconds", "20 seconds"] as const) {
            yield* next
            yield* server.kill
            yield* Effect.sleep(down)
            yield* server.start
            const up = Broker.use((broker) => broker.list)
            yield* Effect.retry(up, { schedule: Schedule.spaced("200 millis"), times: 100 })
          }
          yield* next
          b.child.kill("SIGSTOP")
          // Longer than its session, which is 6 s.
          yield* Effect.sleep("8 seconds")
          b.child.kill("SIGCONT")
          yield* next

          yield* answered.pipe(
            Effect.map((all) => all.length >= questions && countIndexed(folder) >= messages),
            Effect.repeat({ schedule: Schedule.spaced("500 millis"), until: (complete) => complete }),
            Effect.timeoutOption("90 seconds")
          )
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
          assert.strictEqual(yield* Effect.promise(() => main.kill("SIGTERM")), 0)
        }).pipe(Effect.provide(layerOptions({ servers: [server.bootstrap], replica: "test" })))
      }).pipe(Effect.scoped),
    400_000
  )
})
