/** How the process was lately, over HTTP: the last hour, settings in force, and what the log complains of. */
import { Clock, Duration, Effect, Schedule } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Supervisor } from "../actors/Supervise.ts"
import { Broker } from "../broker/Broker.ts"
import { Complaints } from "../runtime/Complaints.ts"
import { inForce } from "../runtime/Declared.ts"
import { Api } from "./Api.ts"
import * as History from "./History.ts"

const everyMs = 20_000
/** An hour of them. */
const steps = 180

/** How far topics and actors are now. */
const look = Effect.gen(function* () {
  const broker = yield* Broker
  const supervisor = yield* Supervisor
  const topics = yield* broker.list
  const actors = yield* supervisor.actors
  return {
    topics: topics.map(({ name, partitions }) => [name, partitions.reduce((sum, { end }) => sum + end, 0)] as const),
    actors: actors.map(({ handled, lag, name }) => ({ name, handled, lag }))
  }
})

export const layer = HttpApiBuilder.group(
  Api,
  "machine",
  Effect.fnUntraced(function* (handlers) {
    const history = History.make(steps)
    const settings = yield* inForce
    const complaints = yield* Complaints
    yield* look.pipe(
      Effect.map(history.add),
      Effect.catch(() => Effect.sync(history.skip)),
      Effect.repeat(Schedule.fixed(Duration.millis(everyMs))),
      Effect.forkScoped
    )
    return handlers.handleAll({
      history: () => Effect.map(Clock.currentTimeMillis, (until) => ({ everyMs, until, ...history.read() })),
      settings: () => Effect.succeed(settings),
      complaints: () => Effect.sync(complaints.all)
    })
  })
)
