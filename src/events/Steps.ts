/** What was already done about an event, in the state: after a crash the rest is done, and nothing twice. */
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { Happenings } from "../runtime/Happenings.ts"
import * as SqlFailure from "../state/SqlFailure.ts"
import type { ServiceError } from "./services/Service.ts"

export class StepsError extends Schema.TaggedError<StepsError>()("StepsError", {
  reason: Schema.Literals(["full", "failed"]),
  detail: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message() {
    return this.detail
  }
  get retryable(): boolean {
    return true
  }
}

/** `refused`: it was not done. `unknown`: there was no answer, so it may have been done. */
export type StepOutcome = "done" | "refused" | "unknown"

/** What came of a step. */
export interface Taken {
  readonly outcome: StepOutcome
  /** A sentence, or a reference. */
  readonly detail: string
}

export interface Step extends Taken {
  readonly step: string
  /** Milliseconds since the epoch. */
  readonly at: number
}

const toTaken = Effect.match({
  onSuccess: (detail: string): Taken => ({ outcome: "done", detail }),
  onFailure: ({ detail, reason }: ServiceError): Taken => ({
    outcome: reason === "refused" ? "refused" : "unknown",
    detail
  })
})

const failed = (cause: SqlError.SqlError) => {
  const { message, reason } = SqlFailure.from(cause)
  return new StepsError({ reason, detail: `What was done about an event could not be written: ${message}.`, cause })
}

export class Steps extends Context.Service<
  Steps,
  {
    /**
     * Takes a step unless it was taken before, and says what came of it then. A crash between what it does and its
     * being written takes it again, so what it does has to know its own key. A failure is an outcome like any other:
     * it is kept, too.
     */
    take<R>(
      eventId: string,
      step: string,
      action: Effect.Effect<string, ServiceError, R>
    ): Effect.Effect<Taken, StepsError, R>
    /** In the order they were taken. */
    history(eventId: string): Effect.Effect<ReadonlyArray<Step>, StepsError>
  }
>()("rtfm/events/Steps") {
  static readonly layer = Layer.effect(
    Steps,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const happenings = yield* Happenings

      const taken = (eventId: string, step: string) =>
        sql<Taken>`SELECT outcome, detail FROM event_steps WHERE event_id = ${eventId} AND step = ${step}`.pipe(
          Effect.mapError(failed)
        )
      const keep = Effect.fnUntraced(function* (eventId: string, step: string, taken: Taken) {
        const at = yield* Clock.currentTimeMillis
        yield* sql`INSERT INTO event_steps ${sql.insert({ event_id: eventId, step, ...taken, at })}
            ON CONFLICT (event_id, step) DO NOTHING`
      }, Effect.mapError(failed))

      return Steps.of({
        take: Effect.fn("Steps.take")(function* (eventId, step, action) {
          const [before] = yield* taken(eventId, step)
          if (before !== undefined) return before
          const result = yield* toTaken(action)
          yield* keep(eventId, step, result)
          yield* happenings.tell({ type: "event.changed", id: eventId })
          return result
        }),
        history: (eventId) =>
          sql<Step>`SELECT step, outcome, detail, at FROM event_steps WHERE event_id = ${eventId} ORDER BY seq`.pipe(
            Effect.mapError(failed)
          )
      })
    })
  )
}
