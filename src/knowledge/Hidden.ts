/** A log that cannot be changed, read without the words of what is gone: by the page, the API, and whoever looks at topics. */
import { Array as Arr, Effect, Layer, Option, Stream } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { Broker, BrokerError, type IncomingRecord } from "../broker/Broker.ts"
import { bootstrapServers } from "../broker/kafka/KafkaSettings.ts"
import { erasedHeaders } from "../broker/Erased.ts"
import { type Holder, holders } from "../domain/Remains.ts"
import { messageIdOf } from "../domain/Revision.ts"
import * as SqlFailure from "../state/SqlFailure.ts"

const text = new TextDecoder()

/** Ids that may be of messages; those of others are found nowhere. */
const idsIn = ({ value }: IncomingRecord): ReadonlyArray<string> =>
  Array.from(text.decode(value).matchAll(/"(?:id|questionId|source|passageId)":"([^"]+)"/g), ([, id]) => id!).map(
    (id) => messageIdOf(id) ?? id
  )

const failed = (cause: SqlError.SqlError) =>
  new BrokerError({
    reason: "failed",
    detail: `What was deleted could not be looked up: ${SqlFailure.from(cause).message}`,
    cause
  })

const make = Effect.gen(function* () {
  const broker = yield* Broker
  const sql = yield* SqlClient.SqlClient

  const goneAmong = Effect.fnUntraced(function* (ids: ReadonlyArray<string>) {
    const rows = yield* sql<{ id: string }>`
      SELECT id FROM messages WHERE deleted = 1 AND id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`
    return new Set(rows.map(({ id }) => id))
  }, Effect.mapError(failed))

  const hide = Effect.fnUntraced(function* (records: Arr.NonEmptyReadonlyArray<IncomingRecord>, { keep }: Holder) {
    const messageIds = yield* goneAmong(records.flatMap(idsIn))
    if (messageIds.size === 0) return records
    const gone = { messageIds, placeIds: new Set<string>() }
    return Arr.map(records, (record): IncomingRecord => {
      const value = keep(record.value, gone)
      if (value === undefined) return record
      return { ...record, value, headers: value.length === 0 ? erasedHeaders : record.headers }
    })
  })

  const read: Broker["Service"]["read"] = (reading) => {
    const holder = holders.find(({ spec }) => spec.name === reading.topic)
    const records = broker.read(reading)
    return holder === undefined ? records : records.pipe(Stream.mapArrayEffect((chunk) => hide(chunk, holder)))
  }

  return Broker.of({ ...broker, read })
})

export const layerAlways = Layer.effect(Broker, make)

/** Over a broker that cannot erase; the other one has nothing to hide. */
export const layer = Layer.unwrap(
  Effect.map(bootstrapServers.config, (servers): Layer.Layer<Broker, never, Broker | SqlClient.SqlClient> =>
    Option.isNone(servers) ? Layer.effect(Broker, Broker) : layerAlways
  )
)
