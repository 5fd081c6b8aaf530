/** The ways of records over HTTP: as they were seen here, else as far as the log tells. */
import { Clock, Duration, Effect, Option, Result, Stream } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Broker, type IncomingRecord } from "../broker/Broker.ts"
import { Chat } from "../chat/Chat.ts"
import { LocalChat, serverId } from "../chat/LocalChat.ts"
import { standalone } from "../domain/FollowUp.ts"
import type { LocalMessage } from "../domain/Happening.ts"
import * as Topics from "../domain/Topics.ts"
import type { Visit } from "../domain/Way.ts"
import { Retriever } from "../knowledge/Retriever.ts"
import { promptFor } from "../model/Prompt.ts"
import { Ways } from "../runtime/Ways.ts"
import { Api } from "./Api.ts"
import * as Closed from "./Closed.ts"
import { NotFound, ofBroker, ofChat, ofPassages } from "./Problem.ts"

/** Where a message leaves its traces. */
const topics: ReadonlyArray<Topics.Source<any>> = [Topics.messages, Topics.queries, Topics.responses]

/** The log is not searched longer than this, nor further; what was found until then is shown. */
const patience = Duration.seconds(2)
const searched = 5_000

const noWay = new NotFound({ detail: "There is no message, question, document or record with this id" })

const noQuestion = new NotFound({ detail: "No question with this id was asked in the local chat lately" })

const isAbout = (topic: Topics.Source<any>, id: string) => (record: IncomingRecord) => {
  const decoded = topic.decode(record.value)
  return Result.isSuccess(decoded) && topic.about?.(decoded.success) === id
}

const fromLog = ({ key, offset, partition, timestamp, topic }: IncomingRecord): Visit => ({
  actor: null,
  topic,
  partition,
  offset,
  key,
  appendedAt: timestamp,
  takenAt: null,
  attempts: [],
  outputs: [],
  committedAt: null,
  deadLetter: null
})

const startOf = (visit: Visit): number => visit.takenAt ?? visit.appendedAt

export const layer = HttpApiBuilder.group(
  Api,
  "ways",
  Effect.fnUntraced(function* (handlers) {
    const broker = yield* Broker
    const chat = yield* LocalChat
    const ways = yield* Ways
    const askable = yield* Chat
    const retriever = yield* Retriever
    const closed = yield* Closed.make

    const inLog = (topic: Topics.Source<any>, message: LocalMessage) =>
      broker
        .read({ topic: topic.name, from: { time: message.createdAt } })
        .pipe(
          Stream.take(searched),
          Stream.filter(isAbout(topic, message.id)),
          Stream.map(fromLog),
          Stream.runCollect,
          Effect.timeoutOption(patience),
          Effect.map(Option.getOrElse((): ReadonlyArray<Visit> => []))
        )

    /** What this process did not see of a message, or no longer remembers. */
    const unseen = Effect.fnUntraced(function* (message: LocalMessage, seen: ReadonlyArray<Visit>) {
      const missing = topics.filter(({ name }) => !seen.some(({ topic }) => topic === name))
      return (yield* Effect.forEach(missing, (topic) => inLog(topic, message))).flat()
    })

    /** As it stands in the log; what was asked elsewhere is nobody's business here. */
    const question = Effect.fnUntraced(function* (id: string) {
      const message = yield* chat.message(id)
      if (message === undefined) return yield* noQuestion
      const [query] = yield* broker.read({ topic: Topics.queries.name, from: { time: message.createdAt } }).pipe(
        Stream.take(searched),
        Stream.filterMap(({ value }) => Topics.queries.decode(value)),
        Stream.filter((query) => query.id === id && query.serverId === serverId),
        Stream.take(1),
        Stream.runCollect
      )
      return query ?? (yield* noQuestion)
    })

    return handlers.handleAll({
      prompt: Effect.fnUntraced(
        function* ({ params: { id } }) {
          const { channelId, context, text, threadId } = yield* question(id)
          const audience = yield* askable.audience(threadId ?? channelId)
          const retrieval = yield* retriever.retrieve(standalone(text, context), audience)
          return promptFor(text, retrieval, context)
        },
        Effect.catchTags({ ChatError: ofChat, BrokerError: ofBroker, PassagesError: ofPassages })
      ),
      way: Effect.fnUntraced(
        function* ({ params: { id } }) {
          ways.watch(id, yield* Clock.currentTimeMillis)
          const seen = ways.of(id)
          const message = yield* chat.message(seen?.id ?? id)
          if (seen === undefined && message === undefined) return yield* noWay
          if (seen !== undefined && !(yield* closed.mayFollow(seen.visits))) return yield* noWay
          const visits = seen?.visits ?? []
          const others = message === undefined ? [] : yield* unseen(message, visits)
          return {
            id: seen?.id ?? id,
            said: message === undefined ? null : { at: message.createdAt, by: message.author.name },
            visits: [...visits, ...others].toSorted((a, b) => startOf(a) - startOf(b)),
            explanation: seen?.explanation ?? null
          }
        },
        Effect.catchTags({ ChatError: ofChat, BrokerError: ofBroker })
      )
    })
  })
)
