/** This process as a member of a group: which partitions it has, from one sharing-out to the next. */
import { Deferred, Duration, Effect, FiberSet } from "effect"
import type { BrokerError } from "../Broker.ts"
import { attempt, close, joinLimit, makeMember, type Member } from "./Client.ts"
import type { KnownTopic } from "./Directory.ts"
import { failureOf, replaced } from "./Errors.ts"
import * as Metering from "./Metering.ts"
import type { Options } from "./KafkaSettings.ts"
import * as Transactions from "./Transactions.ts"

/** What the members of a group have until the next sharing-out. */
export interface Generation {
  readonly id: number
  readonly memberId: string
  readonly partitions: ReadonlyArray<{ readonly topic: KnownTopic; readonly partition: number }>
  /** Succeeds when there is a newer one; fails when this process is a member no longer. */
  readonly over: Deferred.Deferred<void, BrokerError>
  /** The group has a newer one already, which this member is about to hear of. */
  late: boolean
}

export interface Membership {
  readonly group: string
  readonly member: Member
  readonly transactions: Transactions.Transactions
  /** The newest generation; one that is late is waited out. */
  readonly current: Effect.Effect<Generation, BrokerError>
  readonly isLost: () => boolean
  /** Loses the membership: what may still be on its way in the member's name is refused once there is a new one. */
  readonly renew: () => void
  /** What the member does before it gives its partitions up, for a moment at most: to finish what it has in hand. */
  readonly beforeHandingOver: (finish: Effect.Effect<void>) => void
}

/** Others wait for a member so long, at most, to finish what it has in hand. */
const grace = Duration.millis(300)

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

  const inDoubt = failureOf(options, { what: `commit for group ${group}` })({
    code: "PLT_KFK_TIMEOUT",
    message: "no answer"
  })

  let current: Generation | undefined
  let lost = false
  const isAlone = () => current?.partitions.length === topics.reduce((sum, { partitions }) => sum + partitions, 0)
  const member = yield* Effect.acquireRelease(
    Effect.sync(() => makeMember(options, group, name)),
    (member) =>
      Effect.suspend(() => {
        // With nobody there to take over, the place is better kept for the next start.
        member.leaves = !lost && !isAlone()
        return Effect.andThen(transactions.settled, close(member))
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
    Metering.rebalanced(group.slice(options.prefix?.length))
    const before = current
    const partitions = partitionsOf(assignments ?? [])
    current = { id: generationId!, memberId, partitions, over: Deferred.makeUnsafe(), late: false }
    if (before !== undefined) Deferred.doneUnsafe(before.over, Effect.void)
  })
  member.on("error" as never, ((cause: unknown) => lose(failure(cause))) as never)
  member.onReplaced = () => lose(replaced(options))

  let finish = Effect.void
  const run = yield* FiberSet.makeRuntimePromise<never>()
  member.onRebalance = () => run(Effect.timeoutOption(finish, grace))

  member.topics.trackAll(...topics.map(({ inner }) => inner))
  yield* attempt(options, member, doing, () => member.joinGroup({}), joinLimit)
  if (current === undefined) return yield* failure({ message: "the group did not say which partitions" })

  const newest: Effect.Effect<Generation, BrokerError> = Effect.suspend(() => {
    const generation = current!
    if (!generation.late) return Effect.succeed(generation)
    const tooLate = Effect.suspend(() => {
      lose(failure({ code: "PLT_KFK_TIMEOUT", message: "no answer" }))
      return Deferred.await(generation.over)
    })
    return Deferred.await(generation.over).pipe(
      Effect.timeoutOrElse({ duration: joinLimit, orElse: () => tooLate }),
      Effect.andThen(newest)
    )
  })
  const membership: Membership = {
    group,
    member,
    transactions,
    current: newest,
    isLost: () => lost,
    renew: () => lose(inDoubt),
    beforeHandingOver: (effect) => {
      finish = effect
    }
  }
  return membership
})
