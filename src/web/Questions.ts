/** Questions over HTTP: posted like any message, answered when the bot has said its answer. */
import { Duration, Effect, Latch, Stream } from "effect"
import { HttpEffect, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { defaultChannelId, LocalChat } from "../chat/LocalChat.ts"
import type { LocalMessage } from "../domain/Happening.ts"
import { Happenings, type Numbered } from "../runtime/Happenings.ts"
import { type AnsweredQuestion, Api, defaultWait, longestWait, type PendingQuestion } from "./Api.ts"
import { Draining } from "./Draining.ts"
import { NotFound, ofChat } from "./Problem.ts"

const nobody = { id: "api", name: "API" }

/** Another process may say the answer, and its happenings are not told here. */
const lookAgain = Duration.seconds(1)

/** A stop does not wait for an answer longer than this; the question is answered after the next start. */
const patienceInStop = Duration.seconds(4)

/** Seconds to wait: what the address says, else what `Prefer` says (RFC 7240), else `otherwise`. */
export const secondsToWait = (
  request: { readonly query: { readonly wait?: number }; readonly headers: { readonly prefer?: string } },
  otherwise: number
): number => {
  if (request.query.wait !== undefined) return request.query.wait
  const preference = request.headers.prefer ?? ""
  const wait = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,4})/i.exec(preference)?.[1]
  if (wait !== undefined) return Math.min(Number(wait), longestWait)
  return /(?:^|[,;\s])respond-async\b/i.test(preference) ? 0 : otherwise
}

const answered = (question: LocalMessage, reply: LocalMessage | undefined): typeof AnsweredQuestion.Type | undefined =>
  reply?.answer && {
    id: question.id,
    question: question.text,
    channelId: question.channelId,
    answer: reply.answer.text,
    refused: reply.answer.refused,
    mode: reply.answer.mode,
    citations: reply.answer.citations,
    timing: reply.answer.timing
  }

const pending = (question: LocalMessage): typeof PendingQuestion.Type => ({
  id: question.id,
  question: question.text,
  channelId: question.channelId,
  state: "pending"
})

const whereToLook = (question: LocalMessage) =>
  HttpEffect.appendPreResponseHandler((_, response) =>
    Effect.succeed(
      HttpServerResponse.setHeaders(response, {
        location: `/api/questions/${encodeURIComponent(question.id)}`,
        "retry-after": "1"
      })
    )
  )

const noQuestion = new NotFound({ detail: "There is no question with this id" })

/** Whether a happening may mean that the question is answered. */
const concerns =
  (question: LocalMessage) =>
  ({ happening }: Numbered): boolean =>
    (happening.type === "question.answered" && happening.questionId === question.id) ||
    (happening.type === "message.created" && happening.message.replyTo === question.id)

/** Waits for the answer to a message that asks: `undefined` when there is none within so many seconds. */
export const waiting = Effect.gen(function* () {
  const chat = yield* LocalChat
  const happenings = yield* Happenings
  const draining = yield* Draining

  const answerOf = (question: LocalMessage) =>
    Effect.map(chat.answerTo(question.id), (reply) => answered(question, reply))

  /** Listens first and looks then, so that no answer falls between. */
  const nextAnswer = Effect.fnUntraced(function* (question: LocalMessage) {
    const news = yield* Latch.make(true)
    yield* happenings.since().pipe(
      Stream.filter(concerns(question)),
      Stream.runForEach(() => news.open),
      Effect.forkScoped({ startImmediately: true })
    )
    while (true) {
      yield* Effect.timeoutOption(news.await, lookAgain)
      yield* news.close
      const answer = yield* answerOf(question)
      if (answer !== undefined) return answer
    }
  }, Effect.scoped)

  const answerWithin = (question: LocalMessage, seconds: number) =>
    seconds === 0
      ? answerOf(question)
      : nextAnswer(question).pipe(
          Effect.raceFirst(Effect.sleep(Duration.seconds(seconds))),
          Effect.raceFirst(Effect.andThen(draining.awaited, Effect.sleep(patienceInStop))),
          Effect.map((answer) => answer ?? undefined)
        )

  return answerWithin
})

export const layer = HttpApiBuilder.group(
  Api,
  "questions",
  Effect.fnUntraced(function* (handlers) {
    const chat = yield* LocalChat
    const answerWithin = yield* waiting

    const answerOrPending = Effect.fnUntraced(function* (question: LocalMessage, seconds: number) {
      const answer = yield* answerWithin(question, seconds)
      if (answer !== undefined) return answer
      yield* whereToLook(question)
      return pending(question)
    })

    return handlers.handleAll({
      ask: Effect.fnUntraced(
        function* (request) {
          const key = request.headers["idempotency-key"]
          const question = yield* chat.post({
            channelId: request.payload.channelId ?? defaultChannelId,
            author: request.payload.author ?? nobody,
            text: request.payload.text,
            asks: true,
            ...(key !== undefined && { idempotencyKey: key })
          })
          return yield* answerOrPending(question, secondsToWait(request, defaultWait))
        },
        Effect.catchTag("ChatError", ofChat)
      ),

      question: Effect.fnUntraced(
        function* (request) {
          const question = yield* chat.message(request.params.id)
          if (question === undefined || question.author.bot) return yield* noQuestion
          return yield* answerOrPending(question, secondsToWait(request, 0))
        },
        Effect.catchTag("ChatError", ofChat)
      )
    })
  })
)
