/** What is gone of the chats, and is to be gone from the log: erased at once, and once more when nobody has it in hand. */
import { Clock, Context, Duration, Effect, Layer, Result, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { Broker, type BrokerError, type IncomingRecord, type ReadFrom } from "../broker/Broker.ts"
import { ChatEvent } from "../domain/ChatMessage.ts"
import { type Gone, goneIn, holders, isLoss, type Loss } from "../domain/Remains.ts"
import * as Topics from "../domain/Topics.ts"

export class Losses extends Context.Service<
  Losses,
  {
    /** Erases it from the log, dead letters included, and remembers to do so again. How many records were changed. */
    erase(losses: ReadonlyArray<Loss>): Effect.Effect<number, BrokerError | SqlError.SqlError>
    /** Does again what was done a minute ago or earlier; how many losses that were. */
    readonly again: Effect.Effect<number, BrokerError | SqlError.SqlError>
  }
>()("rtfm/knowledge/Losses") {}

/** By then, nobody has a record in hand that was taken before. */
const settled = Duration.toMillis(Duration.minutes(1))

const Stored = Schema.fromJsonString(ChatEvent)
const encode = Schema.encodeSync(Stored)
const decode = Schema.decodeResult(Stored)

/** No record from before then has words of it. */
const sinceOf = (losses: ReadonlyArray<Loss>): ReadFrom => {
  const since = losses.map((loss) => (loss.type === "deleted" ? (loss.since ?? 0) : 0))
  return { time: Math.min(...since) }
}

/** Erases what is gone from every topic that holds words of people. */
export const eraseFrom = Effect.fn("Losses.eraseFrom")(function* (
  broker: Broker["Service"],
  losses: ReadonlyArray<Loss>
) {
  const ids = new Set<string>()
  const gone: Gone = { ...goneIn(losses), messageIds: ids }
  for (const id of goneIn(losses).messageIds) ids.add(id)
  const keys = new Set(losses.map(({ channelId }) => channelId))
  let erased = 0
  for (const { keep, spec } of holders) {
    const ofMessages = spec.name === Topics.messages.name
    const keepOf = ({ value }: IncomingRecord) => {
      const left = keep(value, gone)
      // What goes with its channel may be quoted elsewhere.
      if (ofMessages && left?.length === 0) ids.add(messageIn(value))
      return left
    }
    const topic = { topic: spec.name, from: sinceOf(losses), ...(ofMessages && { keys }) }
    erased += (yield* broker.erase({ ...topic, keep: keepOf })) ?? 0
  }
  return erased
})

const messageIn = (value: Uint8Array): string =>
  Result.match(Topics.messages.decode(value), {
    onFailure: () => "",
    onSuccess: (event) => ("message" in event ? event.message.id : "")
  })

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const broker = yield* Broker

  const erase = Effect.fn("Losses.erase")(function* (losses: ReadonlyArray<Loss>) {
    const at = yield* Clock.currentTimeMillis
    for (const loss of losses)
      yield* sql`INSERT INTO losses (loss, at) VALUES (${encode(loss)}, ${at})
        ON CONFLICT (loss) DO UPDATE SET at = excluded.at`
    const ids = JSON.stringify([...goneIn(losses).messageIds])
    yield* sql`DELETE FROM asked_questions WHERE question_id IN (SELECT value FROM json_each(${ids}))`
    return yield* eraseFrom(broker, losses)
  })

  const again = Effect.gen(function* () {
    const before = (yield* Clock.currentTimeMillis) - settled
    const rows = yield* sql<{ loss: string }>`SELECT loss FROM losses WHERE at <= ${before} LIMIT 500`
    const losses = rows.flatMap(({ loss }) => Result.getOrElse(decode(loss), () => [])).filter(isLoss)
    if (losses.length > 0) yield* eraseFrom(broker, losses)
    const ids = JSON.stringify([...goneIn(losses).messageIds])
    yield* sql`DELETE FROM asked_questions WHERE question_id IN (SELECT value FROM json_each(${ids}))`
    yield* sql`DELETE FROM losses WHERE ${sql.in(
      "loss",
      rows.map(({ loss }) => loss)
    )}`
    return rows.length
  })

  return Losses.of({ erase, again })
})

export const layer = Layer.effect(Losses, make)
