/** What of the log callers are shown: of chat only what they may read, unless they run for the user who owns `DATA_DIR`. */
import { Effect, Option } from "effect"
import { HttpServerRequest } from "effect/http"
import { Chat } from "../chat/Chat.ts"
import { defaultChannelId } from "../chat/LocalChat.ts"
import { readableOf } from "../domain/Audience.ts"
import * as Topics from "../domain/Topics.ts"
import * as OwnerKey from "../runtime/OwnerKey.ts"

/** Whether the request comes from a program that can read `DATA_DIR`, as the commands do. */
export const isOwner = Effect.gen(function* () {
  const { headers } = yield* HttpServerRequest.HttpServerRequest
  return headers[OwnerKey.header] === (yield* OwnerKey.OwnerKey)
})

/** Stands in the headers of a record whose words are left out. */
export const hiddenHeader = "rtfm-hidden"
const hidden = { [hiddenHeader]: "of a channel that callers of the API may not read" }

interface Shown {
  readonly topic: string
  /** The channel, in the topics of chat. */
  readonly key: string | null
  readonly value: string
  readonly headers: Readonly<Record<string, string>>
}

const sourceOf = (topic: string): string => topic.replace(/\.dlq$/, "")

/** What the caller of a request may be shown; looked up anew each time, as channels open and close. */
export const make = Effect.gen(function* () {
  const chat = yield* Chat

  /**
   * Whether a record of a topic may be shown, by its key. What was asked and answered elsewhere may have been for one
   * person alone, so of that only the local chat's is for everybody.
   */
  const mayShow = Effect.gen(function* () {
    // Nobody is shown anything while it is not known who may read it.
    const audience = Option.getOrUndefined(yield* Effect.option(chat.audience(defaultChannelId)))
    const [local = new Set<string>(), ...open] =
      audience === undefined ? [] : readableOf(audience).map(({ channelIds }) => channelIds)
    const readable = new Map<string, ReadonlySet<string>>([
      [Topics.messages.name, open.reduce((one, other) => one.union(other), local)],
      [Topics.queries.name, local],
      [Topics.responses.name, local]
    ])
    return ({ key, topic }: Pick<Shown, "topic" | "key">): boolean => {
      const channels = readable.get(sourceOf(topic))
      return channels === undefined || (key !== null && channels.has(key))
    }
  })

  /** Leaves out the words of records that may not be shown. */
  const shown = Effect.gen(function* () {
    const may = (yield* isOwner) ? () => true : yield* mayShow
    return <A extends Shown>(record: A): A =>
      may(record) ? record : { ...record, value: "", headers: { ...record.headers, ...hidden } }
  })

  /** Whether it may be told what became of what stands at these places in the log. */
  const mayFollow = Effect.fnUntraced(function* (places: ReadonlyArray<Pick<Shown, "topic" | "key">>) {
    return (yield* isOwner) || places.every(yield* mayShow)
  })

  return { shown, mayFollow }
})
