/** What stands between the topics that are wanted and those that exist. Pure. */
import { Duration } from "effect"
import type { TopicSpec } from "../domain/Topics.ts"
import type { TopicDescription } from "./Broker.ts"

/** One property of a topic that is not as wanted. */
export interface Difference {
  readonly property: "partitions" | "retentionMs"
  readonly wanted: number
  readonly existing: number
}

export type PlanEntry =
  | { readonly _tag: "Create"; readonly spec: TopicSpec }
  | { readonly _tag: "Same"; readonly spec: TopicSpec }
  /** Left as it is: to change it is for the operator to decide. */
  | { readonly _tag: "Differs"; readonly spec: TopicSpec; readonly differences: ReadonlyArray<Difference> }

const differences = (spec: TopicSpec, existing: TopicDescription): ReadonlyArray<Difference> =>
  [
    { property: "partitions", wanted: spec.partitions, existing: existing.partitions.length } as const,
    { property: "retentionMs", wanted: Duration.toMillis(spec.retention), existing: existing.retentionMs } as const
  ].filter(({ wanted, existing }) => wanted !== existing)

/** One entry for each wanted topic, in their order; existing topics that nobody wants are not in the plan. */
export const plan = (
  wanted: ReadonlyArray<TopicSpec>,
  existing: ReadonlyArray<TopicDescription>
): ReadonlyArray<PlanEntry> => {
  const known = new Map(existing.map((topic) => [topic.name, topic]))
  return wanted.map((spec): PlanEntry => {
    const topic = known.get(spec.name)
    if (topic === undefined) return { _tag: "Create", spec }
    const found = differences(spec, topic)
    return found.length === 0 ? { _tag: "Same", spec } : { _tag: "Differs", spec, differences: found }
  })
}
