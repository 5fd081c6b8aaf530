/** Retrieval from the index that answers at the time, and from the one that is built, each with its own calibration. */
import { Context, Effect, Layer, type Scope } from "effect"
import type { SqlClient } from "effect/sql"
import { Embedder } from "../model/Embedder.ts"
import type { VectorStore } from "../vectors/VectorStore.ts"
import { Calibration } from "./Calibration.ts"
import * as Indexes from "./Indexes.ts"
import type { Passages } from "./Passages.ts"
import { Retriever } from "./Retriever.ts"
import * as RetrieverHybrid from "./RetrieverHybrid.ts"
import type { Solutions } from "./Solutions.ts"

export class Retrievers extends Context.Service<
  Retrievers,
  {
    /** The retriever of an index: a question is asked of that one and of no other. */
    of(index: Indexes.Index): Effect.Effect<Retriever["Service"]>
  }
>()("rtfm/knowledge/Retrievers") {}

const make = Effect.gen(function* () {
  const indexes = yield* Indexes.Indexes
  const services = yield* Effect.context<SqlClient.SqlClient | Passages | Solutions | VectorStore | Scope.Scope>()
  const made = new Map<string, Effect.Effect<Context.Context<Retriever | Calibration>>>()

  const partsOf = Effect.fnUntraced(function* ({ embedder, name }: Indexes.Index) {
    const known = made.get(name)
    if (known !== undefined) return yield* known
    const once = yield* Effect.cached(
      RetrieverHybrid.make.pipe(Effect.provideService(Embedder, embedder), Effect.provideContext(services))
    )
    made.set(name, once)
    return yield* once
  })
  const ofLive = Effect.flatMap(indexes.live, partsOf)
  const retriever = Effect.map(ofLive, Context.get(Retriever))
  const calibration = Effect.map(ofLive, Context.get(Calibration))

  return Context.make(Retriever, {
    retrieve: (question, audience, options) =>
      Effect.flatMap(retriever, (live) => live.retrieve(question, audience, options))
  }).pipe(
    Context.add(Calibration, {
      baseline: (serverId) => Effect.flatMap(calibration, (live) => live.baseline(serverId)),
      calibrate: (audience) => Effect.flatMap(calibration, (live) => live.calibrate(audience)),
      keepUp: (audience) => Effect.flatMap(calibration, (live) => live.keepUp(audience))
    }),
    Context.add(Retrievers, { of: (index) => Effect.map(partsOf(index), Context.get(Retriever)) })
  )
})

/** With the list of indexes, over the embedder that the settings choose. */
export const layer = Layer.effectContext(make).pipe(Layer.provideMerge(Indexes.layer))
