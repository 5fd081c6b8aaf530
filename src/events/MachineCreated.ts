/** `machine.created`: a machine was added. Commands, each with its undo: location, inventory, network, maintenance. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { escaped, fitted } from "../domain/Embed.ts"
import * as Topics from "../domain/Topics.ts"
import * as EventKind from "./EventKind.ts"
import * as Locations from "./Locations.ts"
import { Inventory } from "./services/Inventory.ts"
import { Network } from "./services/Network.ts"
import type { ServiceError } from "./services/Service.ts"
import { Steps, type StepsError } from "./Steps.ts"

export const Machine = Schema.Struct({
  machineId: EventKind.entityId,
  name: EventKind.words(100),
  location: EventKind.words(200),
  model: EventKind.words(100),
  /** Bottles and cans it holds. */
  capacity: Schema.Int.check(
    Schema.isBetween({ minimum: 1, maximum: 10_000 }, { message: "Expected a whole number from 1 to 10000" })
  ),
  drinks: Schema.Array(EventKind.words(100)).check(
    Schema.isMinLength(1, { message: "Expected at least one drink" }),
    Schema.isMaxLength(50, { message: "Expected at most 50 drinks" }),
    Schema.makeFilter((drinks) => new Set(drinks).size === drinks.length || "Expected each drink once")
  )
})
export type Machine = typeof Machine.Type
type MachineEvent = EventKind.Event<Machine>
type Services = Steps | Inventory | Network | SqlClient.SqlClient

/** Something that can be done and undone. */
interface Command {
  readonly name: string
  readonly failure: string
  readonly run: (event: MachineEvent) => Effect.Effect<string, ServiceError, Services>
  readonly undo: (event: MachineEvent) => Effect.Effect<string, ServiceError, Services>
}

const location: Command = {
  name: "Location",
  failure: "Location validation failed",
  run: ({ data: { location, machineId } }) => Locations.take(machineId, location),
  undo: ({ data: { machineId } }) => Locations.release(machineId)
}

const inventory: Command = {
  name: "Inventory",
  failure: "Inventory set-up failed",
  run: ({ data: { capacity, drinks, machineId }, id }) =>
    Inventory.use((inventory) => inventory.setUp({ key: id, machineId, drinks, capacity })),
  undo: ({ data: { machineId }, id }) => Inventory.use((inventory) => inventory.clear({ key: id, machineId }))
}

const network: Command = {
  name: "Network",
  failure: "Network configuration failed",
  run: ({ data: { location, machineId, model }, id }) =>
    Network.use((network) => network.configure({ key: id, machineId, location, model })),
  undo: ({ data: { machineId }, id }) => Network.use((network) => network.release({ key: id, machineId }))
}

const day = 86_400_000
/** Days after its start on which a machine wants to be looked at. */
export const maintenanceDays = [30, 90, 180, 365]

const dateOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

const maintenance: Command = {
  name: "Maintenance",
  failure: "Maintenance scheduling failed",
  run: ({ at }) => Effect.succeed(maintenanceDays.map((days) => dateOf(at + days * day)).join(", ")),
  undo: () => Effect.succeed("not scheduled")
}

const commands = [location, inventory, network, maintenance]

/** In reverse; one that cannot be undone holds up no other. */
const undo = Effect.fnUntraced(function* (event: MachineEvent, done: ReadonlyArray<Command>) {
  const steps = yield* Steps
  const undone: Array<EventKind.Datum> = []
  for (const command of done.toReversed()) {
    const { detail, outcome } = yield* steps.take(event.id, `undo ${command.name}`, command.undo(event))
    const value = outcome === "done" ? detail : `failed, and is left to people: ${detail}`
    undone.push({ name: `${command.name} undone`, value })
  }
  return undone
})

const reminders = ({ at, data, id }: MachineEvent): ReadonlyArray<EventKind.Note> =>
  maintenanceDays.map((days) => ({
    id: `${id}/maintenance-${days}`,
    webhook: "DISCORD_WEBHOOK_MACHINE",
    dueAt: at + days * day,
    embed: fitted({
      title: "🔧 Maintenance is due",
      description: `**${escaped(data.name)}** has run for ${days} days`,
      color: 0xf1c40f,
      fields: [
        { name: "Machine", value: escaped(data.machineId), inline: true },
        { name: "Location", value: escaped(data.location), inline: true },
        { name: "Model", value: escaped(data.model), inline: true }
      ],
      at: at + days * day
    })
  }))

const handle = Effect.fn("MachineCreated.handle")(function* (
  event: MachineEvent
): Effect.fn.Return<EventKind.Outcome, StepsError, Services> {
  const steps = yield* Steps
  const done: Array<EventKind.Datum> = []
  for (const [i, command] of commands.entries()) {
    const { detail, outcome } = yield* steps.take(event.id, command.name, command.run(event))
    if (outcome !== "done") {
      // Without an answer it may have been done.
      const undone = yield* undo(event, commands.slice(0, outcome === "unknown" ? i + 1 : i))
      return { error: `${command.failure}: ${detail}`, done: [...done, ...undone] }
    }
    done.push({ name: command.name, value: detail, long: command === maintenance })
  }
  return { error: undefined, done, notes: reminders(event) }
})

export const machineCreated = EventKind.make({
  type: "machine.created",
  name: "Machine",
  description: "A vending machine was added",
  icon: "🏭",
  in: Topics.machineEvents,
  data: Machine,
  key: ({ data }) => data.machineId,
  webhook: "DISCORD_WEBHOOK_MACHINE",
  handle,
  heading: ({ location, name }) => `${name} at ${location}`,
  fields: ({ capacity, drinks, location, machineId, model, name }) => [
    { name: "Machine", value: machineId },
    { name: "Name", value: name },
    { name: "Location", value: location },
    { name: "Model", value: model },
    { name: "Capacity", value: String(capacity) },
    { name: "Drinks", value: drinks.join(", "), long: true }
  ],
  known: ({ at, data: { capacity, drinks, location, machineId, model, name } }, error) =>
    error === undefined
      ? `The machine ${name} (${machineId}) at ${location} is working since it was added on ${EventKind.timeOf(at)}. It is a ${model} for ${capacity} bottles and cans: ${drinks.join(", ")}.`
      : `The machine ${name} (${machineId}) could not be added at ${location} on ${EventKind.timeOf(at)}: ${error}.`,
  sample: {
    id: "machine-12",
    type: "machine.created",
    at: Date.UTC(2026, 2, 14, 9, 30, 0),
    data: {
      machineId: "vm-12",
      name: "Lobby 1",
      location: "Main office, ground floor",
      model: "Quench 300",
      capacity: 240,
      drinks: ["Cold Brew", "Green Tea", "Water"]
    }
  },
  sampleDone: [
    { name: "Location", value: "free" },
    { name: "Inventory", value: "80 of each of 3 drinks, simulated" },
    { name: "Network", value: "connected, simulated" },
    { name: "Maintenance", value: "2026-04-13, 2026-06-12, 2026-09-10, 2027-03-14", long: true }
  ],
  sampleError: "Network configuration failed: no signal at this location"
})
