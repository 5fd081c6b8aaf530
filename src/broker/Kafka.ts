/** The broker on Apache Kafka. */
import { Effect, Exit, Layer, Option, RcMap } from "effect"
import { createHash } from "node:crypto"
import { Broker, BrokerError } from "./Broker.ts"
import { close, makeAdmin } from "./kafka/Client.ts"
import * as Directory from "./kafka/Directory.ts"
import { failureOf } from "./kafka/Errors.ts"
import * as Lags from "./kafka/Lags.ts"
import * as Loosely from "./kafka/Loosely.ts"
import * as Metering from "./kafka/Metering.ts"
import * as Membership from "./kafka/Membership.ts"
import * as Publishing from "./kafka/Publishing.ts"
import { read } from "./kafka/Reading.ts"
import { placing as makePlacing } from "./kafka/Sending.ts"
import { bootstrapServers, type Options, options as fromSettings } from "./kafka/KafkaSettings.ts"
import * as Subscription from "./kafka/Subscription.ts"
import { defaultWindow } from "./Offsets.ts"
import { checkSubscription, invalid } from "./Rules.ts"

export { bootstrapServers, settings } from "./kafka/KafkaSettings.ts"

/** A member that nobody uses stays in its group for so long, in case its actor comes back. */
const idle = "3 seconds"

/** Fails with what waiting cannot mend, wrong credentials above all; says when Kafka does not answer. */
const greet = Effect.fnUntraced(function* (options: Options) {
  const admin = yield* Effect.acquireRelease(
    Effect.sync(() => makeAdmin(options)),
    (admin) => close(admin)
  )
  const doing = failureOf(options, { what: "ask which brokers there are" })
  yield* Effect.tryPromise({
    try: () => admin.metadata({ topics: [], forceUpdate: true, retries: 1 }),
    catch: doing
  }).pipe(
    Effect.timeoutOrElse({
      duration: "9 seconds",
      orElse: () => Effect.fail(doing({ code: "PLT_KFK_TIMEOUT", message: "no answer" }))
    }),
    Effect.catchIf(
      ({ retryable }) => retryable,
      (error) => Effect.logWarning(error.detail)
    )
  )
  return admin
})

/** The name of a member, the same in every start. */
const memberName = ({ replica }: Options, topics: ReadonlyArray<string>): string =>
  `${replica}.${createHash("sha256").update(topics.join(" ")).digest("hex").slice(0, 8)}`

const make = Effect.fnUntraced(function* (options: Options) {
  yield* Metering.zero
  const admin = yield* greet(options)
  const directory = Directory.make(options, admin)
  const placing = makePlacing(directory)
  const publish = yield* Publishing.make(options, placing)
  const publishLoosely = yield* Loosely.make(options, placing)
  const readings = new Map<string, Set<string>>()
  const lag = Lags.make(options, admin, directory, readings)

  /** By group and topics, as one string. */
  const members = yield* RcMap.make({
    lookup: Effect.fnUntraced(function* (key: string) {
      const [group, ...names] = key.split(" ")
      const topics = yield* Effect.forEach(names, directory.get)
      return yield* Membership.join(options, directory.innerOf(group!), memberName(options, names), topics)
    }),
    idleTimeToLive: idle
  })

  const memberOf = Effect.fnUntraced(function* (key: string) {
    const member = yield* Effect.onError(RcMap.get(members, key), () => RcMap.invalidate(members, key))
    if (!member.isLost()) return member
    yield* RcMap.invalidate(members, key)
    return yield* RcMap.get(members, key)
  })

  /** Until the scope closes these topics are this group's own, in this process. */
  const claim = (group: string, names: ReadonlySet<string>) =>
    Effect.acquireRelease(
      Effect.suspend(() => {
        const held = readings.get(group) ?? new Set()
        const taken = [...names].find((name) => held.has(name))
        if (taken !== undefined)
          return Effect.fail(invalid(`Group ${group} has a member already that reads topic ${taken}.`, taken))
        readings.set(group, held.union(names))
        return Effect.void
      }),
      () =>
        Effect.sync(() => {
          const rest = readings.get(group)!.difference(names)
          if (rest.size > 0) readings.set(group, rest)
          else readings.delete(group)
        })
    )

  const subscribe: Broker["Service"]["subscribe"] = Effect.fn("Broker.subscribe")(function* (subscription) {
    const { group, window = defaultWindow } = subscription
    const names = new Set(subscription.topics)
    yield* Effect.try({
      try: () => checkSubscription(group, names, window),
      catch: (cause) => cause as BrokerError
    })
    yield* Effect.forEach(names, directory.get, { discard: true })
    yield* claim(group, names)
    const key = [group, ...[...names].sort()].join(" ")
    const membership = yield* memberOf(key)
    // Who is done leaves at once, so that others take over; who has failed comes back.
    yield* Effect.addFinalizer((exit) => (Exit.isSuccess(exit) ? RcMap.invalidate(members, key) : Effect.void))
    return yield* Subscription.make({ options, directory, placing, membership, window })
  })

  const remove = Effect.fnUntraced(function* (name: string) {
    const reader = [...readings].find(([, names]) => names.has(name))
    if (reader !== undefined)
      return yield* invalid(`Topic ${name} is read by group ${reader[0]}: stop that first.`, name)
    yield* directory.remove(name)
  })

  return Broker.of({
    publish: Effect.fn("Broker.publish")((records, assurance) =>
      assurance === undefined ? publish(records) : publishLoosely(records, assurance)
    ),
    subscribe,
    read: (reading) => read(options, directory, reading),
    erase: () => Effect.succeed(null),
    create: Effect.fn("Broker.create")((specs) => directory.create(specs)),
    alter: Effect.fn("Broker.alter")((name, change) => directory.alter(name, change)),
    remove: Effect.fn("Broker.remove")((name) => remove(name)),
    list: directory.list,
    describe: Effect.fn("Broker.describe")((names) => directory.describe(names)),
    lag: Effect.fn("Broker.lag")((group) => lag(group))
  })
})

/** The brokers that `options` name. */
export const layerOptions = (options: Options) => Layer.effect(Broker, make(options))

/** The brokers that `KAFKA_BOOTSTRAP_SERVERS` names. Wrong credentials fail it; brokers that do not answer are waited for. */
export const layer = Layer.effect(
  Broker,
  Effect.gen(function* () {
    const servers = yield* bootstrapServers.config
    if (Option.isNone(servers)) return yield* invalid("KAFKA_BOOTSTRAP_SERVERS is not set.")
    return yield* make(yield* fromSettings(servers.value))
  })
)
