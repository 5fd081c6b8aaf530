/** How the process is, over HTTP: actors, parts, topics, dead letters and what happens. */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Supervisor } from "../actors/Supervise.ts"
import { Broker, type GroupLag, type TopicDescription } from "../broker/Broker.ts"
import type { DeadLetter } from "../broker/DeadLetter.ts"
import * as DeadLetters from "../broker/DeadLetters.ts"
import { Passages } from "../knowledge/Passages.ts"
import { Embedder } from "../model/Embedder.ts"
import { Api, type DeadLetterInfo, type RedriveReport, type TopicInfo } from "./Api.ts"
import * as Closed from "./Closed.ts"
import { follow } from "./Events.ts"
import { ofBroker, ofPassages } from "./Problem.ts"
import { reasons, situation, summary } from "./Readiness.ts"
import { version } from "../runtime/Home.ts"

const startedAt = Math.round(performance.timeOrigin)

const toTopicInfo = (
  { kept, name, partitions, retentionMs }: TopicDescription,
  lags: ReadonlyArray<GroupLag>
): typeof TopicInfo.Type => ({
  name,
  retentionMs: Number.isFinite(retentionMs) ? retentionMs : null,
  partitions,
  kept,
  groups: lags
    .filter(({ topic }) => topic === name)
    .map(({ committed, group, lag, partition }) => ({ group, partition, committed, lag }))
})

const text = new TextDecoder()

export const toDeadLetterInfo = (letter: DeadLetter): typeof DeadLetterInfo.Type => ({
  ...letter,
  value: text.decode(letter.value)
})

export const toRedriveReport = ({ refused, sent }: DeadLetters.Redriven): typeof RedriveReport.Type => ({
  sent: sent.length,
  refused: refused.length,
  deadLetters: sent.map(({ offset, partition, topic }) => ({ topic, partition, offset }))
})

const status = Effect.gen(function* () {
  const passages = yield* Passages
  const embedder = yield* Embedder
  const supervisor = yield* Supervisor
  const [now, actors] = yield* Effect.all([situation, supervisor.actors], { concurrency: "unbounded" })
  const counts = yield* passages.counts
  const waiting = yield* passages.countUnembedded(embedder.id)
  return {
    version,
    startedAt,
    ready: reasons(now).length === 0,
    summary: summary(now, waiting),
    actors,
    parts: now.parts,
    knowledge: { ...counts, waiting }
  }
})

/** Every topic with its partitions and the lag of its groups. */
export const topics = Effect.gen(function* () {
  const broker = yield* Broker
  const lags = yield* broker.lag()
  return (yield* broker.list).map((topic) => toTopicInfo(topic, lags))
})

export const layer = HttpApiBuilder.group(
  Api,
  "system",
  Effect.fnUntraced(function* (handlers) {
    const closed = yield* Closed.make
    return handlers.handleAll({
      status: () => status.pipe(Effect.catchTag("PassagesError", ofPassages)),
      events: ({ headers }) => follow(headers["last-event-id"]),
      topics: () => topics.pipe(Effect.catchTag("BrokerError", ofBroker)),
      deadLetters: ({ query }) =>
        DeadLetters.list(query).pipe(
          Effect.flatMap((letters) => Effect.map(closed.shown, (show) => letters.map(toDeadLetterInfo).map(show))),
          Effect.catchTag("BrokerError", ofBroker)
        ),
      redrive: ({ payload }) =>
        DeadLetters.redrive(payload).pipe(Effect.map(toRedriveReport), Effect.catchTag("BrokerError", ofBroker))
    })
  })
)
