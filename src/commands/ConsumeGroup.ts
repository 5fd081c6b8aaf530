/** `rtfm consume --group`: reading as a member of a group, which commits what was shown, or what a program has done. */
import { Console, Deferred, Effect, Fiber, Layer, Result, Schedule, Schema, Stream } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import * as Actor from "../actors/Actor.ts"
import { Broker, BrokerError, type IncomingRecord, type Subscription } from "../broker/Broker.ts"
import * as Topics from "../domain/Topics.ts"
import { Happenings } from "../runtime/Happenings.ts"
import * as Ways from "../runtime/Ways.ts"
import { toRecordInfo } from "../web/Records.ts"
import { whileRead } from "./Output.ts"
import { matching, type Shown } from "./RecordText.ts"
import * as System from "./System.ts"

interface Wish {
  readonly topic: string
  readonly group: string
  readonly follow: boolean
  readonly filter: string
  readonly count: number
  readonly show: (record: Shown) => string
  /** A command of the shell. */
  readonly exec: string | undefined
}

/** What a program says by its exit code, in the numbers of sysexits.h. */
const exitCodes = { done: 0, rejected: 65 } as const

export class ExecError extends Schema.TaggedError<ExecError>()("ExecError", {
  detail: Schema.String,
  retryable: Schema.Boolean
}) {
  override get message() {
    return this.detail
  }
}

/** Ends a reading after `count` records, or, unless it follows, when the group has nothing left. */
const ending = Effect.fnUntraced(function* ({ count, follow, group, topic }: Wish, broker: Broker["Service"]) {
  const over = yield* Deferred.make<void>()
  let left = count

  const check = Effect.gen(function* () {
    if (left > 0 && follow) return
    const lags = left > 0 ? yield* broker.lag(group) : []
    if (lags.every((lag) => lag.topic !== topic || lag.lag === 0)) yield* Deferred.succeed(over, undefined)
  })

  const limited = ({ commit, take }: Subscription): Subscription => {
    let room = left
    return {
      take: Effect.suspend(() =>
        room <= 0
          ? Effect.never
          : Effect.map(take, (records) => {
              const some = records.slice(0, room)
              room -= some.length
              return some
            })
      ),
      commit: Effect.fnUntraced(function* (batch) {
        yield* commit(batch)
        left -= batch.done.length
        yield* check
      })
    }
  }

  const subscribe: Broker["Service"]["subscribe"] = Effect.fnUntraced(function* (options) {
    const subscription = yield* broker.subscribe(options)
    // Others of the group may finish what is left.
    yield* check.pipe(Effect.andThen(Effect.sleep("1 second")), Effect.forever, Effect.forkScoped)
    return limited(subscription)
  })

  return { over: Deferred.await(over), broker: { ...broker, subscribe } }
})

/** Shows what matches, and commits it after it was shown. */
const showing = Effect.fnUntraced(function* ({ filter, group, show, topic }: Wish) {
  const broker = yield* Broker
  const { commit, take } = yield* broker.subscribe({ topics: [topic], group })
  const matches = matching(filter)
  const print = Effect.fnUntraced(function* (records: ReadonlyArray<IncomingRecord>) {
    const [described] = yield* broker.describe([topic])
    for (const record of records) {
      const info = toRecordInfo(record)
      const end = described?.partitions[record.partition]?.end ?? 0
      if (matches(info)) yield* Console.log(show({ ...info, lag: Math.max(0, end - record.offset - 1) }))
    }
  })
  return yield* take.pipe(
    Effect.flatMap((records) =>
      Effect.uninterruptible(Effect.andThen(print(records), commit({ outputs: [], done: records })))
    ),
    Effect.forever
  )
}, Effect.scoped)

const environmentOf = ({ headers, key, offset, partition, timestamp, topic }: IncomingRecord) => ({
  RTFM_TOPIC: topic,
  RTFM_PARTITION: String(partition),
  RTFM_OFFSET: String(offset),
  RTFM_TIME: new Date(timestamp).toISOString(),
  RTFM_HEADERS: JSON.stringify(headers),
  ...(key !== null && { RTFM_KEY: key })
})

const short = (command: string): string => (command.length > 60 ? `${command.slice(0, 59)}…` : command)

const lastLine = (text: string): string => text.trim().split("\n").at(-1)!.slice(0, 300)

/** Runs the command; what it prints is printed, and what it complains of last is the reason of a dead letter. */
const runOnce = Effect.fnUntraced(function* (
  spawner: ChildProcessSpawner.ChildProcessSpawner["Service"],
  command: string,
  record: IncomingRecord
) {
  const child = yield* spawner.spawn(
    ChildProcess.make(command, [], {
      shell: "/bin/sh",
      env: environmentOf(record),
      extendEnv: true,
      stdin: { stream: Stream.succeed(record.value) }
    })
  )
  const complaints = yield* child.stderr.pipe(Stream.decodeText(), Stream.mkString, Effect.forkScoped)
  yield* child.stdout.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.runForEach((line) => Console.log(line))
  )
  const code = Number(yield* child.exitCode)
  if (code === exitCodes.done) return
  const said = lastLine(yield* Fiber.join(complaints))
  return yield* new ExecError({
    detail: `"${short(command)}" ended with ${code}${said === "" ? "" : `: ${said}`}`,
    retryable: code !== exitCodes.rejected
  })
}, Effect.scoped)

/** What an actor needs to know of a topic, which may be anybody's. */
const sourceOf = Effect.fnUntraced(function* (topic: string) {
  const broker = yield* Broker
  const [described] = yield* broker.describe([topic])
  const source: Topics.Source<Uint8Array> = {
    name: topic,
    partitions: described?.partitions.length ?? 1,
    retention: Topics.messages.retention,
    description: topic,
    decode: Result.succeed
  }
  if (described !== undefined) yield* broker.create([Topics.deadLetters(source)])
  return source
})

/** So long may programs take that are at work when Ctrl-C comes. */
const grace = "10 seconds"

/** An actor whose handler is a program: retries, dead letters and commits are as every actor's. */
const executing = Effect.fnUntraced(function* ({ filter, group, topic }: Wish, command: string) {
  const matches = matching(filter)
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const actor = yield* Actor.oneByOne({
    name: group,
    from: yield* sourceOf(topic),
    to: "a program",
    concurrency: 4,
    handle: (_, record) =>
      matches(toRecordInfo(record)) ? Effect.as(runOnce(spawner, command, record), []) : Effect.succeed([])
  })
  const running = yield* Effect.forkScoped(actor.run)
  const finish = Effect.andThen(actor.drain, Fiber.await(running)).pipe(Effect.timeoutOption(grace))
  return yield* Effect.onInterrupt(Fiber.join(running), () => finish)
}, Effect.scoped)

/** The group shares its partitions out anew, or the broker is away for a moment. */
const again = (error: unknown): boolean =>
  error instanceof BrokerError && (error.reason === "fenced" || error.retryable) && error.fatal !== true

export const run = Effect.fnUntraced(function* (wish: Wish) {
  const { broker, over } = yield* ending(wish, yield* System.broker)
  const session = wish.exec === undefined ? showing(wish) : executing(wish, wish.exec)
  yield* session.pipe(
    Effect.tapError((error) => (again(error) ? Effect.logWarning(String(error)) : Effect.void)),
    Effect.retry({ while: again, schedule: Schedule.spaced("500 millis") }),
    Effect.raceFirst(over),
    Effect.provideService(Broker, broker),
    Effect.provide(Layer.provide(Ways.layer, Happenings.layer)),
    whileRead
  )
})
