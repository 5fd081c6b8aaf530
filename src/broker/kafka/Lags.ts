/** How far groups are, by what they have committed. */
import type { Admin } from "@platformatic/kafka"
import { Effect } from "effect"
import type { BrokerError, GroupLag } from "../Broker.ts"
import * as Offsets from "../Offsets.ts"
import { attempt } from "./Client.ts"
import type { Directory, KnownTopic } from "./Directory.ts"
import { placeName } from "./Sending.ts"
import type { Options } from "./KafkaSettings.ts"

/** The topics that groups read in this process, which may have committed nothing yet. */
export type Readings = ReadonlyMap<string, ReadonlySet<string>>

type Stored = Awaited<ReturnType<Admin["listConsumerGroupOffsets"]>>[number]["topics"][number]["partitions"][number]

export const make = (options: Options, admin: Admin, directory: Directory, readings: Readings) => {
  const { prefix } = directory

  const storedOf = Effect.fnUntraced(function* (groups: ReadonlyArray<string>) {
    if (groups.length === 0) return []
    return yield* attempt(options, admin, { what: "look up the offsets of groups" }, () =>
      admin.listConsumerGroupOffsets({ groups: groups.map((group) => prefix + group), requireStable: true })
    )
  })

  const namesOf = Effect.fnUntraced(function* (only: string | undefined) {
    const known = yield* attempt(options, admin, { what: "list groups" }, () => admin.listGroups({}))
    const names = [...known.keys()].filter((id) => id.startsWith(prefix)).map((id) => id.slice(prefix.length))
    return [...new Set([...names, ...readings.keys()])].filter((group) => only === undefined || group === only).sort()
  })

  const find = (name: string) =>
    directory.get(name).pipe(
      Effect.map((topic): ReadonlyArray<KnownTopic> => [topic]),
      // A group may remember a topic that was deleted.
      Effect.catchIf(
        ({ reason }) => reason === "unknown-topic",
        () => Effect.succeed([])
      )
    )

  return Effect.fnUntraced(function* (only?: string): Effect.fn.Return<ReadonlyArray<GroupLag>, BrokerError> {
    const groups = yield* namesOf(only)
    const stored = yield* storedOf(groups)
    const perGroup = groups.map((group) => {
      const offsets = new Map<string, Stored>()
      const topics = new Set(readings.get(group) ?? [])
      for (const { name, partitions } of stored.find(({ groupId }) => groupId === prefix + group)?.topics ?? []) {
        if (!name.startsWith(prefix)) continue
        topics.add(name.slice(prefix.length))
        for (const each of partitions) offsets.set(placeName({ topic: name, partition: each.partitionIndex }), each)
      }
      return { group, offsets, topics: [...topics].sort() }
    })
    const wanted = new Set(perGroup.flatMap(({ topics }) => topics))
    const found = (yield* Effect.forEach(wanted, find)).flat()
    const boundsOf = yield* directory.bounds(found)
    return perGroup.flatMap(({ group, offsets, topics }) =>
      found
        .filter(({ name }) => topics.includes(name))
        .flatMap((topic) =>
          boundsOf(topic).map(({ end, partition, start }): GroupLag => {
            const found = offsets.get(placeName({ topic: topic.inner, partition }))
            const has = found !== undefined && found.committedOffset >= 0n
            const at = has
              ? Offsets.decode(Number(found.committedOffset), found.metadata ?? "")
              : Offsets.startingAt(start)
            const committed = Math.max(Offsets.committed(at), start)
            return { group, topic: topic.name, partition, committed, lag: Offsets.lag(at, start, end) }
          })
        )
    )
  })
}
