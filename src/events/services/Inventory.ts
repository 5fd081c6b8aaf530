/** What drinks a machine has. */
import { Context, Effect, Layer, Result } from "effect"
import type { SqlClient } from "effect/sql"
import * as Service from "./Service.ts"

export const url = Service.setting("INVENTORY_URL", "Address of the service that counts the drinks of machines")

/** Drinks of each kind in a machine that the simulation has not heard of. */
const usualStock = 20

interface Body {
  readonly machineId: string
  readonly drink: string
  readonly drinks: ReadonlyArray<string>
  readonly capacity: number
}

const leftOf = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, { drink, machineId }: Body) {
  const rows = yield* sql<{ drink: string; amount: number }>`
    SELECT drink, amount FROM simulated_stock WHERE machine_id = ${machineId}`
  if (rows.length === 0) return usualStock
  return (
    rows.find((row) => row.drink === drink)?.amount ?? (rows.some(({ drink }) => drink === anyDrink) ? usualStock : 0)
  )
})

/** Marks a machine that nobody set up, which has every drink. */
const anyDrink = "*"

const setStock = (sql: SqlClient.SqlClient, machineId: string, drink: string, amount: number) => sql`
  INSERT INTO simulated_stock (machine_id, drink, amount) VALUES (${machineId}, ${drink}, ${amount})
  ON CONFLICT (machine_id, drink) DO UPDATE SET amount = excluded.amount`

const isKnown = (sql: SqlClient.SqlClient, machineId: string) =>
  Effect.map(sql`SELECT 1 FROM simulated_stock WHERE machine_id = ${machineId} LIMIT 1`, (rows) => rows.length > 0)

const change = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, body: Body, by: number) {
  const left = (yield* leftOf(sql, body)) + by
  if (left < 0) return Result.fail(`There is no ${body.drink} left in ${body.machineId}`)
  if (!(yield* isKnown(sql, body.machineId))) yield* setStock(sql, body.machineId, anyDrink, usualStock)
  yield* setStock(sql, body.machineId, body.drink, left)
  return Result.succeed(`${left} left, simulated`)
})

const simulation: Service.Simulation = Effect.fnUntraced(function* (path, body: Body, sql) {
  switch (path) {
    case "reservations":
      return yield* change(sql, body, -1)
    case "restocks":
      return yield* change(sql, body, 1)
    case "machines": {
      const each = Math.floor(body.capacity / body.drinks.length)
      if (each === 0) return Result.fail(`${body.capacity} places are too few for ${body.drinks.length} drinks`)
      yield* sql`DELETE FROM simulated_stock WHERE machine_id = ${body.machineId}`
      for (const drink of body.drinks) yield* setStock(sql, body.machineId, drink, each)
      return Result.succeed(`${each} of each of ${body.drinks.length} drinks, simulated`)
    }
    default:
      yield* sql`DELETE FROM simulated_stock WHERE machine_id = ${body.machineId}`
      return Result.succeed("emptied, simulated")
  }
})

export class Inventory extends Context.Service<
  Inventory,
  {
    readonly simulated: boolean
    /** Takes one drink out of stock, once for a key; refused when there is none. */
    reserve(order: {
      readonly key: string
      readonly machineId: string
      readonly drink: string
    }): Effect.Effect<string, Service.ServiceError>
    /** Puts back what was reserved for a key. */
    restock(order: {
      readonly key: string
      readonly machineId: string
      readonly drink: string
    }): Effect.Effect<string, Service.ServiceError>
    /** Fills a machine that was added. */
    setUp(machine: {
      readonly key: string
      readonly machineId: string
      readonly drinks: ReadonlyArray<string>
      readonly capacity: number
    }): Effect.Effect<string, Service.ServiceError>
    /** Undoes `setUp`. */
    clear(machine: { readonly key: string; readonly machineId: string }): Effect.Effect<string, Service.ServiceError>
  }
>()("rtfm/events/services/Inventory") {
  static readonly layer = Layer.effect(
    Inventory,
    Effect.map(Service.make({ name: "Inventory", url, simulation }), ({ call, simulated }) =>
      Inventory.of({
        simulated,
        reserve: ({ key, ...body }) => call("reservations", key, { order: key, ...body }),
        restock: ({ key, ...body }) => call("restocks", key, { order: key, ...body }),
        setUp: ({ key, ...body }) => call("machines", key, body),
        clear: ({ key, ...body }) => call("removals", key, body)
      })
    )
  )
}
