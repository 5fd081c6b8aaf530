/** The settings there are, for those who show them without using them. */
import { Config, Context, Effect, Option } from "effect"
import type { Setting } from "./Setting.ts"

export const Declared = Context.Reference<ReadonlyArray<Setting<any>>>("rtfm/runtime/Declared", {
  defaultValue: () => []
})

export interface InForce {
  readonly name: string
  readonly description: string
  /** `null` when nothing is set and nothing stands in for it, and for every secret. */
  readonly value: string | null
  readonly isSet: boolean
  readonly secret: boolean
}

/** An address may carry a user and a password. */
const withoutCredentials = (text: string): string => text.replace(/(?<=:\/\/)[^/@\s]*@/g, "…@")

/** What is in force for each setting. */
export const inForce = Effect.gen(function* () {
  return yield* Effect.forEach(yield* Declared, ({ description, fallback, name, secret }) =>
    Effect.map(Effect.option(Config.String(name)), (set): InForce => {
      const value = Option.getOrUndefined(set) ?? fallback ?? null
      const shown = secret || value === null ? null : withoutCredentials(value)
      return { name, description, value: shown, isSet: Option.isSome(set), secret }
    })
  )
})
