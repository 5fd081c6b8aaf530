/** `request.created`: a drink was ordered. A chain: inventory, payment, dispensing, telling the customer. */
import { Effect, Schema } from "effect"
import * as Topics from "../domain/Topics.ts"
import * as EventKind from "./EventKind.ts"
import { Dispenser } from "./services/Dispenser.ts"
import { Inventory } from "./services/Inventory.ts"
import { Mailer } from "./services/Mailer.ts"
import { Payment } from "./services/Payment.ts"
import type { ServiceError } from "./services/Service.ts"
import { Steps, type StepsError } from "./Steps.ts"

export const Request = Schema.Struct({
  customer: Schema.Struct({ name: EventKind.words(100), email: Schema.optionalKey(EventKind.email) }),
  drink: EventKind.words(100),
  machine: Schema.Struct({ id: EventKind.entityId, name: EventKind.words(100), location: EventKind.words(200) }),
  /** In the currency of the machine, to the hundredth. */
  amount: Schema.Finite.check(
    Schema.isBetween({ minimum: 0.01, maximum: 10_000 }, { message: "Expected an amount from 0.01 to 10000" }),
    Schema.makeFilter(
      (amount) => Math.abs(amount * 100 - Math.round(amount * 100)) < 1e-6 || "Expected at most two decimals"
    )
  )
})
export type Request = typeof Request.Type
type RequestEvent = EventKind.Event<Request>
type Services = Steps | Inventory | Payment | Dispenser | Mailer

/** A link of the chain; `undo` is run in reverse for those before the one that failed. */
interface Link {
  readonly name: string
  readonly failure: string
  readonly run: (event: RequestEvent) => Effect.Effect<string, ServiceError, Services>
  readonly undo?: {
    readonly name: string
    readonly run: (event: RequestEvent) => Effect.Effect<string, ServiceError, Services>
  }
}

const stockOf = ({ data, id }: RequestEvent) => ({ key: id, machineId: data.machine.id, drink: data.drink })

const inventory: Link = {
  name: "Inventory",
  failure: "Inventory check failed",
  run: (event) => Inventory.use((inventory) => inventory.reserve(stockOf(event))),
  undo: { name: "Restock", run: (event) => Inventory.use((inventory) => inventory.restock(stockOf(event))) }
}

const payment: Link = {
  name: "Payment",
  failure: "Payment processing failed",
  run: ({ data: { amount, customer }, id }) =>
    Payment.use((payment) => payment.charge({ key: id, customer: customer.name, amount })),
  undo: {
    name: "Refund",
    run: ({ data: { amount }, id }) => Payment.use((payment) => payment.refund({ key: id, amount }))
  }
}

const dispensing: Link = {
  name: "Dispensing",
  failure: "Dispensing failed",
  run: (event) => Dispenser.use((dispenser) => dispenser.dispense(stockOf(event))),
  undo: {
    name: "Stop",
    run: ({ data: { machine }, id }) => Dispenser.use((dispenser) => dispenser.stop({ key: id, machineId: machine.id }))
  }
}

const chain = [inventory, payment, dispensing]

/** Undoes what was done, last first. What was never done under the event's key, services have nothing to undo of. */
const takeBack = Effect.fnUntraced(function* (event: RequestEvent, links: ReadonlyArray<Link>) {
  const steps = yield* Steps
  const done: Array<EventKind.Datum> = []
  for (const { undo } of links.toReversed()) {
    if (undo === undefined) continue
    const { detail, outcome } = yield* steps.take(event.id, undo.name, undo.run(event))
    const value = outcome === "done" ? detail : `failed, and is left to people: ${detail}`
    done.push({ name: undo.name, value })
  }
  return done
})

/** No e-mail address is no failure. */
const tellCustomer = Effect.fnUntraced(function* ({ data: { customer, drink, machine }, id }: RequestEvent) {
  const { email } = customer
  if (email === undefined) return { outcome: "done", detail: "no e-mail address" } as const
  const mail = Mailer.use((mailer) =>
    mailer.send({
      key: `${id}/customer`,
      to: email,
      subject: `Your ${drink} is ready`,
      text: `Hello ${customer.name},\n\nyour ${drink} waits for you at ${machine.name}, ${machine.location}.\n`
    })
  )
  return yield* Steps.use((steps) => steps.take(id, "Customer", mail))
})

const handle = Effect.fn("RequestCreated.handle")(function* (
  event: RequestEvent
): Effect.fn.Return<EventKind.Outcome, StepsError, Services> {
  const steps = yield* Steps
  const done: Array<EventKind.Datum> = []
  for (const [i, link] of chain.entries()) {
    const { detail, outcome } = yield* steps.take(event.id, link.name, link.run(event))
    if (outcome !== "done") {
      // Without an answer it may have been done.
      const undone = yield* takeBack(event, chain.slice(0, outcome === "unknown" ? i + 1 : i))
      return { error: `${link.failure}: ${detail}`, done: [...done, ...undone] }
    }
    done.push({ name: link.name, value: detail })
  }
  const { detail, outcome } = yield* tellCustomer(event)
  return {
    // The drink is paid and dispensed: nothing is taken back.
    error: outcome === "done" ? undefined : `Customer notification failed: ${detail}`,
    done: [...done, { name: "Customer told", value: detail }]
  }
})

export const requestCreated = EventKind.make({
  type: "request.created",
  name: "Request",
  description: "A drink was ordered at a machine",
  icon: "🥤",
  in: Topics.requestEvents,
  data: Request,
  key: ({ id }) => id,
  webhook: "DISCORD_WEBHOOK_REQUEST",
  handle,
  heading: ({ customer, drink }) => `${drink} for ${customer.name}`,
  fields: ({ amount, customer, drink, machine }) => [
    { name: "Customer", value: customer.name },
    ...(customer.email === undefined ? [] : [{ name: "Email", value: customer.email }]),
    { name: "Drink", value: drink },
    { name: "Machine", value: `${machine.name} (${machine.id})` },
    { name: "Location", value: machine.location },
    { name: "Amount", value: amount.toFixed(2) }
  ],
  known: ({ at, data: { drink, machine } }, error) =>
    error === undefined
      ? `The machine ${machine.name} (${machine.id}) at ${machine.location} is working: it dispensed a ${drink} on ${EventKind.timeOf(at)}.`
      : `The machine ${machine.name} (${machine.id}) at ${machine.location} did not dispense a ${drink} that was ordered on ${EventKind.timeOf(at)}: ${error}.`,
  sample: {
    id: "request-7",
    type: "request.created",
    at: Date.UTC(2026, 2, 14, 9, 27, 11),
    data: {
      customer: { name: "Grace Hopper", email: "grace@navy.example" },
      drink: "Cold Brew",
      machine: { id: "vm-12", name: "Lobby 1", location: "Main office, ground floor" },
      amount: 2.5
    }
  },
  sampleDone: [
    { name: "Inventory", value: "19 left, simulated" },
    { name: "Payment", value: "charged 2.50, simulated" },
    { name: "Dispensing", value: "dispensed, simulated" },
    { name: "Customer told", value: "sent, simulated" }
  ],
  sampleError: "Payment processing failed: the card was declined"
})
