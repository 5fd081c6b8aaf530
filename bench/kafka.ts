/** The broker on Kafka against the client it is made with, and against the embedded one; what it costs while nothing happens. */
import { Consumer, findErrorBy, type Message, Producer, stringDeserializer } from "@platformatic/kafka"
import { Context, Duration, Effect, Fiber, Latch, Layer, Logger, Stream } from "effect"
import { execFile, spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { promisify } from "node:util"
import { Broker, type BrokerError, type IncomingRecord, type OutgoingRecord } from "../src/broker/Broker.ts"
import { layerOptions } from "../src/broker/Kafka.ts"
import type { Options } from "../src/broker/kafka/KafkaSettings.ts"
import * as Sqlite from "../src/broker/Sqlite.ts"
import * as KafkaServer from "../test/fixtures/KafkaServer.ts"
import type { Figure } from "./broker.ts"
import { medianOf, quantile, rate } from "./numbers.ts"
import { start, stop, untilVectorsAreUp, vitals } from "./process.ts"

const goals = { share: 0.8, exactlyOnce: 10_000, latencyMs: 10, megabytes: 30, idlePercent: 0.5 }

const batch = 1_000
/** Records of a transaction from topic to topic. */
const portion = 100
/** Of a topic of its own, once reading is in full swing: what the first answers hold comes on top. */
const toRead = 30_000
const head = 10_000
const backlog = 200_000
/** Compressed by half, about as text is. */
const values = Array.from({ length: batch }, () => Buffer.from(randomBytes(150).toString("hex")))
const keyOf = (i: number) => `channel-${i % 50}`

const records = (topic: string, count: number, key = keyOf): ReadonlyArray<OutgoingRecord> =>
  Array.from({ length: count }, (_, i) => ({ topic, key: key(i), value: values[i % batch]! }))

const topic = (name: string) => ({ name, partitions: 3, retention: Duration.days(1), description: "" })

/** Anything that is to be new each time. */
const unique = (name: string) => `${name}-${randomBytes(4).toString("hex")}`

/** Seconds: by the clock, and of processor time in this process, which other work on the machine disturbs less. */
interface Cost {
  readonly time: number
  readonly processor: number
}

/** What everything costs from now on until it is asked. */
const stopwatch = (): (() => Cost) => {
  const started = performance.now()
  const before = process.cpuUsage()
  return () => {
    const { system, user } = process.cpuUsage(before)
    return { time: (performance.now() - started) / 1_000, processor: (system + user) / 1e6 }
  }
}

const costOf = async (work: () => Promise<unknown>): Promise<Cost> => {
  const cost = stopwatch()
  await work()
  return cost()
}

// The client alone, as a program would use it that knows its defects and needs no transaction.

const bareProducer = ({ servers }: Options) =>
  new Producer({ clientId: "bare", bootstrapBrokers: [...servers], idempotent: true, retries: 20, compression: "zstd" })

const bareAppend = async (producer: Producer, to: string, count: number, key = keyOf) => {
  const messages = Array.from({ length: batch }, (_, i) => ({
    topic: to,
    key: Buffer.from(key(i)),
    value: values[i]!
  }))
  for (let sent = 0; sent < count; sent += batch) await producer.send({ messages })
}

const bareConsumer = ({ servers }: Options) =>
  new Consumer({
    clientId: "bare",
    bootstrapBrokers: [...servers],
    groupId: unique("bare"),
    autocommit: false,
    isolationLevel: 1,
    maxBytes: 1024 * 1024,
    maxWaitTime: 500,
    // As our broker gives them.
    deserializers: { key: stringDeserializer, headerKey: stringDeserializer, headerValue: stringDeserializer }
  })

/** Offsets committed with every batch. */
const bareRead = async (options: Options, from: string, count: number): Promise<Cost> => {
  const consumer = bareConsumer(options)
  const stream = await consumer.consume({ topics: [from], mode: "earliest" })
  let cost: (() => Cost) | undefined
  let read = 0
  const ends = new Map<number, bigint>()
  for await (const { offset, partition } of stream) {
    read++
    if (read > head) cost ??= stopwatch()
    ends.set(partition, offset + 1n)
    if (read % batch === 0) {
      const offsets = [...ends].map(([partition, offset]) => ({ topic: from, partition, offset, leaderEpoch: -1 }))
      await consumer.commit({ offsets })
    }
    if (read === head + count) break
  }
  const took = cost!()
  await consumer.close(true)
  return took
}

/** Waits for the transaction before as briefly as it takes, and not the second that is the client's own choice. */
const retryDelay = (_client: unknown, _operation: string, attempt: number, _retries: number, error: Error) =>
  findErrorBy(error, "apiId", "CONCURRENT_TRANSACTIONS")
    ? Math.min(2 ** attempt, 64)
    : Math.min(100 * 2 ** attempt, 2_000)

const bareTransactionalProducer = ({ servers }: Options) =>
  new Producer({
    clientId: "bare",
    bootstrapBrokers: [...servers],
    idempotent: true,
    retries: 20,
    compression: "zstd",
    retryDelay,
    transactionalId: unique("bare"),
    producerId: -1n,
    producerEpoch: -1
  })

/** Transactions by hand: from the first record to the last, `portion` at once made into as many others. */
const barePass = async (options: Options, from: string, count: number, portion: number, to: string): Promise<Cost> => {
  const consumer = bareConsumer(options)
  const producer = bareTransactionalProducer(options)
  const stream = await consumer.consume({ topics: [from], mode: "earliest" })
  let cost: (() => Cost) | undefined
  let done = 0
  let hand: Array<Message<string, Buffer, string, string>> = []
  for await (const message of stream as AsyncIterable<Message<string, Buffer, string, string>>) {
    cost ??= stopwatch()
    if (hand.push(message) < portion) continue
    const transaction = await producer.beginTransaction()
    await transaction.addConsumer(consumer as never)
    await transaction.send({ messages: hand.map(({ key, value }) => ({ topic: to, key: Buffer.from(key), value })) })
    const last = new Map(hand.map((message) => [message.partition, message]))
    for (const message of last.values()) await transaction.addOffset(message as never)
    await transaction.commit()
    done += hand.length
    hand = []
    if (done >= count) break
  }
  const took = cost!()
  await producer.close()
  await consumer.close(true)
  return took
}

// The same through our broker.

const append = Effect.fnUntraced(function* (to: string, count: number, key = keyOf) {
  const broker = yield* Broker
  const some = records(to, batch, key)
  for (let sent = 0; sent < count; sent += batch) yield* broker.publish(some)
})

/** From the first record to the last, `portion` at once made into as many others. */
const pass = (from: string, count: number, portion: number, outputTo: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const broker = yield* Broker
      const subscription = yield* broker.subscribe({ topics: [from], group: unique("pass"), window: 512 })
      const outputs = (taken: ReadonlyArray<IncomingRecord>) =>
        taken.map(({ key, value }) => ({ topic: outputTo, key, value }))
      const hand: Array<IncomingRecord> = []
      let cost: (() => Cost) | undefined
      for (let done = 0; done < count;) {
        hand.push(...(yield* subscription.take))
        cost ??= stopwatch()
        for (; done < count && hand.length >= portion; done += portion) {
          const some = hand.splice(0, portion)
          yield* subscription.commit({ outputs: outputs(some), done: some })
        }
      }
      return cost!()
    })
  )

/** As an actor does it: what was taken while a commit was under way goes with the next. */
const readAll = (from: string, count: number) =>
  Effect.scoped(
    Effect.gen(function* () {
      const broker = yield* Broker
      const subscription = yield* broker.subscribe({ topics: [from], group: unique("read"), window: 512 })
      const hand: Array<IncomingRecord> = []
      const news = Latch.makeUnsafe(false)
      let cost: (() => Cost) | undefined
      const take = Effect.gen(function* () {
        hand.push(...(yield* subscription.take))
        news.openUnsafe()
      })
      yield* Effect.forkScoped(Effect.forever(take))
      let before = 0
      for (let done = 0; done < before + count;) {
        yield* Latch.await(news)
        news.closeUnsafe()
        const some = hand.splice(0)
        yield* subscription.commit({ outputs: [], done: some })
        done += some.length
        if (cost !== undefined || done < head) continue
        before = done
        cost = stopwatch()
      }
      return cost!()
    })
  )

/** Milliseconds from publishing one record: until it is taken and committed with an output, and until that is read. */
const singly = (count: number) =>
  Effect.scoped(
    Effect.gen(function* () {
      const broker = yield* Broker
      const [from, to] = [unique("single"), unique("seen")]
      yield* broker.create([topic(from), topic(to)])
      const subscription = yield* broker.subscribe({ topics: [from], group: unique("single") })
      const committed: Array<number> = []
      const seen: Array<number> = []
      const reading = yield* Stream.runForEach(
        broker.read({ topic: to, from: "earliest", follow: true }).pipe(Stream.take(count)),
        ({ value }) => Effect.sync(() => seen.push(performance.now() - Number(Buffer.from(value).toString())))
      ).pipe(Effect.forkChild({ startImmediately: true }))
      for (let i = 0; i < count; i++) {
        const started = performance.now()
        yield* broker.publish([{ topic: from, key: keyOf(i), value: Buffer.from(String(started)) }])
        const taken = yield* subscription.take
        const outputs = taken.map(({ key, value }) => ({ topic: to, key, value }))
        yield* subscription.commit({ outputs, done: taken })
        committed.push(performance.now() - started)
        while (seen.length <= i) yield* Effect.sleep(1)
      }
      yield* Fiber.join(reading)
      return { committed, seen }
    })
  )

type Costs = Readonly<
  Record<
    "bareAppend" | "append" | "bareAppendOne" | "appendOne" | "bareRead" | "read" | "bareExactlyOnce" | "exactlyOnce",
    Cost
  >
>

interface Round extends Costs {
  /** Records of each of the costs. */
  readonly count: number
  /** Milliseconds, of single records. */
  readonly committed: ReadonlyArray<number>
  readonly seen: ReadonlyArray<number>
  readonly embedded: ReadonlyArray<number>
}

const measure = Effect.fnUntraced(function* (
  options: Options,
  embedded: Broker["Service"],
  count: number,
  rounds: number
) {
  const broker = yield* Broker
  yield* broker.create(["in", "one", "out", "read"].map(topic))
  // A take may go beyond what is counted.
  yield* append("read", head + toRead + 4 * batch)
  const inner = (name: string) => `${options.prefix}${name}`
  const producer = yield* Effect.acquireRelease(
    Effect.sync(() => bareProducer(options)),
    (producer) => Effect.promise(() => producer.close())
  )
  const timed = (work: Effect.Effect<unknown, BrokerError, Broker>) =>
    Effect.suspend(() => {
      const cost = stopwatch()
      return Effect.map(work, cost)
    })
  const bare = (work: () => Promise<unknown>) => Effect.promise(() => costOf(work))
  const one = () => "channel-1"
  const round = Effect.gen(function* () {
    const round: Round = {
      count,
      bareAppend: yield* bare(() => bareAppend(producer, inner("in"), count)),
      append: yield* timed(append("in", count)),
      bareAppendOne: yield* bare(() => bareAppend(producer, inner("one"), count, one)),
      appendOne: yield* timed(append("one", count, one)),
      bareRead: yield* Effect.promise(() => bareRead(options, inner("read"), toRead)),
      read: yield* readAll("read", toRead),
      bareExactlyOnce: yield* Effect.promise(() => barePass(options, inner("in"), count, portion, inner("out"))),
      exactlyOnce: yield* pass("in", count, portion, "out"),
      ...(yield* singly(50)),
      embedded: (yield* Effect.provideService(singly(50), Broker, embedded)).seen
    }
    return round
  })
  // The first finds code that is cold.
  yield* round
  return yield* Effect.replicateEffect(round, rounds)
})

const runFile = promisify(execFile)

/** Memory of a process of its own over a backlog that it is slow with. */
const memory = Effect.fnUntraced(function* ({ prefix = "", servers }: Options, quick: boolean) {
  const broker = yield* Broker
  yield* broker.create([topic("backlog")])
  const some = values.map((text, i) => {
    const value = Buffer.from(JSON.stringify({ text: text.toString() }))
    return { topic: "backlog", key: keyOf(i), value }
  })
  const count = quick ? backlog / 4 : backlog
  for (let sent = 0; sent < count; sent += batch) yield* broker.publish(some)
  const program = join(import.meta.dirname, "kafkaBacklog.ts")
  const args = [program, servers.join(), prefix, quick ? "5" : "20"]
  const { stdout } = yield* Effect.promise(() => runFile(process.execPath, args))
  const { before, handled, most } = JSON.parse(stdout) as Readonly<Record<"before" | "handled" | "most", number>>
  const grown = most - before
  return {
    name: `kafka: memory over a backlog of ${count.toLocaleString("en")} records`,
    value: `+${grown.toFixed(0)} MB, ${handled} handled meanwhile`,
    goal: `≤ +${goals.megabytes} MB`,
    ok: grown <= goals.megabytes && handled > 0
  }
})

/** Percent of a core that as many members of the bare client take as the program has. */
const bareIdle = async ({ prefix = "", servers }: Options, members: number, seconds: number): Promise<number> => {
  const program = join(import.meta.dirname, "kafkaIdle.ts")
  const args = [program, servers.join(), `${prefix}in`, String(members), String(seconds)]
  const { stdout } = await runFile(process.execPath, args)
  return Number(stdout)
}

const groupsOf = async (url: string): Promise<number> => {
  const metrics = await (await fetch(`${url}/metrics`)).text()
  return new Set(metrics.match(/(?<=^rtfm_group_lag_records\{[^}]*group=")[^"]+/gm)).size
}

/** The whole program, while nobody says anything. */
const idle = async (options: Options, seconds: number): Promise<ReadonlyArray<Figure>> => {
  const { prefix = "", servers } = options
  const env = { KAFKA_BOOTSTRAP_SERVERS: servers.join(), KAFKA_TOPIC_PREFIX: `${prefix}idle.` }
  const running = await start(resolve(import.meta.dirname, "../src/cli.ts"), env)
  await untilVectorsAreUp(running)
  // What starting has left to do is no idling.
  await wait(10_000)
  const before = await vitals(running)
  await wait(seconds * 1_000)
  const after = await vitals(running)
  const members = await groupsOf(running.url)
  await stop(running)
  const percent = ((after.cpuSeconds - before.cpuSeconds) / seconds) * 100
  return [
    {
      name: `kafka: idle CPU of the process over ${seconds} s`,
      value: `${percent.toFixed(2)} % of a core`,
      goal: `≤ ${goals.idlePercent} %`,
      ok: percent <= goals.idlePercent
    },
    {
      name: `kafka: ${members} idle members of the bare client alone`,
      value: `${(await bareIdle(options, members, seconds)).toFixed(2)} % of a core`
    }
  ]
}

const against = (
  name: string,
  rounds: ReadonlyArray<Round>,
  ours: keyof Costs,
  bare: keyof Costs,
  count = medianOf(rounds, (round) => round.count)
): Figure => {
  const share = medianOf(rounds, (round) => round[bare].time / round[ours].time)
  const ofProcessor = medianOf(rounds, (round) => round[bare].processor / round[ours].processor)
  const [us, them] = [ours, bare].map((which) =>
    rate(
      count,
      medianOf(rounds, (round) => round[which].time)
    )
  )
  return {
    name: `kafka: ${name} against the bare client`,
    value: `${share.toFixed(2)} (${us} : ${them} records/s), by processor time ${ofProcessor.toFixed(2)}`,
    goal: `≥ ${goals.share}`,
    ok: share >= goals.share
  }
}

const figures = (rounds: ReadonlyArray<Round>): ReadonlyArray<Figure> => {
  const all = (of: (round: Round) => ReadonlyArray<number>) => rounds.flatMap(of)
  const ms = (samples: ReadonlyArray<number>, q = 0.5) => quantile(samples, q)
  const spread = (samples: ReadonlyArray<number>) =>
    `p50 ${ms(samples).toFixed(1)} ms, p99 ${ms(samples, 0.99).toFixed(1)} ms`
  const committed = all(({ committed }) => committed)
  const seen = all(({ seen }) => seen)
  const embedded = all(({ embedded }) => embedded)
  const perSecond = medianOf(rounds, ({ count, exactlyOnce }) => count / exactlyOnce.time)
  const byHand = medianOf(rounds, ({ bareExactlyOnce, count }) => count / bareExactlyOnce.time)
  const burden = medianOf(rounds, ({ count, exactlyOnce }) => (exactlyOnce.processor / count) * 1e6)
  return [
    against("append, batches of 1,000 to one partition", rounds, "appendOne", "bareAppendOne"),
    against("append, batches of 1,000 to three, all or none", rounds, "append", "bareAppend"),
    against("read and commit", rounds, "read", "bareRead", toRead),
    {
      name: `kafka: exactly once from topic to topic, batches of ${portion}`,
      value: `${rate(perSecond, 1)} records/s, ${burden.toFixed(0)} µs of processor each`,
      goal: `≥ ${goals.exactlyOnce.toLocaleString("en")} records/s`,
      ok: perSecond >= goals.exactlyOnce
    },
    {
      name: "kafka: the same by hand with the bare client",
      value: `${rate(byHand, 1)} records/s; ours is ${(perSecond / byHand).toFixed(2)} of that`
    },
    {
      name: "kafka: one record, published, taken and committed",
      value: spread(committed),
      goal: `p50 ≤ ${goals.latencyMs} ms`,
      ok: ms(committed) <= goals.latencyMs
    },
    { name: "kafka: one record, until its output is read", value: spread(seen) },
    { name: "kafka: the same with the embedded broker", value: spread(embedded) },
    { name: "kafka: what Kafka adds to that", value: `p50 ${(ms(seen) - ms(embedded)).toFixed(1)} ms` }
  ]
}

const withServer = (server: string, quick: boolean) =>
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "rtfm-bench-"))),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
    )
    const embedded = Context.get(yield* Layer.build(Sqlite.layerFile(join(folder, "broker.db"))), Broker)
    const options: Options = { servers: server.split(","), replica: "bench", prefix: `${unique("bench")}.` }
    return yield* Effect.gen(function* () {
      const rounds = yield* measure(options, embedded, 10_000, quick ? 5 : 15)
      const grown = yield* memory(options, quick)
      const idling = yield* Effect.promise(() => idle(options, quick ? 10 : 30))
      return [...figures(rounds), grown, ...idling]
    }).pipe(Effect.provide(layerOptions(options)))
  })

/** A broker that is given, or one of our own where that can be started. */
export const run = async (quick: boolean): Promise<ReadonlyArray<Figure>> => {
  const given = process.env["KAFKA_BOOTSTRAP_SERVERS"] ?? ""
  if (given === "" && spawnSync("java", ["-version"]).status !== 0)
    return [{ name: "kafka: not measured", value: "there is neither KAFKA_BOOTSTRAP_SERVERS nor Java" }]
  return await Effect.runPromise(
    KafkaServer.bootstrap.pipe(
      Effect.flatMap((server) => withServer(server, quick)),
      Effect.scoped,
      Effect.provide(Logger.layer([]))
    )
  )
}

if (import.meta.main) console.table(await run(process.argv.includes("--quick")))
