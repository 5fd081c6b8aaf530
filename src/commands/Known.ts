/** What a command waits for that is the whole system itself: nobody has read the documents yet when it begins. */
import { Effect, Option, Schedule } from "effect"
import { documentIndexer } from "../actors/Indexer.ts"
import * as OwnDocs from "../actors/OwnDocs.ts"
import { Supervisor } from "../actors/Supervise.ts"
import { Broker } from "../broker/Broker.ts"
import { Documents } from "../docs/Documents.ts"
import { Passages } from "../knowledge/Passages.ts"
import { CommandError } from "./CommandError.ts"

/** Whether the log has this bot's own documents, or does not get them: those that cannot be read are not waited for. */
const ownDocsAreTaken = Effect.gen(function* () {
  const documents = yield* Documents
  if (Option.isSome(yield* documents.get(OwnDocs.readme))) return true
  const { actors } = yield* Supervisor
  const own = (yield* actors).find(({ name }) => name === OwnDocs.name)
  return own?.state !== "starting" && own?.state !== "running"
})

/** Whether every document in the log can be found. */
const isIndexed = Effect.gen(function* () {
  const broker = yield* Broker
  const lags = yield* broker.lag(documentIndexer)
  return lags.length > 0 && lags.every(({ lag }) => lag === 0)
})

const until = <E, R>(holds: Effect.Effect<boolean, E, R>) =>
  Effect.repeat(holds, { schedule: Schedule.spaced("25 millis"), until: (held) => held })

/** Returns once every document that there is can be found; fails when that takes longer, or when nothing is known. */
export const within = Effect.fnUntraced(function* (seconds: number) {
  const read = yield* until(ownDocsAreTaken).pipe(
    Effect.andThen(until(isIndexed)),
    Effect.timeoutOption(`${seconds} seconds`)
  )
  if (Option.isNone(read)) {
    const detail = `After ${seconds} seconds documents are still being read. Ask again, or let rtfm start read them.`
    return yield* new CommandError({ detail })
  }
  const passages = yield* Passages
  const { rows } = yield* passages.documentFrequency([])
  if (rows > 0) return
  const detail = "Nothing is known yet. Teach the bot with rtfm ingest FOLDER, or let it listen with rtfm start."
  return yield* new CommandError({ detail })
})
