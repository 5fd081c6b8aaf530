/** Changes of the log and of what is held in memory beside it, made as one. */
import { Effect } from "effect"
import { BrokerError } from "../Broker.ts"
import type { Log } from "./Log.ts"

/** What a transaction does to memory, undone when it fails. */
export class Changes {
  readonly #before = new Map<object, object>()
  readonly #after = new Set<() => void>()

  /** Call before changing fields of `state`: they get their old values back if the transaction fails. */
  remember(state: object): void {
    if (!this.#before.has(state)) this.#before.set(state, { ...state })
  }

  /** `run` is called once, however often it is given, when the transaction is kept. */
  onCommit(run: () => void): void {
    this.#after.add(run)
  }

  commit(): void {
    for (const run of this.#after) run()
  }

  rollback(): void {
    for (const [state, before] of this.#before) Object.assign(state, before)
  }
}

/** Changes the log and memory. Throws a `BrokerError` to refuse; may be called again after all it did was undone. */
export type Work<A> = (changes: Changes) => A

/**
 * Runs work in a transaction. Work that many fibers ask for at the same moment shares one, and so one flush to disk;
 * if that fails, each gets its own, so that nobody's failure is another's.
 */
export type Write = <A>(work: Work<A>) => Effect.Effect<A, BrokerError>

/** Pieces of work that share a transaction at most: the process stands still while it runs. */
const atOnce = 64

interface Request {
  readonly work: Work<unknown>
  readonly resume: (outcome: Effect.Effect<any, BrokerError>) => void
}

/** Runs `evaluate` on the log, turning what it throws into a failure of the broker, or a defect. */
export const attempt = <A>(log: Pick<Log, "failure">, evaluate: () => A): Effect.Effect<A, BrokerError> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(evaluate())
    } catch (cause) {
      return failed(log, cause)
    }
  })

const failed = (log: Pick<Log, "failure">, cause: unknown): Effect.Effect<never, BrokerError> => {
  const error = cause instanceof BrokerError ? cause : log.failure(cause)
  return error === undefined ? Effect.die(cause) : Effect.fail(error)
}

/** An interrupted write has still happened whole or not at all. */
export const make = (log: Log): Write => {
  const waiting: Array<Request> = []

  const run = (requests: ReadonlyArray<Request>) => {
    const changes = new Changes()
    let results: ReadonlyArray<unknown>
    try {
      results = log.transaction(() => requests.map(({ work }) => work(changes)))
    } catch (cause) {
      changes.rollback()
      if (requests.length > 1) return requests.forEach((request) => run([request]))
      return requests[0]!.resume(failed(log, cause))
    }
    changes.commit()
    requests.forEach(({ resume }, i) => resume(Effect.succeed(results[i])))
  }

  const flush = () => {
    const requests = waiting.splice(0, atOnce)
    if (waiting.length > 0) setImmediate(flush)
    run(requests)
  }

  return (work) =>
    Effect.uninterruptible(
      Effect.callback((resume) => {
        if (waiting.push({ work, resume }) === 1) setImmediate(flush)
      })
    )
}
