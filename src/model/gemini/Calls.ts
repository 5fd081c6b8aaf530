/** Calls of Gemini's API as the rest sees them: paced, tried again where that helps, behind a breaker, counted. */
import type { GenerateContentParameters, GenerateContentResponse } from "@google/genai"
import { Cause, Duration, Effect, Exit, Metric, Option, Queue, Schedule, Stream } from "effect"
import { CircuitBreaker } from "effect/persistence"
import type { Client, TaskType } from "./Client.ts"
import { GeminiError, type Kind, kinds } from "./GeminiError.ts"
import type { Pace } from "./Pace.ts"

/** What a call is for. */
export const uses = ["write", "fallback", "embed"] as const
export type Use = (typeof uses)[number]

/** How long a call may take. */
export interface Patience {
  /** For its turn under the limits. */
  readonly turn: Duration.Duration
  /** For the answer, or for each piece of one that comes in pieces. */
  readonly answer: Duration.Duration
}

export const usualPatience = {
  write: { turn: Duration.seconds(3), answer: Duration.seconds(15) },
  query: { turn: Duration.seconds(1), answer: Duration.seconds(5) },
  documents: { turn: Duration.seconds(60), answer: Duration.seconds(30) }
} satisfies Record<string, Patience>

/** US dollars for a million tokens. */
export interface Price {
  readonly input: number
  readonly output: number
}

export interface Usage {
  readonly input: number
  readonly output: number
  readonly thoughts: number
}

/** Told after every call, whatever it was for. */
export type Spent = (use: Use, usage: Usage) => Effect.Effect<void>

const callsTotal = Metric.counter("rtfm_model_calls_total", {
  description: "Calls of the model's API, by use and outcome",
  incremental: true
})
const tokensTotal = Metric.counter("rtfm_model_tokens_total", {
  description: "Tokens sent to the model (input), written by it (output) and thought by it (thoughts), by use",
  incremental: true
})
const seconds = Metric.histogram("rtfm_model_seconds", {
  description: "Time of a call of the model's API, by use",
  boundaries: [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32]
})
const firstPieceSeconds = Metric.histogram("rtfm_model_first_piece_seconds", {
  description: "Time to the first piece of an answer, by use",
  boundaries: [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16]
})
const breakerState = Metric.gauge("rtfm_model_breaker_state", {
  description: "Circuit breaker before the model's API, by use: 0 closed, 1 half-open, 2 open"
})
const gaugeValue = { Closed: 0, HalfOpen: 1, Open: 2 } as const
const breakerName = { Closed: "closed", HalfOpen: "half-open", Open: "open" } as const
export type BreakerName = (typeof breakerName)[keyof typeof breakerName]

/** Shows every count from the start, so that a rate is known from the first event on. */
const zero = Effect.forEach(
  uses.flatMap((use) => [
    ...["ok", ...kinds].map((outcome) => Metric.withAttributes(callsTotal, { use, outcome })),
    ...["input", "output", "thoughts"].map((kind) => Metric.withAttributes(tokensTotal, { use, kind }))
  ]),
  (metric) => Metric.update(metric, 0),
  { discard: true }
)

/** Failures in a row that open the breaker; then 5 s, doubling up to a minute. */
const failuresToOpen = 3
const openFor = Schedule.min([Schedule.exponential("5 seconds"), Schedule.spaced("1 minute")])

/** Attempts beyond the first, by what went wrong; none for the others. */
const furtherAttempts: Partial<Record<Kind, number>> = { unavailable: 2, limited: 1 }
const between = Schedule.exponential("200 millis").pipe(Schedule.jittered)

/** Whether the service as such does not serve; one that answers with a refusal is well. */
const outcomeOf = (exit: Exit.Exit<unknown, GeminiError>): CircuitBreaker.Outcome => {
  if (Exit.isSuccess(exit)) return CircuitBreaker.success
  const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
  switch (error?.kind) {
    case undefined:
    case "limited":
    case "resting":
    case "nonsense":
      return CircuitBreaker.ignored
    case "invalid":
    case "blocked":
      return CircuitBreaker.success
    case "exhausted":
      return CircuitBreaker.failure({ retryAfter: error.retryAfter ?? Duration.minutes(1) })
    default:
      return CircuitBreaker.failure()
  }
}

const resting = ({ reason }: CircuitBreaker.CircuitBreakerError) =>
  new GeminiError({
    kind: "resting",
    detail:
      reason._tag === "CircuitOpen"
        ? `Gemini did not answer lately; it is asked again in ${Math.ceil(Duration.toSeconds(reason.retryAfter))} s.`
        : "Gemini did not answer lately; it is being asked whether it does again."
  })

const slow = (limit: Duration.Duration) =>
  new GeminiError({ kind: "slow", detail: `Gemini did not answer in ${Duration.format(limit)}.` })

/** Four characters are about one. */
export const roughTokens = (texts: ReadonlyArray<string>): number =>
  Math.ceil(texts.reduce((sum, text) => sum + text.length, 0) / 4)

export interface Call {
  readonly use: Use
  readonly model: string
  /** As good as it is known before. */
  readonly tokens: number
  readonly patience: Patience
}

const inTime = <A>({ patience: { answer } }: Call, attempt: Effect.Effect<A, GeminiError>) =>
  Effect.timeoutOrElse(attempt, { duration: answer, orElse: () => Effect.fail(slow(answer)) })

export const make = Effect.fnUntraced(function* (client: Client, pace: Pace, spent: Spent) {
  const breaker = yield* CircuitBreaker.make({
    tripPolicy: CircuitBreaker.consecutive(failuresToOpen),
    openDuration: openFor,
    maxOpenDuration: "1 hour"
  })
  yield* zero
  yield* Effect.forEach(uses, (use) => Metric.update(Metric.withAttributes(breakerState, { use }), gaugeValue.Closed))
  yield* breaker.transitions.pipe(
    Stream.runForEach(({ key, to }) =>
      Metric.update(Metric.withAttributes(breakerState, { use: key }), gaugeValue[to])
    ),
    Effect.forkScoped({ startImmediately: true })
  )

  /** What was wrong with the last call of each use. */
  const trouble = new Map<Use, string>()

  /** One attempt in its turn; a refusal for too many teaches the pace. */
  const inTurn = <A>({ model, patience, tokens }: Call, attempt: Effect.Effect<A, GeminiError>) =>
    Effect.flatMap(pace.turn(model, tokens, patience.turn), (turn) =>
      Effect.tapError(attempt, (error) =>
        error.kind === "limited" || error.kind === "exhausted" ? pace.refused(model, turn, error) : Effect.void
      )
    )

  /** `mayRepeat` is false once something of the answer was seen. */
  const guarded = <A>(call: Call, attempt: Effect.Effect<A, GeminiError>, mayRepeat: () => boolean) => {
    let failed = 0
    const again = (error: GeminiError) => mayRepeat() && failed++ < (furtherAttempts[error.kind] ?? 0)
    return inTurn(call, attempt).pipe(
      Effect.retry({ while: again, schedule: between }),
      (asked) => breaker.execute(asked, { key: call.use, classify: outcomeOf }),
      Effect.catchTag("CircuitBreakerError", (error) => Effect.fail(resting(error))),
      Effect.onExit((exit) => {
        const error = Exit.isFailure(exit) ? Option.getOrUndefined(Cause.findErrorOption(exit.cause)) : undefined
        const outcome = error?.kind ?? "ok"
        if (error === undefined) trouble.delete(call.use)
        else if (error.kind !== "resting") trouble.set(call.use, error.detail)
        return Metric.update(Metric.withAttributes(callsTotal, { use: call.use, outcome }), 1)
      }),
      Effect.trackDuration(Metric.withAttributes(seconds, { use: call.use }), Duration.toSeconds)
    )
  }

  const count = Effect.fnUntraced(function* (use: Use, usage: Usage) {
    for (const kind of ["input", "output", "thoughts"] as const)
      yield* Metric.update(Metric.withAttributes(tokensTotal, { use, kind }), usage[kind])
    yield* spent(use, usage)
  })

  const usageOf = ({ usageMetadata }: GenerateContentResponse): Usage | undefined =>
    usageMetadata && {
      input: usageMetadata.promptTokenCount ?? 0,
      output: usageMetadata.candidatesTokenCount ?? 0,
      thoughts: usageMetadata.thoughtsTokenCount ?? 0
    }

  const stream = (
    call: Call,
    request: GenerateContentParameters
  ): Stream.Stream<GenerateContentResponse, GeminiError> =>
    Stream.callback<GenerateContentResponse, GeminiError>((queue) => {
      let usage: Usage | undefined
      let pieces = 0
      const attempt = Effect.clockWith((clock) => {
        const begun = clock.currentTimeMillisUnsafe()
        const firstPiece = Effect.suspend(() =>
          Metric.update(
            Metric.withAttributes(firstPieceSeconds, { use: call.use }),
            (clock.currentTimeMillisUnsafe() - begun) / 1000
          )
        )
        return client.stream(request).pipe(
          // The last usage that is told counts all that came before.
          Stream.tap((piece) => {
            usage = usageOf(piece) ?? usage
            return ++pieces === 1 ? firstPiece : Effect.void
          }),
          Stream.timeoutOrElse({
            duration: call.patience.answer,
            orElse: () => Stream.fail(slow(call.patience.answer))
          }),
          Stream.runForEach((piece) => Queue.offer(queue, piece))
        )
      })
      return guarded(call, attempt, () => pieces === 0).pipe(
        Effect.onExit(() => (usage === undefined ? Effect.void : count(call.use, usage))),
        Effect.matchCauseEffect({
          onSuccess: () => Queue.end(queue),
          onFailure: (cause) => Queue.failCause(queue, cause)
        })
      )
    })

  const generate = (call: Call, request: GenerateContentParameters) =>
    guarded(call, inTime(call, client.generate(request)), () => true).pipe(
      Effect.tap((answer) => count(call.use, usageOf(answer) ?? { input: call.tokens, output: 0, thoughts: 0 }))
    )

  const embed = Effect.fnUntraced(function* (
    call: Call,
    request: {
      readonly texts: ReadonlyArray<string>
      readonly taskType: TaskType
      readonly dimensions: number
    }
  ) {
    const { embeddings = [] } = yield* guarded(
      call,
      inTime(call, client.embed({ model: call.model, ...request })),
      () => true
    )
    yield* count("embed", { input: call.tokens, output: 0, thoughts: 0 })
    return embeddings.map(({ values = [] }) => values)
  })

  return {
    stream,
    generate,
    embed,
    /** `undefined` when the last call went well. */
    trouble: (use: Use) => trouble.get(use),
    breaker: (use: Use): Effect.Effect<BreakerName> =>
      Effect.orDie(Effect.map(breaker.state(use), ({ _tag }) => breakerName[_tag]))
  }
}, Effect.provide(CircuitBreaker.layerStoreMemory()))

export type Calls = Effect.Success<ReturnType<typeof make>>
