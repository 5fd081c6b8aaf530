/** bot-queries → bot-responses. Finds passages for a question and has the answer written, or says that it does not know. */
import { Clock, Effect, Latch, Metric } from "effect"
import { Broker, type IncomingRecord } from "../broker/Broker.ts"
import { record } from "../broker/Records.ts"
import { Chat } from "../chat/Chat.ts"
import { type BotResponse, responseId, type Timing } from "../domain/Answer.ts"
import { standalone } from "../domain/FollowUp.ts"
import type { BotQuery } from "../domain/Question.ts"
import * as Topics from "../domain/Topics.ts"
import { Retriever } from "../knowledge/Retriever.ts"
import { AnswerCache } from "../model/AnswerCache.ts"
import { Writer, type Written } from "../model/Writer.ts"
import * as Actor from "./Actor.ts"

const answersTotal = Metric.counter("rtfm_answers_total", {
  description: "Questions answered, by mode and whether it was a refusal",
  incremental: true
})
const silentTotal = Metric.counter("rtfm_answers_silent_total", {
  description: "Questions to nobody in particular that were left alone, because there was no answer",
  incremental: true
})
const answerSeconds = Metric.histogram("rtfm_answer_seconds", {
  description: "Time from the question to its answer in the log",
  boundaries: Metric.exponentialBoundaries({ start: 0.01, factor: 2, count: 13 })
})

/**
 * Milliseconds until the chat is told that an answer is on its way, and until that is told again: most answers are there
 * sooner, and chats limit requests and go on showing it for a while.
 */
const typing = { after: 500, lasts: 8_000 }
/**
 * Milliseconds between two drafts of an answer; and before the first, as an answer that is whole by then needs none.
 */
const draftPause = { first: 25, next: 700 }
/** Questions answered at once, and of these, of one channel; a model is waited for most of the time. */
const atOnce = { all: 40, ofChannel: 8 }

const placeOf = ({ channelId, id, serverId, threadId }: BotQuery) => ({
  id: responseId(id),
  questionId: id,
  serverId,
  channelId,
  ...(threadId !== undefined && { threadId })
})

const respond = (query: BotQuery, written: Written, timing: Timing, answeredAt: number): BotResponse => {
  const { citations, mode, refused, text } = written
  return {
    ...placeOf(query),
    question: query.text,
    askerId: query.author.id,
    answer: { text, refused, mode, citations, timing },
    answeredAt
  }
}

export const actor = Effect.gen(function* () {
  const broker = yield* Broker
  const chat = yield* Chat
  const retriever = yield* Retriever
  const writer = yield* Writer
  const cache = yield* AnswerCache

  /**
   * Takes what is written so far and publishes numbered drafts of it meanwhile, outside of the answer's transaction: what
   * becomes of them does not matter to it. Nothing is shown in a channel before the answers to earlier questions there.
   */
  const drafting = Effect.fnUntraced(function* (query: BotQuery, isNext: () => boolean) {
    const news = Latch.makeUnsafe(false)
    let [number, latest] = [0, ""]
    const publish = Effect.suspend(() => {
      if (!isNext()) return Effect.void
      const draft: BotResponse = { type: "draft", ...placeOf(query), number: ++number, text: latest }
      return Effect.ignore(broker.publish([record(Topics.responses, draft)]))
    })
    const next = Effect.gen(function* () {
      yield* Latch.await(news)
      if (number === 0) yield* Effect.sleep(draftPause.first)
      news.closeUnsafe()
      yield* publish
      yield* Effect.sleep(draftPause.next)
    })
    yield* Effect.forkScoped(Effect.forever(next))
    return (text: string) =>
      Effect.sync(() => {
        latest = text
        news.openUnsafe()
      })
  })

  /** When it was last shown in a place, in milliseconds since the epoch. */
  const shownAt = new Map<string, number>()
  const show = Effect.fnUntraced(function* (place: string) {
    const now = yield* Clock.currentTimeMillis
    for (const [other, at] of shownAt) if (now - at >= typing.lasts) shownAt.delete(other)
    if (shownAt.has(place)) return
    shownAt.set(place, now)
    yield* chat.typing(place)
  })
  const showTyping = ({ channelId, threadId }: BotQuery) =>
    Effect.forkScoped(Effect.delay(show(threadId ?? channelId), typing.after))

  const answer = Effect.fnUntraced(function* (query: BotQuery, isNext: () => boolean) {
    const { author, automatic, channelId, context, threadId } = query
    if (automatic !== true) yield* showTyping(query)
    const audience = yield* chat.audience(threadId ?? channelId, query.private === true ? author.id : undefined)
    const question = standalone(query.text, context)
    const kept = yield* cache.find(question, audience)
    if (kept !== undefined) return { written: kept, retrieved: yield* Clock.currentTimeMillis }
    const retrieval = yield* retriever.retrieve(question, audience, { patient: true })
    const retrieved = yield* Clock.currentTimeMillis
    const written = yield* writer.write(query.text, retrieval, {
      askerId: author.id,
      ...(context !== undefined && { context }),
      ...(automatic !== true && { onDraft: yield* drafting(query, isNext) })
    })
    yield* cache.keep(question, audience, written)
    return { written, retrieved }
  }, Effect.scoped)

  const handle = Effect.fnUntraced(function* (query: BotQuery, { timestamp }: IncomingRecord, isNext: () => boolean) {
    const received = yield* Clock.currentTimeMillis
    const { retrieved, written } = yield* answer(query, isNext)
    // Nobody called the bot, so it does not say that it has nothing to say.
    if (query.automatic === true && written.refused) {
      yield* Metric.update(silentTotal, 1)
      return []
    }
    const answeredAt = yield* Clock.currentTimeMillis
    const timing = {
      queuedMs: Math.max(0, received - timestamp),
      retrieveMs: retrieved - received,
      writeMs: answeredAt - retrieved
    }
    const outcome = { mode: written.mode, refused: String(written.refused) }
    yield* Metric.update(Metric.withAttributes(answersTotal, outcome), 1)
    yield* Metric.update(answerSeconds, (answeredAt - timestamp) / 1000)
    return [record(Topics.responses, respond(query, written, timing, answeredAt))]
  })

  return yield* Actor.oneByOne({
    name: "answerer",
    from: Topics.queries,
    to: Topics.responses.name,
    concurrency: atOnce.all,
    abreast: atOnce.ofChannel,
    handle
  })
})
