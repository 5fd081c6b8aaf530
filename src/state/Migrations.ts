/** Every change of the state's tables, in order. A released migration is never edited. */
import { Effect, Layer } from "effect"
import { Migrator } from "effect/sql"
import * as Passages from "./migrations/0001_passages.ts"

export const layer = Layer.effectDiscard(
  Effect.asVoid(
    Migrator.make({})({
      loader: Migrator.fromRecord({
        "0001_passages": Passages.migration
      })
    })
  )
)
