/** Why a command did not do what it was asked, in one sentence for whoever typed it. */
import { Schema } from "effect"

export class CommandError extends Schema.TaggedError<CommandError>()("CommandError", {
  detail: Schema.String,
  /** The output says it already, as JSON: only the exit code is left to give. */
  shown: Schema.optionalKey(Schema.Boolean)
}) {
  override get message() {
    return this.detail
  }
}
