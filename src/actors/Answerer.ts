/** bot-queries → bot-responses. */
import { Clock, Effect, Metric } from "effect"
import type { IncomingRecord } from "../broker/Broker.ts"
import { record } from "../broker/Records.ts"
import { Chat } from "../chat/Chat.ts"
import { type Answer, type BotResponse, responseId } from "../domain/Answer.ts"
import type { BotQuery } from "../domain/Question.ts"
import * as Topics from "../domain/Topics.ts"
import { Retriever } from "../knowledge/Retriever.ts"
import { Writer } from "../model/Writer.ts"
import * as Actor from "./Actor.ts"

const answersTotal = Metric.counter("rtfm_answers_total", {
  description: "Questions answered, by mode and whether it was a refusal",
  incremental: true
})
const answerSeconds = Metric.histogram("rtfm_answer_seconds", {
  description: "Time from the question to its answer in the log",
  boundaries: Metric.exponentialBoundaries({ start: 0.01, factor: 2, count: 13 })
})

const respond = (query: BotQuery, answer: Answer, answeredAt: number): BotResponse => ({
  id: responseId(query.id),
  questionId: query.id,
  question: query.text,
  serverId: query.serverId,
  channelId: query.channelId,
  ...(query.threadId !== undefined && { threadId: query.threadId }),
  answer,
  answeredAt
})

export const actor = Effect.gen(function* () {
  const chat = yield* Chat
  const retriever = yield* Retriever
  const writer = yield* Writer

  const handle = Effect.fnUntraced(function* (query: BotQuery, { timestamp }: IncomingRecord) {
    const received = yield* Clock.currentTimeMillis
    yield* chat.typing(query.channelId)
    const audience = yield* chat.audience(
      query.threadId ?? query.channelId,
      query.private === true ? query.author.id : undefined
    )
    const retrieval = yield* retriever.retrieve(query.text, audience)
    const retrieved = yield* Clock.currentTimeMillis
    const written = yield* writer.write(query.text, retrieval)
    const answeredAt = yield* Clock.currentTimeMillis
    const timing = {
      queuedMs: Math.max(0, received - timestamp),
      retrieveMs: retrieved - received,
      writeMs: answeredAt - retrieved
    }
    const outcome = { mode: written.mode, refused: String(written.refused) }
    yield* Metric.update(Metric.withAttributes(answersTotal, outcome), 1)
    yield* Metric.update(answerSeconds, (answeredAt - timestamp) / 1000)
    return [record(Topics.responses, respond(query, { ...written, timing }, answeredAt))]
  })

  return yield* Actor.oneByOne({
    name: "answerer",
    from: Topics.queries,
    to: Topics.responses.name,
    concurrency: 4,
    handle
  })
})
