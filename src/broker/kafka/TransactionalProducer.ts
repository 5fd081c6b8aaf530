/** The client's producer, mended for transactions: one after another, with as few requests as the brokers allow. */
import {
  addPartitionsToTxnV3,
  apiVersionsV3,
  type Callback,
  type CallbackWithPromise,
  type Connection,
  type Consumer,
  endTxnV4,
  kGetApi,
  kGetBootstrapConnection,
  kGetConnection,
  kListApis,
  kMetadata,
  kPerformWithRetry,
  type offsetCommitV9,
  Producer,
  type Reader,
  ResponseError
} from "@platformatic/kafka"
import { isLate } from "./Errors.ts"

/** What a transaction says of a partition: where a group has to go on, and what is unfinished after that. */
export interface Mark {
  readonly topic: string
  readonly partition: number
  readonly committed: number
  readonly metadata: string
}

/** As a request has them. */
export const topicsOf = (marks: ReadonlyArray<Mark>) =>
  [...Map.groupBy(marks, ({ topic }) => topic)].map(([name, marks]) => ({
    name,
    partitions: marks.map(({ committed, metadata, partition }) => ({
      partitionIndex: partition,
      committedOffset: BigInt(committed),
      committedLeaderEpoch: -1,
      committedMetadata: metadata
    }))
  }))

/** How offsets are committed, and to whom. */
type Way = readonly [typeof offsetCommitV9.api, Connection]

/** In whose name something is marked. */
interface InNameOf {
  readonly member: Consumer
  /** Of the generation in which the work was done. */
  readonly generation: number
  readonly memberId: string
}

/** The cluster's feature by which every transaction has an epoch of its own, and partitions add themselves to it. */
const isSecond = ({ maxVersionLevel, name }: { readonly name: string; readonly maxVersionLevel: number }): boolean =>
  name === "transaction.version" && maxVersionLevel >= 2

/** The same request and answer under a newer number. */
const under = (connection: Connection, version: number) => ({
  send: (...[key, , ...rest]: Parameters<Connection["send"]>) => connection.send(key, version, ...rest)
})

/** Nothing has to be asked. */
const skip = (...args: Array<any>) => args.at(-1)(null)

interface Epoch {
  readonly id: bigint
  readonly epoch: number
}

/** Since the fifth version the answer has the epoch of the next transaction. */
const parseEnd = (_correlation: number, key: number, version: number, reader: Reader): Epoch => {
  const throttleTimeMs = reader.readInt32()
  const errorCode = reader.readInt16()
  const ended = { id: reader.readInt64(), epoch: reader.readInt16() }
  reader.readTaggedFields()
  if (errorCode !== 0)
    throw new ResponseError(key, version, { "/": [errorCode, null] }, { throttleTimeMs, errorCode } as never)
  return ended
}

/**
 * Where the cluster allows for it, a transaction is made by the second version of the protocol: the first records and
 * offsets for a partition add it, and each end begins a new epoch, so that nothing late of one transaction can slip into
 * the next. Elsewhere partitions are added by the request that is meant for clients; the client's own choice is a newer
 * one that brokers make among each other: it takes their rights, and counts the transaction as one of the other version.
 */
export class TransactionalProducer extends Producer {
  #marks: ReadonlyArray<Mark> = []
  #member: string | null = null
  #onLate = () => {}
  #second = false
  #epoch: Epoch = { id: -1n, epoch: -1 }
  /** Sequence numbers begin anew with every epoch; the client counts on. By partition: where they began. */
  #sequences = new Map<string, number>()

  /**
   * All marks go in one request with the member's name and generation, which is what fences a member that is late;
   * `onLate` hears of that.
   */
  mark(member: string | null, marks: ReadonlyArray<Mark>, onLate = () => {}): void {
    this.#member = member
    this.#marks = marks
    this.#onLate = onLate
  }

  /**
   * Marks without a transaction, in one request that is made once, after `onSend`: what became of it is not known when it
   * fails, and made again it could be overtaken. So nothing newer is to be marked in the same name after that.
   */
  async commitMarks(who: InNameOf, marks: ReadonlyArray<Mark>, onSend: () => void): Promise<void> {
    const { generation, member, memberId } = who
    const [api, connection] = await this.#reach(member, marks[0]!.topic)
    const { promise, reject, resolve } = Promise.withResolvers<void>()
    onSend()
    api(connection, member.groupId, generation, memberId, member.groupInstanceId, topicsOf(marks), (error: unknown) =>
      error ? reject(error) : resolve()
    )
    return await promise
  }

  /** The way to the member's coordinator, which is asked for with every attempt: it may move, or come back. */
  #reach(member: Consumer, topic: string): Promise<Way> {
    const { promise, reject, resolve } = Promise.withResolvers<Way>()
    const find = (done: Callback<Way>) =>
      this[kMetadata]({ topics: [topic] }, (error, metadata) => {
        if (error) return done(error)
        this[kGetConnection](metadata!.brokers.get(member.coordinatorId!)!, (error, connection) => {
          if (error) return done(error)
          this[kGetApi]("OffsetCommit", (error: Error | null, api: Way[0]) => done(error, [api, connection!]))
        })
      })
    this[kPerformWithRetry]("reach", find, (error, way) => (error ? reject(error) : resolve(way!)))
    return promise
  }

  override [kListApis](callback: CallbackWithPromise<Array<apiVersionsV3.ApiVersionsResponseApi>>): void {
    this[kGetBootstrapConnection]((error, connection) => {
      if (error) return super[kListApis](callback)
      apiVersionsV3.api(connection!, "rtfm", "1", (error, response) => {
        if (error) return super[kListApis](callback)
        this.#second = response!.finalizedFeatures?.some(isSecond) ?? false
        callback(null, response!.apiKeys)
      })
    })
  }

  override [kGetApi](name: string, callback: any): void {
    super[kGetApi](name, (error: any, api: any) => {
      if (error) return callback(error, api)
      if (name === "TxnOffsetCommit") return callback(null, this.#commitOffsets(api))
      if (name === "AddPartitionsToTxn" && !this.#second) return callback(null, addPartitionsToTxnV3.api)
      callback(null, this.#second ? this.#inSecond(name, api) : api)
    })
  }

  #commitOffsets(api: any) {
    return (...[connection, id, group, producer, epoch, generation, member, , , done]: Array<any>) => {
      const at = this.#second ? under(connection, 5) : connection
      const who = this.#second ? this.#epoch : { id: producer, epoch }
      const topics = topicsOf(this.#marks)
      api(at, id, group, who.id, who.epoch, generation, member, this.#member, topics, (error: unknown) => {
        if (error && isLate(error)) this.#onLate()
        done(error)
      })
    }
  }

  #inSecond(name: string, api: any) {
    if (name === "AddPartitionsToTxn" || name === "AddOffsetsToTxn") return skip
    if (name === "Produce") return this.#produce(api)
    if (name === "EndTxn") return this.#end()
    return name === "InitProducerId" ? this.#init(api) : api
  }

  #begin(epoch: Epoch) {
    this.#epoch = epoch
    this.#sequences.clear()
  }

  #init(api: any) {
    return (...args: Array<any>) => {
      const done = args.pop()
      api(...args, (error: any, response: any) => {
        if (!error) this.#begin({ id: response.producerId, epoch: response.producerEpoch })
        done(error, response)
      })
    }
  }

  #produce(api: any) {
    return (...[connection, acks, timeout, messages, options, done]: Array<any>) => {
      const getWithDefault = (partition: string) => {
        const sequence = options.sequences.getWithDefault(partition, 0)
        const first = this.#sequences.get(partition) ?? sequence
        this.#sequences.set(partition, first)
        return sequence - first
      }
      const who = { producerId: this.#epoch.id, producerEpoch: this.#epoch.epoch, sequences: { getWithDefault } }
      api(under(connection, 12), acks, timeout, messages, { ...options, ...who }, done)
    }
  }

  #end() {
    return (...[connection, id, , , commit, done]: Array<any>) => {
      const { epoch, id: producer } = this.#epoch
      const request = () => endTxnV4.createRequest(id, producer, epoch, commit)
      connection.send(26, 5, request, parseEnd, true, true, (error: Error | null, next?: Epoch) => {
        if (!error) this.#begin(next!)
        done(error)
      })
    }
  }
}
