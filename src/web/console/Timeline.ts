/** The messages of one channel as they change: oldest first, each once. */
import type { Happening, LocalMessage } from "../../domain/Happening.ts"

export type Messages = ReadonlyArray<LocalMessage>

/** Applies what happened, in order. The same array comes back when nothing of it concerns these messages. */
export const apply = (messages: Messages, happenings: ReadonlyArray<Happening>): Messages => {
  const changed = new Map<string, LocalMessage | undefined>()
  const created = new Set<string>()
  for (const happening of happenings) {
    if (happening.type === "message.deleted") changed.set(happening.messageId, undefined)
    if (happening.type !== "message.created" && happening.type !== "message.edited") continue
    const { message } = happening
    changed.set(message.id, newer(changed.get(message.id), message))
    if (happening.type === "message.created") created.add(message.id)
  }
  const kept = change(messages, changed)
  // An edit of a message that was never seen is of no concern: it will be read with its page.
  const known = new Set(messages.map(({ id }) => id))
  const added = [...changed.values()].filter((said) => said && created.has(said.id) && !known.has(said.id))
  const all = added.length === 0 ? kept : inOrder([...kept, ...(added as Array<LocalMessage>)])
  return withMarks(all, happenings)
}

type Marks = Pick<LocalMessage, "opinions" | "reactions">

/** What people put under a message changes without an edit of it. */
const withMarks = (messages: Messages, happenings: ReadonlyArray<Happening>): Messages => {
  const marks = new Map<string, Marks>()
  for (const happening of happenings) {
    if (happening.type !== "message.reacted" && happening.type !== "message.judged") continue
    const { messageId } = happening
    const mark =
      happening.type === "message.reacted" ? { reactions: happening.reactions } : { opinions: happening.opinions }
    marks.set(messageId, { ...marks.get(messageId), ...mark })
  }
  const differs = (message: LocalMessage) => {
    const mark = marks.get(message.id)
    return mark !== undefined && JSON.stringify({ ...marksOf(message), ...mark }) !== JSON.stringify(marksOf(message))
  }
  if (marks.size === 0 || !messages.some(differs)) return messages
  return messages.map((message) => (differs(message) ? { ...message, ...marks.get(message.id) } : message))
}

const marksOf = ({ opinions = [], reactions = [] }: LocalMessage): Marks => ({ reactions, opinions })

/** Adds older messages that were read from the server; what is there already and newer stays. */
export const withRead = (messages: Messages, read: Messages): Messages => {
  const kept = change(messages, new Map(read.map((message) => [message.id, message] as const)))
  const known = new Set(messages.map(({ id }) => id))
  return inOrder([...read.filter(({ id }) => !known.has(id)), ...kept])
}

/** Replaces messages by their newer forms, and takes out those that are gone. */
const change = (messages: Messages, changed: ReadonlyMap<string, LocalMessage | undefined>): Messages => {
  let differs = false
  const kept = messages.flatMap((message) => {
    const next = changed.get(message.id)
    const settled = next ? newer(message, next) : changed.has(message.id) ? undefined : message
    differs ||= settled !== message
    return settled ? [settled] : []
  })
  return differs ? kept : messages
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
