/**
 * The client, mended. What is wrong with it and set right here: it delivers records of aborted transactions, reads
 * offsets past transactions that are still ending, writes offsets without metadata and without the member's name, comes
 * back after another process has taken its name, waits a second where milliseconds do, and retries without an end.
 */
import { Admin, type Base, type BaseOptions, Consumer, kGetApi, kPerformWithRetry, Producer } from "@platformatic/kafka"
import { Duration, Effect, Redacted } from "effect"
import { isIP } from "node:net"
import type { BrokerError } from "../Broker.ts"
import { type Doing, failureOf, hasId, isHopeless, isUnknown } from "./Errors.ts"
import type { Options } from "./KafkaSettings.ts"
import { TransactionalProducer } from "./TransactionalProducer.ts"

/** An operation is tried again for this long, and then failed. */
const patience = 7_000

/** A topic just made, or a leader just chosen, may not be known everywhere yet. */
const patienceForUnknown = 600

/** The most an operation takes, a broker that stands still included. */
const shortLimit = Duration.seconds(9)

/** Joining a group waits for its other members, one that is dead for the whole session timeout. */
export const joinLimit = Duration.seconds(20)

/** After this a broker ends a transaction by itself. */
const transactionTimeout = 10_000

/** Passes by within milliseconds. */
const brief = ["CONCURRENT_TRANSACTIONS", "UNSTABLE_OFFSET_COMMIT"]

const baseOptions = ({ replica, sasl, servers, tls }: Options) => ({
  clientId: replica,
  bootstrapBrokers: [...servers],
  connectTimeout: 4_000,
  requestTimeout: 15_000,
  metadataMaxAge: 60_000,
  retries: 1_000,
  retryDelay: (_client: unknown, _operation: string, attempt: number, _retries: number, error: Error) =>
    isBrief(error) ? Math.min(2 ** attempt, 64) : Math.min(50 * 2 ** attempt, 1_000),
  ...(sasl !== undefined && { sasl: { ...sasl, password: Redacted.value(sasl.password) } }),
  ...(tls !== undefined && {
    tls: tls.ca === undefined ? {} : { ca: tls.ca },
    tlsServerName: servers.every((server) => isIP(server.replace(/:\d+$/, "")) === 0)
  })
})

/** Where partitions are is heard from whoever has them no more; that there are more of them, not before a new beginning. */
const longKnown = { metadataMaxAge: 300_000 }

type FetchResponse = Awaited<ReturnType<Consumer["fetch"]>>

const lastErrors = new WeakMap<Base, unknown>()

const isBrief = (error: unknown): boolean => brief.some((id) => hasId(error, id))

/** Ends its retries when they are hopeless, were enough, or have gone on for too long. */
const patient = <C extends Base>(client: C, enoughRetries = Infinity): C => {
  const retry = client[kPerformWithRetry].bind(client) as Base[typeof kPerformWithRetry]
  client[kPerformWithRetry] = (id, operation, callback, attempt = 0, errors = [], skip, retries) => {
    if (attempt > 0) return retry(id, operation, callback, attempt, errors, skip, retries)
    const started = Date.now()
    let failures = 0
    const enough = (error: Error): boolean => {
      lastErrors.set(client, error)
      const spent = Date.now() - started
      if (!isBrief(error) && ++failures > enoughRetries) return true
      return skip?.(error) === true || isHopeless(error) || spent > (isUnknown(error) ? patienceForUnknown : patience)
    }
    return retry(id, operation, callback, 0, errors, enough, retries)
  }
  client.on("error" as never, ((error: unknown) => lastErrors.set(client, error)) as never)
  return client
}

/** Runs an operation of a client, for `limit` at most. */
export const attempt = <A>(
  options: Options,
  client: Base<any, any>,
  doing: Doing,
  operation: () => Promise<A>,
  limit: Duration.Duration = shortLimit
): Effect.Effect<A, BrokerError> => {
  const failure = failureOf(options, doing)
  const late = () => failure(lastErrors.get(client) ?? { code: "PLT_KFK_TIMEOUT", message: "no answer" })
  return Effect.tryPromise({ try: operation, catch: failure }).pipe(
    Effect.timeoutOrElse({ duration: limit, orElse: () => Effect.fail(late()) })
  )
}

/** Closes a client however it fares; one that cannot say goodbye is left behind. */
export const close = (client: Admin | Consumer | Producer): Effect.Effect<void> =>
  Effect.tryPromise(() => (client instanceof Admin ? client.close() : client.close(true))).pipe(
    Effect.timeoutOption("2 seconds"),
    Effect.ignore
  )

export const makeAdmin = (options: Options): Admin => patient(new Admin(baseOptions(options) as BaseOptions))

const isControl = 1 << 5
const isTransactional = 1 << 4
const abortMarker = 0

/**
 * By the rule of the protocol: an aborted transaction's records go from its first offset to its producer's next
 * abort marker. The batches stay, empty, so that offsets move on. Nothing is left for the client to drop by a rule of
 * its own, which takes what was committed, too: a marker may end a transaction that had written nothing here.
 */
const dropAborted = (response: FetchResponse): void => {
  for (const { partitions } of response.responses) {
    for (const partition of partitions) {
      const { abortedTransactions, records } = partition
      partition.abortedTransactions = []
      if (!records || !abortedTransactions?.length) continue
      const aborted = abortedTransactions.toSorted((a, b) => Number(a.firstOffset - b.firstOffset))
      const open = new Set<bigint>()
      for (const batch of records) {
        const last = batch.firstOffset + BigInt(batch.lastOffsetDelta)
        while (aborted.length > 0 && aborted[0]!.firstOffset <= last) open.add(aborted.shift()!.producerId)
        if (batch.attributes & isControl) {
          if (batch.records[0]?.key?.readInt16BE(2) === abortMarker) open.delete(batch.producerId)
        } else if (batch.attributes & isTransactional && open.has(batch.producerId)) {
          batch.records = []
        }
      }
    }
  }
}

/** Reads partitions, what is committed of them, and belongs to no group. */
export class Fetcher extends Consumer {
  override [kGetApi](name: string, callback: any): void {
    super[kGetApi](name, (error: any, api: any) => {
      if (error || name !== "Fetch") return callback(error, api)
      const fetch = (...args: Array<any>) => {
        const done = args.pop()
        api(...args, (error: any, response: FetchResponse) => {
          if (!error) dropAborted(response)
          done(error, response)
        })
      }
      callback(null, Object.assign(fetch, { version: api.version }))
    })
  }
}

export const makeFetcher = (options: Options, topics: ReadonlyArray<string>): Fetcher => {
  const fetcher = patient(
    new Fetcher({
      ...baseOptions(options),
      ...longKnown,
      groupId: "none",
      autocommit: false,
      isolationLevel: 1
    })
  )
  // What it fetches it looks up among these.
  fetcher.topics.trackAll(...topics)
  return fetcher
}

/** What is asked in the member's newest name. */
const asMember = new Set(["Heartbeat", "JoinGroup", "SyncGroup"])

const stay = (...args: Array<any>) => args.at(-1)(null, {})

/** Members say once in so many milliseconds that they are there, and hear then that the group is sharing out anew. */
const beat = 1_000

/** So long before the beat a member is ready for it, the time an answer takes included. */
const early = 300

/**
 * All members of the process at the same moment: it wakes up, and is asleep again, once for all of them instead of once
 * for each.
 */
const atNextBeat = (() => {
  let waiting: Array<() => void> = []
  const all = () => {
    const ready = waiting
    waiting = []
    for (const send of ready) send()
  }
  return (send: () => void) => {
    if (waiting.push(send) === 1) setTimeout(all, beat - (Date.now() % beat)).unref()
  }
})()

/** What a group has committed of a partition; -1 for nothing. */
export interface Committed {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly metadata: string
}

/** A member of a group. It reads nothing; it knows which partitions it has, and what is committed of them. */
export class Member extends Consumer {
  /** Told when another process has taken this member's place; nothing comes after. */
  onReplaced: () => void = () => {}
  /** The group is about to share out its partitions anew; this member takes part when the promise settles. */
  onRebalance: () => Promise<unknown> = async () => {}
  /** Whether closing leaves the group; else its place is kept, for the next start, until the session times out. */
  leaves = true
  #committed: ReadonlyArray<Committed> = []

  async committed(partitions: ReadonlyArray<{ topic: string; partitions: Array<number> }>) {
    this.#committed = []
    if (partitions.length > 0) await this.listCommittedOffsets({ topics: [...partitions] })
    return this.#committed
  }

  override [kGetApi](name: string, callback: any): void {
    super[kGetApi](name, (error: any, api: any) => {
      if (!error && name === "OffsetFetch") return callback(null, this.#stable(api))
      if (!error && asMember.has(name)) return callback(null, this.#final(api, name === "Heartbeat"))
      if (!error && name === "LeaveGroup" && !this.leaves) return callback(null, stay)
      callback(error, api)
    })
  }

  /** Waits for transactions that are ending, and hears the metadata. */
  #stable(api: any) {
    const fetchOffsets = (connection: any, groups: any, _requireStable: boolean, done: any) =>
      api(connection, groups, true, (error: any, response: any) => {
        const topics: ReadonlyArray<any> = error ? [] : (response.groups?.[0]?.topics ?? response.topics)
        this.#committed = topics.flatMap(({ name, partitions }) =>
          partitions.map((each: any) => ({
            topic: name,
            partition: each.partitionIndex,
            offset: Number(each.committedOffset),
            metadata: each.metadata ?? ""
          }))
        )
        done(error, response)
      })
    return Object.assign(fetchOffsets, { version: api.version })
  }

  /** Whose place was taken must not take it back. Only these requests tell: they are made one at a time. */
  #final(api: any, isBeat: boolean) {
    return (...args: Array<any>) => {
      const done = args.pop()
      const answered = (error: any, response: any) => {
        if (error && hasId(error, "FENCED_INSTANCE_ID")) return this.onReplaced()
        const goOn = () => done(error, response)
        if (error && hasId(error, "REBALANCE_IN_PROGRESS")) return void this.onRebalance().then(goOn, goOn)
        done(error, response)
      }
      if (isBeat) atNextBeat(() => api(...args, answered))
      else api(...args, answered)
    }
  }
}

export const makeMember = (options: Options, group: string, name: string): Member =>
  patient(
    new Member({
      ...baseOptions(options),
      ...longKnown,
      groupId: group,
      groupInstanceId: name,
      sessionTimeout: 6_000,
      heartbeatInterval: beat - early,
      rebalanceTimeout: 10_000,
      autocommit: false
    })
  )

const looseOptions = (options: Options) => ({
  ...baseOptions(options),
  compression: options.compression ?? "zstd",
  timeout: transactionTimeout
})
const producerOptions = (options: Options) => ({ ...looseOptions(options), idempotent: true })

export const makeProducer = (options: Options): Producer =>
  patient(new Producer(producerOptions(options)), options.retries)

/** One that tries again as often as is asked, and does not see to it that a record is there only once. */
export const makeLooseProducer = (options: Options, retries: number): Producer =>
  patient(new Producer(looseOptions(options)), retries)

export const makeTransactionalProducer = (options: Options, id: string): TransactionalProducer =>
  // With an unknown producer, a second start under the same id is taken for the one before, and refused.
  patient(
    new TransactionalProducer({ ...producerOptions(options), transactionalId: id, producerId: -1n, producerEpoch: -1 }),
    options.retries
  )
