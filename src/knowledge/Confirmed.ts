/** Nothing is shown that may have changed while nobody listened: it is looked up first, and left out meanwhile. */
import { Context, Effect, Layer } from "effect"
import { Chat, type Window } from "../chat/Chat.ts"
import type { Chunk } from "./Passages.ts"
import { type Retrieval, Retriever } from "./Retriever.ts"

/** The ids of those chunks that hold something outdated; none unless somebody can tell. */
export const Confirmed = Context.Reference<(chunks: ReadonlyArray<Chunk>) => Effect.Effect<ReadonlySet<string>>>(
  "rtfm/knowledge/Confirmed",
  { defaultValue: () => () => Effect.succeed(new Set()) }
)

const windowOf = ({ channelId, passages, serverId, threadId }: Chunk): ReadonlyArray<Window> => {
  const messages = passages.flatMap(({ messageId, text }) => (messageId === null ? [] : [{ id: messageId, text }]))
  if (serverId === null || channelId === null || messages.length === 0) return []
  return [{ serverId, channelId, ...(threadId !== null && { threadId }), messages }]
}

/** Times that others take the place of what is left out, before what remains has to do. */
const rounds = 4

type Retrieve = Retriever["Service"]["retrieve"]

const confirming = (retrieve: Retrieve, outdated: (typeof Confirmed)["Service"]): Retrieve => {
  const confirmed = (left: number, ...[question, audience, options]: Parameters<Retrieve>): ReturnType<Retrieve> =>
    Effect.gen(function* () {
      const retrieval = yield* retrieve(question, audience, options)
      const out = yield* outdated(retrieval.found.map(({ chunk }) => chunk))
      if (out.size === 0) return retrieval
      const without = new Set([...(options?.without ?? []), ...out])
      if (left > 0) return yield* confirmed(left - 1, question, audience, { ...options, without })
      const found = retrieval.found.filter(({ chunk }) => !out.has(chunk.id))
      // The best was the reason to answer.
      const enough = retrieval.grounds.enough && found[0] === retrieval.found[0]
      return { ...retrieval, found, grounds: { ...retrieval.grounds, enough } } satisfies Retrieval
    })
  return (...asked) => confirmed(rounds, ...asked)
}

/** Over the retriever that is there, by what the chat knows. */
export const layer = Layer.effectContext(
  Effect.gen(function* () {
    const chat = yield* Chat
    const { retrieve } = yield* Retriever
    const outdated = Effect.fnUntraced(function* (chunks: ReadonlyArray<Chunk>) {
      const messages = yield* chat.outdated(chunks.flatMap(windowOf))
      const isOut = ({ passages }: Chunk) => passages.some(({ messageId }) => messages.has(messageId ?? ""))
      return new Set(messages.size === 0 ? [] : chunks.filter(isOut).map(({ id }) => id))
    })
    return Context.make(Retriever, { retrieve: confirming(retrieve, outdated) }).pipe(Context.add(Confirmed, outdated))
  })
)
