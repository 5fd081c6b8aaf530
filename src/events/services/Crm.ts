/** Where the sales team keeps who wants what. */
import { Context, Effect, Layer, Result } from "effect"
import * as Service from "./Service.ts"

export const url = Service.setting("CRM_URL", "Address of the service that keeps contacts for the sales team")

const simulation: Service.Simulation = () => Effect.succeed(Result.succeed("recorded, simulated"))

export class Crm extends Context.Service<
  Crm,
  {
    readonly simulated: boolean
    /** Records once for a key. */
    record(contact: {
      readonly key: string
      readonly name: string
      readonly email: string
      readonly phone?: string
      readonly companyName?: string
      readonly message: string
    }): Effect.Effect<string, Service.ServiceError>
  }
>()("rtfm/events/services/Crm") {
  static readonly layer = Layer.effect(
    Crm,
    Effect.map(Service.make({ name: "CRM", url, simulation }), ({ call, simulated }) =>
      Crm.of({ simulated, record: ({ key, ...body }) => call("contacts", key, body) })
    )
  )
}
