/** What people think of answers, over HTTP. */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { LocalChat } from "../chat/LocalChat.ts"
import { Feedback, type FeedbackError } from "../knowledge/Feedback.ts"
import { Happenings } from "../runtime/Happenings.ts"
import { Api } from "./Api.ts"
import { NotFound, ofChat, Unavailable } from "./Problem.ts"

const noAnswer = new NotFound({ detail: "There is no answer with this id in the local chat" })

export const ofFeedback = ({ detail }: FeedbackError): Effect.Effect<never, Unavailable> =>
  Effect.andThen(Effect.logWarning(detail), Effect.fail(new Unavailable({ detail })))

export const layer = HttpApiBuilder.group(
  Api,
  "feedback",
  Effect.fnUntraced(function* (handlers) {
    const chat = yield* LocalChat
    const feedback = yield* Feedback
    const happenings = yield* Happenings

    return handlers.handleAll({
      give: Effect.fnUntraced(
        function* ({ payload: { answerId, author, ...given } }) {
          const message = yield* chat.message(answerId)
          if (message?.answer === undefined) return yield* noAnswer
          yield* feedback.record({ answerId, by: author.id, ...given })
          const opinions = (yield* feedback.of(answerId)).map(({ by, verdict }) => ({ by, verdict }))
          const { channelId } = message
          yield* happenings.tell({ type: "message.judged", channelId, messageId: answerId, opinions })
        },
        Effect.catchTags({ ChatError: ofChat, FeedbackError: ofFeedback })
      ),
      opinions: ({ params }) => feedback.of(params.answerId).pipe(Effect.catchTag("FeedbackError", ofFeedback))
    })
  })
)
