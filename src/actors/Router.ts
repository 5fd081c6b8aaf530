/** Topics of routes.yaml → event-notifications. Reads the file again when it changes; a file that is wrong changes nothing. */
import { Clock, Duration, Effect, FileSystem, Latch, type Scope } from "effect"
import { Broker, type IncomingRecord } from "../broker/Broker.ts"
import { record } from "../broker/Records.ts"
import { destinationOf, isWebhook, type Notification, withoutWebhook } from "../domain/Notification.ts"
import { notBefore, type Route, tellings } from "../domain/Route.ts"
import * as Topics from "../domain/Topics.ts"
import { Later } from "../notify/Later.ts"
import { Notifier } from "../notify/Notifier.ts"
import * as RoutesFile from "../notify/RoutesFile.ts"
import * as Since from "../notify/RoutesSince.ts"
import * as Actor from "./Actor.ts"
import * as Supervise from "./Supervise.ts"

const lookAgain = Duration.seconds(2)

const byTopic = (routes: ReadonlyArray<Route>): ReadonlyMap<string, ReadonlyArray<Route>> => {
  const topics = new Map<string, Array<Route>>()
  for (const route of routes) topics.set(route.topic, [...(topics.get(route.topic) ?? []), route])
  return topics
}

const idOf = ({ offset, partition, timestamp, topic }: IncomingRecord, route: Route, i: number): string =>
  [topic, partition, offset, timestamp.toString(36), route.name, i].join("/")

/** Reads one topic for its routes; records from before it had any are left alone. */
const reader = Effect.fnUntraced(function* (topic: string, routes: ReadonlyArray<Route>) {
  const notifier = yield* Notifier
  const later = yield* Later
  const source = Topics.json(topic, "what routes tell of")
  const since = yield* Since.of(topic)

  const destination = Effect.fnUntraced(function* ({ to }: Route) {
    if (to === undefined) return destinationOf(notifier.places)
    if (!isWebhook(to)) return to
    return (yield* notifier.has(to)) ? to : withoutWebhook(notifier.places)
  })

  const notificationsOf = Effect.fnUntraced(function* (value: unknown, incoming: IncomingRecord, route: Route) {
    const to = yield* destination(route)
    const dueAt = notBefore(route, yield* Clock.currentTimeMillis)
    return tellings(route, value, incoming.timestamp).map(({ embed, group }, i) => ({
      id: idOf(incoming, route, i),
      destination: to,
      embed,
      ...(group !== undefined && { group }),
      at: incoming.timestamp,
      dueAt
    }))
  })

  const handle = Effect.fnUntraced(function* (value: unknown, incoming: IncomingRecord) {
    if (incoming.timestamp < since) return []
    const all = (yield* Effect.forEach(routes, (route) => notificationsOf(value, incoming, route))).flat()
    const now = yield* Clock.currentTimeMillis
    yield* later.keep(all.filter(({ dueAt }) => dueAt > now))
    return all
      .filter(({ dueAt }) => dueAt <= now)
      .map((notification: Notification) => record(Topics.notifications, notification))
  })

  return yield* Actor.oneByOne({ name: `router-${topic}`, from: source, to: Topics.notifications.name, handle })
})

export const actor = Effect.gen(function* () {
  const broker = yield* Broker
  const file = yield* RoutesFile.routesFile.config
  const services = yield* Effect.context<Broker | Notifier | Later | FileSystem.FileSystem | Since.Services>()
  const vitals = Supervise.vitals()
  const draining = yield* Latch.make()
  let good: ReadonlyArray<Route> = []

  /** The routes as they are in the file, or as they were when that is wrong. */
  const load = RoutesFile.read(file).pipe(
    Effect.tap((routes) =>
      Effect.sync(() => {
        good = routes
        vitals.lastError = null
      })
    ),
    Effect.catchTag("RoutesError", (error) =>
      Effect.sync(() => (vitals.lastError = error.message)).pipe(
        Effect.andThen(Effect.logError(`${error.message}\nThe routes stay as they were`)),
        Effect.as(good)
      )
    )
  )

  const changed = (stamp: string) =>
    RoutesFile.stamp(file).pipe(
      Effect.delay(lookAgain),
      Effect.repeat({ until: (now) => now !== stamp }),
      Effect.asVoid
    )

  /** The actors of these routes, until the file changes or it is drained; what is in hand is finished then. */
  const run = Effect.fnUntraced(function* (routes: ReadonlyArray<Route>, stamp: string) {
    const topics = byTopic(routes)
    const specs = [...topics.keys()].map((topic) => Topics.json(topic, "what routes tell of"))
    yield* broker.create([...specs, ...specs.map(Topics.deadLetters)])
    const readers = yield* Effect.forEach(topics, ([topic, routes]) => reader(topic, routes))
    if (readers.length > 0) yield* Effect.logInfo(`${routes.length} routes for ${[...topics.keys()].join(", ")}`)
    const stop = Effect.raceFirst(changed(stamp), draining.await).pipe(
      Effect.andThen(Effect.forEach(readers, ({ drain }) => drain, { discard: true }))
    )
    const running = readers.map(({ run }) => Effect.scoped(run as Effect.Effect<void, unknown, Scope.Scope>))
    yield* Effect.all([...running, stop], { concurrency: "unbounded", discard: true })
    vitals.handled += readers.reduce((sum, { vitals }) => sum + vitals.handled, 0)
  })

  const actor: Supervise.Actor = {
    name: "router",
    route: `topics of ${file} → ${Topics.notifications.name}`,
    group: null,
    vitals,
    run: Effect.gen(function* () {
      while (!draining.isOpen()) {
        const stamp = yield* RoutesFile.stamp(file)
        yield* run(yield* load, stamp)
      }
    }).pipe(Effect.provide(services)),
    drain: Effect.asVoid(draining.open)
  }
  return actor
})
