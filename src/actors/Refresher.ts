/** websites, folders → document-chunks. Reads what it is told to, and every source again when its time has come. */
import { Clock, Config, Context, Duration, Effect, Layer, Queue, Result, Stream } from "effect"
import type { FileSystem, Path } from "effect"
import type { ChildProcessSpawner } from "effect/process"
import * as DocSource from "../docs/DocSource.ts"
import { Documents, type DocumentsError, type Place, type Source } from "../docs/Documents.ts"
import type { Converter } from "../docs/formats/Converter.ts"
import type { Validators } from "../docs/site/Fetcher.ts"
import { nameOf, type Outcome, type Site, Website } from "../docs/site/Website.ts"
import type { BrokerError } from "../broker/Broker.ts"
import * as Setting from "../runtime/Setting.ts"
import { type Ingested, Ingester } from "./Ingester.ts"
import * as Supervise from "./Supervise.ts"
import * as Watcher from "./Watcher.ts"

export const refreshEvery = Setting.withDefault("REFRESH_SOURCES_EVERY", {
  description: "How often folders and websites that were ingested are read again",
  expected: 'a duration such as "24 hours", or "Infinity" for never',
  config: Config.Duration,
  fallback: "24 hours",
  value: Duration.hours(24)
})

/** What is being read, or how that ended. */
export interface Reading {
  readonly source: string
  readonly state: "waiting" | "reading" | "done" | "failed"
  /** Pages or files, of `total`. */
  readonly done: number
  readonly total: number
  readonly report: Ingested | null
  /** Why nothing could be read, in one sentence. */
  readonly error: string | null
  /** What is read, known or not. */
  readonly place?: Place
}

/** A source to be read. */
export interface Order extends Place {
  readonly source: string
}

export class Refresher extends Context.Service<
  Refresher,
  {
    /** Reads a website as a new source, or again. Returns at once. */
    add(address: string, name?: string): Effect.Effect<Reading>
    /** `undefined` when there is no such source. Returns at once. */
    refresh(source: string): Effect.Effect<Reading | undefined, DocumentsError>
    /** Takes all of its documents out; `undefined` when there is no such source. */
    remove(source: string): Effect.Effect<Ingested | undefined, DocumentsError | BrokerError>
    /** The last reading of each source since the process started. */
    readonly readings: Effect.Effect<ReadonlyMap<string, Reading>>
    /** What waits to be read. */
    readonly orders: Stream.Stream<Order>
    readonly progress: (source: string, news: Partial<Reading>) => Effect.Effect<Reading>
  }
>()("rtfm/actors/Refresher") {}

const siteName = (address: string): string => {
  const url = URL.parse(address)
  return url === null ? address : nameOf(url)
}

const isUnderway = (reading: Reading | undefined): boolean =>
  reading?.state === "waiting" || reading?.state === "reading"

export const layer = Layer.effect(
  Refresher,
  Effect.gen(function* () {
    const documents = yield* Documents
    const ingester = yield* Ingester
    const orders = yield* Queue.unbounded<Order>()
    const readings = new Map<string, Reading>()

    const progress = (source: string, news: Partial<Reading>) =>
      Effect.sync(() => {
        const before: Reading = { source, state: "waiting", done: 0, total: 0, report: null, error: null }
        const now = { ...(readings.get(source) ?? before), ...news }
        readings.set(source, now)
        return now
      })

    const order = (order: Order) =>
      Effect.suspend(() => {
        const underway = readings.get(order.source)
        if (isUnderway(underway)) return Effect.succeed(underway!)
        readings.delete(order.source)
        const { source, ...place } = order
        return Effect.andThen(Queue.offer(orders, order), progress(source, { place }))
      })

    const named = (source: string) =>
      Effect.map(documents.list, (sources) => sources.find((known) => known.source === source))

    return Refresher.of({
      add: (address, name = siteName(address)) => order({ source: name, kind: "website", origin: address }),
      refresh: Effect.fn("Refresher.refresh")(function* (source) {
        const known = yield* named(source)
        return known === undefined ? undefined : yield* order({ source, ...known.place })
      }),
      remove: Effect.fn("Refresher.remove")(function* (source) {
        const known = yield* named(source)
        if (known === undefined) return undefined
        return yield* ingester.ingest({ source, files: [], removeMissing: true })
      }),
      readings: Effect.sync(() => new Map(readings)),
      orders: Stream.fromQueue(orders),
      progress
    })
  })
)

/** Pages ingested together; what is in is not read again after a stop. */
const pagesAtOnce = 25

const nothing = (source: string): Ingested => ({
  source,
  added: 0,
  changed: 0,
  removed: 0,
  unchanged: 0,
  chunks: 0,
  problems: []
})

const sum = (a: Ingested, b: Ingested): Ingested => ({
  source: a.source,
  added: a.added + b.added,
  changed: a.changed + b.changed,
  removed: a.removed + b.removed,
  unchanged: a.unchanged + b.unchanged,
  chunks: a.chunks + b.chunks,
  problems: [...a.problems, ...b.problems]
})

const pathIn = (outcome: Outcome): string =>
  outcome.type === "read" ? outcome.file.path : outcome.type === "problem" ? outcome.problem.path : outcome.path

const unreadable = "was sent by a program, which has to send it again: it is in no folder and on no website"

export const actor = Effect.gen(function* () {
  const refresher = yield* Refresher
  const documents = yield* Documents
  const ingester = yield* Ingester
  const website = yield* Website
  const every = yield* refreshEvery.config
  const files = yield* Effect.context<
    FileSystem.FileSystem | Path.Path | Converter | ChildProcessSpawner.ChildProcessSpawner
  >()
  const vitals = Supervise.vitals()

  const ingestPages = Effect.fnUntraced(function* (order: Order, outcomes: ReadonlyArray<Outcome>) {
    const read = outcomes.filter((outcome) => outcome.type === "read")
    const report = yield* ingester.ingest({
      ...order,
      files: read.map(({ file }) => file),
      unchanged: outcomes.flatMap((outcome) => (outcome.type === "unchanged" ? [outcome.path] : [])),
      problems: outcomes.flatMap((outcome) => (outcome.type === "problem" ? [outcome.problem] : [])),
      removeMissing: false
    })
    const pages = new Map<string, Validators>(read.map(({ file, validators }) => [file.path, validators]))
    yield* documents.rememberPages(order.source, pages)
    return report
  })

  /** All pages, some at a time; those that the site has no more leave at the end. */
  const readSite = Effect.fnUntraced(function* (order: Order, { complete, outcomes, pages }: Site) {
    const present: Array<string> = []
    let report = nothing(order.source)
    let done = 0
    yield* refresher.progress(order.source, { total: pages })
    yield* outcomes.pipe(
      Stream.tap(() => refresher.progress(order.source, { done: Math.min(pages, ++done) })),
      Stream.grouped(pagesAtOnce),
      Stream.runForEach((group) =>
        Effect.map(ingestPages(order, group), (part) => {
          report = sum(report, part)
          present.push(...group.filter(({ type }) => type !== "gone").map(pathIn))
        })
      )
    )
    const last = yield* ingester.ingest({ ...order, files: [], unchanged: present, removeMissing: complete })
    return sum(report, { ...last, unchanged: 0 })
  })

  /** Everything of the folder, or the files of it that are known. */
  const readFolder = Effect.fnUntraced(function* (order: Order, origin: string, known: Source | undefined) {
    const whole = order.kind === "folder"
    const places = whole ? [origin] : (known?.documents ?? []).map(({ path }) => `${origin}/${path}`)
    const read = yield* Effect.forEach(places, (place) => Effect.result(DocSource.read(place, { name: order.source })))
    const found = read.flatMap((each) => (Result.isSuccess(each) ? [each.success] : []))
    const [failure] = read.flatMap((each) => (Result.isFailure(each) ? [each.failure] : []))
    if (found.length === 0 && failure !== undefined) return yield* failure
    const all = { ...found[0]!, files: found.flatMap(({ files }) => files) }
    const { files } = order.baseUrl === undefined ? yield* DocSource.linked(all) : all
    yield* refresher.progress(order.source, { total: files.length })
    return yield* ingester.ingest({
      ...order,
      files,
      problems: found.flatMap(({ problems }) => problems),
      removeMissing: true
    })
  })

  const readSource = Effect.fnUntraced(function* (order: Order) {
    if (order.origin === undefined) {
      return yield* new DocSource.DocSourceError({ reason: "unsupported", detail: `${order.source} ${unreadable}` })
    }
    if (order.kind === "website") {
      const site = yield* website.open(order.origin, yield* documents.validators(order.source))
      return yield* readSite({ ...order, origin: site.origin }, site)
    }
    const known = (yield* documents.list).find(({ source }) => source === order.source)
    return yield* Effect.provideContext(readFolder(order, order.origin, known), files)
  })

  /** What one source fails with is told of it, and is nothing to the others. */
  const read = Effect.fnUntraced(function* (order: Order) {
    const { source } = order
    vitals.inHand++
    yield* refresher.progress(source, { state: "reading" })
    const result = yield* Effect.result(readSource(order))
    vitals.inHand--
    vitals.handled++
    if (Result.isSuccess(result)) {
      yield* documents.rememberProblems(source, result.success.problems)
      return yield* refresher.progress(source, { state: "done", report: result.success })
    }
    yield* Effect.logWarning(`${source} was not read: ${result.failure.message}`)
    return yield* refresher.progress(source, { state: "failed", error: result.failure.message })
  })

  const attempts = new Map<string, number>()

  /** Orders what is due; how long until the next is. */
  const orderDue = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const span = Duration.toMillis(every)
    let next = span
    for (const { place, refreshedAt, source } of yield* documents.list) {
      if (place.kind === undefined) continue
      const left = Math.max(refreshedAt, attempts.get(source) ?? 0) + span - now
      if (left > 0) next = Math.min(next, left)
      else {
        attempts.set(source, now)
        yield* refresher.refresh(source)
      }
    }
    return Duration.millis(Math.max(next, 1_000))
  })

  const keepFresh = Duration.isFinite(every) ? Effect.forever(Effect.flatMap(orderDue, Effect.sleep)) : Effect.never
  const work = refresher.orders.pipe(Stream.mapEffect(read, { concurrency: 2 }), Stream.runDrain)

  return yield* Watcher.make({
    name: "refresher",
    route: "websites, folders → document-chunks",
    vitals,
    work: [keepFresh, work]
  })
})
