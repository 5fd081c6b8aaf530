/** What a process on Kafka says of itself, while Kafka answers and while it does not. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as KafkaServer from "../fixtures/KafkaServer.ts"
import { call, newFolder, removeFolder, type Rtfm, start, until } from "./Rtfm.ts"

/** Metrics by name, each with its labels as they are printed and its value. */
const scrape = async ({ url }: Rtfm): Promise<ReadonlyMap<string, ReadonlyArray<readonly [string, number]>>> => {
  const text = await (await fetch(`${url}/metrics`)).text()
  const lines = Array.from(text.matchAll(/^(\w+)(?:\{([^}]*)\})? (\S+)$/gm), ([, name, labels = "", value]) => ({
    name: name!,
    sample: [labels, Number(value)] as const
  }))
  return new Map(
    [...Map.groupBy(lines, ({ name }) => name)].map(([name, all]) => [name, all.map(({ sample }) => sample)])
  )
}

/** The sum of a metric over the samples that have all of these labels. */
const valueOf = (metrics: Awaited<ReturnType<typeof scrape>>, name: string, ...labels: ReadonlyArray<string>) =>
  (metrics.get(name) ?? [])
    .filter(([printed]) => labels.every((label) => printed.includes(label)))
    .reduce((sum, [, value]) => sum + value, 0)

const brokerOf = (status: any): { readonly up: boolean; readonly detail: string } =>
  status.parts.find(({ name }: { readonly name: string }) => name === "broker")
const indexerOf = (status: any): { readonly lag: number | null } =>
  status.actors.find(({ name }: { readonly name: string }) => name === "indexer")

const say = (process: Rtfm, text: string) =>
  call(process.url, "/api/channels/local:general/messages", { json: { text, author: { id: "ada", name: "Ada" } } })

const found = (process: Rtfm, word: string) =>
  until(
    async () => (await call(process.url, `/api/search?q=${word}`)).body.found.length,
    (count) => count > 0,
    90
  )

const acquireFolder = Effect.acquireRelease(Effect.sync(newFolder), (folder) => Effect.sync(() => removeFolder(folder)))

/** A process that talks to a broker of its own, with a message and an answer behind it. */
const world = Effect.gen(function* () {
  const server = yield* KafkaServer.make
  const folder = yield* acquireFolder
  const env = { KAFKA_BOOTSTRAP_SERVERS: server.bootstrap, INGEST_OWN_DOCS: "false" }
  const process = yield* Effect.acquireRelease(
    Effect.promise(() => start({ folder, env })),
    ({ child }) => Effect.sync(() => child.kill("SIGKILL"))
  )
  yield* Effect.promise(() => say(process, "The spare key of the archive hangs behind the green door."))
  yield* Effect.promise(() => found(process, "archive"))
  const question = { json: { text: "Where hangs the spare key of the archive?" } }
  const { status } = yield* Effect.promise(() => call(process.url, "/api/questions?wait=60", question))
  assert.strictEqual(status, 200)
  return { server, process }
})

type World = Effect.Success<typeof world>

const test = (title: string, body: (world: World) => Promise<void>) =>
  it.live(
    title,
    () =>
      Effect.scoped(
        Effect.flatMap(world, (made) =>
          Effect.promise(() => body(made)).pipe(Effect.tapCause(() => Effect.log(made.process.output())))
        )
      ),
    300_000
  )

describe("rtfm start on a Kafka that goes away", () => {
  test("says so at once, with what was known, and goes on when it is back", async ({ process, server }) => {
    const before = (await call(process.url, "/api/status")).body
    assert.deepInclude(brokerOf(before), { up: true })
    assert.match(brokerOf(before).detail, /^\d+ topics in Kafka$/)

    await Effect.runPromise(server.kill)
    const times: Array<number> = []
    const look = async () => {
      const asked = performance.now()
      const { body } = await call(process.url, "/api/status")
      times.push(performance.now() - asked)
      assert.isTrue(!brokerOf(body).up || /^\d+ topics in Kafka; it has not answered/.test(brokerOf(body).detail))
      assert.isNumber(indexerOf(body).lag)
      return body
    }
    await look()
    const down = await until(look, (status) => !brokerOf(status).up)
    assert.match(brokerOf(down).detail, /has not answered for [\d.]+ s|does not answer/)
    assert.include(down.summary, "the broker is down")
    const told = await until(look, (status) => brokerOf(status).detail.includes("does not answer"), 60)
    assert.include(brokerOf(told).detail, server.bootstrap)
    assert.strictEqual((await call(process.url, "/health/ready")).status, 503)
    // With the broker's own patience it would be 7 s and more; a busy machine makes some of them slow.
    assert.isBelow(times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!, 1_000)
    assert.isBelow(Math.max(...times), 5_000)

    await say(process, "The ladder stands in the shed, beside the wheelbarrow.")
    await Effect.runPromise(server.start)
    await until(
      async () => (await call(process.url, "/health/ready")).status,
      (status) => status === 200,
      180
    )
    await found(process, "wheelbarrow")
    console.log(
      `/api/status without Kafka: ${times.length} answers, the slowest in ${Math.round(Math.max(...times))} ms`
    )
    assert.strictEqual(await process.kill("SIGTERM"), 0)
  })

  test("counts what it reads and writes, how long that takes, and what fails", async ({ process, server }) => {
    const metrics = await until(
      () => scrape(process),
      (metrics) => metrics.has("rtfm_group_lag_records") && valueOf(metrics, "rtfm_group_lag_records") === 0,
      60
    )
    const lags = metrics.get("rtfm_group_lag_records")!.map(([labels]) => labels)
    for (const partition of [0, 1, 2]) {
      const labels = ['group="answerer"', 'topic="bot-queries"', `partition="${partition}"`]
      assert.lengthOf(
        lags.filter((printed) => labels.every((label) => printed.includes(label))),
        1,
        lags.join("\n")
      )
    }
    assert.isAbove(valueOf(metrics, "rtfm_kafka_rebalances_total", 'group="indexer"'), 0)
    assert.isAbove(valueOf(metrics, "rtfm_kafka_transaction_seconds_count"), 0)
    assert.isAbove(valueOf(metrics, "rtfm_kafka_produce_seconds_count"), 0)
    assert.isAbove(valueOf(metrics, "rtfm_kafka_sent_bytes_total", 'topic="discord-messages"'), 100)
    assert.isAbove(valueOf(metrics, "rtfm_kafka_received_bytes_total", 'topic="discord-messages"'), 100)
    for (const name of ["rtfm_kafka_fetch_errors_total", "rtfm_kafka_produce_errors_total"]) {
      assert.strictEqual(valueOf(metrics, name), 0)
      assert.include(
        metrics
          .get(name)!
          .map(([labels]) => labels)
          .join(),
        'reason="unreachable"'
      )
    }

    await Effect.runPromise(server.kill)
    await say(process, "The ladder stands in the shed.")
    await until(
      () => scrape(process),
      (metrics) =>
        valueOf(metrics, "rtfm_kafka_fetch_errors_total", 'reason="unreachable"') > 0 &&
        valueOf(metrics, "rtfm_kafka_produce_errors_total", 'reason="unreachable"') > 0,
      60
    )
    assert.strictEqual(await process.kill("SIGTERM"), 0)
  })
})
