/** The local chat over HTTP. */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { LocalChat } from "../chat/LocalChat.ts"
import type { LocalMessage } from "../domain/Happening.ts"
import { Feedback } from "../knowledge/Feedback.ts"
import { Api } from "./Api.ts"
import { ofFeedback } from "./Feedback.ts"
import { NotFound, ofChat } from "./Problem.ts"

const messagesAtOnce = 50

const noMessage = new NotFound({ detail: "There is no message with this id in this channel" })

export const layer = HttpApiBuilder.group(
  Api,
  "chat",
  Effect.fnUntraced(function* (handlers) {
    const chat = yield* LocalChat
    const feedback = yield* Feedback

    const withOpinions = Effect.fnUntraced(function* (messages: ReadonlyArray<LocalMessage>) {
      const answers = messages.filter(({ answer }) => answer !== undefined)
      const opinions = yield* feedback.ofAll(answers.map(({ id }) => id))
      return messages.map((message) => {
        const given = opinions.get(message.id)
        return given === undefined
          ? message
          : { ...message, opinions: given.map(({ by, verdict }) => ({ by, verdict })) }
      })
    })

    /** A message is known by its channel and its id together. */
    const require = Effect.fnUntraced(function* (place: { readonly channelId: string; readonly messageId: string }) {
      const message = yield* chat.message(place.messageId)
      if (message?.channelId !== place.channelId) return yield* noMessage
      return message
    })

    return handlers.handleAll({
      channels: () => chat.channels.pipe(Effect.catchTag("ChatError", ofChat)),
      createChannel: ({ payload }) => chat.createChannel(payload.name).pipe(Effect.catchTag("ChatError", ofChat)),
      messages: ({ params, query: { limit = messagesAtOnce, ...query } }) =>
        chat
          .messages(params.channelId, { ...query, limit })
          .pipe(Effect.flatMap(withOpinions), Effect.catchTags({ ChatError: ofChat, FeedbackError: ofFeedback })),
      post: ({ headers: { "idempotency-key": idempotencyKey }, params, payload }) =>
        chat
          .post({ ...params, ...payload, ...(idempotencyKey !== undefined && { idempotencyKey }) })
          .pipe(Effect.catchTag("ChatError", ofChat)),
      openThread: Effect.fnUntraced(
        function* ({ params }) {
          const { id } = yield* require(params)
          return yield* chat.openThread(id)
        },
        Effect.catchTag("ChatError", ofChat)
      ),
      react: Effect.fnUntraced(
        function* ({ params, payload: { author, emoji, on } }) {
          const { id } = yield* require(params)
          return yield* chat.react({ messageId: id, emoji, by: author, on })
        },
        Effect.catchTag("ChatError", ofChat)
      ),
      edit: Effect.fnUntraced(
        function* ({ params, payload }) {
          const { id } = yield* require(params)
          return yield* chat.edit({ messageId: id, ...payload })
        },
        Effect.catchTag("ChatError", ofChat)
      ),
      remove: Effect.fnUntraced(
        function* ({ params, query }) {
          const { id } = yield* require(params)
          yield* chat.remove({ messageId: id, ...query })
        },
        Effect.catchTag("ChatError", ofChat)
      )
    })
  })
)
