/** Messages that solved what was asked, as those say who asked it. */
import { Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import * as SqlFailure from "../state/SqlFailure.ts"
import { PassagesError } from "./Passages.ts"

export class Solutions extends Context.Service<
  Solutions,
  {
    /** Durable when it returns. Whether the message is known does not matter; when it is deleted, this goes with it. */
    accept(messageId: string): Effect.Effect<void, PassagesError>
    withdraw(messageId: string): Effect.Effect<void, PassagesError>
    /** Those of the messages that were accepted. */
    among(messageIds: Iterable<string>): Effect.Effect<ReadonlySet<string>, PassagesError>
  }
>()("rtfm/knowledge/Solutions") {}

const failed = (doing: string) => (cause: SqlError.SqlError) => {
  const { message, reason } = SqlFailure.from(cause)
  return new PassagesError({ reason, detail: `Solutions could not be ${doing}: ${message}`, cause })
}

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  return Solutions.of({
    accept: Effect.fn("Solutions.accept")(
      function* (id) {
        yield* sql`INSERT INTO solutions (message_id) VALUES (${id}) ON CONFLICT DO NOTHING`
      },
      Effect.mapError(failed("kept"))
    ),
    withdraw: Effect.fn("Solutions.withdraw")(
      function* (id) {
        yield* sql`DELETE FROM solutions WHERE message_id = ${id}`
      },
      Effect.mapError(failed("withdrawn"))
    ),
    among: Effect.fn("Solutions.among")(
      function* (ids) {
        const rows = yield* sql<{ message_id: string }>`
        SELECT message_id FROM solutions WHERE message_id IN (SELECT value FROM json_each(${JSON.stringify([...ids])}))`
        return new Set(rows.map(({ message_id }) => message_id))
      },
      Effect.mapError(failed("read"))
    )
  })
})

export const layer = Layer.effect(Solutions, make)
