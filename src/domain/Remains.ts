/** What remains of records of the log once messages are gone: nothing of their words. Pure. */
import { Result } from "effect"
import type { Answered, BotResponse, Citation, Revised } from "./Answer.ts"
import type { ChatEvent } from "./ChatMessage.ts"
import type { DocumentRecord } from "./Document.ts"
import type { BotQuery } from "./Question.ts"
import { messageIdOf, withoutCitations } from "./Revision.ts"
import * as Topics from "./Topics.ts"

/** Messages that were deleted, and channels or threads with everything in them. */
export interface Gone {
  readonly messageIds: ReadonlySet<string>
  readonly placeIds: ReadonlySet<string>
}

/** Whether an event says that something is gone. */
export type Loss = Extract<ChatEvent, { type: "deleted" | "removed" }>
export const isLoss = (event: ChatEvent): event is Loss => event.type === "deleted" || event.type === "removed"

export const goneIn = (losses: ReadonlyArray<Loss>): Gone => ({
  messageIds: new Set(losses.flatMap((loss) => (loss.type === "deleted" ? loss.messageIds : []))),
  placeIds: new Set(losses.flatMap((loss) => (loss.type === "removed" ? [loss.threadId ?? loss.channelId] : [])))
})

interface Place {
  readonly channelId: string
  readonly threadId?: string | undefined
}
const isIn = ({ channelId, threadId }: Place, { placeIds }: Gone): boolean =>
  placeIds.has(channelId) || (threadId !== undefined && placeIds.has(threadId))

/** `null` when nothing remains, the same value when all does. */
const ofEvent = (event: ChatEvent, gone: Gone): ChatEvent | null => {
  if (!("message" in event)) return event
  return gone.messageIds.has(event.message.id) || isIn(event.message, gone) ? null : event
}

const ofQuery = (query: BotQuery, gone: Gone): BotQuery | null => {
  const { context, id, source } = query
  if (gone.messageIds.has(id) || (source !== undefined && gone.messageIds.has(source)) || isIn(query, gone)) return null
  const before = context?.before.filter((said) => said.id === undefined || !gone.messageIds.has(said.id))
  if (context === undefined || before?.length === context.before.length) return query
  return { ...query, context: { ...context, before: before! } }
}

const isOf =
  ({ messageIds, placeIds }: Gone) =>
  ({ passageId, url }: Citation): boolean => {
    const messageId = messageIdOf(passageId)
    if (messageId === undefined) return false
    return messageIds.has(messageId) || url.split("/").some((part) => placeIds.has(decodeURIComponent(part)))
  }

const ofAnswer = <A extends Answered | Revised>(response: A, gone: Gone): A => {
  const numbers = new Set(response.answer.citations.filter(isOf(gone)).map(({ n }) => n))
  const answer = withoutCitations(response.answer, numbers, "deleted")
  return answer === response.answer ? response : { ...response, answer }
}

const ofQuestion = (answered: Answered, gone: Gone): Answered =>
  gone.messageIds.has(answered.questionId) && answered.question !== "" ? { ...answered, question: "" } : answered

/** A draft is worth nothing once there is an answer, and what it quotes is not written in it. */
const ofResponse = (response: BotResponse, gone: Gone): BotResponse | null => {
  if ("type" in response && response.type === "draft") return null
  if (isIn(response, gone)) return null
  if (!("answer" in response)) return response
  const left = ofAnswer(response, gone)
  return "question" in left ? ofQuestion(left, gone) : left
}

/** A file on a message goes with it. */
const ofDocument = (record: DocumentRecord, gone: Gone): DocumentRecord | null => {
  if (record.type === "removed" || record.place === undefined) return record
  return gone.messageIds.has(record.place.messageId) || isIn(record.place, gone) ? null : record
}

/** A topic whose records hold words of people. */
export interface Holder {
  readonly spec: Topics.TopicSpec
  /** What stays of a value: empty for nothing, `undefined` when all of it does. */
  readonly keep: (value: Uint8Array, gone: Gone) => Uint8Array | undefined
  /** Whether a value has words of what is gone; of drafts that is not known. */
  readonly has: (value: Uint8Array, gone: Gone) => boolean
}

const holderOf = <A>(topic: Topics.Topic<A>, remains: (value: A, gone: Gone) => A | null): Holder => {
  const keep: Holder["keep"] = (bytes, gone) => {
    const decoded = topic.decode(bytes)
    if (Result.isFailure(decoded)) return undefined
    const left = remains(decoded.success, gone)
    if (left === null) return new Uint8Array()
    return left === decoded.success ? undefined : topic.encode(left)
  }
  return { spec: topic, keep, has: (bytes, gone) => keep(bytes, gone) !== undefined && !isDraft(bytes) }
}

const isDraft = (bytes: Uint8Array): boolean =>
  Result.match(Topics.responses.decode(bytes), {
    onFailure: () => false,
    onSuccess: (response) => "type" in response && response.type === "draft"
  })

const own = [
  holderOf(Topics.messages, ofEvent),
  holderOf(Topics.queries, ofQuery),
  holderOf(Topics.responses, ofResponse),
  holderOf(Topics.documentChunks, ofDocument)
]

/** With their dead letters. */
export const holders: ReadonlyArray<Holder> = [
  ...own,
  ...own.map((holder) => ({ ...holder, spec: Topics.deadLetters(holder.spec) }))
]
