/** Whether the process can do its work, and why not. */
import { Effect } from "effect"
import { Supervisor } from "../actors/Supervise.ts"
import type { PartStatus } from "../domain/Happening.ts"
import { Parts } from "../runtime/Parts.ts"
import { Draining } from "./Draining.ts"

/** Without these nothing is taken in or answered; the others have something that stands in for them. */
const essential: ReadonlySet<PartStatus["name"]> = new Set(["broker", "state"])

const standsIn: Readonly<Partial<Record<PartStatus["name"], string>>> = {
  vectors: "text search stands in for vectors",
  embedder: "text search stands in for the embedder",
  writer: "quotes stand in for the writer"
}

export interface Situation {
  readonly stopping: boolean
  /** Names of actors that keep failing. */
  readonly failing: ReadonlyArray<string>
  readonly parts: ReadonlyArray<PartStatus>
}

/** Why the process is not ready; none means that it is. Says nothing that needs a token to be read. */
export const reasons = ({ failing, parts, stopping }: Situation): ReadonlyArray<string> => [
  ...(stopping ? ["the process is stopping"] : []),
  ...failing.map((actor) => `${actor} keeps failing`),
  ...parts.filter(({ name, up }) => !up && essential.has(name)).map(({ name }) => `the ${name} is down`)
]

/** One sentence: what works and what waits. */
export const summary = (situation: Situation, waiting: number): string => {
  const against = reasons(situation)
  if (against.length > 0) return `Not ready: ${against.join("; ")}.`
  const lesser = situation.parts
    .filter(({ name, up }) => !up && !essential.has(name))
    .map(({ name }) => standsIn[name] ?? `the ${name} is down`)
  const notes = [
    ...lesser,
    ...(waiting > 0 ? [`${waiting} ${waiting === 1 ? "passage waits" : "passages wait"} for a vector`] : [])
  ]
  return notes.length === 0 ? "Everything works." : `Ready; ${notes.join("; ")}.`
}

export const situation = Effect.gen(function* () {
  const supervisor = yield* Supervisor
  const parts = yield* Parts
  const draining = yield* Draining
  return {
    stopping: (yield* draining.begun) || (yield* supervisor.draining),
    failing: yield* supervisor.failing,
    parts: yield* parts.all
  }
})
