/** A broker that keeps everything in memory, with the promises of the others for as long as it lives. */
import { Effect, Layer } from "effect"
import { Broker } from "./Broker.ts"
import { make } from "./embedded/Embedded.ts"
import type { Log, StoredOffsets, StoredRecord, StoredTopic } from "./embedded/Log.ts"

interface Records {
  start: number
  list: Array<StoredRecord>
}

const makeLog = (): Log => {
  const topics: Array<StoredTopic> = []
  const partitions: Array<Records> = []
  const saved = new Map<string, StoredOffsets>()
  let undo: Array<() => void> = []

  const change = (forth: () => void, back: () => void) => {
    forth()
    undo.push(back)
  }

  const keyOf = (group: string, partition: number) => `${partition}/${group}`

  return {
    transaction(work) {
      undo = []
      try {
        return work()
      } catch (cause) {
        for (const back of undo.reverse()) back()
        throw cause
      }
    },
    topics: () => topics,
    addTopic({ name, retentionMs, partitions: count }) {
      const added = Array.from({ length: count }, (): Records => ({ start: 0, list: [] }))
      const ids = added.map((_, i) => partitions.length + i)
      const topic = { name, retentionMs, partitions: ids.map((id) => ({ id, start: 0, end: 0, latest: 0 })) }
      change(
        () => (partitions.push(...added), topics.push(topic)),
        () => (partitions.splice(ids[0]!), topics.pop())
      )
      return topic
    },
    addPartitions(name, count) {
      const i = topics.findIndex((topic) => topic.name === name)
      const before = topics[i]!
      const added = Array.from({ length: count }, (_, n) => ({
        id: partitions.length + n,
        start: 0,
        end: 0,
        latest: 0
      }))
      change(
        () => {
          partitions.push(...added.map((): Records => ({ start: 0, list: [] })))
          topics[i] = { ...before, partitions: [...before.partitions, ...added] }
        },
        () => {
          partitions.splice(added[0]!.id)
          topics[i] = before
        }
      )
      return added
    },
    setRetention(name, retentionMs) {
      const i = topics.findIndex((topic) => topic.name === name)
      const before = topics[i]!
      change(
        () => (topics[i] = { ...before, retentionMs }),
        () => (topics[i] = before)
      )
    },
    removeTopic(name) {
      const i = topics.findIndex((topic) => topic.name === name)
      const topic = topics[i]!
      const ids = new Set(topic.partitions.map(({ id }) => id))
      const committed = [...saved].filter(([, { partition }]) => ids.has(partition))
      const lists = [...ids].map((id) => [id, partitions[id]!] as const)
      change(
        () => {
          topics.splice(i, 1)
          for (const [key] of committed) saved.delete(key)
          for (const id of ids) partitions[id] = { start: 0, list: [] }
        },
        () => {
          topics.splice(i, 0, topic)
          for (const [key, offsets] of committed) saved.set(key, offsets)
          for (const [id, records] of lists) partitions[id] = records
        }
      )
    },
    append(partition, offset, timestamp, { key, value, headers }) {
      const { list } = partitions[partition]!
      const record = { offset, timestamp, key, value: new Uint8Array(value), headers: { ...headers } }
      change(
        () => list.push(record),
        () => list.pop()
      )
    },
    scan(partition, from, limit) {
      const { start, list } = partitions[partition]!
      return list.slice(from - start, from - start + limit)
    },
    rewrite(partition, offset, { headers, value }) {
      const { start, list } = partitions[partition]!
      const before = list[offset - start]!
      change(
        () => (list[offset - start] = { ...before, value: new Uint8Array(value), headers: { ...headers } }),
        () => (list[offset - start] = before)
      )
    },
    scrub: () => undefined,
    trim(partition, start) {
      const records = partitions[partition]!
      const before = { ...records }
      change(
        () => Object.assign(records, { start, list: records.list.slice(start - records.start) }),
        () => Object.assign(records, before)
      )
    },
    offsets: (group, partition) => saved.get(keyOf(group, partition)),
    allOffsets: () => [...saved.values()],
    saveOffsets(offsets) {
      const key = keyOf(offsets.group, offsets.partition)
      const before = saved.get(key)
      change(
        () => saved.set(key, offsets),
        () => (before === undefined ? saved.delete(key) : saved.set(key, before))
      )
    },
    failure: () => undefined
  }
}

/** Expired records are deleted every minute of the clock, which may be a test's. */
export const layerMemory = Layer.effect(
  Broker,
  Effect.suspend(() => make(makeLog(), "1 minute"))
)
