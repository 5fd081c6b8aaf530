/** discord-messages, document-chunks → passages. Writes text only, so that what was said is found at once whatever the vectors do. */
import { Effect } from "effect"
import * as Topics from "../domain/Topics.ts"
import { Passages } from "../knowledge/Passages.ts"
import { Rush } from "../runtime/Rush.ts"
import * as Actor from "./Actor.ts"

/** Records written in one transaction of the state. */
const batch = 500

export const chat = Effect.gen(function* () {
  const passages = yield* Passages
  const rush = yield* Rush
  return yield* Actor.inBatches({
    name: "indexer",
    from: Topics.messages,
    to: "passages",
    batch,
    // What is heard is only safe once it is in the log, so that goes first.
    handleBatch: (deliveries) =>
      rush.over.pipe(Effect.andThen(passages.applyChat(deliveries.map(({ value }) => value))), Effect.as([]))
  })
})

/** The actor of documents, and its group. */
export const documentIndexer = "document-indexer"

export const documents = Effect.flatMap(Passages, (passages) =>
  Actor.inBatches({
    name: documentIndexer,
    from: Topics.documentChunks,
    to: "passages",
    batch,
    handleBatch: (deliveries) => Effect.as(passages.applyDocuments(deliveries.map(({ value }) => value)), [])
  })
)
