/** What holds on every broker: which topics and records there can be, and that partitions take turns. Pure. */
import { Duration } from "effect"
import type { TopicSpec } from "../domain/Topics.ts"
import { BrokerError, type IncomingRecord, type OutgoingRecord, type TopicChange } from "./Broker.ts"

/** Records handed out at once. */
const pageSize = 500

/** Its unfinished offsets fit the metadata of a Kafka commit, which may have 4,096 bytes. */
const largestWindow = 512

export const invalid = (detail: string, topic?: string) =>
  new BrokerError({ reason: "invalid", detail, ...(topic !== undefined && { topic }) })

/** Throws what is wrong with it. The same rules as Kafka's, so that topics can move there. */
export const checkSpec = ({ name, partitions, retention }: TopicSpec): void => {
  if (!/^[a-zA-Z0-9._-]{1,249}$/.test(name) || name === "." || name === "..")
    throw invalid(`A topic cannot be called "${name}": only letters, digits, ".", "_" and "-", at most 249.`, name)
  checkChange(name, { partitions, retention })
}

/** Throws what is wrong with it; `existing` is how many partitions there are. */
export const checkChange = (name: string, { partitions, retention }: TopicChange, existing = 0): void => {
  if (partitions !== undefined && (!Number.isInteger(partitions) || partitions < 1))
    throw invalid(`Topic ${name} cannot have ${partitions} partitions.`, name)
  if (partitions !== undefined && partitions < existing)
    throw invalid(`Topic ${name} has ${existing} partitions, which cannot become ${partitions}.`, name)
  if (retention !== undefined && !(Duration.toMillis(retention) > 0))
    throw invalid(`Topic ${name} cannot keep its records for ${Duration.format(retention)}.`, name)
}

/** Throws what is wrong with it. */
export const checkRecord = ({ topic, key, value }: OutgoingRecord, maxValueBytes: number): void => {
  if (key !== null && !key.isWellFormed())
    throw invalid(`A record's key for topic ${topic} is no valid Unicode.`, topic)
  if (value.length > maxValueBytes)
    throw invalid(`A value of ${value.length} bytes is too large for topic ${topic}: at most ${maxValueBytes}.`, topic)
}

/** Throws what is wrong with it. */
export const checkSubscription = (group: string, topics: ReadonlySet<string>, window: number): void => {
  if (topics.size === 0) throw invalid(`Group ${group} is to read no topic.`)
  if (!Number.isInteger(window) || window < 1 || window > largestWindow)
    throw invalid(`A window is a whole number from 1 to ${largestWindow}, not ${window}.`)
}

/** Up to `pageSize` records: from each place its share, in turns, so that none holds up the others. */
export const inTurns = <P>(
  places: ReadonlyArray<P>,
  read: (place: P, limit: number) => ReadonlyArray<IncomingRecord>
): ReadonlyArray<IncomingRecord> => {
  const share = Math.ceil(pageSize / Math.max(1, places.length))
  const lists = places.map((place) => read(place, share))
  const records: Array<IncomingRecord> = []
  const longest = Math.max(0, ...lists.map(({ length }) => length))
  for (let i = 0; i < longest; i++) {
    for (const list of lists) if (i < list.length) records.push(list[i]!)
  }
  return records
}
