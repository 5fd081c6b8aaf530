/** The messages of one channel as they change: oldest first, each once. */
import type { Happening, LocalMessage } from "../../domain/Happening.ts"

export type Messages = ReadonlyArray<LocalMessage>

/** Applies what happened, in order. The same array comes back when nothing of it concerns these messages. */
export const apply = (messages: Messages, happenings: ReadonlyArray<Happening>): Messages => {
  const changed = new Map<string, LocalMessage | undefined>()
  for (const happening of happenings) {
    if (happening.type === "message.created" || happening.type === "message.edited")
      changed.set(happening.message.id, newer(changed.get(happening.message.id), happening.message))
    else if (happening.type === "message.deleted") changed.set(happening.messageId, undefined)
  }
  return changed.size === 0 ? messages : merge(messages, changed, createdIds(happenings))
}

/** Adds messages that were read from the server; what is there already and newer stays. */
export const withRead = (messages: Messages, read: Messages): Messages => {
  const changed = new Map(read.map((message) => [message.id, message] as const))
  return merge(messages, changed, new Set(changed.keys()))
}

/** An edit of a message that was never seen is of no concern: it will be read with its page. */
const createdIds = (happenings: ReadonlyArray<Happening>): ReadonlySet<string> =>
  new Set(happenings.flatMap((happening) => (happening.type === "message.created" ? [happening.message.id] : [])))

const merge = (
  messages: Messages,
  changed: ReadonlyMap<string, LocalMessage | undefined>,
  fresh: ReadonlySet<string>
): Messages => {
  const known = new Set<string>()
  let differs = false
  const kept = messages.flatMap((message) => {
    if (!changed.has(message.id)) return [message]
    known.add(message.id)
    const next = changed.get(message.id)
    const settled = next && newer(message, next)
    differs ||= settled !== message
    return settled ? [settled] : []
  })
  const added = [...changed.values()].filter((message) => message && fresh.has(message.id) && !known.has(message.id))
  if (!differs && added.length === 0) return messages
  return inOrder([...kept, ...(added as Array<LocalMessage>)])
}

const newer = (one: LocalMessage | undefined, other: LocalMessage): LocalMessage => {
  if (one === undefined || other.editedAt > one.editedAt) return other
  const differs = other.text !== one.text || (other.answer !== undefined && one.answer === undefined)
  return other.editedAt === one.editedAt && differs ? other : one
}

/** By time; messages of one millisecond stay in the order they came. Most often nothing has to move. */
const inOrder = (messages: ReadonlyArray<LocalMessage>): Messages =>
  messages.every((message, index) => index === 0 || messages[index - 1]!.createdAt <= message.createdAt)
    ? messages
    : messages.toSorted((one, other) => one.createdAt - other.createdAt)
