/** Takes payments for drinks, and gives them back. */
import { Context, Effect, Layer, Result } from "effect"
import * as Service from "./Service.ts"

export const url = Service.setting("PAYMENT_URL", "Address of the service that takes payments for drinks")

interface Charge {
  readonly amount: number
}

/** More than a drink costs. */
const mostSimulated = 100

const simulation: Service.Simulation = (path, body: Charge) =>
  Effect.succeed(
    path === "charges" && body.amount > mostSimulated
      ? Result.fail(`The simulated payment declines more than ${mostSimulated.toFixed(2)}`)
      : Result.succeed(`${path === "charges" ? "charged" : "refunded"} ${body.amount.toFixed(2)}, simulated`)
  )

export class Payment extends Context.Service<
  Payment,
  {
    readonly simulated: boolean
    /** Charges once for a key. */
    charge(order: {
      readonly key: string
      readonly customer: string
      readonly amount: number
    }): Effect.Effect<string, Service.ServiceError>
    /** Gives back what was charged for a key, if anything was. */
    refund(order: { readonly key: string; readonly amount: number }): Effect.Effect<string, Service.ServiceError>
  }
>()("rtfm/events/services/Payment") {
  static readonly layer = Layer.effect(
    Payment,
    Effect.map(Service.make({ name: "Payment", url, simulation }), ({ call, simulated }) =>
      Payment.of({
        simulated,
        charge: ({ key, ...body }) => call("charges", key, { order: key, ...body }),
        refund: ({ key, ...body }) => call("refunds", key, { order: key, ...body })
      })
    )
  )
}
