/** What stands between the topics that are wanted and those that exist, and what of it may be changed. Pure. */
import { Duration } from "effect"
import { type TopicSpec, usual } from "../domain/Topics.ts"
import type { TopicChange, TopicDescription } from "./Broker.ts"

/** One property of a topic that is not as wanted; a retention in milliseconds. */
export interface Difference {
  readonly property: "partitions" | "retention" | "cleanup" | "compression" | "replicas"
  readonly wanted: number | string
  readonly existing: number | string
}

export type PlanEntry =
  | { readonly _tag: "Create"; readonly spec: TopicSpec }
  | { readonly _tag: "Same"; readonly spec: TopicSpec }
  | {
      readonly _tag: "Differs"
      readonly spec: TopicSpec
      /** What can be changed without a loss: kept longer, more partitions. */
      readonly safe: ReadonlyArray<Difference>
      /** What is left as it is, for the operator to decide. */
      readonly left: ReadonlyArray<Difference>
    }

/** As wanted, an unlimited retention and a longer one than before included. */
const isSafe = ({ existing, property, wanted }: Difference): boolean =>
  (property === "partitions" || property === "retention") && wanted > existing

const differences = (spec: TopicSpec, { kept, partitions, retentionMs }: TopicDescription) => {
  const { cleanup = usual.cleanup, compression = usual.compression, replicas } = spec
  const all: ReadonlyArray<Difference> = [
    { property: "partitions", wanted: spec.partitions, existing: partitions.length },
    { property: "retention", wanted: Duration.toMillis(spec.retention), existing: retentionMs },
    ...(kept === null
      ? []
      : ([
          { property: "cleanup", wanted: cleanup, existing: kept.cleanup },
          { property: "compression", wanted: compression, existing: kept.compression },
          { property: "replicas", wanted: replicas ?? kept.replicas, existing: kept.replicas }
        ] as const))
  ]
  return all.filter(({ existing, wanted }) => wanted !== existing)
}

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
    if (found.length === 0) return { _tag: "Same", spec }
    return { _tag: "Differs", spec, safe: found.filter(isSafe), left: found.filter((each) => !isSafe(each)) }
  })
}

/** The differences as one change of the topic. */
export const changeOf = (spec: TopicSpec, differences: ReadonlyArray<Difference>): TopicChange => {
  const has = (property: Difference["property"]) => differences.some((each) => each.property === property)
  return {
    ...(has("retention") && { retention: spec.retention }),
    ...(has("partitions") && { partitions: spec.partitions })
  }
}

/** `partitions: 3 wanted, 1 there`. */
export const sentence = ({ existing, property, wanted }: Difference): string => {
  const show = (value: number | string) =>
    property !== "retention" ? value : value === Infinity ? "for ever" : Duration.format(Duration.millis(Number(value)))
  return `${property}: ${show(wanted)} wanted, ${show(existing)} there`
}
