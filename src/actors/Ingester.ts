/** documentation → document-chunks. Publishes what is new, changed or gone since the last time, and nothing else. */
import { Context, Effect, Layer, Semaphore } from "effect"
import { Broker, type BrokerError } from "../broker/Broker.ts"
import { record } from "../broker/Records.ts"
import { type DocFile, type DocProblem, documentFrom } from "../docs/DocSource.ts"
import { Documents, type DocumentsError, type Place } from "../docs/Documents.ts"
import * as Topics from "../domain/Topics.ts"
import { Happenings } from "../runtime/Happenings.ts"

export interface Ingest extends Place {
  /** Names the folder, file or site; documents of one source are replaced together. */
  readonly source: string
  readonly files: ReadonlyArray<DocFile>
  /** Files that were left out; what was ingested of them before stays. */
  readonly problems?: ReadonlyArray<DocProblem>
  /** Documents of the source that are not among the files leave the index. */
  readonly removeMissing: boolean
  /** Paths of documents that are as they were ingested. */
  readonly unchanged?: ReadonlyArray<string>
}

export interface Ingested {
  readonly source: string
  /** Documents. */
  readonly added: number
  readonly changed: number
  readonly removed: number
  readonly unchanged: number
  /** Sections published. */
  readonly chunks: number
  readonly problems: ReadonlyArray<DocProblem>
}

/** Records appended at once. */
const batch = 500

export class Ingester extends Context.Service<
  Ingester,
  {
    /** Returns when everything is durable in the log. */
    ingest(request: Ingest): Effect.Effect<Ingested, BrokerError | DocumentsError>
  }
>()("rtfm/actors/Ingester") {}

const inBatches = <A>(items: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(items.length / batch) }, (_, i) => items.slice(i * batch, (i + 1) * batch))

export const layer = Layer.effect(
  Ingester,
  Effect.gen(function* () {
    const broker = yield* Broker
    const documents = yield* Documents
    const happenings = yield* Happenings
    // Two ingests of one source at a time would each publish what the other does.
    const oneAtATime = yield* Semaphore.make(1)

    const ingest = Effect.fn("Ingester.ingest")(function* ({ files, source, ...request }: Ingest) {
      const problems = request.problems ?? []
      const given = files.map((file) => documentFrom(source, file, request.baseUrl))
      const plan = yield* documents.plan(source, given, request)
      for (const records of inBatches(plan.records)) {
        yield* broker.publish(records.map((each) => record(Topics.documentChunks, each)))
      }
      yield* documents.remember(plan)
      if (plan.records.length > 0) yield* happenings.tell({ type: "documents.changed", source })
      return {
        source,
        added: plan.added.length,
        changed: plan.changed.length,
        removed: plan.removed.length,
        unchanged: plan.unchanged.length,
        chunks: plan.records.filter(({ type }) => type === "chunk").length,
        problems
      }
    })

    return Ingester.of({ ingest: (request) => Semaphore.withPermit(oneAtATime, ingest(request)) })
  })
)
