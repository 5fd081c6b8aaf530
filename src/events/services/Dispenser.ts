/** Dispenses drinks at a machine. */
import { Context, Effect, Layer, Result } from "effect"
import * as Service from "./Service.ts"

export const url = Service.setting("DISPENSER_URL", "Address of the service that has machines dispense drinks")

const simulation: Service.Simulation = (path) =>
  Effect.succeed(Result.succeed(path === "dispenses" ? "dispensed, simulated" : "stopped, simulated"))

export class Dispenser extends Context.Service<
  Dispenser,
  {
    readonly simulated: boolean
    /** Dispenses once for a key. */
    dispense(order: {
      readonly key: string
      readonly machineId: string
      readonly drink: string
    }): Effect.Effect<string, Service.ServiceError>
    /** Whatever was not dispensed for a key is not dispensed any more. */
    stop(order: { readonly key: string; readonly machineId: string }): Effect.Effect<string, Service.ServiceError>
  }
>()("rtfm/events/services/Dispenser") {
  static readonly layer = Layer.effect(
    Dispenser,
    Effect.map(Service.make({ name: "Dispenser", url, simulation }), ({ call, simulated }) =>
      Dispenser.of({
        simulated,
        dispense: ({ key, ...body }) => call("dispenses", key, { order: key, ...body }),
        stop: ({ key, ...body }) => call("stops", key, { order: key, ...body })
      })
    )
  )
}
