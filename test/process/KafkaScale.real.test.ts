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
import { addressIn, call, newFolder, type Options, removeFolder, run } from "./Rtfm.ts"

const messages = 2_000
const questions = 200
/** Parts in which both are published, with something happening after each. */
const parts = 17
const kills = 12
const outages = ["5 seconds", "20 seconds"] as const
/** Seconds that anything may take, with everything at work at once on a slow machine. */
const patience = 180
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

/** Fails with what was waited for, and what there was instead. */
const inTime = (what: string, instead = () => "nothing") =>
  Effect.timeoutOrElse({
    duration: `${patience} seconds`,
    orElse: () => Effect.sync(() => assert.fail(`Waited ${patience} s for ${what}, and found ${instead()}`))
  })

/** Looks until it holds. While the broker comes up, looks fail. */
const until = <A, E, R>(what: string, look: Effect.Effect<A, E, R>, holds: (found: A) => boolean) => {
  let last = "nothing"
  const note = (found: unknown) => Effect.sync(() => void (last = String(found)))
  return look.pipe(
    Effect.tap(note),
    Effect.tapError(note),
    Effect.retry(Schedule.spaced("500 millis")),
    Effect.repeat({ schedule: Schedule.spaced("500 millis"), until: holds }),
    inTime(what, () => last)
  )
}

const untilAnswered = (count: number) =>
  until(
    `answers to ${count} questions`,
    Effect.map(answered, (all) => all.length),
    (answers) => answers >= count
  )

type Process = ReturnType<typeof run>

const kill = ({ child }: Process) => Effect.sync(() => child.kill("SIGKILL"))

/** A process that goes with the scope, and what its output says once it works. */
const started = Effect.fnUntraced(function* <A>(options: Options, works: (output: string) => A | undefined) {
  const process = yield* Effect.acquireRelease(
    Effect.sync(() => run(options)),
    kill
  )
  const said = until(
    `${options.args?.join(" ") ?? "start"} to work`,
    Effect.sync(process.output),
    (output) => works(output) !== undefined
  )
  const ended = Effect.promise(() => process.exited.then(() => assert.fail(`it ended: ${process.output()}`)))
  return { process, said: works(yield* Effect.raceFirst(said, ended))! }
})

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
  const { process: main, said: url } = yield* started({ folder, env }, addressIn)
  for (let n = 0; n < 7; n++) yield* Effect.promise(() => call(url, "/api/channels", { json: { name: `c${n}` } }))
  /** Another process beside it, once it works. */
  const worker = (name: string) => {
    const options = { folder, args: ["start", "--actors", "indexer,answerer"], env: { ...env, REPLICA_ID: name } }
    const works = (output: string) => output.match("rtfm works as indexer, answerer")?.[0]
    return Effect.map(started(options, works), ({ process }) => process)
  }
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
            yield* until("the broker to list its topics again", broker.list, () => true)
          }
          // Killed right after a commit, a broker may keep what was committed from readers for ever, and take the
          // transaction for done; the producer's next one there ends that, and there are two, used in turns.
          yield* next
          yield* next
          b.child.kill("SIGSTOP")
          yield* Effect.sleep(longerThanSession)
          // Others have taken over what it had.
          yield* untilAnswered(upTo(part, questions))
          b.child.kill("SIGCONT")
          yield* next

          yield* untilAnswered(questions)
          yield* until(
            "all messages to be indexed",
            Effect.sync(() => countIndexed(folder)),
            (indexed) => indexed >= messages
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
          const written = yield* Effect.provideService(everything(Topics.responses.name), Broker, log)
          assert.isTrue(written.every(({ value }) => value[0] === 0))
          main.child.kill("SIGTERM")
          assert.strictEqual(yield* Effect.promise(() => main.exited).pipe(inTime("the process to stop")), 0)
        }).pipe(
          Effect.provideService(Broker, broker),
          Effect.tapCause(() => Effect.log(main.output().slice(-20_000)))
        )
      }).pipe(Effect.scoped),
    900_000
  )
})
