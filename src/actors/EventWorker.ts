/** sipeat.*.events → event-notifications. Handles events of one kind and says what became of each; waits for no chat. */
import { Effect } from "effect"
import { record } from "../broker/Records.ts"
import { destinationOf, type Notification } from "../domain/Notification.ts"
import * as Topics from "../domain/Topics.ts"
import * as Catalog from "../events/Catalog.ts"
import { type Event, type EventKind, type Note, rendered } from "../events/EventKind.ts"
import { Recent } from "../events/Recent.ts"
import { Later } from "../notify/Later.ts"
import { Notifier } from "../notify/Notifier.ts"
import * as Actor from "./Actor.ts"

const of = <A, R>(kind: EventKind<A, R>) =>
  Effect.gen(function* () {
    const { places } = yield* Notifier
    const later = yield* Later
    const recent = yield* Recent
    const services = yield* Effect.context<R>()

    const noteOf = (event: Event<A>, { embed, id, webhook }: Note): Notification => ({
      id,
      destination: destinationOf(places, webhook),
      embed,
      about: event.id,
      at: event.at
    })

    const handle = Effect.fnUntraced(function* (event: Event<A>) {
      yield* recent.taken(event)
      const outcome = yield* Effect.provide(kind.handle(event), services)
      const told: Notification = {
        id: event.id,
        destination: destinationOf(places, kind.webhook),
        embed: rendered(kind, event, outcome),
        known: kind.known(event, outcome.error),
        about: event.id,
        at: event.at
      }
      yield* recent.told(event.id, told.embed, outcome.error)
      const notes = outcome.notes ?? []
      yield* later.keep(
        notes.flatMap((note) => (note.dueAt === undefined ? [] : [{ ...noteOf(event, note), dueAt: note.dueAt }]))
      )
      const atOnce = notes.filter(({ dueAt }) => dueAt === undefined).map((note) => noteOf(event, note))
      return [told, ...atOnce].map((notification) => record(Topics.notifications, notification))
    })

    return yield* Actor.oneByOne({
      name: `${kind.name.toLowerCase()}-worker`,
      from: kind.topic,
      to: Topics.notifications.name,
      handle
    })
  })

export const contacts = of(Catalog.contactCreated)
export const requests = of(Catalog.requestCreated)
export const machines = of(Catalog.machineCreated)
