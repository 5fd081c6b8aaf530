/** This process as a member of a group: which partitions it has, from one sharing-out to the next. */
import { Deferred, Effect } from "effect"
import type { BrokerError } from "../Broker.ts"
import { attempt, close, joinLimit, makeMember, type Member } from "./Client.ts"
import type { KnownTopic } from "./Directory.ts"
import { failureOf, replaced } from "./Errors.ts"
import type { Options } from "./KafkaSettings.ts"
import * as Transactions from "./Transactions.ts"

/** What the members of a group have until the next sharing-out. */
export interface Generation {
  readonly id: number
  readonly memberId: string
  readonly partitions: ReadonlyArray<{ readonly topic: KnownTopic; readonly partition: number }>
  /** Succeeds when there is a newer one; fails when this process is a member no longer. */
  readonly over: Deferred.Deferred<void, BrokerError>
}

export interface Membership {
  readonly group: string
  readonly member: Member
  readonly transactions: Transactions.Transactions
  readonly current: () => Generation
  readonly isLost: () => boolean
}

/**
 * A member by `name`, until the scope closes. A process of that name that ended without leaving is replaced at once,
 * and what it left open is aborted before this one joins.
 */
export const join = Effect.fnUntraced(function* (
  options: Options,
  group: string,
  name: string,
  topics: ReadonlyArray<KnownTopic>
) {
  const doing = { what: `join group ${group}` }
  const failure = failureOf(options, doing)
  const transactions = yield* Transactions.make(options, `${group}.${name}`)
  yield* transactions.ready

  let current: Generation | undefined
  let lost = false
  const isAlone = () => current?.partitions.length === topics.reduce((sum, { partitions }) => sum + partitions, 0)
  const member = yield* Effect.acquireRelease(
    Effect.sync(() => makeMember(options, group, name)),
    (member) =>
      Effect.suspend(() => {
        // With nobody there to take over, the place is better kept for the next start.
        member.leaves = !lost && !isAlone()
        return close(member)
      })
  )

  const lose = (error: BrokerError) => {
    lost = true
    if (current !== undefined) Deferred.doneUnsafe(current.over, Effect.fail(error))
  }
  const partitionsOf = (assignments: ReadonlyArray<{ topic: string; partitions: ReadonlyArray<number> }>) =>
    assignments.flatMap(({ partitions, topic: inner }) =>
      topics
        .filter((topic) => topic.inner === inner)
        .flatMap((topic) => partitions.map((partition) => ({ topic, partition })))
    )
  member.on("consumer:group:join", ({ assignments, generationId, memberId }) => {
    const before = current
    const partitions = partitionsOf(assignments ?? [])
    current = { id: generationId!, memberId, partitions, over: Deferred.makeUnsafe() }
    if (before !== undefined) Deferred.doneUnsafe(before.over, Effect.void)
  })
  member.on("error" as never, ((cause: unknown) => lose(failure(cause))) as never)
  member.onReplaced = () => lose(replaced(options))

  member.topics.trackAll(...topics.map(({ inner }) => inner))
  yield* attempt(options, member, doing, () => member.joinGroup({}), joinLimit)
  if (current === undefined) return yield* failure({ message: "the group did not say which partitions" })
  const membership: Membership = { group, member, transactions, current: () => current!, isLost: () => lost }
  return membership
})
