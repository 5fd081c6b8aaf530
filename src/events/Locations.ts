/** Which machine stands where: two cannot stand in one place. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { ServiceError } from "./services/Service.ts"

const service = "Locations"

const unavailable = () =>
  new ServiceError({ reason: "unreachable", service, detail: "Locations could not be read from the state" })

/** Compared without regard to case and spaces. */
const placeOf = (location: string): string => location.toLowerCase().replaceAll(/\s+/g, " ").trim()

/** Refused when another machine stands there. */
export const take = Effect.fn("Locations.take")(
  function* (machineId: string, location: string) {
    const sql = yield* SqlClient.SqlClient
    const place = placeOf(location)
    const [there] = yield* sql<{ machine_id: string }>`SELECT machine_id FROM machine_locations WHERE place = ${place}`
    if (there !== undefined && there.machine_id !== machineId) {
      return yield* new ServiceError({ reason: "refused", service, detail: `${there.machine_id} already stands there` })
    }
    yield* sql`DELETE FROM machine_locations WHERE machine_id = ${machineId}`
    yield* sql`INSERT INTO machine_locations (place, machine_id) VALUES (${place}, ${machineId})`
    return "free"
  },
  Effect.catchTag("SqlError", () => Effect.fail(unavailable()))
)

export const release = Effect.fn("Locations.release")(
  function* (machineId: string) {
    const sql = yield* SqlClient.SqlClient
    yield* sql`DELETE FROM machine_locations WHERE machine_id = ${machineId}`
    return "free again"
  },
  Effect.catchTag("SqlError", () => Effect.fail(unavailable()))
)
