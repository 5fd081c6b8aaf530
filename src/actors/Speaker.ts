/** bot-responses → chat. The only one that speaks; saying a response twice says it once. */
import { Effect } from "effect"
import { Chat } from "../chat/Chat.ts"
import type { BotResponse } from "../domain/Answer.ts"
import * as Topics from "../domain/Topics.ts"
import { Happenings } from "../runtime/Happenings.ts"
import * as Actor from "./Actor.ts"

export const actor = Effect.gen(function* () {
  const chat = yield* Chat
  const happenings = yield* Happenings

  const handle = Effect.fnUntraced(function* (response: BotResponse) {
    const { answer, channelId, questionId } = response
    yield* chat.say({
      id: response.id,
      channelId,
      ...(response.threadId !== undefined && { threadId: response.threadId }),
      replyTo: questionId,
      text: answer.text,
      answer
    })
    yield* happenings.tell({ type: "question.answered", questionId, channelId, refused: answer.refused })
    return []
  })

  return yield* Actor.oneByOne({ name: "speaker", from: Topics.responses, to: "chat", drainToEnd: true, handle })
})
