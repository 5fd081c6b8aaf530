/** Makes the topics a process needs, at its start, or as soon as a broker answers that did not then. */
import { Effect, Layer, Schedule } from "effect"
import type { TopicSpec } from "../domain/Topics.ts"
import { Broker, type BrokerError } from "./Broker.ts"

/** A broker that does not answer is asked again so often. */
const again = Schedule.spaced("2 seconds")

const isAway = ({ reason }: BrokerError): boolean => reason === "unreachable"

/** A broker that does not answer is no failure: it is said, and waited for in the background. Anything else is. */
export const layer = (topics: ReadonlyArray<TopicSpec>) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const broker = yield* Broker
      const create = broker.create(topics)
      const waiting = Effect.retry(create, { while: isAway, schedule: again }).pipe(
        Effect.andThen(Effect.logInfo("the broker answers; its topics are there")),
        Effect.catch((error) => Effect.logError(error.detail)),
        Effect.forkScoped
      )
      yield* create.pipe(
        Effect.catchIf(isAway, ({ detail }) =>
          Effect.andThen(Effect.logWarning(`${detail} It is asked again until it does.`), waiting)
        )
      )
    })
  )
