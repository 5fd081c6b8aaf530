/** chat → discord-messages, bot-queries. What was heard is confirmed once it is in the log. */
import { Deferred, Effect, Metric, Stream } from "effect"
import { Broker, type OutgoingRecord } from "../broker/Broker.ts"
import { record } from "../broker/Records.ts"
import { Chat, type Heard } from "../chat/Chat.ts"
import type { ChatMessage } from "../domain/ChatMessage.ts"
import { type BotQuery, questionIn } from "../domain/Question.ts"
import * as Topics from "../domain/Topics.ts"
import * as Supervise from "./Supervise.ts"

const heardTotal = Metric.counter("rtfm_listener_events_total", {
  description: "Events heard in the chat and written to the log",
  incremental: true
})

const queryOf = (message: ChatMessage): BotQuery | undefined => {
  const text = questionIn(message)
  if (text === undefined) return undefined
  return {
    id: message.id,
    text,
    serverId: message.serverId,
    channelId: message.channelId,
    ...(message.threadId !== undefined && { threadId: message.threadId }),
    author: message.author,
    askedAt: message.createdAt
  }
}

const recordsOf = ({ event }: Heard): ReadonlyArray<OutgoingRecord> => {
  const query = event.type === "created" ? queryOf(event.message) : undefined
  return [record(Topics.messages, event), ...(query === undefined ? [] : [record(Topics.queries, query)])]
}

export const actor = Effect.gen(function* () {
  const chat = yield* Chat
  const broker = yield* Broker
  const vitals = Supervise.vitals()
  const stop = yield* Deferred.make<void>()

  const write = Effect.fnUntraced(function* (heard: ReadonlyArray<Heard>) {
    yield* broker.publish(heard.flatMap(recordsOf))
    yield* chat.confirm(heard.at(-1)!.cursor)
    vitals.handled += heard.length
    vitals.failedStarts = 0
    yield* Metric.update(heardTotal, heard.length)
  })

  return {
    name: "listener",
    route: "chat → discord-messages, bot-queries",
    group: null,
    vitals,
    run: chat.heard.pipe(Stream.interruptWhen(Deferred.await(stop)), Stream.runForEach(write)),
    drain: Effect.asVoid(Deferred.succeed(stop, undefined))
  } satisfies Supervise.Actor
})
