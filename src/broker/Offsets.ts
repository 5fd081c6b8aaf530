/** How far a group is with one partition whose records may finish out of order. Pure. */

/**
 * Kept as what is unfinished, never as what is finished: that is at most a window of offsets, and offsets that hold
 * no record (expired ones, a transaction's markers) need no special case.
 */
export interface Offsets {
  /** One past the highest offset received, by this owner or an earlier one. */
  readonly position: number
  /** Received and not finished, ascending. */
  readonly unfinished: ReadonlyArray<number>
}

/** Unfinished records a partition may have, unless told otherwise; encoded they take at most about 1 kB. */
export const defaultWindow = 256

/** Nothing received; the next record is the one at `position`. */
export const startingAt = (position: number): Offsets => ({ position, unfinished: [] })

/** The lowest offset not finished: where a group without the encoded rest has to go on. */
export const committed = (self: Offsets): number => self.unfinished[0] ?? self.position

/** How many more records may be received before `window` are unfinished. */
export const room = (self: Offsets, window: number): number => Math.max(0, window - self.unfinished.length)

/** `offsets` ascend; those below the position were received before and change nothing. */
export const received = (self: Offsets, offsets: ReadonlyArray<number>): Offsets => {
  const fresh = offsets.filter((offset) => offset >= self.position)
  const last = fresh.at(-1)
  return last === undefined ? self : { position: last + 1, unfinished: [...self.unfinished, ...fresh] }
}

/** Nothing is to be received below `position`: offsets up to there hold no record, as a transaction's markers do. */
export const skipped = (self: Offsets, position: number): Offsets =>
  position > self.position ? { position, unfinished: self.unfinished } : self

/** Offsets that are not unfinished change nothing. */
export const finished = (self: Offsets, offsets: Iterable<number>): Offsets => {
  const done = offsets instanceof Set ? offsets : new Set(offsets)
  return { position: self.position, unfinished: self.unfinished.filter((offset) => !done.has(offset)) }
}

/** Records still to finish of a partition that keeps those from `start` and will give out `end` next. */
export const lag = (self: Offsets, start: number, end: number): number =>
  self.unfinished.filter((offset) => offset >= start).length + Math.max(0, end - Math.max(self.position, start))

/**
 * What `committed` does not tell, as text for a commit's metadata: base-36 distances, first of the position from
 * `committed`, then of each unfinished offset from the one before. Empty when nothing above `committed` is finished.
 */
export const encode = (self: Offsets): string => {
  const [first, ...rest] = self.unfinished
  if (first === undefined || self.position - first === self.unfinished.length) return ""
  const gaps = rest.map((offset, i) => offset - self.unfinished[i]!)
  return [self.position - first, ...gaps].map((distance) => distance.toString(36)).join(".")
}

/** The opposite of `encode`; text of another writer counts as empty, so that nothing unfinished is passed over. */
export const decode = (committed: number, text: string): Offsets => {
  if (!/^[0-9a-z]{1,10}(\.[0-9a-z]{1,10})*$/.test(text)) return startingAt(committed)
  const [length, ...gaps] = text.split(".").map((distance) => Number.parseInt(distance, 36)) as [
    number,
    ...Array<number>
  ]
  const unfinished = [committed]
  for (const gap of gaps) unfinished.push(unfinished.at(-1)! + gap)
  const position = committed + length
  return gaps.includes(0) || unfinished.at(-1)! >= position ? startingAt(committed) : { position, unfinished }
}
