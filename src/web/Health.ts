/** For probes and scrapers: alive, ready, and the metrics of the process. */
import { Effect, Metric } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { PrometheusMetrics } from "effect/observability"
import { Supervisor } from "../actors/Supervise.ts"
import { Api, NotReady } from "./Api.ts"
import { reasons, situation } from "./Readiness.ts"

const startTime = Metric.gauge("process_start_time_seconds", {
  description: "Start of the process, in seconds since the Unix epoch"
})
const residentMemory = Metric.gauge("process_resident_memory_bytes", { description: "Memory the process holds" })
const heapUsed = Metric.gauge("nodejs_heap_size_used_bytes", { description: "JavaScript heap in use" })
const heapTotal = Metric.gauge("nodejs_heap_size_total_bytes", { description: "JavaScript heap taken from the system" })
const external = Metric.gauge("nodejs_external_memory_bytes", { description: "Memory of buffers outside the heap" })
const cpu = Metric.counter("process_cpu_seconds_total", { description: "Processor time used", incremental: true })
const loopLag = Metric.gauge("nodejs_eventloop_lag_seconds", {
  description: "How late the event loop came to a task given to it when this was read"
})
const loopUse = Metric.gauge("nodejs_eventloop_utilization_ratio", {
  description: "Share of the time since the last reading in which the event loop was at work"
})

/** How late the loop comes to the next task; costs nothing between readings. */
const measureLag = Effect.callback<number>((resume) => {
  const askedAt = performance.now()
  setImmediate(() => resume(Effect.succeed((performance.now() - askedAt) / 1000)))
})

let lastCpu = 0

const cpuSinceLast = Effect.sync(() => {
  const { system, user } = process.cpuUsage()
  const seconds = (system + user) / 1e6
  const used = seconds - lastCpu
  lastCpu = seconds
  return used
})

let lastUse = performance.eventLoopUtilization()

const useSinceLast = Effect.sync(() => {
  const now = performance.eventLoopUtilization()
  const { utilization } = performance.eventLoopUtilization(now, lastUse)
  lastUse = now
  return Number.isFinite(utilization) ? utilization : 0
})

const refresh = Effect.gen(function* () {
  const memory = process.memoryUsage()
  yield* Metric.update(startTime, Math.round(performance.timeOrigin) / 1000)
  yield* Metric.update(residentMemory, memory.rss)
  yield* Metric.update(heapUsed, memory.heapUsed)
  yield* Metric.update(heapTotal, memory.heapTotal)
  yield* Metric.update(external, memory.external)
  yield* Metric.update(cpu, yield* cpuSinceLast)
  yield* Metric.update(loopLag, yield* measureLag)
  yield* Metric.update(loopUse, yield* useSinceLast)
  // Asking for the actors' status brings the gauges of their lag up to date.
  yield* Supervisor.use(({ actors }) => actors)
})

const ready = Effect.gen(function* () {
  const against = reasons(yield* situation)
  if (against.length > 0) return yield* new NotReady({ detail: `Not ready: ${against.join("; ")}`, reasons: against })
  return { status: "ready" as const }
})

export const layer = HttpApiBuilder.group(Api, "health", (handlers) =>
  handlers.handleAll({
    live: () => Effect.succeed({ status: "live" as const }),
    ready: () => ready,
    metrics: () => Effect.andThen(refresh, PrometheusMetrics.format())
  })
)
