/** Which sources are preferred among those that fit a question alike, as the operator sets it. */
import { Config, Duration, Effect, Option } from "effect"
import type { Preference } from "../domain/Preference.ts"
import * as Setting from "../runtime/Setting.ts"

export const chatHalfLife = Setting.withDefault("CHAT_HALF_LIFE", {
  description: "Age at which a message has lost half of what being new gives it; documents do not age",
  expected: "off, or a duration such as 180 days",
  config: (name) =>
    Config.Literal("off", name).pipe(
      Config.map(() => Duration.zero),
      Config.orElse(() => Config.Duration(name))
    ),
  fallback: "180 days",
  value: Duration.days(180)
})

export const trustedAuthorIds = Setting.optional("TRUSTED_AUTHOR_IDS", {
  description: "Ids of people, such as maintainers, whose messages come before those of others that fit as well",
  expected: "user ids, separated by commas",
  config: (name) => Config.String(name).pipe(Config.map((ids) => new Set(ids.split(",").map((id) => id.trim()))))
})

export const settings = [chatHalfLife, trustedAuthorIds]

/** `settings.check` has told of what is wrong before anything asks. */
export const current: Effect.Effect<Preference> = Effect.gen(function* () {
  return {
    halfLife: Duration.toMillis(yield* chatHalfLife.config),
    trusted: Option.getOrElse(yield* trustedAuthorIds.config, () => new Set<string>())
  }
}).pipe(Effect.orDie)
