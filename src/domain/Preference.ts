/** What speaks for a source besides what it says: how old it is, and who said it. */

export interface Preference {
  /** Milliseconds after which a message's age counts half as much; 0 when age does not count. */
  readonly halfLife: number
  /** Authors whose word counts more. */
  readonly trusted: ReadonlySet<string>
}

export interface Said {
  readonly kind: "document" | "chat"
  /** Milliseconds since the Unix epoch. */
  readonly editedAt: number
  readonly authorIds: ReadonlyArray<string | null>
  /** Whoever asked says that it solved what was asked. */
  readonly accepted: boolean
}

/**
 * What age takes from a message at most, and what a trusted author or an accepted solution adds to the stretch of chat it
 * is in; they do not add up, as the one is mostly the other.
 */
const atMost = { age: 0.15, trust: 0.1, solution: 0.15 }

/** What to multiply a score by. Documents are true until they are changed: their age never counts. */
export const favour = (
  { halfLife, trusted }: Preference,
  { accepted, authorIds, editedAt, kind }: Said,
  now: number
): number => {
  if (kind === "document") return 1
  const left = halfLife === 0 ? 1 : 2 ** (-Math.max(0, now - editedAt) / halfLife)
  const trust = authorIds.some((id) => id !== null && trusted.has(id)) ? atMost.trust : 0
  return 1 - atMost.age * (1 - left) + Math.max(trust, accepted ? atMost.solution : 0)
}
