/** Makes the topics a process needs, at its start, or as soon as a broker answers that did not then. */
import { Effect, Layer, Option, Schedule } from "effect"
import type { TopicSpec } from "../domain/Topics.ts"
import { Broker, type BrokerError } from "./Broker.ts"
import { compression, replicationFactor } from "./kafka/KafkaSettings.ts"
import * as TopicPlan from "./TopicPlan.ts"

/** A broker that does not answer is asked again so often. */
const again = Schedule.spaced("2 seconds")

const isAway = ({ reason }: BrokerError): boolean => reason === "unreachable"

/** Topics as they are wanted here: `KAFKA_REPLICATION_FACTOR` and `KAFKA_COMPRESSION` say how, where they do not. */
export const wanted = Effect.fnUntraced(function* (topics: ReadonlyArray<TopicSpec>) {
  const replicas = yield* replicationFactor.config
  const codec = yield* compression.config
  const usual = {
    compression: codec === "none" ? ("uncompressed" as const) : codec,
    ...(Option.isSome(replicas) && { replicas: replicas.value })
  }
  return topics.map((topic): TopicSpec => ({ ...usual, ...topic }))
})

/** What there is against what is wanted. */
export const plan = Effect.fnUntraced(function* (topics: ReadonlyArray<TopicSpec>) {
  const broker = yield* Broker
  return TopicPlan.plan(yield* wanted(topics), yield* broker.describe(topics.map(({ name }) => name)))
})

/** Creates what is missing, and changes what can be changed without a loss; anything else stays as it is. */
export const carryOut = Effect.fnUntraced(function* (entries: ReadonlyArray<TopicPlan.PlanEntry>) {
  const broker = yield* Broker
  yield* broker.create(entries.flatMap((entry) => (entry._tag === "Create" ? [entry.spec] : [])))
  for (const entry of entries) {
    if (entry._tag !== "Differs" || entry.safe.length === 0) continue
    yield* broker.alter(entry.spec.name, TopicPlan.changeOf(entry.spec, entry.safe))
  }
})

const sentences = (name: string, differences: ReadonlyArray<TopicPlan.Difference>, end: string) =>
  differences.map((difference) => `topic ${name}: ${TopicPlan.sentence(difference)}; ${end}`)

const report = Effect.fnUntraced(function* (entries: ReadonlyArray<TopicPlan.PlanEntry>) {
  for (const entry of entries) {
    if (entry._tag !== "Differs") continue
    const { name } = entry.spec
    for (const line of sentences(name, entry.safe, "changed")) yield* Effect.logInfo(line)
    for (const line of sentences(name, entry.left, "left as it is, see rtfm topics plan"))
      yield* Effect.logWarning(line)
  }
})

/** Topics that exist serve as they are when they may not be changed, as at a Kafka of others. */
const prepare = Effect.fnUntraced(function* (topics: ReadonlyArray<TopicSpec>) {
  const broker = yield* Broker
  yield* broker.create(yield* wanted(topics))
  const entries = yield* plan(topics)
  yield* carryOut(entries).pipe(
    Effect.andThen(report(entries)),
    Effect.catchIf(
      ({ reason }) => reason === "unauthorized" || reason === "invalid",
      ({ detail }) => Effect.logWarning(`${detail} The topics serve as they are.`)
    )
  )
})

/** Whatever stands in the way is a failure. */
export const layerNow = (topics: ReadonlyArray<TopicSpec>) => Layer.effectDiscard(prepare(topics))

/** A broker that does not answer is no failure: it is said, and waited for in the background. Anything else is. */
export const layer = (topics: ReadonlyArray<TopicSpec>) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const ready = prepare(topics)
      const waiting = Effect.retry(ready, {
        while: (error) => error._tag === "BrokerError" && isAway(error),
        schedule: again
      }).pipe(
        Effect.andThen(Effect.logInfo("the broker answers; its topics are there")),
        Effect.catch((error) => Effect.logError(error.message)),
        Effect.forkScoped
      )
      yield* ready.pipe(
        Effect.catchIf(
          (error) => error._tag === "BrokerError" && isAway(error),
          ({ message }) => Effect.andThen(Effect.logWarning(`${message} It is asked again until it does.`), waiting)
        )
      )
    })
  )
