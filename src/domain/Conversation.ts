/** Chat in windows: which consecutive messages belong together, and what repeats, edits and deletions do to them. */
import type { ChatEvent, ChatMessage } from "./ChatMessage.ts"
import { questionIn } from "./Question.ts"

/** Messages of a window. */
export const windowSize = 8

/** Where messages follow one another: a thread, or a channel outside its threads. */
export const laneOf = (message: Pick<ChatMessage, "serverId" | "channelId" | "threadId">): string =>
  [message.serverId, message.channelId, message.threadId ?? []].flat().join("/")

/** The window of a seat, counted from 0, and the place in it. */
export const windowOf = (seat: number): number => Math.floor(seat / windowSize)
export const placeOf = (seat: number): number => seat % windowSize

/** What is remembered of a message, deleted ones included. */
export interface Remembered {
  readonly serverId: string
  /** `null` for a message that was deleted before it was seen; it takes no seat. */
  readonly lane: string | null
  /** Given when it first arrives and kept for ever, so nobody else ever moves. */
  readonly seat: number | null
  readonly editedAt: number
  readonly deleted: boolean
}

export interface Memory {
  /** Those the events name, and everything said in a place they remove. */
  readonly messages: ReadonlyMap<string, Remembered>
  /** Seats taken in each lane. */
  readonly taken: ReadonlyMap<string, number>
}

/** What some events change. */
export interface Followed extends Memory {
  /** What each changed message now says, or `null` when nothing of it may be quoted. */
  readonly said: ReadonlyMap<string, ChatMessage | null>
}

/** Programs, questions to the bot and empty messages say nothing that answers anybody. */
export const isEvidence = (message: ChatMessage): boolean =>
  !message.author.bot && message.text.trim() !== "" && message.asks !== true && questionIn(message) === undefined

export const messageIdsIn = (events: ReadonlyArray<ChatEvent>): ReadonlyArray<string> => [
  ...new Set(
    events.flatMap((event) => {
      if (event.type === "removed") return []
      return event.type === "deleted" ? event.messageIds : [event.message.id]
    })
  )
]

export const lanesIn = (events: ReadonlyArray<ChatEvent>): ReadonlyArray<string> => [
  ...new Set(events.flatMap((event) => ("message" in event ? [laneOf(event.message)] : [])))
]

/** The channels and threads that are removed, as the lane each begins with. */
export const placesRemovedIn = (events: ReadonlyArray<ChatEvent>): ReadonlyArray<string> => [
  ...new Set(events.flatMap((event) => (event.type === "removed" ? [laneOf(event)] : [])))
]

const isWithin = (lane: string | null, place: string): boolean =>
  lane !== null && (lane === place || lane.startsWith(`${place}/`))

/**
 * Applies events in order to what is remembered of their messages and lanes. A deleted message never comes back, an
 * older edit never replaces a newer one, and events that were applied before change nothing.
 */
export const follow = (memory: Memory, events: ReadonlyArray<ChatEvent>): Followed => {
  const messages = new Map<string, Remembered>()
  const taken = new Map<string, number>()
  const said = new Map<string, ChatMessage | null>()
  const recall = (id: string) => messages.get(id) ?? memory.messages.get(id)

  const seated = (message: ChatMessage): Remembered => {
    const lane = laneOf(message)
    const seat = taken.get(lane) ?? memory.taken.get(lane) ?? 0
    taken.set(lane, seat + 1)
    return { serverId: message.serverId, lane, seat, editedAt: message.editedAt, deleted: false }
  }
  const hear = (message: ChatMessage) => {
    const known = recall(message.id)
    if (known === undefined ? message.author.bot : known.deleted || message.editedAt < known.editedAt) return
    messages.set(message.id, known === undefined ? seated(message) : { ...known, editedAt: message.editedAt })
    said.set(message.id, isEvidence(message) ? message : null)
  }
  const drop = (id: string, serverId: string, at: number) => {
    const known = recall(id) ?? { serverId, lane: null, seat: null, editedAt: at }
    messages.set(id, { ...known, deleted: true })
    said.set(id, null)
  }

  const clear = (place: string, serverId: string, at: number) => {
    for (const [id, { lane }] of [...memory.messages, ...messages]) if (isWithin(lane, place)) drop(id, serverId, at)
  }

  for (const event of events) {
    if (event.type === "removed") clear(laneOf(event), event.serverId, event.at)
    else if (event.type === "deleted") for (const id of event.messageIds) drop(id, event.serverId, event.at)
    else hear(event.message)
  }
  return { messages, taken, said }
}
