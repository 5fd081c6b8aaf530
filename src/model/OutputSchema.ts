/** The JSON that a streamed text is to be; a provider that cannot promise it leaves the check to who reads. */
import { Context, type Schema } from "effect"

export const OutputSchema = Context.Reference<Schema.Top | undefined>("rtfm/model/OutputSchema", {
  defaultValue: () => undefined
})
