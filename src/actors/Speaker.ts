/** bot-responses → chat. The only one that speaks; saying a response twice says it once. */
import { Effect } from "effect"
import { Chat, type Reply } from "../chat/Chat.ts"
import type { Answered, BotResponse, Revised, Saying } from "../domain/Answer.ts"
import * as Topics from "../domain/Topics.ts"
import { GivenAnswers } from "../knowledge/GivenAnswers.ts"
import { Happenings } from "../runtime/Happenings.ts"
import * as Actor from "./Actor.ts"

const replyOf = (response: Answered | Revised | Saying): Reply => {
  if ("answer" in response) {
    const { answer, channelId, id, questionId, threadId } = response
    return {
      id,
      channelId,
      ...(threadId !== undefined && { threadId }),
      replyTo: questionId,
      questionId,
      ...("question" in response && { question: response.question }),
      text: answer.text,
      answer
    }
  }
  const { channelId, embeds, id, replyTo, text } = response
  return { id, channelId, ...(replyTo !== undefined && { replyTo }), text, ...(embeds !== undefined && { embeds }) }
}

export const actor = Effect.gen(function* () {
  const chat = yield* Chat
  const happenings = yield* Happenings
  const answers = yield* GivenAnswers

  const handle = Effect.fnUntraced(function* (response: BotResponse) {
    if ("type" in response && response.type === "draft") {
      const { channelId, id, questionId, text, threadId } = response
      const place = { channelId, ...(threadId !== undefined && { threadId }) }
      yield* chat.draft({ id, ...place, replyTo: questionId, questionId, text })
      yield* happenings.tell({ type: "answer.drafted", questionId, channelId, text })
      return []
    }
    if ("type" in response && response.type === "revised") return yield* Effect.as(chat.revise(replyOf(response)), [])
    yield* chat.say(replyOf(response))
    if ("answer" in response) {
      const { answer, channelId, questionId } = response
      yield* answers.keep(response)
      yield* happenings.tell({ type: "question.answered", questionId, channelId, refused: answer.refused })
    }
    return []
  })

  return yield* Actor.oneByOne({ name: "speaker", from: Topics.responses, to: "chat", drainToEnd: true, handle })
})
