/** Connects machines to the network of the business. */
import { Context, Effect, Layer, Result } from "effect"
import * as Service from "./Service.ts"

export const url = Service.setting("NETWORK_URL", "Address of the service that connects machines to the network")

const simulation: Service.Simulation = (path) =>
  Effect.succeed(Result.succeed(path === "machines" ? "connected, simulated" : "disconnected, simulated"))

export class Network extends Context.Service<
  Network,
  {
    readonly simulated: boolean
    configure(machine: {
      readonly key: string
      readonly machineId: string
      readonly location: string
      readonly model: string
    }): Effect.Effect<string, Service.ServiceError>
    /** Undoes `configure`. */
    release(machine: { readonly key: string; readonly machineId: string }): Effect.Effect<string, Service.ServiceError>
  }
>()("rtfm/events/services/Network") {
  static readonly layer = Layer.effect(
    Network,
    Effect.map(Service.make({ name: "Network", url, simulation }), ({ call, simulated }) =>
      Network.of({
        simulated,
        configure: ({ key, ...body }) => call("machines", key, body),
        release: ({ key, ...body }) => call("removals", key, body)
      })
    )
  )
}
