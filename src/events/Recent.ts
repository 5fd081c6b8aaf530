/** The events of the last day, in the state: what was published, what became of it, and how it was told. */
import { Clock, Context, Duration, Effect, Layer, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { Embed } from "../domain/Embed.ts"
import { Happenings } from "../runtime/Happenings.ts"
import * as SqlFailure from "../state/SqlFailure.ts"
import type { Event } from "./EventKind.ts"
import { StepsError } from "./Steps.ts"

/** How long an event is listed, in milliseconds. */
const listedFor = Duration.toMillis(Duration.days(1))
/** What is too old is not listed, and goes with every so many that come. */
const prunedEvery = 100

export interface RecentEvent {
  readonly event: Event<unknown>
  /** When it was first seen here, in milliseconds since the epoch, like the others. */
  readonly publishedAt: number
  /** `null` while no handler has it. */
  readonly takenAt: number | null
  /** `null` while it is not settled. */
  readonly toldAt: number | null
  /** Why it failed; `null` when it was processed, or while it is not settled. */
  readonly error: string | null
  readonly embed: Embed | null
}

interface Row {
  readonly event: string
  readonly published_at: number
  readonly taken_at: number | null
  readonly told_at: number | null
  readonly error: string | null
  readonly embed: string | null
}

const StoredEmbed = Schema.fromJsonString(Embed)
const encodeEmbed = Schema.encodeSync(StoredEmbed)
const decodeEmbed = Schema.decodeSync(StoredEmbed)

const toRecent = ({ embed, error, event, published_at, taken_at, told_at }: Row): RecentEvent => ({
  event: JSON.parse(event),
  publishedAt: published_at,
  takenAt: taken_at,
  toldAt: told_at,
  error,
  embed: embed === null ? null : decodeEmbed(embed)
})

const failed = (cause: SqlError.SqlError) => {
  const { message, reason } = SqlFailure.from(cause)
  return new StepsError({ reason, detail: `Recent events could not be read or written: ${message}.`, cause })
}

export class Recent extends Context.Service<
  Recent,
  {
    /** It is in its topic now. */
    published(event: Event<unknown>): Effect.Effect<void, StepsError>
    /** A handler has it. */
    taken(event: Event<unknown>): Effect.Effect<void, StepsError>
    /** It is settled, and this is how it is told. */
    told(id: string, embed: Embed, error: string | undefined): Effect.Effect<void, StepsError>
    /** The newest first. */
    list(limit: number): Effect.Effect<ReadonlyArray<RecentEvent>, StepsError>
    /** `undefined` when there is none, or it is too old. */
    find(id: string): Effect.Effect<RecentEvent | undefined, StepsError>
  }
>()("rtfm/events/Recent") {
  static readonly layer = Layer.effect(
    Recent,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const happenings = yield* Happenings
      let added = 0
      const changed = (id: string) => happenings.tell({ type: "event.changed", id })

      const add = Effect.fnUntraced(function* (event: Event<unknown>, taken: boolean) {
        const now = yield* Clock.currentTimeMillis
        const row = { id: event.id, event: JSON.stringify(event), published_at: now, taken_at: taken ? now : null }
        yield* sql`INSERT INTO recent_events ${sql.insert(row)}
          ON CONFLICT (id) DO UPDATE SET taken_at = COALESCE(recent_events.taken_at, excluded.taken_at)`
        if (added++ % prunedEvery === 0) yield* sql`DELETE FROM recent_events WHERE published_at <= ${now - listedFor}`
        yield* changed(event.id)
      }, Effect.mapError(failed))

      return Recent.of({
        published: (event) => add(event, false),
        taken: (event) => add(event, true),
        told: Effect.fnUntraced(function* (id, embed, error) {
          const told = { told_at: yield* Clock.currentTimeMillis, error: error ?? null, embed: encodeEmbed(embed) }
          yield* sql`UPDATE recent_events SET ${sql.update(told)} WHERE id = ${id}`
          yield* changed(id)
        }, Effect.mapError(failed)),
        list: (limit) =>
          Clock.currentTimeMillis.pipe(
            Effect.flatMap(
              (now) =>
                sql<Row>`SELECT * FROM recent_events WHERE published_at > ${now - listedFor} ORDER BY seq DESC LIMIT ${limit}`
            ),
            Effect.map((rows) => rows.map(toRecent)),
            Effect.mapError(failed)
          ),
        find: (id) =>
          sql<Row>`SELECT * FROM recent_events WHERE id = ${id}`.pipe(
            Effect.map(([row]) => row && toRecent(row)),
            Effect.mapError(failed)
          )
      })
    })
  )
}
