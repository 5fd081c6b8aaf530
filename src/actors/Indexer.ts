/** discord-messages, document-chunks → passages. Writes text only, so what was said can be found at once. */
import { Effect } from "effect"
import type { ChatEvent } from "../domain/ChatMessage.ts"
import { questionIn } from "../domain/Question.ts"
import * as Topics from "../domain/Topics.ts"
import { Passages } from "../knowledge/Passages.ts"
import * as Actor from "./Actor.ts"

/** Records written in one transaction of the state. */
const batch = 500

/** What is asked of the bot is not evidence: it would be the closest passage to itself. */
const isEvidence = (event: ChatEvent): boolean => event.type === "deleted" || questionIn(event.message) === undefined

export const chat = Effect.flatMap(Passages, (passages) =>
  Actor.inBatches({
    name: "indexer",
    from: Topics.messages,
    to: "passages",
    batch,
    handleBatch: (deliveries) =>
      Effect.as(passages.applyChat(deliveries.map(({ value }) => value).filter(isEvidence)), [])
  })
)

export const documents = Effect.flatMap(Passages, (passages) =>
  Actor.inBatches({
    name: "document-indexer",
    from: Topics.documentChunks,
    to: "passages",
    batch,
    handleBatch: (deliveries) => Effect.as(passages.applyDocuments(deliveries.map(({ value }) => value)), [])
  })
)
