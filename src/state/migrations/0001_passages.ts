/** Tables of `knowledge/Passages`. */
import { Effect } from "effect"

export const migration = Effect.void
