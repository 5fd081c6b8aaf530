/** The broker of a single process, on any `Log`. */
import { Clock, type Duration, Effect } from "effect"
import { Broker, type GroupLag, type TopicDescription } from "../Broker.ts"
import * as Offsets from "../Offsets.ts"
import { checkSubscription, invalid } from "../Rules.ts"
import { erase } from "./Erasing.ts"
import type { Log } from "./Log.ts"
import * as Member from "./Member.ts"
import * as Reader from "./Reader.ts"
import { expire } from "./Retention.ts"
import { make as makeTopics, type Topic } from "./Topics.ts"
import { attempt, make as makeWrite } from "./Transactions.ts"

/**
 * There is one process, so one member does for a group: another subscription of a group to a topic is `invalid`
 * until the scope of the one before is closed. Expired records are deleted every `expireEvery`.
 */
export const make = Effect.fnUntraced(function* (log: Log, expireEvery: Duration.Input) {
  const write = makeWrite(log)
  const topics = yield* attempt(log, () => makeTopics(log))
  /** The topics that a group's members read. */
  const groups = new Map<string, Set<string>>()

  const publish: Broker["Service"]["publish"] = Effect.fn("Broker.publish")(function* (records) {
    const now = yield* Clock.currentTimeMillis
    return yield* write((changes) => topics.append(records, now, changes))
  })

  const join = (group: string, names: ReadonlySet<string>, window: number) => {
    const reading = [...names].map(topics.get)
    const held = groups.get(group) ?? new Set()
    for (const name of names) {
      if (held.has(name)) throw invalid(`Group ${group} has a member already that reads topic ${name}.`, name)
    }
    const member = Member.make({ log, topics, write, group, reading, window })
    groups.set(group, held.union(names))
    return member
  }

  const subscribe: Broker["Service"]["subscribe"] = Effect.fn("Broker.subscribe")(function* (options) {
    const { group, window = Offsets.defaultWindow } = options
    const names = new Set(options.topics)
    yield* attempt(log, () => checkSubscription(group, names, window))
    return yield* Effect.acquireRelease(
      attempt(log, () => join(group, names, window)),
      (member) =>
        Effect.sync(() => {
          member.leave()
          groups.set(group, groups.get(group)!.difference(names))
        })
    )
  })

  const lagOf = (group: string, topic: Topic): ReadonlyArray<GroupLag> =>
    topic.partitions.map(({ id, partition, start, end }) => {
      const stored = log.offsets(group, id)
      const offsets = stored ? Offsets.decode(stored.committed, stored.unfinished) : Offsets.startingAt(start)
      const committed = Math.max(Offsets.committed(offsets), start)
      return { group, topic: topic.name, partition, committed, lag: Offsets.lag(offsets, start, end) }
    })

  /** Groups that have committed something, and those that are reading. */
  const lag: Broker["Service"]["lag"] = Effect.fn("Broker.lag")((only) =>
    attempt(log, () => {
      const stored = log.allOffsets()
      const names = new Set([...stored.map(({ group }) => group), ...groups.keys()])
      return [...names]
        .filter((group) => only === undefined || group === only)
        .sort()
        .flatMap((group) => {
          const known = new Set(stored.filter((offsets) => offsets.group === group).map(({ partition }) => partition))
          const reads = ({ name, partitions }: Topic) =>
            groups.get(group)?.has(name) === true || partitions.some(({ id }) => known.has(id))
          return topics
            .all()
            .filter(reads)
            .flatMap((topic) => lagOf(group, topic))
        })
    })
  )

  const remove: Broker["Service"]["remove"] = Effect.fn("Broker.remove")((name) =>
    write((changes) => {
      const reader = [...groups].find(([, names]) => names.has(name))
      if (reader !== undefined) throw invalid(`Topic ${name} is read by group ${reader[0]}: stop that first.`, name)
      topics.remove(name, changes)
    })
  )

  const list = Effect.sync(() =>
    topics
      .all()
      .map(describe)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  )

  yield* expire(log, topics, write).pipe(
    Effect.catchCause((cause) => Effect.logWarning("expired records could not be deleted", cause)),
    Effect.delay(expireEvery),
    Effect.forever,
    Effect.forkScoped
  )

  return Broker.of({
    publish,
    subscribe,
    read: (options) => Reader.read(log, topics, options),
    erase: Effect.fn("Broker.erase")((erasure) => erase(log, topics, write, erasure)),
    create: Effect.fn("Broker.create")((specs) => write((changes) => topics.create(specs, changes))),
    alter: Effect.fn("Broker.alter")((name, change) => write((changes) => topics.alter(name, change, changes))),
    remove,
    list,
    describe: Effect.fn("Broker.describe")((names) =>
      Effect.map(list, (all) => all.filter(({ name }) => names.includes(name)))
    ),
    lag
  })
})

const describe = ({ name, retentionMs, partitions }: Topic): TopicDescription => ({
  name,
  retentionMs,
  partitions: partitions.map(({ partition, start, end }) => ({ partition, start, end, leader: null })),
  kept: null
})
