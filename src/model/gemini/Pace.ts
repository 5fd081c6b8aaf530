/**
 * Keeps calls under Gemini's limits of requests and tokens a minute: those of the settings, and those it tells when a
 * call was one too many. Where it tells none, the pace is learned from when it says no and when to come back.
 */
import { Duration, Effect, Layer, Metric } from "effect"
import { RateLimiter } from "effect/persistence"
import { GeminiError, type Limit } from "./GeminiError.ts"

const minute = Duration.minutes(1)
/** When the service does not say when to come back. */
const usualRest = Duration.seconds(5)

const waitedSeconds = Metric.counter("rtfm_model_waited_seconds_total", {
  description: "Time that calls of the model waited to stay under its limits",
  incremental: true
})

export interface Limits {
  readonly requests: number | undefined
  readonly tokens: number | undefined
}

export interface Pace {
  /**
   * Waits for a call's turn; fails with `limited` when that would take longer than `patience`. Returns what
   * `answered` is to be told afterwards.
   */
  readonly turn: (model: string, tokens: number, patience: Duration.Duration) => Effect.Effect<number, GeminiError>
  /** What the service said about too many calls. */
  readonly refused: (model: string, turn: number, error: GeminiError) => Effect.Effect<void>
  /** As they are known now. */
  readonly limits: (model: string) => Limits
}

const tooLong = (model: string, retryAfter: Duration.Duration) =>
  new GeminiError({
    kind: "limited",
    detail: `${model} has had its calls for now; the next may be in ${Math.ceil(Duration.toSeconds(retryAfter))} s.`,
    retryAfter
  })

export const make = Effect.fnUntraced(
  function* (given: Limits) {
    const limiter = yield* RateLimiter.RateLimiter
    const told = new Map<string, Limits>()
    const limits = (model: string): Limits => ({ ...given, ...told.get(model) })

    const waitOrFail = (model: string, wait: Duration.Duration, patience: Duration.Duration) =>
      Duration.isGreaterThan(wait, patience)
        ? Effect.fail(tooLong(model, wait))
        : Effect.andThen(Metric.update(waitedSeconds, Duration.toSeconds(wait)), Effect.sleep(wait))

    /** As long as the service asked to wait, and at the pace it has let through since. */
    const learned = Effect.fnUntraced(function* (model: string, patience: Duration.Duration) {
      while (true) {
        const { delay, epoch, phase } = yield* Effect.orDie(
          limiter.adaptiveConsume({ key: model, tokens: 1, fallbackLimit: 60, fallbackWindow: minute })
        )
        if (Duration.isZero(delay)) return epoch
        yield* waitOrFail(model, delay, patience)
        if (phase !== "cooldown") return epoch
      }
    })

    const take = Effect.fnUntraced(function* (
      model: string,
      of: Limit["of"],
      limit: number | undefined,
      tokens: number,
      patience: Duration.Duration
    ) {
      if (limit === undefined) return
      const consume = limiter.consume({
        key: `${model}:${of}:${limit}`,
        limit,
        tokens: Math.min(tokens, limit),
        window: minute,
        algorithm: "token-bucket",
        onExceeded: "fail"
      })
      while (true) {
        const wait = yield* consume.pipe(
          Effect.as(Duration.zero),
          Effect.catchReason("RateLimiterError", "RateLimitExceeded", ({ retryAfter }) =>
            Effect.succeed(Duration.max(retryAfter, Duration.millis(1)))
          ),
          Effect.orDie
        )
        if (Duration.isZero(wait)) return
        yield* waitOrFail(model, wait, patience)
      }
    })

    const pace: Pace = {
      turn: Effect.fnUntraced(function* (model, tokens, patience) {
        const turn = yield* learned(model, patience)
        const { requests, tokens: tokensPerMinute } = limits(model)
        yield* take(model, "requests", requests, 1, patience)
        yield* take(model, "tokens", tokensPerMinute, tokens, patience)
        return turn
      }),
      refused: (model, epoch, { limit, retryAfter = usualRest }) => {
        if (limit !== undefined) told.set(model, { ...limits(model), [limit.of]: limit.perMinute })
        return Effect.orDie(limiter.adaptiveFeedback({ key: model, epoch, tokens: 1, status: 429, retryAfter }))
      },
      limits
    }
    return pace
  },
  Effect.provide(RateLimiter.layer.pipe(Layer.provide(RateLimiter.layerStoreMemory)))
)
