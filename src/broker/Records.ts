/** Typed values to records. */
import type { Topic } from "../domain/Topics.ts"
import type { OutgoingRecord } from "./Broker.ts"

export const record = <A>(topic: Topic<A>, value: A, headers?: Readonly<Record<string, string>>): OutgoingRecord => ({
  topic: topic.name,
  key: topic.key(value),
  value: topic.encode(value),
  ...(headers !== undefined && { headers })
})
