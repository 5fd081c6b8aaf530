/** What topics took in and actors finished in the last steps of time. Pure, and bounded. */

/** How far everything is at one time; counts only grow. */
export interface Seen {
  /** Names with the sum of the next offsets. */
  readonly topics: ReadonlyArray<readonly [name: string, end: number]>
  readonly actors: ReadonlyArray<{ readonly name: string; readonly handled: number; readonly lag: number | null }>
}

/** Oldest first; `null` where nothing is known. */
export type Series = ReadonlyArray<number | null>

export interface Steps {
  readonly topics: Readonly<Record<string, Series>>
  readonly actors: Readonly<Record<string, { readonly handled: Series; readonly lag: Series }>>
}

interface Step {
  readonly topics: ReadonlyMap<string, number>
  readonly actors: ReadonlyMap<string, { readonly handled: number; readonly lag: number | null }>
}

const grown = (before: number | undefined, now: number): number => Math.max(0, now - (before ?? now))

/** Keeps at most so many steps. */
export const make = (most: number) => {
  const steps: Array<Step | null> = []
  let last: Seen | undefined

  const push = (step: Step | null): void => {
    steps.push(step)
    if (steps.length > most) steps.shift()
  }

  const stepFrom = (before: Seen, now: Seen): Step => {
    const ends = new Map(before.topics)
    const handled = new Map(before.actors.map((actor) => [actor.name, actor.handled]))
    return {
      topics: new Map(now.topics.map(([name, end]) => [name, grown(ends.get(name), end)])),
      actors: new Map(
        now.actors.map((actor) => [
          actor.name,
          { handled: grown(handled.get(actor.name), actor.handled), lag: actor.lag }
        ])
      )
    }
  }

  return {
    /** The first look only says from where to count. */
    add: (now: Seen): void => {
      if (last !== undefined) push(stepFrom(last, now))
      last = now
    },
    /** Nothing could be seen. */
    skip: (): void => push(null),
    read: (): Steps => ({
      topics: Object.fromEntries(
        (last?.topics ?? []).map(([name]) => [name, steps.map((step) => step?.topics.get(name) ?? null)])
      ),
      actors: Object.fromEntries(
        (last?.actors ?? []).map(({ name }) => [
          name,
          {
            handled: steps.map((step) => step?.actors.get(name)?.handled ?? null),
            lag: steps.map((step) => step?.actors.get(name)?.lag ?? null)
          }
        ])
      )
    })
  }
}
